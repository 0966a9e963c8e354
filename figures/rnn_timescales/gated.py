"""Figure `gated`: how fast the largest N of GRUs and LSTMs grows under the two curricula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, MARKERS
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE, cap_of
from figures.statistics import Estimate, exact, judge, mean
from figures.style import LIMIT, PAGE, band
from sims.rnn_timescales.tasks import SMALLEST
from theory.claims import Claim, Verdict
from theory.rnn_timescales.setting import MANY_GATED, THRESHOLD

CELLS = {"GRU": "rnn_timescales.gru", "LSTM": "rnn_timescales.lstm"}


def solved(training: xarray.Dataset) -> xarray.DataArray:
    """The epoch at which each N was solved, (forget, seed, n); infinite where it was not."""
    epochs = (training.kept / training.attrs["log_every"]).where(training.kept > 0, np.inf)
    epochs = epochs.assign_coords(stage=epochs.stage + SMALLEST).rename(stage="n")
    return epochs.transpose("forget", "seed", "n")


def curriculum_helps(claim: Claim, cells: Mapping[str, xarray.DataArray], cap: float) -> Verdict:
    """C-RNN-29: epochs to N = 12 (the last, where that is less), single-head less multi-head.

    Args:
        cells: `solved` by kind of unit.
        cap: the number of epochs after which runs end, a lower bound for single-head runs that did
            not get there.
    """
    gains: dict[str, Estimate] = {}
    least: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for cell, epochs in cells.items():
        n = min(MANY_GATED, int(epochs.n.max()))
        single, multi = (epochs.sel(forget=f, n=n).values for f in (SINGLE, MULTI))
        later = np.minimum(single, cap) - np.minimum(multi, cap)
        gains[f"single - multi, {cell}"] = mean(later)
        found = exact(later.min(), f"least of {later.size} seeds")
        # the epochs of a multi-head run that did not arrive are more: the difference may be any
        arrived = np.isfinite(multi).all()
        least[f"least seed, {cell}"] = found if arrived else found._replace(low=-np.inf)
        detail[f"{cell}, N"] = n
        for name, values in (("single", single), ("multi", multi)):
            detail[f"{cell}, {name}"] = ", ".join(f"{value:g}" for value in values)
    shown = min(gains, key=lambda name: gains[name].low)
    return judge(claim, gains | least, shown=shown, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Largest N solved against epoch."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.4), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, (cell, epochs) in zip(grid, _trained(evidence).items(), strict=True):
        last = epochs.where(np.isfinite(epochs)).max()
        at = np.arange(int(last) + 1)
        for forget, name in NAMES.items():
            # Heads are solved in order, so those that are count from the smallest N.
            done = epochs.sel(forget=forget).values[..., None] <= at
            reached = SMALLEST - 1 + done.sum(axis=1).astype(float)
            band(axes, at, reached, COLORS["parity", forget], name, MARKERS[forget])
            numbers[f"{cell}, {name}"] = {"epoch": at, "N": reached}
        seeds = epochs.sizes["seed"]
        axes.set(xlabel="epoch", title=f"{cell}, N-parity, {seeds} seeds")
        axes.axhline(int(epochs.n.max()), **LIMIT)
        axes.legend(loc="lower right")
    grid[0].set_ylabel("largest N solved")
    return drawing, numbers


def _trained(evidence: Evidence) -> dict[str, xarray.DataArray]:
    return {cell: solved(evidence.sweep(name)) for cell, name in CELLS.items()}


Cells = tuple[Mapping[str, xarray.DataArray], float]


def _small(evidence: Evidence) -> Cells:
    """Nets that train in seconds."""
    base = broken.GATED.base
    return {"GRU": solved(evidence.sweep(broken.GATED))}, base.steps / base.log_every


def _swapped(evidence: Evidence) -> Cells:
    """The curricula in each other's places."""
    cells, cap = _small(evidence)
    return {cell: broken.swapped(epochs) for cell, epochs in cells.items()}, cap


FIGURE = Figure(
    "gated",
    "GRUs and LSTMs too learn parity faster when every N so far is asked",
    f"Largest N solved ({100 * THRESHOLD:g} % on fresh streams; 1 before any) against epoch; mean "
    "and 95 % band over seeds, a run that solved the largest N asked (dotted) stays there. Inputs "
    f"-1 and +1 with p = 1/2, Adam. The claim is about N = {MANY_GATED}, which the standard preset "
    "asks; a run that has not got there counts as the last epoch, so that the difference is a "
    "lower bound.",
    draw,
    ("C-RNN-29",),
    ("smoke", "standard", "paper"),
)
CHECKS = (
    Check(
        "C-RNN-29",
        curriculum_helps,
        findings=lambda evidence: (_trained(evidence), cap_of(evidence, CELLS["GRU"])),
        broken=_swapped,
        whole=_small,
        slow=True,
    ),
)
