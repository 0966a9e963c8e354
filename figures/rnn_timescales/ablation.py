"""Figure `ablation`: accuracy without one unit, and on every smaller N."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, SIDES, TITLES
from figures.rnn_timescales.readings.analyses import ablated, relative, remembered
from figures.rnn_timescales.readings.stages import NAMES, reached
from figures.statistics import judge, mean
from figures.style import PAGE, band
from theory.claims import Claim, Verdict
from theory.rnn_timescales.setting import TASKS


def forgetting(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-10: accuracy on older N, each by the head that was last asked it, p = 1/2."""
    at = found.accuracy.isel(n=-1)
    older = at.where(at.asked < int(found.n[-1])).mean("asked")
    parts = {name: mean(reached(older.sel(forget=forget))) for forget, name in NAMES.items()}
    return judge(claim, parts, detail={"N": int(found.n[-1])})


def without_a_unit(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-13: relative accuracy without a unit of short or of long tau."""
    values = relative(found).isel(n=-1).mean("rank")
    parts, detail = {}, {}
    for forget, name in NAMES.items():
        for side in SIDES:
            part = mean(reached(values.sel(forget=forget, side=side)))
            if (key := f"{name}, {side}") in claim.bounds:
                parts[key] = part
            else:
                detail[key] = part.value
    return judge(claim, parts, shown="multi-head, long", detail=detail | {"N": int(found.n[-1])})


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Accuracy without one unit of short or long tau; accuracy on older N."""
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5), width_ratios=(1, 1, 1.3))
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, TASKS, strict=False):
        numbers |= _without(axes, task, ablated(evidence, task))
    grid[0].set_ylabel("relative accuracy without a unit")
    grid[0].legend(loc="lower left")
    for task in TASKS:
        found = remembered(evidence, task)
        for forget, name in NAMES.items():
            rows = found.accuracy.isel(n=-1).sel(forget=forget).transpose("seed", "asked").values
            label = f"{TITLES[task]}, {name}"
            band(grid[2], found.asked.values, rows, COLORS[task, forget], label)
            numbers[f"older N, {label}"] = {"asked": found.asked, "accuracy": rows}
    grid[2].set(xlabel="N asked", ylabel="accuracy", title="older N, by their last head")
    grid[2].legend(fontsize=6, loc="center left")
    return drawing, numbers


def _without(axes: Axes, task: str, found: xarray.Dataset) -> dict[str, Any]:
    """A task's nets without one unit; returns the numbers."""
    values = relative(found).isel(n=-1).mean("rank")
    numbers = {}
    for place, (forget, name) in enumerate(NAMES.items()):
        for side, color in SIDES.items():
            rows = reached(values.sel(forget=forget, side=side))
            at = place + (0.2 if side == "long" else -0.2)
            axes.plot(np.full(len(rows), at), rows, ".", ms=3, color=color, alpha=0.5)
            centre = mean(rows)
            ends = [[centre.value - centre.low], [centre.high - centre.value]]
            axes.errorbar(at, centre.value, ends, fmt="_", ms=9, color=color,
                          label=None if place else rf"{side} $\tau$")  # fmt: skip
            numbers[f"{TITLES[task]}, {name}, {side}"] = rows
    axes.set_xticks(range(2), list(NAMES.values()))
    axes.set(title=f"{TITLES[task]}, N = {int(found.n[-1])}", ylim=(-0.05, 1.08), xlim=(-0.5, 1.5))
    return numbers


FIGURE = Figure(
    "ablation",
    "Multi-head parity nets do without their slow units; single-head nets need both",
    "Left and middle, accuracy at the nets' own N, relative to the intact net, without one "
    "unit, mean over the units of shortest or longest tau; dots, seeds; bars, 95 % intervals. "
    "Right, accuracy on every smaller N, by the head that was last asked it, p = 1/2.",
    draw,
    ("C-RNN-10", "C-RNN-13"),
)
CHECKS = (
    Check(
        "C-RNN-10",
        forgetting,
        findings=lambda evidence: (remembered(evidence, "parity"),),
        broken=broken.remembered,
        slow=True,
    ),
    Check(
        "C-RNN-13",
        without_a_unit,
        findings=lambda evidence: (ablated(evidence, "parity"),),
        broken=broken.random_units,
        slow=True,
    ),
)
