"""The reduced flow: its first stages, its ends, the authors' four heads; and the true valley."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray

from sims.icl_regression.metrics import ACTIVE, two_signed
from theory.icl_regression import authors, flow, reduced, true_loss
from theory.icl_regression.setting import SETTING

# Heads of either sign whose descents are followed.
GROUPS = ((1, 1), (2, 2), (1, 3), (3, 3))
# Numbers of heads, and random starts of each, whose ends are looked at.
HEADS, STARTS = (2, 3, 4), 64


def trajectory(broken: bool) -> xarray.Dataset:
    """Discrete descent and exact flow against their reference values [icl-5.3].

    The break is the gradient of the whole loss, which is twice as fast.

    Returns:
        `error` (draw), relative.
    """
    speed = 2.0 if broken else 1.0
    with jax.enable_x64(True):
        return xarray.Dataset({"error": ("draw", _descent_errors(speed) + _flow_errors(speed))})


def _start() -> jax.Array:
    return authors.START * jnp.asarray([1.0, -1.0])


def _descent_errors(speed: float) -> list[float]:
    """At the ends of the stages, and at the peak."""
    rate, known = authors.DESCENT_RATE, authors.DESCENT
    steps = round(authors.STAGES[-1] / rate)
    omega, mu = flow.gradient_descent(_start(), _start(), rate * speed, steps, SETTING)
    peak, middle = int(jnp.argmax(omega[:, 0])), round(authors.STAGES[1] / rate)
    found = [omega[peak, 0], rate * peak, mu[middle, 0] / omega[middle, 0]]
    wanted = [*known.peak, known.ratio]
    for time, point in known.points.items():
        at = round(time / rate)
        found += [mu[at, 0], omega[at, 0]]
        wanted += [*point]
    return _relative(found, wanted)


def _flow_errors(speed: float) -> list[float]:
    """Likewise, to late times, and half the loss at the end of the third stage."""
    known = authors.FLOW
    fine = jnp.linspace(authors.STAGES[1], 7.9, 401)
    omega, mu = flow.gradient_flow(_start(), _start(), speed * fine, SETTING)
    peak = int(jnp.argmax(omega[:, 0]))
    found = [mu[0, 0] / omega[0, 0], omega[peak, 0], fine[peak]]
    wanted = [known.ratio, *known.peak]
    times = jnp.asarray(list(known.points))
    omega, mu = flow.gradient_flow(_start(), _start(), speed * times, SETTING)
    third = list(known.points).index(authors.STAGES[-1])
    found += [reduced.approximate_loss(omega[third], mu[third], SETTING) / 2, mu[-1] @ omega[-1]]
    wanted += [authors.FLOW_HALF_LOSS, authors.FLOW_PRODUCT]
    for at, point in enumerate(known.points.values()):
        for path, value in zip((mu, omega), point, strict=True):
            if value is not None:
                found.append(path[at, 0])
                wanted.append(value)
    return _relative(found, wanted)


def growth(speed: float) -> xarray.Dataset:
    """mu/omega early and at the end of the third stage, mu over mu*(omega) at t = 30 [icl-5.3].

    Args:
        speed: 1, or 2 for the gradient of the whole loss instead of half of it.

    Returns:
        `early` (path, time) to the end of the first stage, `late` and `optimal` (path), with `path`
        flow and descent.
    """
    early = jnp.linspace(0.5, authors.STAGES[0], 11)
    rate = authors.DESCENT_RATE
    found: dict[str, list] = {"early": [], "late": [], "optimal": []}
    with jax.enable_x64(True):
        times = jnp.concatenate([early, jnp.asarray([authors.STAGES[-1], 30.0])])
        steps = np.rint(np.asarray(times) / rate).astype(int)
        exact = flow.gradient_flow(_start(), _start(), speed * times, SETTING)
        walked = flow.gradient_descent(_start(), _start(), rate * speed, int(steps[-1]), SETTING)
        for omega, mu in (exact, tuple(part[steps] for part in walked)):
            ratios = np.asarray(mu[:, 0] / omega[:, 0])
            best = reduced.optimal_mu(omega[-1], SETTING)
            found["early"].append(ratios[:-2])
            found["late"].append(ratios[-2])
            found["optimal"].append(float(mu[-1, 0] / best[0]))
    dims = {"early": ("path", "time"), "late": ("path",), "optimal": ("path",)}
    data = {name: (dims[name], np.asarray(values)) for name, values in found.items()}
    return xarray.Dataset(data, {"path": ["flow", "descent"], "time": np.asarray(early)})


def small_flow() -> xarray.Dataset:
    """The flow from the authors' start for several sign groups [icl-5.4].

    Returns:
        `omega` and `mu` (group, time) of the first head; numbers of heads `plus`, `minus` (group).
    """
    times = np.concatenate([np.linspace(0.05, 12, 240), np.geomspace(12.5, 1e4, 120)])
    omegas, mus = [], []
    with jax.enable_x64(True):
        for plus, minus in GROUPS:
            start = authors.START * jnp.asarray([1.0] * plus + [-1.0] * minus)
            omega, mu = flow.gradient_flow(start, start, jnp.asarray(times), SETTING)
            omegas.append(np.asarray(omega[:, 0]))
            mus.append(np.asarray(mu[:, 0]))
    plus, minus = np.array(GROUPS).T
    return xarray.Dataset(
        {"omega": (("group", "time"), omegas), "mu": (("group", "time"), mus)},
        {"time": times, "plus": ("group", plus), "minus": ("group", minus)},
    )


def four_heads() -> xarray.Dataset:
    """The authors' four heads from a random start, at less noise; `omega`, `mu` (time, head)."""
    times = np.geomspace(0.01, 1e4, 300)
    with jax.enable_x64(True):
        key = jax.random.key(0, impl="threefry2x32")
        start = authors.SPREAD * jax.random.normal(key, (2, 4), "float64")
        quiet = SETTING._replace(noise_variance=authors.QUIET)
        omega, mu = flow.gradient_flow(start[0], start[1], jnp.asarray(times), quiet)
    values = {"omega": np.asarray(omega), "mu": np.asarray(mu)}
    return xarray.Dataset({n: (("time", "head"), v) for n, v in values.items()}, {"time": times})


def flow_ends(time: float) -> xarray.Dataset:
    """Where the flow is at `time`, from random starts [icl-5.5]; everything (heads, start).

    Returns:
        `matched` signs of active heads, `two_signed`, `imbalance` |sum mu|/sum |mu|,
        `inhomogeneity` (largest distance of an active |omega| from their mean, relative),
        `off_single` (likewise from 1/sqrt(d)), `half_loss`.
    """
    parts = []
    with jax.enable_x64(True):
        for heads in HEADS:
            key = jax.random.fold_in(jax.random.key(0, impl="threefry2x32"), heads)
            starts = authors.SPREAD * jax.random.normal(key, (STARTS, 2, heads), "float64")

            def end(start: jax.Array) -> jax.Array:
                omega, mu = flow.gradient_flow(start[0], start[1], jnp.asarray([time]), SETTING)
                return jnp.stack([omega[-1], mu[-1]])

            omega, mu = np.moveaxis(np.asarray(jax.jit(jax.vmap(end))(starts)), 1, 0)
            losses = jax.vmap(reduced.approximate_loss, (0, 0, None))(omega, mu, SETTING)
            values = _end_metrics(omega, mu) | {"half_loss": np.asarray(losses) / 2}
            parts.append(xarray.Dataset({k: ("start", v) for k, v in values.items()}))
    return xarray.concat(parts, "heads").assign_coords(heads=list(HEADS))  # pyright: ignore[reportReturnType]


def _end_metrics(omega: np.ndarray, mu: np.ndarray) -> dict[str, np.ndarray]:
    size, weight = np.abs(omega), np.abs(mu)
    active = weight >= ACTIVE * weight.max(axis=1, keepdims=True)
    mean = (size * active).sum(axis=1) / active.sum(axis=1)
    single = SETTING.dimension**-0.5
    return {
        "matched": ((np.sign(omega) == np.sign(mu)) | ~active).all(axis=1),
        "two_signed": two_signed(mu),
        "imbalance": np.abs(mu.sum(axis=1)) / weight.sum(axis=1),
        "inhomogeneity": (np.abs(size - mean[:, None]) * active).max(axis=1) / mean,
        "off_single": (np.abs(size - single) * active).max(axis=1) / single,
    }


def true_valley(gammas: Sequence[float]) -> xarray.Dataset:
    """The true loss of a pair at its best mu, by quadrature [icl-4.2], [icl-4.4].

    Returns:
        `gain`, loss minus that of gamma -> 0, and `step` 2 gamma mu, each (gamma).
    """
    points = [true_loss.best_pair(gamma, SETTING) for gamma in gammas]
    data = {
        "gain": ("gamma", [true_loss.gain(point, SETTING) for point in points]),
        "step": ("gamma", [point.step for point in points]),
    }
    return xarray.Dataset(data, {"gamma": np.asarray(gammas)})


def _relative(found: list, wanted: list) -> list[float]:
    return [float(abs(one / other - 1)) for one, other in zip(found, wanted, strict=True)]
