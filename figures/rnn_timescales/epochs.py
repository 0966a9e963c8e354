"""Figure `epochs`: how fast N grows under the two curricula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES
from figures.rnn_timescales.readings.stages import (
    MULTI,
    NAMES,
    SINGLE,
    SWEEPS,
    cap_of,
    stages_of,
)
from figures.statistics import judge, ratio
from figures.style import LIMIT, PAGE
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors
from theory.rnn_timescales.setting import MANY, TASKS, THRESHOLD


def multi_head_is_faster(
    claim: Claim, tasks: Mapping[str, xarray.Dataset], caps: Mapping[str, float]
) -> Verdict:
    """C-RNN-7: epochs to a large N, single-head over multi-head.

    Args:
        tasks: stages by task.
        caps: the largest number of epochs by task, a lower bound where a run did not get there.
    """
    parts = {}
    for task, found in tasks.items():
        epochs = found.solved.sel(n=min(MANY[task], int(found.n.max()))).fillna(caps[task])
        parts[task] = ratio(*(epochs.sel(forget=forget).values for forget in (SINGLE, MULTI)))
    theirs = [sum(authors.EPOCHS[name][:10]) for name in NAMES.values()]
    detail = {"the authors' ratio, parity, to N = 11": theirs[0] / theirs[1]}
    return judge(claim, parts, shown=min(parts, key=lambda task: parts[task].low), detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """The epoch at which each N is solved."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, TASKS, strict=True):
        found = stages_of(evidence, task)
        for forget in NAMES:
            solved = found.solved.sel(forget=forget).transpose("seed", "n")
            for row in solved.values:
                axes.step(
                    row, solved.n, where="post", color=COLORS[task, forget], lw=0.5, alpha=0.4
                )
            every = solved.isel(n=solved.notnull().all("seed").values)
            look = {"color": COLORS[task, forget], "marker": MARKERS[forget], "ms": 3}
            axes.plot(every.mean("seed"), every.n, label=NAMES[forget], **look)
            numbers[f"{TITLES[task]}, {NAMES[forget]}"] = {"N": solved.n, "epoch": solved}
        axes.set(xlabel="epoch", title=TITLES[task], xscale="log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        axes.axhline(float(found.n.max()), **LIMIT)
        axes.legend(loc="lower right")
    grid[0].set_ylabel("largest N solved")
    return drawing, numbers


def _findings(
    evidence: Evidence,
) -> tuple[Mapping[str, xarray.Dataset], Mapping[str, float]]:
    return (
        {task: stages_of(evidence, task) for task in TASKS},
        {task: cap_of(evidence, SWEEPS[task]) for task in TASKS},
    )


def _one_list(
    evidence: Evidence,
) -> tuple[Mapping[str, xarray.Dataset], Mapping[str, float]]:
    """Multi-head's runs in the place of both curricula."""
    tasks, caps = _findings(evidence)
    return {task: broken.one_curriculum(found, MULTI) for task, found in tasks.items()}, caps


FIGURE = Figure(
    "epochs",
    "Asking for every N so far is faster than asking for the present one, at both tasks",
    f"The epoch at which each N was solved ({100 * THRESHOLD:g} % on fresh streams): thin lines, "
    "seeds; points, the mean where every seed solved it. Dotted, the largest N asked. No theory "
    "that is known predicts these.",
    draw,
    ("C-RNN-7",),
)
CHECKS = (Check("C-RNN-7", multi_head_is_faster, _findings, _one_list, slow=True),)
