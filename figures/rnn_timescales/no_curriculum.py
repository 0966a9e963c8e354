"""Figure `no_curriculum`: what is solved where no stage leads to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.palette import COLORS, TITLES
from figures.rnn_timescales.readings.stages import MULTI, SWEEPS, spearman
from figures.statistics import Part, exact, judge, largest, share
from figures.style import LIMIT, PAGE, THEORY, band
from sims.rnn_timescales.tasks import SMALLEST
from theory.claims import Claim, Verdict
from theory.rnn_timescales.limits import majority_accuracy
from theory.rnn_timescales.setting import LARGE, LARGE_PAPER, TASKS, THRESHOLD

DIRECT = {"parity": "rnn_timescales.direct_parity", "dms": "rnn_timescales.direct_dms"}
TOGETHER = {"parity": "rnn_timescales.together_parity", "dms": "rnn_timescales.together_dms"}
_SOLVED = f"{100 * THRESHOLD:g} %"


def asked(direct: xarray.Dataset) -> xarray.DataArray:
    """Accuracy of head 0, by the N it was asked from the start (`first`), seed and epoch."""
    accuracy = direct.accuracy.isel(head=0)
    if "first" not in accuracy.dims:
        accuracy = accuracy.expand_dims(first=[int(direct.attrs["first"])])
    epochs = accuracy.step / direct.attrs["log_every"]
    return accuracy.assign_coords(step=epochs).rename(step="epoch")


def crossings(sweep: xarray.Dataset) -> xarray.DataArray:
    """The epoch in which each head is first solved: (seed, n), NaN where never.

    The attribute `asked` is how many heads were asked from the first step on.
    """
    above = sweep.accuracy > THRESHOLD
    epochs = (above.step / sweep.attrs["log_every"]).where(above).min("step")
    found = epochs.rename(head="n")
    found = found.assign_coords(n=found.n + sweep.attrs["first"]).transpose("seed", "n")
    return found.assign_attrs(asked=int(sweep.attrs["window"]))


def without_curriculum(claim: Claim, accuracy: xarray.DataArray, large: int) -> Verdict:
    """C-RNN-8 and 47: the smallest N asked alone is soon solved by every seed, a large one by few.

    Args:
        accuracy: as of `asked`.
        large: N from here on are large.
    """
    above = accuracy > THRESHOLD
    epochs = above.epoch.where(above).min("epoch")
    hard = epochs.sel(first=slice(large, None)).isel(first=0)
    solved = share(int(hard.count()), hard.size, "runs")
    parts = {
        "runs that solved the first large N": solved,
        "epochs of the smallest N": largest(epochs.isel(first=0).values, "seeds' epochs"),
    }
    detail: dict[str, float | int | str] = {"budget": float(accuracy.epoch[-1])}
    detail["first large N"] = int(hard.first)
    for n in accuracy.first.values:
        own = epochs.sel(first=n)
        detail[f"seeds that solved N = {n}"] = f"{int(own.count())} of {own.size}"
        best = accuracy.sel(first=n).max("epoch")
        detail[f"best accuracy at N = {n}, mean over seeds"] = float(best.mean())
    return judge(claim, parts, detail=detail)


def all_at_once(claim: Claim, tasks: Mapping[str, xarray.DataArray]) -> Verdict:
    """C-RNN-9: every head is soon solved, in the order of N, which no list imposes.

    Args:
        tasks: the epoch in which each head was first solved, as of `crossings`, by task.
    """
    parts: dict[str, Part] = {}
    detail: dict[str, float | int | str] = {}
    for task, epochs in tasks.items():
        orders = spearman(epochs.values, epochs.n.values)
        parts[f"Spearman, {task}"] = exact(orders.min(), f"least of {len(orders)} seeds")
        parts[f"slowest head's epoch, {task}"] = largest(epochs.values, "heads")
        parts[f"asked from the first step, {task}"] = bool(epochs.attrs["asked"] >= epochs.n.size)
        for n in epochs.n:
            detail[f"{task}, epoch of N = {int(n)}"] = float(epochs.sel(n=n).mean())
    return judge(claim, parts, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """One N alone from the start, and all heads at once."""
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    grid[0].sharey(grid[1])
    for axes, task in zip(grid, TASKS, strict=False):
        numbers |= _alone(axes, task, asked(evidence.sweep(DIRECT[task])))
        epochs = crossings(evidence.sweep(TOGETHER[task]))
        color = COLORS[task, MULTI]
        for row in epochs.values:
            grid[2].plot(epochs.n, row, color=color, lw=0.5, alpha=0.5)
        mark = "o" if task == "parity" else "D"
        look = {"color": color, "marker": mark, "ms": 3, "label": TITLES[task]}
        grid[2].plot(epochs.n, epochs.mean("seed"), **look)
        numbers[f"together, {TITLES[task]}"] = {"N": epochs.n, "epoch": epochs}
        grid[2].set_xticks(epochs.n.values)
    grid[0].set_ylabel("accuracy of the only head")
    grid[2].set(xlabel="N", ylabel=f"epoch of first crossing {_SOLVED}", title="all N at once")
    grid[2].legend()
    return drawing, numbers


def _alone(axes: Axes, task: str, accuracy: xarray.DataArray) -> dict[str, Any]:
    """Accuracy against epoch of each N asked alone, and of a guess; returns the numbers."""
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, accuracy.first.size))
    marks = "osv^D<>"[: len(colors)]
    numbers: dict[str, Any] = {}
    for n, color, mark in zip(accuracy.first.values, colors, marks, strict=True):
        own = accuracy.sel(first=n).transpose("seed", "epoch")
        band(axes, own.epoch.values, own.values, color, f"N = {n}", mark, within=(0, 1))
        guess = majority_accuracy(int(n)) if task == "parity" else 0.5
        axes.axhline(guess, color=color, **(THEORY | {"linewidth": 0.7}))
        name = f"{TITLES[task]}, alone, N = {n}"
        numbers[name] = {"epoch": own.epoch, "accuracy": own, "guess": guess}
    axes.axhline(THRESHOLD, **LIMIT)
    axes.set(xlabel="epoch", title=f"{TITLES[task]}, one N alone", ylim=(0.3, 1.03))
    axes.legend(loc="lower right", ncols=2)
    return numbers


def _one_alone(evidence: Evidence, task: str) -> tuple[xarray.DataArray, int]:
    large = LARGE_PAPER if evidence.preset == "paper" else LARGE
    return asked(evidence.sweep(DIRECT[task])), large


def _curriculum_on(evidence: Evidence) -> tuple[xarray.DataArray, int]:
    """The same heads for as long, where a curriculum leads to them, as if each had been alone."""
    alone, large = _one_alone(evidence, "parity")
    sweep = evidence.sweep(SWEEPS["parity"]).sel(forget=MULTI, seed=alone.seed.values)
    heads = sweep.accuracy.rename(head="first", step="epoch")
    epochs = heads.epoch / sweep.attrs["log_every"]
    heads = heads.assign_coords(first=heads.first + SMALLEST, epoch=epochs)
    return heads.sel(first=alone.first.values, epoch=slice(None, float(alone.epoch[-1]))), large


def _together(evidence: Evidence) -> tuple[Mapping[str, xarray.DataArray]]:
    return ({task: crossings(evidence.sweep(name)) for task, name in TOGETHER.items()},)


def _led(evidence: Evidence) -> tuple[Mapping[str, xarray.DataArray]]:
    """As many heads of as many seeds where a curriculum asks one after the other."""
    (whole,) = _together(evidence)
    led = {task: crossings(evidence.sweep(name).sel(forget=MULTI)) for task, name in SWEEPS.items()}
    return (
        {
            task: led[task].sel(n=found.n.values, seed=found.seed.values)
            for task, found in whole.items()
        },
    )


FIGURE = Figure(
    "no_curriculum",
    f"Without a curriculum N = {LARGE} is not learned at parity, unless smaller N are asked as "
    "well, but it is at DMS",
    "Initial nets, no stages. Left and middle, accuracy of a net that is asked one N alone "
    f"(mean and 95 % band over seeds; a run ends, and its line goes on flat, at {_SOLVED}, "
    "dotted); dashed, what a reader of parity gets that knows each stream's p but not its parity, "
    "and one half at DMS. Right, heads for every N asked together: the epoch in which each first "
    f"exceeds {_SOLVED}; thin lines, seeds.",
    draw,
    ("C-RNN-8", "C-RNN-47", "C-RNN-9"),
)
CHECKS = (
    Check(
        "C-RNN-8",
        without_curriculum,
        findings=lambda evidence: _one_alone(evidence, "parity"),
        broken=_curriculum_on,
        slow=True,
    ),
    Check(
        "C-RNN-47",
        without_curriculum,
        findings=lambda evidence: _one_alone(evidence, "dms"),
        broken=_curriculum_on,
        whole=lambda evidence: _one_alone(evidence, "parity"),
        slow=True,
    ),
    Check("C-RNN-9", all_at_once, findings=_together, broken=_led, slow=True),
)
