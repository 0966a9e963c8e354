"""Fits of all units of a 500-unit network, against SciPy's curve_fit unit by unit.

The work: one and two exponentials to lags 0..30 of the autocorrelations of isolated leaky units
with tau in 1..8, as in [rnn-8.2], and the choice between them; compilation apart.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import curve_fit
from scipy.signal import lfilter

from benchmarks.measure import Row, Work, alternate, timed
from sims.rnn_timescales.timescales import autocorrelation, fit, timescales

UNITS, TRIALS, STEPS, ROUNDS = 500, 10, 5_000, 3
LAGS = np.arange(31.0)
# Levenberg-Marquardt steps from each of as many starts, for both forms.
IMPROVEMENTS, STARTS = 200, 5


def rows() -> list[Row]:
    """One row; how often our fits are worse is in its remark."""
    with jax.enable_x64(True):
        rho = correlations()
        mine = np.asarray(jax.jit(fit)(rho)[1].rss)
        sides = {"ours": timed(timescales, rho), "scipy": timed(theirs, np.asarray(rho))}
        left = np.array(theirs(np.asarray(rho)))
        jax.block_until_ready(timescales(rho))  # compiles
        times = alternate(sides, ROUNDS, warm=False)
    worse, better = (mine > 1.001 * left).mean(), (left > 1.001 * mine).mean()
    remark = (
        "both look for the least squares, from other starts: SciPy's two exponentials fit more "
        f"than .1 % better for {worse:.1%} of units, ours for {better:.1%}"
    )
    counted = Work(double=UNITS * IMPROVEMENTS * STARTS * (step_operations(2) + step_operations(4)))
    name = f"rnn_fits: autocorrelations of {UNITS} units"
    return [Row(name, times["ours"], "SciPy", times["scipy"], counted, remark)]


def step_operations(parameters: int) -> int:
    """Of one Levenberg-Marquardt step over all lags.

    At each lag: the form twice, an operation for each exponential's power and its share of the sum,
    as many again for each slope, the residual and its square, and the normal equations.
    """
    form, normal = 2 * (parameters // 2) + 1, parameters * (parameters + 1)
    return len(LAGS) * (2 * form + parameters * form + 3 + normal + 2 * parameters)


def correlations() -> jax.Array:
    """Of isolated leaky units under bits whose probability each trial draws."""
    rng = np.random.default_rng(0)
    each = []
    for tau in rng.uniform(1, 8, UNITS):
        bits = rng.random((TRIALS, STEPS)) < rng.random((TRIALS, 1))
        activity = lfilter([1 / tau], [1, 1 / tau - 1], bits, axis=1)
        each.append(autocorrelation(jnp.asarray(activity)[..., None]))
    return jnp.concatenate(each, axis=1)


def theirs(rho: np.ndarray) -> list[float]:
    """The authors' fits: the residual sum of squares of two exponentials for each unit."""

    def one(x, a, t):
        return a * np.exp(-x / t)

    def two(x, a, t1, t2, c):
        return a * c * np.exp(-x / t1) + a * (1 - c) * np.exp(-x / t2)

    left = []
    for y in rho.T:
        curve_fit(one, LAGS, y, maxfev=2000, bounds=((0, 0), (1, 100)))
        try:
            found, _ = curve_fit(two, LAGS, y, maxfev=2000, bounds=((0, 0, 0, 0), (1, 100, 100, 1)))
            left.append(float(((two(LAGS, *found) - y) ** 2).sum()))
        except RuntimeError:
            left.append(np.inf)
    return left
