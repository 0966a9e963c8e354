"""Timescales as the authors fit them: bounded least squares from the middle of the bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray
from jaxtyping import Float
from scipy.optimize import curve_fit

from sims.rnn_timescales import representation
from sims.rnn_timescales.tasks import SMALLEST

Curve = Float[np.ndarray, " lag"]
# Evaluations after which their script gives a form up.
_EVALUATIONS = 2000
_LONGEST = 100.0


def single(lag: Curve, a: float, tau: float) -> Curve:
    """a exp(-l/tau)."""
    return a * _decay(lag, tau)


def double(lag: Curve, a: float, tau: float, other: float, weight: float) -> Curve:
    """a (weight exp(-l/tau) + (1 - weight) exp(-l/other))."""
    return a * (weight * _decay(lag, tau) + (1 - weight) * _decay(lag, other))


def _decay(lag: Curve, tau: float) -> Curve:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.exp(-lag / tau)


def larger(rho: Float[np.ndarray, "lag unit"]) -> Float[np.ndarray, " unit"]:
    """The larger timescale of the form of smaller AIC, as the authors' timescales_utils.py has it.

    Both forms by SciPy's `curve_fit` with bounds and no starting point, which then is the middle of
    the bounds: both timescales of the second form begin alike. Source: [rnn-8.2].

    Args:
        rho: autocorrelations at lags 0, 1, ..

    Returns:
        in steps; NaN where nothing could be fitted.
    """
    return np.array([_larger(each) for each in rho.T])


def _larger(rho: Curve) -> float:
    if not np.isfinite(rho).all():
        return np.nan
    lag = np.arange(len(rho), dtype="float64")
    best, found = np.inf, np.nan
    for form, high in ((single, (1.0, _LONGEST)), (double, (1.0, _LONGEST, _LONGEST, 1.0))):
        fitted = _fitted(form, lag, rho, high)
        if fitted is None:
            continue
        cost = 2 * len(high) + len(rho) * np.log(((form(lag, *fitted) - rho) ** 2).sum())
        if cost < best:
            best, found = cost, float(fitted[1 : 1 + len(high) // 2].max())
    return found


def _fitted(
    form: Callable, lag: Curve, rho: Curve, high: Sequence[float]
) -> Float[np.ndarray, " parameter"] | None:
    bounds = (np.zeros(len(high)), high)
    try:
        return curve_fit(form, lag, rho, maxfev=_EVALUATIONS, bounds=bounds)[0]
    except (RuntimeError, ValueError):
        return None


def of_nets(
    training: xarray.Dataset, *, stages: Sequence[int], seeds: int, trials: int, steps: int
) -> xarray.Dataset:
    """`larger` of every unit of the first seeds that have a net at every N in `stages`.

    Streams are those of `representation.timescales`.

    Returns:
        `slowest` (n, forget, seed, unit) in steps.
    """
    whole = np.isfinite(training.raw_timescale).all(("unit", "forget"))
    there = whole.isel(stage=[n - SMALLEST for n in stages]).all("stage").values
    some = training.isel(seed=np.flatnonzero(there)[:seeds])
    drive: dict[str, Any] = {"trials": trials, "steps": steps, "task": "parity"}
    rho = representation.moments(some, stages=stages, **drive).rho
    found = xarray.apply_ufunc(
        lambda values: _larger(values.astype("float64")),
        rho,
        input_core_dims=[["lag"]],
        vectorize=True,
    )
    return xarray.Dataset({"slowest": found})
