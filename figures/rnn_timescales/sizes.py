"""Figure `sizes`: where mean tau of single-head nets turns, N*, and how it grows with H."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, TITLES
from figures.rnn_timescales.readings.stages import SINGLE
from figures.rnn_timescales.readings.turns import (
    SWEEPS,
    Turns,
    at_turn,
    curves,
    curves_of,
    exponent,
    power_law,
    spread,
    turns,
)
from figures.statistics import judge
from figures.style import FIT, GREY, PAGE
from theory.claims import Claim, Verdict
from theory.rnn_timescales.setting import LARGER, SMALL, TASKS

# The first seed of DMS that had not been looked at when more were trained.
FRESH = 4
CANDIDATES = {
    "absorbed share": r"share of units at $\tau = 1$",
    "absorbed per needed": r"$\tau = 1$ / needed units",
    "epochs": "epochs of the stage",
}


def turn_grows(claim: Claim, tasks: Mapping[str, xarray.DataArray]) -> Verdict:
    """C-RNN-5: N* of large nets less N* of small ones."""
    parts = {}
    detail: dict[str, float | int | str] = {}
    for task, tau in tasks.items():
        found = turns(tau)
        parts[f"growth, {task}"] = found.growth(SMALL, LARGER)
        for size, value, bound in zip(found.units, found.value, found.censored, strict=True):
            detail[f"{task}, H = {size:.0f}"] = f"{'>= ' if bound else ''}{value:.2f}"
    return judge(claim, parts, shown=min(parts, key=lambda name: parts[name].low), detail=detail)


def turn_law(claim: Claim, tau: xarray.DataArray, first: int = 0) -> Verdict:
    """C-RNN-32 and 38: the exponent of N* ~ H^g.

    Args:
        first: the first seed that counts.
    """
    found = turns(tau.isel(seed=slice(first, None)))
    detail = {"factor": power_law(*found[:3])[1]}
    return judge(claim, {"exponent": exponent(found)}, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Mean tau against N by size, N*(H) with its law, and what might set it."""
    drawing, grid = plt.subplots(2, 3, figsize=(PAGE, 4.4))
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid[0], TASKS, strict=False):
        sweep = evidence.sweep(SWEEPS[task])
        tau = curves(sweep)
        found = turns(tau)
        _draw_curves(axes, task, tau, found)
        numbers[TITLES[task]] = _draw_law(grid[0, 2], task, found)
        causes = at_turn(task, sweep, found)
        for panel, key in zip(grid[1], CANDIDATES, strict=True):
            _draw_points(panel, task, found, causes[key])
        for key, values in causes.items():
            wide = spread(values[~found.censored])
            numbers[TITLES[task]] |= {key: values, f"{key}, largest/smallest": wide}
        numbers[TITLES[task]] |= {"N": tau.n, "tau": tau.mean("seed"), "H": tau.units}
    for panel, label in zip(grid[1], CANDIDATES.values(), strict=True):
        panel.set(ylabel=f"{label} at $N^*$")
        panel.set_ylim(bottom=0)
    for panel in (grid[0, 2], *grid[1]):
        _by_size(panel, np.asarray(tau.units.values, "float64"))
    _by_turn(grid[0, 2], [float(n) for each in numbers.values() for n in each["N"][[0, -1]]])
    grid[0, 1].legend(ncols=2)
    return drawing, numbers


def _draw_curves(axes: Axes, task: str, tau: xarray.DataArray, found: Turns) -> None:
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.9, tau.units.size))
    for size, value, bound, color in zip(
        tau.units.values, found.value, found.censored, colors, strict=True
    ):
        # the mean of the seeds of N* themselves: those N that every seed solved
        mean = tau.sel(units=size).mean("seed", skipna=False)
        axes.plot(mean.n, mean, color=color, label=f"H = {size}")
        if not bound:
            axes.plot(value, np.interp(value, mean.n, mean), "o", ms=4, mfc="none", color=color)
    axes.set(xlabel="N", ylabel=r"mean $\tau$ (bits)", title=TITLES[task])


def _draw_law(axes: Axes, task: str, found: Turns) -> dict[str, Any]:
    """N* with intervals and the fitted law; returns the numbers."""
    color = COLORS[task, SINGLE]
    bars = [
        found.interval(value, drawn, "vertex")
        for value, drawn in zip(found.value, found.drawn.T, strict=True)
    ]
    arrow = {"arrowstyle": "->", "color": color, "lw": 0.8}
    for size, bar, bound in zip(found.units, bars, found.censored, strict=True):
        axes.plot([size, size], [bar.low, bar.high], color=color, lw=0.8)
        if bound:
            axes.annotate("", (size, 1.25 * bar.value), (size, bar.value), arrowprops=arrow)
    _draw_points(axes, task, found, found.value)
    numbers: dict[str, Any] = {"N*": found.value, "lower bound": found.censored}
    numbers["interval"] = [(bar.low, bar.high) for bar in bars]
    if len(found.units) < 3:
        return numbers
    g, factor = power_law(found.units, found.value, found.censored)
    known = exponent(found)
    line = np.geomspace(found.units.min(), found.units.max())
    label = f"{TITLES[task]}: $H^{{{g:.2f}}}$ [{known.low:.2f}, {known.high:.2f}]"
    axes.plot(line, factor * line**g, color=color, label=label, **FIT)
    return numbers | {"exponent": known._asdict(), "factor": factor}


def _draw_points(axes: Axes, task: str, found: Turns, values: Float[np.ndarray, " size"]) -> None:
    """Filled where N* was seen, open where it is a lower bound."""
    seen = ~found.censored
    color = COLORS[task, SINGLE]
    axes.plot(found.units[seen], values[seen], "o-", ms=4, lw=0.8, color=color)
    axes.plot(found.units[~seen], values[~seen], "o", ms=4, mfc="white", color=color)


def _by_size(axes: Axes, units: Float[np.ndarray, " size"]) -> None:
    axes.set(xlabel="units H", xscale="log")
    axes.set_xticks(units, [f"{size:.0f}" for size in units])
    axes.minorticks_off()
    axes.grid(axis="y", color=GREY, lw=0.3, alpha=0.4)


def _by_turn(axes: Axes, asked: list[float]) -> None:
    """A logarithmic axis of N*, with limits of its own: where no N* is known it has none."""
    axes.set(ylabel="$N^*$", yscale="log")
    axes.set_yticks([3, 5, 7, 10, 15], ["3", "5", "7", "10", "15"])
    axes.set_ylim(min(asked), max(asked))
    axes.minorticks_off()
    if axes.get_legend_handles_labels()[0]:
        axes.legend()


FIGURE = Figure(
    "sizes",
    "Where mean tau turns from falling to rising, by the size of the net",
    "Single-head nets. Above, mean tau over units and seeds against N, where every seed solved "
    "N, with its turn N* (circles: vertex of a parabola through up to five N about the least "
    "value); and N* against the number of units H with its bootstrap interval over seeds and "
    "a power law by censored regression (dash-dotted); open with an arrow where tau still falls at "
    "the last "
    "N solved, a lower bound. Below, what might set the turn, read at N*: the share of units "
    "whose tau has been absorbed at 1, their number over those that suffice with every tau at "
    "1 (2 N - 1 for parity, N + 1 for DMS), and the epochs that the stage took. A cause "
    "that acts alone would be flat.",
    draw,
    ("C-RNN-5", "C-RNN-32", "C-RNN-38"),
    ("sizes", "smoke"),
)
UP, DOWN = (6.0, 7.0, 9.0, 10.0), (11.0, 9.0, 7.0, 6.0)
CHECKS = (
    Check(
        "C-RNN-5",
        turn_grows,
        findings=lambda evidence: ({task: curves_of(evidence, task) for task in TASKS},),
        broken=lambda _: (broken.turning(DOWN),),
        whole=lambda _: (broken.turning(UP),),
    ),
    Check(
        "C-RNN-32",
        turn_law,
        findings=lambda evidence: (curves_of(evidence, "parity"),),
        broken=lambda _: (broken.turning(DOWN)["parity"],),
        whole=lambda _: (broken.turning(UP)["parity"],),
    ),
    Check(
        "C-RNN-38",
        turn_law,
        findings=lambda evidence: (curves_of(evidence, "dms"), FRESH),
        broken=lambda _: (broken.turning(DOWN)["dms"], FRESH),
        whole=lambda _: (broken.turning(UP)["dms"], FRESH),
    ),
)
