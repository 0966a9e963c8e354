"""Trained nets as linear ones: what gains and weights predict of every unit's activity (T3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.networks import moments_of, short_moments
from figures.rnn_timescales.stages import COLORS, FROZEN, NAMES, SWEEPS
from figures.statistics import decide, mean, verdict, worst
from figures.style import GREY, PAGE, THEORY
from theory.claims import State, Verdict
from theory.rnn_timescales import gains, linear


def predictions(
    sweep: xarray.Dataset, found: xarray.Dataset, how: Callable[[dict], gains.System]
) -> xarray.Dataset:
    """Autocorrelations and variances of every unit from a linear system for each net.

    Args:
        found: the measured moments.
        how: from a net's arrays to its linear system; ValueError where nothing is stationary.

    Returns:
        `rho` (n, forget, seed, lag, unit) and `variance`, NaN where there is no stationary state.
    """
    rho = xarray.full_like(found.rho, np.nan)
    variance = xarray.full_like(found.variance, np.nan)
    for n in found.n.values:
        for forget in NAMES:
            for seed in found.seed.values:
                at = {"n": n, "forget": forget, "seed": seed}
                net = sweep.sel(forget=forget, seed=seed).isel(stage=n - 2)
                arrays = {name: net[name].values.astype("float64") for name in
                          ("recurrent", "input_weight", "bias", "raw_timescale")}  # fmt: skip
                if not np.isfinite(arrays["recurrent"]).all():
                    continue
                arrays["tau"] = np.maximum(arrays.pop("raw_timescale"), 1.0)
                arrays["gain"] = found.gain.sel(at).values
                try:
                    system = how(arrays)
                    covariance = linear.stationary_covariance(system)
                except ValueError:
                    continue
                lags = linear.lagged_covariances(system, covariance, found.sizes["lag"] - 1)
                rho.loc[at] = linear.unit_autocorrelation(lags)
                variance.loc[at] = np.diag(covariance)
    return xarray.Dataset({"rho": rho, "variance": variance})


def by_gains(net: dict) -> gains.System:
    """T3 with measured gains."""
    return gains.gain_weighted(net["recurrent"], net["input_weight"], net["tau"], net["gain"])


def bare(net: dict) -> gains.System:
    """Without gains."""
    return linear.linear_network(net["recurrent"], net["input_weight"], net["tau"])


def from_weights(net: dict) -> gains.System:
    """Gains from the Gaussian closure, no run at all."""
    return gains.mean_field(net["recurrent"], net["input_weight"], net["bias"], net["tau"]).system


def correlations(
    measured: xarray.DataArray, predicted: xarray.DataArray
) -> Float[np.ndarray, " net"]:
    """Correlation over units, one for each net; 0 where nothing was predicted."""
    axes = [name for name in measured.dims if name != "unit"]
    one, other = (a.transpose(*axes, "unit").values.reshape(-1, a.sizes["unit"])
                  for a in (measured, predicted))  # fmt: skip
    known = np.isfinite(one).sum(axis=1) > 2

    def each(a: np.ndarray, b: np.ndarray) -> float:
        both = np.isfinite(a) & np.isfinite(b)
        return float(np.corrcoef(a[both], b[both])[0, 1]) if both.sum() > 2 else 0.0

    return np.array([each(a, b) for a, b in zip(one[known], other[known], strict=True)])


def _predicts(claim: str, found: xarray.Dataset, predicted: xarray.Dataset, log: bool) -> Verdict:
    first = mean(correlations(found.rho.sel(lag=1), predicted.rho.sel(lag=1)))
    states: list[State] = [decide(first, low=0.75)]
    moved = found.variance > 1e-10
    spread = mean(
        correlations(
            np.log(found.variance.where(moved)),
            np.log(predicted.variance.where(moved & (predicted.variance > 0))),
        )
    )
    detail: dict[str, float | int | str] = {"log-variance": spread.value}
    for forget, name in NAMES.items():
        pair = (a.rho.sel(lag=1, forget=forget).isel(n=-1) for a in (found, predicted))
        detail[f"rho(1) at N = {int(found.n[-1])}, {name}"] = float(np.mean(correlations(*pair)))
    if log:
        states.append(decide(spread, low=0.95))
    expected = "correlations over units: rho(1) > .75" + (", log-variance > .95" if log else "")
    return verdict(claim, first, expected, worst(*states), detail)


def gain_weighted(found: xarray.Dataset, predicted: xarray.Dataset) -> Verdict:
    """C-RNN-23: measured gains in the linear network, mean over nets of correlations over units."""
    return _predicts("C-RNN-23", found, predicted, log=True)


def mean_field(found: xarray.Dataset, predicted: xarray.Dataset) -> Verdict:
    """C-RNN-31: the same with gains from the weights alone."""
    return _predicts("C-RNN-31", found, predicted, log=False)


def theory_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """T3: rho(1) of every unit, measured against two linear theories."""
    found, sweep = moments_of(evidence, "dms"), evidence.sweep(SWEEPS["dms"])
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    last = {"n": found.n.values[-1]}
    theories = {"gains measured": by_gains, "gains from the weights": from_weights}
    for axes, (title, how) in zip(grid, theories.items(), strict=False):
        predicted = predictions(sweep, found.sel(n=[last["n"]]), how)
        for forget, name in NAMES.items():
            x = predicted.rho.sel(lag=1, forget=forget, **last).values.ravel()
            y = found.rho.sel(lag=1, forget=forget, **last).values.ravel()
            axes.plot(x, y, ".", ms=2, color=COLORS["dms", forget], label=name)
            numbers[f"{title}, {name}"] = {"theory": x, "measured": y}
        axes.axline((0, 0), slope=1, color=GREY, **THEORY)
        axes.set(xlabel=r"$\rho(1)$, theory", ylabel=r"$\rho(1)$, measured", title=title)
    grid[0].legend()
    for forget, name in NAMES.items():
        first = {"forget": forget, "seed": 0, **last}
        slow = int(found.rho.sel(first).sel(lag=slice(1, 5)).mean("lag").argmax("unit"))
        line = found.rho.sel(first).sel(unit=slow)
        theory = predictions(sweep, found.sel(n=[last["n"]], seed=[0]), by_gains)
        grid[2].plot(line.lag, line, color=COLORS["dms", forget], label=name)
        other = theory.rho.sel(first).sel(unit=slow)
        grid[2].plot(line.lag, other, color=COLORS["dms", forget], **THEORY)
    grid[2].set(xlabel="lag (steps)", ylabel="autocorrelation", title="each slowest unit, seed 0")
    grid[2].set_xlim(0, 15)
    grid[2].legend()
    return drawing, numbers


def _without_gains(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    found = short_moments(evidence)
    return found, predictions(evidence.sweep(FROZEN), found, bare)


def _other_units(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    """The prediction for one unit held against another's activity."""
    found = short_moments(evidence)
    predicted = predictions(evidence.sweep(FROZEN), found, from_weights)
    return found, predicted.roll(unit=1, roll_coords=False)


def _trained(task: str, how: Callable[[dict], gains.System]) -> Callable[[Evidence], tuple]:
    def findings(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
        found = moments_of(evidence, task)
        return found, predictions(evidence.sweep(SWEEPS[task]), found, how)

    return findings


_TRAINED = ("quick", "standard", "paper")

FIGURES = (
    Figure(
        "linear_theory",
        "A linear network with each unit's gain predicts its autocorrelation",
        "Lag-one autocorrelation of every unit of every N-DMS net at the last N, against the "
        "Lyapunov prediction with gains measured in a run (left) and from the weights alone, by a "
        "Gaussian closure (middle). Right, one unit each over lags: solid measured, dashed with "
        "measured gains. Nothing is fitted.",
        theory_figure,
        ("C-RNN-23", "C-RNN-31"),
    ),
)
CHECKS = (
    Check("C-RNN-23", gain_weighted, _trained("dms", by_gains), _without_gains, _TRAINED),
    Check("C-RNN-31", mean_field, _trained("dms", from_weights), _other_units, _TRAINED),
)
