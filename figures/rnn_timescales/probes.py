"""Figure `probes`: which parities can be read linearly from the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES
from figures.rnn_timescales.readings.analyses import stage_of
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE, SWEEPS
from figures.statistics import Estimate, judge, mean
from figures.style import LIMIT, PAGE, band
from sims.rnn_timescales import representation
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors
from theory.rnn_timescales.setting import PROBED_FROM, TASKS


def older_answers(claim: Claim, tasks: Mapping[str, xarray.Dataset]) -> Verdict:
    """C-RNN-11: how well older N are linearly readable, multi-head less single-head, and at all."""
    parts: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, found in tasks.items():
        last = int(found.n[-1])
        by = _accuracies(found, min(PROBED_FROM, last - 1), last - 1)
        own, told = _apart(task, by, last)
        parts |= own | {f"{NAMES[SINGLE]}, {task}": mean(by[SINGLE][np.isfinite(by[SINGLE])])}
        detail |= told
    theirs = [np.mean(authors.PROBED[NAMES[forget]][2:9]) for forget in (MULTI, SINGLE)]
    detail["the authors' difference, parity, N = 11"] = float(theirs[0] - theirs[1])
    return judge(claim, parts, detail=detail)


def next_answer(claim: Claim, tasks: Mapping[str, xarray.Dataset]) -> Verdict:
    """C-RNN-12: how well N + 1, never asked for, is linearly readable."""
    parts: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, found in tasks.items():
        last = int(found.n[-1])
        own, told = _apart(task, _accuracies(found, last + 1, last + 1), last)
        parts |= own
        detail |= told
    theirs = [authors.PROBED[NAMES[forget]][10] for forget in (MULTI, SINGLE)]
    detail["the authors' difference, parity, N = 11"] = theirs[0] - theirs[1]
    return judge(claim, parts, detail=detail)


def _accuracies(
    found: xarray.Dataset, low: int, high: int
) -> Mapping[int, Float[np.ndarray, " seed"]]:
    """Probes' mean accuracy over asked N in [low, high] at the last stage, by curriculum."""
    at = found.accuracy.isel(n=-1).sel(asked=slice(low, high)).mean("asked")
    return {forget: at.sel(forget=forget).values for forget in NAMES}


def _apart(
    task: str, by: Mapping[int, Float[np.ndarray, " seed"]], last: int
) -> tuple[dict[str, Estimate], dict[str, float | int | str]]:
    """The difference by seed, and what is told beside it."""
    values = by[MULTI] - by[SINGLE]
    detail: dict[str, float | int | str] = {
        f"{name}, {task}, mean": float(np.nanmean(by[forget])) for forget, name in NAMES.items()
    }
    apart = mean(values[np.isfinite(values)])
    return {f"multi - single, {task}": apart}, detail | {f"N, {task}": last}


def probed(evidence: Evidence, task: str, shuffled: bool = False) -> xarray.Dataset:
    """Probes of a task's nets at the last N that most solved."""
    settings: dict[str, Any] = {"stages": [stage_of(evidence, task)]}
    if shuffled:
        settings["shuffled"] = True
    return evidence.table(representation.probes, SWEEPS[task], **settings)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Linear probes of every N's answer at the last stage."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, TASKS, strict=True):
        found = probed(evidence, task)
        for forget, name in NAMES.items():
            rows = found.accuracy.isel(n=-1).sel(forget=forget).transpose("seed", "asked").values
            color, mark = COLORS[task, forget], MARKERS[forget]
            band(axes, found.asked.values, rows, color, name, mark, within=(0, 1))
            numbers[f"{TITLES[task]}, {name}"] = {"asked": found.asked, "accuracy": rows}
        last = int(found.n[-1])
        axes.axvline(last, **LIMIT)
        axes.axhline(0.5, **LIMIT)
        axes.set(xlabel="M", title=f"{TITLES[task]}, nets of N = {last}")
        axes.legend(loc="upper center", bbox_to_anchor=(0.55, 0.92))
    grid[0].set_ylabel("accuracy of a linear probe")
    return drawing, numbers


def _every(evidence: Evidence) -> tuple[Mapping[str, xarray.Dataset]]:
    return ({task: probed(evidence, task) for task in TASKS},)


def _held(evidence: Evidence) -> Mapping[str, xarray.Dataset]:
    """Probes of N - 1 in the place of N + 1: an answer that multi-head is known to hold."""
    (tasks,) = _every(evidence)
    return {task: found.assign_coords(asked=found.asked + 2) for task, found in tasks.items()}


FIGURE = Figure(
    "probes",
    "What single-head forgets is only partly lost; the next N is in nets of neither curriculum",
    "Accuracy of least-squares readings of the answer about the last M bits from the state, p = "
    "1/2, on streams that were not fitted; mean and 95 % band over seeds. Dotted, chance and the "
    "nets' own N; to its right, what no head was asked.",
    draw,
    ("C-RNN-11", "C-RNN-12"),
)
CHECKS = (
    Check(
        "C-RNN-11",
        older_answers,
        findings=_every,
        broken=lambda evidence: ({"dms": probed(evidence, "dms", shuffled=True)},),
        whole=lambda evidence: ({"dms": probed(evidence, "dms")},),
        slow=True,
    ),
    Check(
        "C-RNN-12",
        next_answer,
        findings=_every,
        broken=lambda evidence: (
            {task: broken.one_curriculum(own, MULTI) for task, own in _held(evidence).items()},
        ),
        whole=lambda evidence: (_held(evidence),),
        slow=True,
    ),
)
