"""Trained nets as linear ones: what gains and weights predict of every unit's activity."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import xarray
from jaxtyping import Float

from figures.rnn_timescales.readings.stages import NAMES
from sims.rnn_timescales.tasks import SMALLEST
from theory.rnn_timescales import gains, linear

Arrays = Mapping[str, np.ndarray]
Theory = Callable[[Arrays], gains.System]


def arrays_of(net: xarray.Dataset) -> dict[str, np.ndarray]:
    """`recurrent`, `input_weight`, `bias` and `tau` of one kept net; NaN where there is none."""
    names = ("recurrent", "input_weight", "bias", "raw_timescale")
    arrays = {name: net[name].values.astype("float64") for name in names}
    arrays["tau"] = np.maximum(arrays.pop("raw_timescale"), 1.0)
    return arrays


def by_gains(net: Arrays) -> gains.System:
    """With gains that were measured in a run [rnn-6.1]."""
    return gains.gain_weighted(net["recurrent"], net["input_weight"], net["tau"], net["gain"])


def bare(net: Arrays) -> gains.System:
    """Without gains [rnn-5.1]."""
    return linear.linear_network(net["recurrent"], net["input_weight"], net["tau"])


def from_weights(net: Arrays) -> gains.System:
    """With gains from the Gaussian closure, no run at all [rnn-6.2]."""
    return gains.mean_field(net["recurrent"], net["input_weight"], net["bias"], net["tau"]).system


def predictions(sweep: xarray.Dataset, found: xarray.Dataset, how: Theory) -> xarray.Dataset:
    """Autocorrelations and variances of every unit from a linear system for each net.

    Args:
        sweep: of the nets.
        found: their measured moments.
        how: from a net's arrays to its linear system; ValueError where nothing is stationary.

    Returns:
        `rho` (n, forget, seed, lag, unit) and `variance` (n, forget, seed, unit), NaN where there
        is no stationary state.
    """
    rho = xarray.full_like(found.rho, np.nan)
    variance = xarray.full_like(found.variance, np.nan)
    for at, arrays in _kept(sweep, found):
        arrays["gain"] = found.gain.sel(at).values
        with contextlib.suppress(ValueError):
            system = how(arrays)
            covariance = linear.stationary_covariance(system)
            lags = linear.lagged_covariances(system, covariance, found.sizes["lag"] - 1)
            rho.loc[at] = linear.unit_autocorrelation(lags)
            variance.loc[at] = np.diag(covariance)
    return xarray.Dataset({"rho": rho, "variance": variance})


def _kept(
    sweep: xarray.Dataset, found: xarray.Dataset
) -> Iterator[tuple[dict[str, int], dict[str, np.ndarray]]]:
    """Where each net that was kept stands in `found`, and its arrays."""
    for n in found.n.values:
        for forget in NAMES:
            for seed in found.seed.values:
                at = {"n": n, "forget": forget, "seed": seed}
                arrays = arrays_of(sweep.sel(forget=forget, seed=seed).isel(stage=n - SMALLEST))
                if np.isfinite(arrays["recurrent"]).all():
                    yield at, arrays


def correlations(measured: xarray.DataArray, predicted: xarray.DataArray) -> xarray.DataArray:
    """Correlation over units of each net; 0 where nothing was predicted, NaN where no net is."""

    def each(a: Float[np.ndarray, " unit"], b: Float[np.ndarray, " unit"]) -> float:
        if np.isfinite(a).sum() < 3:
            return np.nan
        both = np.isfinite(a) & np.isfinite(b)
        return float(np.corrcoef(a[both], b[both])[0, 1]) if both.sum() > 2 else 0.0

    return xarray.apply_ufunc(
        each, measured, predicted, input_core_dims=[["unit"], ["unit"]], vectorize=True
    )


def moves(sweep: xarray.Dataset, n: int) -> xarray.DataArray:
    """|dS|/|S| per relative size of a lengthening of every tau, from the weights alone [rnn-5.5].

    Returns:
        (forget, seed); NaN where the net did not solve N or has no stationary state.
    """
    nets = sweep.isel(stage=n - SMALLEST)
    found = xarray.full_like(nets.raw_timescale.isel(unit=0, drop=True), np.nan)
    for forget in NAMES:
        for seed in found.seed.values:
            at = {"forget": forget, "seed": seed}
            net = arrays_of(nets.sel(at))
            if np.isfinite(net["tau"]).all():
                with contextlib.suppress(ValueError):
                    found.loc[at] = gains.relative_move(
                        net["recurrent"], net["input_weight"], net["bias"], net["tau"]
                    )
    return found
