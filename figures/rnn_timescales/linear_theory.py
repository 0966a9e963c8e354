"""Figure `linear_theory`: what gains and weights predict of every unit's activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES
from figures.rnn_timescales.readings.analyses import first_seed, moments_of
from figures.rnn_timescales.readings.as_linear import (
    Theory,
    bare,
    by_gains,
    correlations,
    from_weights,
    predictions,
)
from figures.rnn_timescales.readings.stages import NAMES, SWEEPS, reached
from figures.statistics import Estimate, judge, mean
from figures.style import PAGE, THEORY
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors

Pair = tuple[xarray.Dataset, xarray.Dataset]


def predicts_units(claim: Claim, tasks: Mapping[str, Pair]) -> Verdict:
    """C-RNN-23 and 31: correlations over units, theory with measured, mean over seeds.

    A seed counts once, with the mean over its nets: they share its initial weights. The
    log-variance counts where the claim has a bound of it, and is told otherwise.

    Args:
        tasks: by task what was measured and what is predicted, `rho` at lag 1 and `variance`.
    """
    parts: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, (found, predicted) in tasks.items():
        rho = correlations(found.rho, predicted.rho)
        parts[f"rho(1), {task}"] = mean(reached(rho.mean(("n", "forget"))))
        moved = found.variance > 1e-10
        logs = correlations(
            np.log(found.variance.where(moved)),
            np.log(predicted.variance.where(moved & (predicted.variance > 0))),
        )
        spread = mean(reached(logs.mean(("n", "forget"))))
        if "log-variance" in claim.bounds:
            parts[f"log-variance, {task}"] = spread
        else:
            detail[f"log-variance, {task}"] = spread.value
        last = int(found.n[-1])
        for forget, name in NAMES.items():
            own = float(rho.sel(forget=forget).isel(n=-1).mean())
            detail[f"rho(1), {task}, N = {last}, {name}"] = own
    shown = min(parts, key=lambda name: parts[name].low)
    theirs = min(found[3] for found in authors.GAIN_WEIGHTED.values())
    detail["rho(1), least of the authors' nets, measured gains, parity"] = theirs
    return judge(claim, parts, shown=shown, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """rho(1) of every unit, measured against two linear theories; one unit each over lags."""
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    theories = {"gains measured": by_gains, "gains from the weights": from_weights}
    for task, name in SWEEPS.items():
        found, sweep = moments_of(evidence, task), evidence.sweep(name)
        at_last = found.isel(n=[-1])
        for axes, (title, how) in zip(grid, theories.items(), strict=False):
            predicted = predictions(sweep, at_last, how)
            for forget, curriculum in NAMES.items():
                x, y = (
                    part.rho.sel(lag=1, forget=forget).values.ravel()
                    for part in (predicted, at_last)
                )
                label = f"{TITLES[task]}, {curriculum}"
                look = {"ms": 1.5, "alpha": 0.6, "color": COLORS[task, forget], "label": label}
                axes.plot(x, y, MARKERS[forget], mew=0, **look)
                numbers[f"{title}, {label}"] = {"theory": x, "measured": y}
    for axes, title in zip(grid, theories, strict=False):
        axes.axline((0, 0), slope=1, color="black", **THEORY)
        axes.set(xlabel=r"$\rho(1)$, theory", ylabel=r"$\rho(1)$, measured", title=title)
    handles, names = grid[0].get_legend_handles_labels()
    handles.append(Line2D([], [], color="black", **THEORY))
    names.append("theory")
    drawing.legend(handles, names, loc="outside lower center", ncols=5, markerscale=3)
    seeds = {forget: first_seed(at_last.sel(forget=forget)) for forget in NAMES}
    theory = predictions(sweep, at_last.sel(seed=sorted(set(seeds.values()))), by_gains)
    _slowest(grid[2], at_last.isel(n=0), theory.isel(n=0), seeds)
    return drawing, numbers


def _slowest(
    axes: Axes, found: xarray.Dataset, theory: xarray.Dataset, seeds: Mapping[int, int]
) -> None:
    """The slowest unit of one net of each curriculum over lags, measured and predicted."""
    for forget, name in NAMES.items():
        first = {"forget": forget, "seed": seeds[forget]}
        slow = int(found.rho.sel(first).sel(lag=slice(1, 5)).mean("lag").argmax("unit"))
        line = found.rho.sel(first).sel(unit=slow)
        look = {"color": COLORS["dms", forget], "marker": MARKERS[forget], "ms": 3}
        axes.plot(line.lag, line, label=name, **look)
        other = theory.rho.sel(first).sel(unit=slow)
        axes.plot(line.lag, other, color=COLORS["dms", forget], **THEORY)
    axes.set(xlabel="lag (steps)", ylabel="autocorrelation", title="slowest unit of an N-DMS net")
    axes.set_xlim(0, 15)
    axes.legend()


def _pairs(evidence: Evidence, how: Theory) -> Mapping[str, Pair]:
    """What was measured at lag 1, and what a theory predicts."""
    pairs = {}
    for task, name in SWEEPS.items():
        found = moments_of(evidence, task)
        both = (found, predictions(evidence.sweep(name), found, how))
        pairs[task] = tuple(part[["rho", "variance"]].sel(lag=1, drop=True) for part in both)
    return pairs


def _other_units(evidence: Evidence) -> tuple[Mapping[str, Pair]]:
    """The prediction for one unit held against another's activity."""
    pairs = _pairs(evidence, from_weights)
    return ({task: (a, b.roll(unit=1, roll_coords=False)) for task, (a, b) in pairs.items()},)


FIGURE = Figure(
    "linear_theory",
    "A linear network with each unit's gain predicts its autocorrelation, too strongly at parity",
    "Lag-one autocorrelation of every unit of every net at the last N, against the "
    "Lyapunov prediction with gains measured in a run (left) and from the weights alone, by a "
    "Gaussian closure (middle). Right, one unit each over lags: solid measured, dashed with "
    "measured gains. Nothing is fitted. At parity units are told apart, and rho(1) is less far "
    "from zero than theory has it.",
    draw,
    ("C-RNN-23", "C-RNN-31"),
)
CHECKS = (
    Check(
        "C-RNN-23",
        predicts_units,
        findings=lambda evidence: (_pairs(evidence, by_gains),),
        broken=lambda evidence: (_pairs(evidence, bare),),
        slow=True,
    ),
    Check(
        "C-RNN-31",
        predicts_units,
        findings=lambda evidence: (_pairs(evidence, from_weights),),
        broken=_other_units,
        slow=True,
    ),
)
