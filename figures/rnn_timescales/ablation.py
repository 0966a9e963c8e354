"""Figure `ablation`: accuracy without one unit, and on every smaller N."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, MARKERS, SIDES, TITLES
from figures.rnn_timescales.readings.analyses import ablated, relative, remembered
from figures.rnn_timescales.readings.stages import NAMES, reached
from figures.statistics import Estimate, judge, mean
from figures.style import GREY, LIMIT, PAGE, band
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors
from theory.rnn_timescales.setting import TASKS

# Accuracy without one unit: of shortest and of longest tau, and at random.
Removed = tuple[xarray.Dataset, xarray.Dataset]


def forgetting(claim: Claim, tasks: Mapping[str, xarray.Dataset]) -> Verdict:
    """C-RNN-10: accuracy on older N, each by the head that was last asked it, p = 1/2."""
    parts: dict[str, Estimate] = {}
    for task, found in tasks.items():
        at = found.accuracy.isel(n=-1)
        older = at.where(at.asked < int(found.n[-1])).mean("asked")
        for forget, name in NAMES.items():
            parts[f"{name}, {task}"] = mean(reached(older.sel(forget=forget)))
    return judge(claim, parts, detail={f"N, {task}": int(own.n[-1]) for task, own in tasks.items()})


def without_a_unit(claim: Claim, tasks: Mapping[str, Removed]) -> Verdict:
    """C-RNN-13 and 48: relative accuracy without a unit of long tau less that without any one."""
    parts: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, removed in tasks.items():
        kinds = by_kind(removed)
        for forget, name in NAMES.items():
            own = {kind: values.sel(forget=forget) for kind, values in kinds.items()}
            detail |= {f"{name}, {kind}, {task}": float(rows.mean()) for kind, rows in own.items()}
            for side in SIDES:
                part = mean(reached(own[side] - own["random"]))
                if (key := f"{name}, {side} - random") in claim.bounds:
                    parts[f"{key}, {task}"] = part
                else:
                    detail[f"{key}, {task}"] = part.value
        detail[f"N, {task}"] = int(removed[0].n[-1])
    for name, theirs in authors.ABLATED_RELATIVE.items():
        detail |= {f"the authors' {name}, {side}, parity, N = 30": theirs[side] for side in SIDES}
    return judge(claim, parts, detail=detail)


def by_kind(removed: Removed) -> dict[str, xarray.DataArray]:
    """Relative accuracy without one unit, the mean over those removed: (forget, seed) by kind."""
    by_tau, at_random = (relative(found).isel(n=-1).mean("rank") for found in removed)
    kinds = {side: by_tau.sel(side=side, drop=True) for side in SIDES}
    return kinds | {"random": at_random.mean("side")}


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
            color, mark = COLORS[task, forget], MARKERS[forget]
            band(grid[2], found.asked.values, rows, color, label, mark, within=(0, 1))
            numbers[f"older N, {label}"] = {"asked": found.asked, "accuracy": rows}
    grid[2].set(xlabel="N asked", ylabel="accuracy", title="older N, by their last head")
    grid[2].axhline(0.5, **LIMIT)
    grid[2].legend(loc="center left", bbox_to_anchor=(0, 0.55))
    return drawing, numbers


def _without(axes: Axes, task: str, removed: Removed) -> dict[str, Any]:
    """A task's nets without one unit; returns the numbers."""
    numbers = {}
    colors = SIDES | {"random": GREY}
    for kind, values in by_kind(removed).items():
        label = "at random" if kind == "random" else rf"{kind} $\tau$"
        for place, (forget, name) in enumerate(NAMES.items()):
            rows = reached(values.sel(forget=forget))
            at = place + {"short": -0.25, "random": 0.0, "long": 0.25}[kind]
            axes.plot(np.full(len(rows), at), rows, ".", ms=3, color=colors[kind], alpha=0.5)
            centre = mean(rows)
            ends = [[centre.value - centre.low], [centre.high - centre.value]]
            axes.errorbar(at, centre.value, ends, fmt="_", ms=9, color=colors[kind],
                          label=None if place else label)  # fmt: skip
            numbers[f"{TITLES[task]}, {name}, {kind}"] = rows
    axes.set_xticks(range(2), list(NAMES.values()))
    last = int(removed[0].n[-1])
    axes.set(title=f"{TITLES[task]}, N = {last}", ylim=(-0.05, 1.08), xlim=(-0.5, 1.5))
    return numbers


def _every(evidence: Evidence) -> tuple[Mapping[str, Removed]]:
    return ({task: ablated(evidence, task) for task in TASKS},)


def _random_as_long(evidence: Evidence) -> tuple[Mapping[str, Removed]]:
    """Units taken at random in the place of those of short and of long tau."""
    (tasks,) = _every(evidence)
    return ({task: (random, random) for task, (_, random) in tasks.items()},)


def _older(evidence: Evidence) -> Mapping[str, xarray.Dataset]:
    return {task: remembered(evidence, task) for task in TASKS}


FIGURE = Figure(
    "ablation",
    "Multi-head nets do without their slow units; at DMS single-head nets need theirs most",
    "Left and middle, accuracy at the nets' own N, relative to the intact net, without one "
    "unit, mean over the units of shortest or longest tau and over as many at random; dots, seeds; "
    "bars, 95 % intervals. Many units tie at tau = 1: which of them count as shortest is the order "
    "of their indices. Right, accuracy on every smaller N, by the head that was last asked it, p = "
    "1/2; dotted, chance.",
    draw,
    ("C-RNN-10", "C-RNN-13", "C-RNN-48"),
)
CHECKS = (
    Check(
        "C-RNN-10",
        forgetting,
        findings=lambda evidence: (_older(evidence),),
        broken=lambda evidence: (
            {task: broken.swapped(found) for task, found in _older(evidence).items()},
        ),
        slow=True,
    ),
    Check("C-RNN-13", without_a_unit, findings=_every, broken=_random_as_long, slow=True),
    Check(
        "C-RNN-48",
        without_a_unit,
        findings=_every,
        broken=lambda evidence: ({"dms": tuple(map(broken.swapped, ablated(evidence, "dms")))},),
        whole=lambda evidence: ({"dms": ablated(evidence, "dms")},),
        slow=True,
    ),
)
