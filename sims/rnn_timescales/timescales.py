"""Timescales of units from their activity, by four estimators side by side.

The paper's tau_net is the larger timescale of whichever of one or two exponentials Akaike's
criterion prefers. Neighbouring lags of an empirical autocorrelation are correlated, which the
criterion does not know: it often adds an exponential of no weight and any timescale [rnn-8.2]. The
rule is that of the authors' timescales_utils.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

Correlations = Float[Array, "lag unit"]
Units = Float[Array, " unit"]

# Upper bounds and starting points of (A, r1) and of (A, c, r1, r2); 0 bounds all from below. The
# exponentials are written r^l, r = exp(-1/t), whose slope does not vanish at t = 0.
_SLOWEST = math.exp(-1 / 100)
_ONE = (1, _SLOWEST), ((0.9, 0.04), (0.9, 0.4), (0.9, 0.7), (0.9, 0.9), (0.9, 0.975))
_TWO = (
    (1, 1, _SLOWEST, _SLOWEST),
    ((0.95, 0.5, 0.7, 0.04), (0.95, 0.5, 0.9, 0.4), (0.95, 0.2, 0.97, 0.7),
     (0.95, 0.1, 0.98, 0.14), (0.95, 0.01, 0.985, 0.85)),
)  # fmt: skip
_STEPS = 200
# Of the last digit of a unit's activity.
_FLICKER = 4
# Residuals below it are round-off: exact autocorrelations must not be told apart by it.
_EXACT = 1e-8


class Single(NamedTuple):
    """A exp(-l/t1), fitted.

    Attributes:
        amplitude: A in [0, 1].
        timescale: t1 in [0, 100] steps.
        rss: sum of squared residuals.
    """

    amplitude: Units
    timescale: Units
    rss: Units


class Double(NamedTuple):
    """A (c exp(-l/t1) + (1 - c) exp(-l/t2)) with t1 >= t2, fitted.

    Attributes:
        amplitude: A in [0, 1].
        weight: c in [0, 1], of the slower exponential.
        slow: t1 in [0, 100] steps.
        fast: t2 in [0, 100] steps.
        rss: sum of squared residuals.
    """

    amplitude: Units
    weight: Units
    slow: Units
    fast: Units
    rss: Units


class Timescales(NamedTuple):
    """Four estimates of how long a unit's autocorrelation lasts, NaN for a unit that stays put.

    Attributes:
        slowest: the authors' tau_net in steps; they average it over the units where it exceeds 1.
        weighted: c t1 + (1 - c) t2 of the preferred form in steps.
        integrated: 1/2 + sum_{l >= 1} rho(l) in steps.
        lag_one: rho(1).
        double: whether Akaike's criterion prefers two exponentials.
    """

    slowest: Units
    weighted: Units
    integrated: Units
    lag_one: Units
    double: Bool[Array, " unit"]


def autocorrelation(
    activity: Float[Array, "trial step unit"], lags: int = 30
) -> Float[Array, "lag unit"]:
    """rho(l) of each unit for l = 0 .. lags, NaN for a unit that moves by round-off at most.

    Each trial's mean is subtracted; the sum over pairs l apart is divided by their number and
    averaged over trials as it is, so that trials of larger variance count for more; then it is
    divided by its value at l = 0. For the population give the sum over units as the one unit. The
    transforms take up to eight times the memory of `activity`: give long runs in blocks of units.
    Source: [rnn-8.1].
    """
    count = activity.shape[1]
    ends = activity.max(axis=1), activity.min(axis=1)
    # A unit that has settled may still flicker in its last digits, whose correlations say nothing.
    still = ends[0] - ends[1] <= _FLICKER * jnp.finfo(activity.dtype).eps * jnp.abs(ends[0])
    constant = still.all(axis=0)
    centred = activity - activity.mean(axis=1, keepdims=True)
    # Zeros behind keep the circular convolution from wrapping around within these lags.
    padded = 1 << (count + lags - 1).bit_length()
    power = (jnp.abs(jnp.fft.rfft(centred, n=padded, axis=1)) ** 2).mean(axis=0)
    sums = jnp.fft.irfft(power, n=padded, axis=0)[: lags + 1]
    covariance = sums / (count - jnp.arange(lags + 1, dtype=sums.dtype))[:, None]
    return jnp.where(constant, jnp.nan, covariance / covariance[0])


@jax.jit
def timescales(rho: Correlations) -> Timescales:
    """All four estimates from autocorrelations at lags 0, 1, ..; call it in float64.

    AIC = 2 k + n ln(RSS/n) over n lags, with k = 2 and 4.
    """
    single, double = fit(rho)
    count = len(rho)
    cost = [
        2 * k + count * jnp.log(jnp.maximum(form.rss / count, _EXACT**2))
        for k, form in ((2, single), (4, double))
    ]
    two = cost[1] < cost[0]
    mixed = double.weight * double.slow + (1 - double.weight) * double.fast
    return Timescales(
        jnp.where(two, double.slow, single.timescale),
        jnp.where(two, mixed, single.timescale),
        0.5 + rho[1:].sum(axis=0),
        rho[1],
        two,
    )


def fit(rho: Correlations) -> tuple[Single, Double]:
    """Both forms by bounded least squares over all lags given, for all units at once.

    The best of a few starting points, each improved by 200 Levenberg-Marquardt steps: the minimum
    is looked for, where the authors' optimiser starts from the middle of the bounds, t1 = t2.
    """

    def one(p: Array) -> Array:
        return p[0] * _powers(p[1], len(rho))

    def two(p: Array) -> Array:
        return p[0] * (p[1] * _powers(p[2], len(rho)) + (1 - p[1]) * _powers(p[3], len(rho)))

    def best(form: Callable[[Array], Array], box: tuple) -> tuple[Array, Units]:
        high, starts = (jnp.asarray(each, rho.dtype) for each in box)
        improve = jax.vmap(
            jax.vmap(lambda y, p: _least_squares(form, y, p, high), (1, None)), (None, 0)
        )
        found, rss = improve(rho, starts)
        first = jnp.argmin(rss, axis=0)[None]
        found = jnp.take_along_axis(found, first[..., None], axis=0)[0]
        dead = jnp.isnan(rho).any(axis=0)
        return jnp.where(dead, jnp.nan, found.T), jnp.where(dead, jnp.nan, rss.min(axis=0))

    (amplitude, r), rss = best(one, _ONE)
    single = Single(amplitude, -1 / jnp.log(r), rss)
    (amplitude, weight, r, other), rss = best(two, _TWO)
    weight = jnp.where(r >= other, weight, 1 - weight)
    slow, fast = (-1 / jnp.log(each(r, other)) for each in (jnp.maximum, jnp.minimum))
    return single, Double(amplitude, weight, slow, fast, rss)


def _powers(r: Array, count: int) -> Array:
    """r^l for l = 0 .. count - 1 by doubling: products only, and smooth at r = 0."""
    found = jnp.ones((1,), r.dtype)
    while len(found) < count:
        found, r = jnp.concatenate([found, found * r]), r * r
    return found[:count]


def _least_squares(
    form: Callable[[Array], Array], y: Array, start: Array, high: Array
) -> tuple[Array, Array]:
    """Levenberg-Marquardt between 0 and `high`: (parameters, sum of squared residuals).

    Parameters that lie on a bound and would leave it are held; steps are cut at the bounds.
    """

    def step(state: tuple[Array, Array, Array], _: None) -> tuple[tuple[Array, Array, Array], None]:
        p, damping, rss = state
        slopes = jax.jacfwd(form)(p)
        downhill = -slopes.T @ (form(p) - y)
        held = ((p <= 0) & (downhill < 0)) | ((p >= high) & (downhill > 0))
        slopes = jnp.where(held, 0, slopes)
        normal = slopes.T @ slopes
        diagonal = damping * jnp.diag(normal) + jnp.where(held, 1, jnp.finfo(p.dtype).eps)
        move = _solve(normal + jnp.diag(diagonal), jnp.where(held, 0, downhill))
        tried = jnp.clip(p + move, 0, high)
        new = ((form(tried) - y) ** 2).sum()
        better = new < rss
        damping = jnp.clip(jnp.where(better, damping / 5, damping * 4), 1e-10, 1e8)
        return (jnp.where(better, tried, p), damping, jnp.where(better, new, rss)), None

    rss = ((form(start) - y) ** 2).sum()
    state = (start, jnp.asarray(0.01, start.dtype), rss)
    (p, _, rss), _ = jax.lax.scan(step, state, None, length=_STEPS)
    return p, rss


def _solve(matrix: Array, vector: Array) -> Array:
    """A positive definite system of a few unknowns, by Gauss-Jordan elimination.

    Under vmap it is arithmetic on the batch, where LAPACK would be called for each unit.
    """
    rows = jnp.concatenate([matrix, vector[:, None]], axis=1)
    for i in range(len(vector)):
        factors = (rows[:, i] / rows[i, i]).at[i].set(0)
        rows = rows - factors[:, None] * rows[i]
    return rows[:, -1] / jnp.diag(rows)
