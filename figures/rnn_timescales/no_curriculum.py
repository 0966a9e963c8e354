"""Figure `no_curriculum`: what is solved where no stage leads to it."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.broken import FROZEN
from figures.rnn_timescales.palette import COLORS
from figures.rnn_timescales.readings.stages import MULTI, SINGLE, spearman
from figures.statistics import exact, judge, largest, mean
from figures.style import GREY, PAGE, THEORY, band
from sims.rnn_timescales.tasks import SMALLEST
from theory.claims import Claim, Verdict
from theory.rnn_timescales.limits import majority_accuracy
from theory.rnn_timescales.setting import LARGE, LARGE_PAPER, THRESHOLD

DIRECT, TOGETHER = "rnn_timescales.direct_parity", "rnn_timescales.together_parity"
_SOLVED = f"{100 * THRESHOLD:g} %"


def asked(direct: xarray.Dataset) -> xarray.DataArray:
    """Accuracy of head 0, by the N it was asked from the start (`first`), seed and epoch."""
    accuracy = direct.accuracy.isel(head=0)
    if "first" not in accuracy.dims:
        accuracy = accuracy.expand_dims(first=[int(direct.attrs["first"])])
    epochs = accuracy.step / direct.attrs["log_every"]
    return accuracy.assign_coords(step=epochs).rename(step="epoch")


def crossings(sweep: xarray.Dataset) -> xarray.DataArray:
    """The epoch in which each head is first solved: (seed, n), NaN where never."""
    above = sweep.accuracy > THRESHOLD
    epochs = (above.step / sweep.attrs["log_every"]).where(above).min("step")
    found = epochs.rename(head="n")
    return found.assign_coords(n=found.n + sweep.attrs["first"]).transpose("seed", "n")


def without_curriculum(claim: Claim, accuracy: xarray.DataArray, large: int) -> Verdict:
    """C-RNN-8: the smallest N asked alone is soon solved by every seed, a large one by none.

    Args:
        accuracy: as of `asked`.
        large: N from here on are large.
    """
    above = accuracy > THRESHOLD
    epochs = above.epoch.where(above).min("epoch")
    best = accuracy.max("epoch")
    hard = epochs.sel(first=slice(large, None))
    parts = {
        "epochs of the smallest N": largest(epochs.isel(first=0).values, "seeds' epochs"),
        "seeds that solved a large N": exact(float(hard.count()), f"of {hard.size} runs"),
        "best accuracy at the first large N": mean(best.sel(first=hard.first[0]).values),
    }
    detail: dict[str, float | int | str] = {"budget": float(accuracy.epoch[-1])}
    detail["first large N"] = int(hard.first[0])
    for n in accuracy.first.values:
        own = epochs.sel(first=n)
        detail[f"seeds that solved N = {n}"] = f"{int(own.count())} of {own.size}"
        detail[f"best accuracy at N = {n}"] = float(best.sel(first=n).mean())
    return judge(claim, parts, shown="best accuracy at the first large N", detail=detail)


def all_at_once(claim: Claim, epochs: xarray.DataArray) -> Verdict:
    """C-RNN-9: every head is soon solved, in the order of N.

    Args:
        epochs: in which each head was first solved, (seed, n).
    """
    orders = spearman(epochs.values, epochs.n.values)
    parts = {
        "Spearman, least seed": exact(orders.min(), f"least of {len(orders)} seeds"),
        "slowest head's epoch": largest(epochs.values, "heads"),
    }
    detail = {f"epoch of N = {int(n)}": float(epochs.sel(n=n).mean()) for n in epochs.n}
    return judge(claim, parts, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """One N alone from the start, and all heads at once."""
    accuracy, epochs = asked(evidence.sweep(DIRECT)), crossings(evidence.sweep(TOGETHER))
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    numbers = _alone(left, accuracy)
    for row in epochs.values:
        right.plot(epochs.n, row, color=COLORS["parity", MULTI], lw=0.5, alpha=0.5)
    right.plot(epochs.n, epochs.mean("seed"), "o-", ms=3, color=COLORS["parity", MULTI])
    right.set(xlabel="N", ylabel=f"epoch of first crossing {_SOLVED}", title="all N at once")
    right.set_xticks(epochs.n.values)
    numbers["together"] = {"N": epochs.n, "epoch": epochs}
    return drawing, numbers


def _alone(axes: Axes, accuracy: xarray.DataArray) -> dict[str, Any]:
    """Accuracy against epoch of each N asked alone; returns the numbers."""
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, accuracy.first.size))
    numbers: dict[str, Any] = {}
    for n, color in zip(accuracy.first.values, colors, strict=True):
        own = accuracy.sel(first=n).transpose("seed", "epoch")
        band(axes, own.epoch.values, own.values, color, f"N = {n}")
        axes.axhline(majority_accuracy(int(n)), color=color, **(THEORY | {"linewidth": 0.7}))
        numbers[f"alone, N = {n}"] = {"epoch": own.epoch, "accuracy": own}
    axes.axhline(THRESHOLD, color=GREY, lw=0.6, ls=":")
    axes.set(xlabel="epoch", ylabel="accuracy of the only head", title="one N alone")
    axes.set_ylim(0.3, 1.03)
    axes.legend(loc="lower right", ncols=3)
    return numbers


def _one_alone(evidence: Evidence) -> tuple[xarray.DataArray, int]:
    large = LARGE_PAPER if evidence.preset == "paper" else LARGE
    return asked(evidence.sweep(DIRECT)), large


def _curriculum_on(evidence: Evidence) -> tuple[xarray.DataArray, int]:
    """Each head's accuracy where a curriculum leads to it, as if it had been asked alone."""
    sweep = evidence.sweep(FROZEN).sel(forget=MULTI)
    heads = sweep.accuracy.rename(head="first", step="epoch")
    n, epochs = heads.first + SMALLEST, heads.epoch / sweep.attrs["log_every"]
    heads = heads.assign_coords(first=n, epoch=epochs)
    return heads, int(n[-1])


def _one_head(evidence: Evidence) -> tuple[xarray.DataArray]:
    """A list of one head: the others are never asked."""
    return (crossings(evidence.sweep(FROZEN).sel(forget=SINGLE)),)


FIGURE = Figure(
    "no_curriculum",
    "Without a curriculum large N is not learned, unless smaller N are asked as well",
    "N-parity from initial nets, no stages. Left, accuracy of a net that is asked one N alone "
    f"(mean and 95 % band over seeds; a run ends, and its line goes on flat, at {_SOLVED}, "
    "dotted); dashed, what a reader that knows each stream's p but not its parity gets. Right, "
    f"heads for every N asked together: the epoch in which each first exceeds {_SOLVED}; thin "
    "lines, seeds.",
    draw,
    ("C-RNN-8", "C-RNN-9"),
)
CHECKS = (
    Check("C-RNN-8", without_curriculum, _one_alone, _curriculum_on, slow=True),
    Check(
        "C-RNN-9",
        all_at_once,
        findings=lambda evidence: (crossings(evidence.sweep(TOGETHER)),),
        broken=_one_head,
        slow=True,
    ),
)
