"""Figure `variants`: what does not depend on the default units, starts and curricula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES, whole_numbers
from figures.rnn_timescales.readings.stages import (
    MULTI,
    NAMES,
    SINGLE,
    SWEEPS,
    average,
    by_n,
    last_n,
    reached,
    spearman,
    stages_of,
)
from figures.rnn_timescales.timescales import tau_falls, tau_rises
from figures.statistics import Estimate, judge, mean, median
from figures.style import GREY, PAGE, PURPLE
from theory.claims import Claim, Verdict
from theory.claims import claim as registered
from theory.rnn_timescales.setting import STARTS

SMOOTH, INITIAL = "rnn_timescales.smooth_dms", "rnn_timescales.initial_dms"
SLIDING = "rnn_timescales.sliding_parity"
# Panel, task for the colours, and the sweeps drawn in it by line style.
PANELS = {
    "nonlinearity outside, inside": (
        "dms",
        {SWEEPS["dms"]: "full", "rnn_timescales.inside_dms": "none"},
    ),
    "clamp, softplus": ("dms", {SWEEPS["dms"]: "full", SMOOTH: "none"}),
    "bits held one step, longer": (
        "parity",
        {SWEEPS["parity"]: "full", "rnn_timescales.held_parity": "none"},
    ),
}
# Marks by lowest value and width of the initial tau.
START_MARKS = dict(zip(STARTS, "vo^D", strict=True))


def smooth_clamp(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-33: claims 1 and 3 and the gap of claim 4 where no unit can be absorbed.

    Args:
        found: stages, see `by_n`.
    """
    gap = (average(found, SINGLE) - average(found, MULTI)).sel(n=last_n(found))
    parts = {
        "gap": mean(reached(gap)),
        "C-RNN-1": tau_rises(registered("C-RNN-1"), found),
        "C-RNN-3": tau_falls(registered("C-RNN-3"), {"dms": found}),
    }
    return judge(claim, parts, detail={"smallest tau": float(found.tau.min())})


def whatever_the_start(claim: Claim, sweep: xarray.Dataset) -> Verdict:
    """C-RNN-39: claims 3 and 4 in kind, for every initial distribution of tau.

    Args:
        sweep: with dimensions `lowest` and `spread` of the initial tau.
    """
    whole = by_n(sweep).stack(start=("lowest", "spread"))
    gaps: dict[str, Estimate] = {}
    orders: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for lowest, spread in whole.start.values:
        found, name = whole.sel(start=(lowest, spread), drop=True), start_name(lowest, spread)
        last, multi = last_n(found), average(found, MULTI)
        gap = (average(found, SINGLE) - multi).sel(n=last)
        gaps[f"gap, {name}"] = mean(reached(gap))
        order = spearman(multi.values, multi.n.values)
        orders[f"multi-head's Spearman, {name}"] = median(order)
        detail[f"last N, {name}"] = last
    shown = min(gaps, key=lambda name: gaps[name].low)
    return judge(claim, gaps | orders, shown=shown, detail=detail)


def start_name(lowest: float, spread: float) -> str:
    """The initial distribution of tau in words."""
    return f"U({lowest:g}, {lowest + spread:g})"


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Mean tau against N for other units, the sliding window, and other starts."""
    drawing, table = plt.subplots(2, 3, figsize=(PAGE, 4.4))
    grid = table.ravel()
    numbers: dict[str, Any] = {}
    for axes, (title, (task, sweeps)) in zip(grid, PANELS.items(), strict=False):
        for name, filled in sweeps.items():
            found, short = by_n(evidence.sweep(name)), name.partition(".")[2]
            for forget in NAMES:
                label = f"{short}, {NAMES[forget]}"
                look = {"color": COLORS[task, forget], "marker": MARKERS[forget]}
                numbers[label] = _mean_tau(axes, found, forget, look | {"fillstyle": filled})
        axes.set(xlabel="N", title=title)
    numbers |= _sliding(grid[3], by_n(evidence.sweep(SLIDING)), stages_of(evidence, "parity"))
    starts = by_n(evidence.sweep(INITIAL))
    for (lowest, spread), mark in START_MARKS.items():
        found = starts.sel(lowest=lowest, spread=spread)
        for forget in NAMES:
            label = f"{start_name(lowest, spread)}, {NAMES[forget]}"
            look = {"color": COLORS["dms", forget], "marker": mark}
            numbers[label] = _mean_tau(grid[4], found, forget, look)
            grid[4].plot(1.5, lowest + spread / 2, "_", color=GREY)
    grid[4].set(xlabel="N", title=r"initial $\tau$ (ticks: its mean)")
    for axes in (grid[0], grid[1], grid[2], grid[4]):
        axes.set_ylabel(r"mean $\tau$ (bits)")
    _legend(grid[5])
    whole_numbers(*grid[:3], grid[4])
    return drawing, numbers


def _mean_tau(
    axes: Axes, found: xarray.Dataset, forget: int, look: Mapping[str, Any]
) -> dict[str, xarray.DataArray]:
    """Mean tau over units and seeds against N; returns the numbers."""
    values = average(found, forget)
    values = values.isel(n=(values.notnull().sum("seed") >= 2).values)
    over_seeds = values.mean("seed")
    axes.plot(values.n, over_seeds, ms=3, **look)
    return {"N": values.n, "mean": over_seeds}


def _sliding(axes: Axes, sliding: xarray.Dataset, both: xarray.Dataset) -> dict[str, Any]:
    """Epochs to solve N by curriculum; returns the numbers."""
    for forget in (SINGLE, MULTI):
        epochs = both.solved.sel(forget=forget).mean("seed", skipna=False)
        axes.plot(epochs, epochs.n, MARKERS[forget], ls="-", ms=3, color=COLORS["parity", forget])
    epochs = sliding.solved.mean("seed", skipna=False)
    axes.plot(epochs, epochs.n, "^-", ms=3, color=PURPLE)
    axes.set(xlabel="epoch", ylabel="N solved", xscale="log", title="N-parity")
    axes.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    axes.minorticks_off()
    return {"sliding": {"N": epochs.n, "epoch": epochs}}


def _legend(axes: Axes) -> None:
    """What colours and line styles stand for, in a panel of its own."""
    marks = [*(MARKERS[forget] for _, forget in COLORS), "^"]
    looks = zip((*COLORS.values(), PURPLE), marks, strict=True)
    lines = [Line2D([], [], color=color, marker=mark, ms=3) for color, mark in looks]
    filled = ("full", "none")
    lines += [Line2D([], [], color="black", marker="o", fillstyle=style, ms=3) for style in filled]
    names = [f"{TITLES[task]}, {NAMES[forget]}" for task, forget in COLORS]
    names += ["sliding window", "named first", "named second"]
    lines += [Line2D([], [], color=GREY, marker=mark, ms=3) for mark in START_MARKS.values()]
    names += [f"from {start_name(*start)}" for start in START_MARKS]
    axes.legend(lines, names, loc="center", frameon=False)
    axes.axis("off")


def _as_start(sweep: xarray.Dataset) -> xarray.Dataset:
    """A sweep of the default initial tau as one of several."""
    return sweep.expand_dims(lowest=[1.0], spread=[1.0])


FIGURE = Figure(
    "variants",
    "Mean tau of other units and from other starts, and a sliding window",
    "Mean time constant of nets that solved N. Filled, the default: nonlinearity outside, a "
    "clamp at one step, one step a bit. Open: nonlinearity inside (N-DMS); tau = 1 + "
    "softplus in place of the clamp (N-DMS); bits held longer with the nonlinearity inside "
    "(N-parity). Below, epochs to solve N with a sliding window of heads, mean over seeds; and "
    "mean tau from weak and strong, narrow and wide initial tau (N-DMS).",
    draw,
    ("C-RNN-33", "C-RNN-39"),
    ("standard", "paper"),
)
CHECKS = (
    Check(
        "C-RNN-33",
        smooth_clamp,
        findings=lambda evidence: (by_n(evidence.sweep(SMOOTH)),),
        broken=lambda evidence: (by_n(broken.frozen(evidence)),),
        whole=lambda evidence: (by_n(evidence.sweep(SWEEPS["dms"])),),
        slow=True,
    ),
    Check(
        "C-RNN-39",
        whatever_the_start,
        findings=lambda evidence: (evidence.sweep(INITIAL),),
        broken=lambda evidence: (_as_start(broken.frozen(evidence)),),
        whole=lambda evidence: (_as_start(evidence.sweep(SWEEPS["dms"])),),
        slow=True,
    ),
)
