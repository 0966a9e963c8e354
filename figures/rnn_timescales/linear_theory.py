"""Figure `linear_theory`: what gains and weights predict of every unit's activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS
from figures.rnn_timescales.readings.analyses import first_seed, moments_of
from figures.rnn_timescales.readings.as_linear import (
    Theory,
    bare,
    by_gains,
    correlations,
    from_weights,
    predictions,
)
from figures.rnn_timescales.readings.stages import NAMES, SWEEPS
from figures.statistics import judge, mean
from figures.style import GREY, PAGE, THEORY
from theory.claims import Claim, Verdict


def predicts_units(claim: Claim, found: xarray.Dataset, predicted: xarray.Dataset) -> Verdict:
    """C-RNN-23 and 31: correlations over units, theory with measured, mean over nets.

    The log-variance counts where the claim has a bound of it, and is told otherwise.
    """
    first = mean(correlations(found.rho.sel(lag=1), predicted.rho.sel(lag=1)))
    moved = found.variance > 1e-10
    spread = mean(
        correlations(
            np.log(found.variance.where(moved)),
            np.log(predicted.variance.where(moved & (predicted.variance > 0))),
        )
    )
    detail: dict[str, float | int | str] = {}
    for forget, name in NAMES.items():
        pair = (a.rho.sel(lag=1, forget=forget).isel(n=-1) for a in (found, predicted))
        detail[f"rho(1) at N = {int(found.n[-1])}, {name}"] = float(np.mean(correlations(*pair)))
    parts = {"rho(1)": first}
    if "log-variance" in claim.bounds:
        parts["log-variance"] = spread
    else:
        detail["log-variance"] = spread.value
    return judge(claim, parts, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """rho(1) of every unit, measured against two linear theories; one unit each over lags."""
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
    at_last = found.sel(n=[last["n"]])
    seeds = {forget: first_seed(at_last.sel(forget=forget)) for forget in NAMES}
    theory = predictions(sweep, at_last.sel(seed=sorted(set(seeds.values()))), by_gains)
    _slowest(grid[2], found.sel(last), theory.sel(last), seeds)
    return drawing, numbers


def _slowest(
    axes: Axes, found: xarray.Dataset, theory: xarray.Dataset, seeds: Mapping[int, int]
) -> None:
    """The slowest unit of one net of each curriculum over lags, measured and predicted."""
    for forget, name in NAMES.items():
        first = {"forget": forget, "seed": seeds[forget]}
        slow = int(found.rho.sel(first).sel(lag=slice(1, 5)).mean("lag").argmax("unit"))
        line = found.rho.sel(first).sel(unit=slow)
        axes.plot(line.lag, line, color=COLORS["dms", forget], label=name)
        other = theory.rho.sel(first).sel(unit=slow)
        axes.plot(line.lag, other, color=COLORS["dms", forget], **THEORY)
    axes.set(xlabel="lag (steps)", ylabel="autocorrelation", title="the slowest unit of one net")
    axes.set_xlim(0, 15)
    axes.legend()


def _trained(how: Theory) -> Callable[[Evidence], tuple[xarray.Dataset, xarray.Dataset]]:
    def findings(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
        found = moments_of(evidence, "dms")
        return found, predictions(evidence.sweep(SWEEPS["dms"]), found, how)

    return findings


def _without_gains(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    found = broken.moments(evidence)
    return found, predictions(evidence.sweep(broken.FROZEN), found, bare)


def _other_units(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    """The prediction for one unit held against another's activity."""
    found = broken.moments(evidence)
    predicted = predictions(evidence.sweep(broken.FROZEN), found, from_weights)
    return found, predicted.roll(unit=1, roll_coords=False)


FIGURE = Figure(
    "linear_theory",
    "A linear network with each unit's gain predicts its autocorrelation",
    "Lag-one autocorrelation of every unit of every N-DMS net at the last N, against the "
    "Lyapunov prediction with gains measured in a run (left) and from the weights alone, by a "
    "Gaussian closure (middle). Right, one unit each over lags: solid measured, dashed with "
    "measured gains. Nothing is fitted.",
    draw,
    ("C-RNN-23", "C-RNN-31"),
)
CHECKS = (
    Check("C-RNN-23", predicts_units, _trained(by_gains), _without_gains, slow=True),
    Check("C-RNN-31", predicts_units, _trained(from_weights), _other_units, slow=True),
)
