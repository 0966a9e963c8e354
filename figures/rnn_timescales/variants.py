"""Other units and other curricula: what does not depend on the default choices."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Evidence, Figure
from figures.rnn_timescales.curricula import average
from figures.rnn_timescales.stages import (
    COLORS,
    MULTI,
    NAMES,
    SINGLE,
    TITLES,
    by_n,
    last_n,
    whole_numbers,
)
from figures.style import GREY, PAGE, PURPLE
from sims.rnn_timescales.robustness import resolution

HELD, HOLDS = "rnn_timescales.held_parity", (1, 2, 3, 4, 6, 10, 20, 50)
# Panel, task for the colours, and the sweeps drawn in it by line style.
PANELS = {
    "nonlinearity outside, inside": ("dms", {"dms": "-", "inside_dms": "--"}),
    "clamp, softplus": ("dms", {"dms": "-", "smooth_dms": "--"}),
    "bits held one step, longer": ("parity", {"parity": "-", "held_parity": "--"}),
}
# Line styles by lowest value and spread of the initial tau.
START_DASHES = {(1.0, 0.3): ":", (1.0, 1.0): "-", (2.0, 0.3): "-.", (2.0, 1.0): "--"}


def variants_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Mean tau against N for other units, and the sliding window."""
    drawing, table = plt.subplots(2, 3, figsize=(PAGE, 4.4))
    grid = table.ravel()
    numbers: dict[str, Any] = {}
    for axes, (title, (task, sweeps)) in zip(grid, PANELS.items(), strict=False):
        for name, dash in sweeps.items():
            found = by_n(evidence.sweep(f"rnn_timescales.{name}"))
            for forget in NAMES:
                values = average(found, forget)
                values = values.isel(n=(values.notnull().sum("seed") >= 2).values)
                mean = values.mean("seed")
                axes.plot(values.n, mean, dash, color=COLORS[task, forget])
                numbers[f"{name}, {NAMES[forget]}"] = {"N": values.n, "mean": mean}
        axes.set(xlabel="N", title=title)
    sliding = by_n(evidence.sweep("rnn_timescales.sliding_parity"))
    both = by_n(evidence.sweep("rnn_timescales.parity"))
    for forget in (SINGLE, MULTI):
        epochs = both.solved.sel(forget=forget).mean("seed", skipna=False)
        grid[3].plot(epochs, epochs.n, "o-", ms=3, color=COLORS["parity", forget])
    mean = sliding.solved.mean("seed", skipna=False)
    grid[3].plot(mean, mean.n, "s-", ms=3, color=PURPLE)
    numbers["sliding"] = {"N": mean.n, "epoch": mean}
    grid[3].set(xlabel="epoch", ylabel="N solved", xscale="log", title="N-parity")
    grid[3].set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    grid[3].minorticks_off()
    starts = by_n(evidence.sweep("rnn_timescales.initial_dms"))
    for (lowest, spread), dash in zip(START_DASHES, START_DASHES.values(), strict=True):
        found = starts.sel(lowest=lowest, spread=spread)
        for forget in NAMES:
            values = average(found, forget)
            values = values.isel(n=(values.notnull().sum("seed") >= 2).values)
            mean = values.mean("seed")
            grid[4].plot(values.n, mean, ls=dash, color=COLORS["dms", forget])
            grid[4].plot(1.5, lowest + spread / 2, "_", color=GREY)
            name = f"U({lowest:g}, {lowest + spread:g}), {NAMES[forget]}"
            numbers[name] = {"N": values.n, "mean": mean}
    grid[4].set(xlabel="N", title=r"initial $\tau$ (ticks: its mean)")
    for axes in (grid[0], grid[1], grid[2], grid[4]):
        axes.set_ylabel(r"mean $\tau$ (bits)")
    lines = [Line2D([], [], color=color) for color in (*COLORS.values(), PURPLE)]
    lines += [Line2D([], [], color="black", ls=dash) for dash in ("-", "--")]
    names = [f"{TITLES[task]}, {NAMES[forget]}" for task, forget in COLORS]
    names += ["sliding window", "named first", "named second"]
    lines += [
        Line2D([], [], color=COLORS["dms", SINGLE], ls=dash) for dash in START_DASHES.values()
    ]
    names += [f"from U({lowest:g}, {lowest + spread:g})" for lowest, spread in START_DASHES]
    grid[5].legend(lines, names, loc="center", frameon=False)
    grid[5].axis("off")
    whole_numbers(*grid[:3], grid[4])
    return drawing, numbers


def held_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Accuracy of nets trained at one resolution in time, read at others."""
    sweep = evidence.sweep(HELD)
    last = last_n(by_n(sweep))
    stages = [3, last]
    found = evidence.table(resolution, HELD, stages=stages, holds=list(HOLDS)).accuracy
    drawing, axes = plt.subplots(figsize=(PAGE / 2, 2.5))
    numbers: dict[str, Any] = {"hold": HOLDS}
    for n, dash in zip(stages, ("--", "-"), strict=True):
        for forget, name in NAMES.items():
            mean = found.sel(n=n, forget=forget).mean("seed")
            label = f"{name}, N = {n}"
            axes.plot(1 / found.hold, mean, dash, color=COLORS["parity", forget], label=label)
            numbers[label] = found.sel(n=n, forget=forget)
    axes.axvline(1 / sweep.attrs["hold"], color=GREY, lw=0.6, ls=":")
    axes.axhline(0.5, color=GREY, lw=0.6, ls=":")
    axes.set(xscale="log", xlabel="step dt (bits)", ylabel="accuracy", title="N-parity")
    drawing.legend(fontsize=6, loc="outside right center")
    return drawing, numbers


FIGURES = (
    Figure(
        "resolution",
        "Nets trained at one resolution in time, read at others",
        "Accuracy at N of nets with the nonlinearity inside whose bits are held for 1/dt steps "
        "(time constants as they are, in bits); dotted, the dt of training, and chance. Mean over "
        "seeds.",
        held_figure,
        (),
        ("standard", "paper"),
    ),
    Figure(
        "variants",
        "Mean tau of other units and from other starts, and a sliding window",
        "Mean time constant of nets that solved N. Solid, the default: nonlinearity outside, a "
        "clamp at one step, one step a bit. Dashed: nonlinearity inside (N-DMS); tau = 1 + "
        "softplus in place of the clamp (N-DMS); bits held longer with the nonlinearity inside "
        "(N-parity). Below, epochs to solve N with a sliding window of heads, mean over seeds; and "
        "mean tau from weak and strong, narrow and wide initial tau (N-DMS).",
        variants_figure,
        ("C-RNN-33", "C-RNN-39"),
        ("standard", "paper"),
    ),
)
