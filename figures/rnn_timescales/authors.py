"""Figure `authors`: our nets at the authors' settings against numbers of their checkpoints."""

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
from figures.rnn_timescales.palette import COLORS, MARKERS, whole_numbers
from figures.rnn_timescales.readings.stages import NAMES, SINGLE, by_n
from figures.statistics import Estimate, judge, mean
from figures.style import GREY, PAGE, band
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors

SWEEP, FIRST = "rnn_timescales.authors_parity", "rnn_timescales.authors_first"

Ours = Mapping[str, Float[np.ndarray, " seed"]]


def falls(sweep: xarray.Dataset) -> xarray.DataArray:
    """How far each net's mean tau has fallen from its own initial mean, (forget, seed, n)."""
    first = sweep.timescale.isel(step=0, drop=True).mean("unit")
    return first - by_n(sweep).tau.mean("unit", skipna=False)


def first_losses(sweep: xarray.Dataset) -> xarray.DataArray:
    """Mean loss of the first epoch that asked N, (forget, seed, n), NaN where none did."""
    solved = by_n(sweep).solved
    epoch = solved.shift(n=1).where(solved.n > solved.n[0], 0.0) + 1
    epoch = epoch.where(epoch <= sweep.attrs["steps"] / sweep.attrs["log_every"])
    steps = (epoch * sweep.attrs["log_every"]).fillna(0).astype(int)
    return sweep.loss.sel(step=steps).where(epoch.notnull()).drop_vars("step")


def falls_agree(claim: Claim, sweep: xarray.Dataset) -> Verdict:
    """C-RNN-36: the fall of mean tau by the last N, ours against theirs."""
    ours = falls(sweep)
    last = int(ours.n[-1])
    theirs = {name: authors.fall(name, last) for name in NAMES.values()}
    parts = {name: ours.sel(forget=forget, n=last).values for forget, name in NAMES.items()}
    return _agree(claim, parts, theirs)


def losses_agree(claim: Claim, first: xarray.Dataset, sweep: xarray.Dataset) -> Verdict:
    """C-RNN-37: the mean losses of the first epochs that asked each N.

    Args:
        first: the first epoch, N = 2, in which the curricula are the same.
        sweep: both curricula, for the others.
    """
    smallest = authors.FIRST_N
    parts = {f"N = {smallest}": first.loss.isel(step=1).values.ravel()}
    theirs = {f"N = {smallest}": authors.FIRST_LOSSES[NAMES[SINGLE]][0]}
    losses = first_losses(sweep)
    for forget, name in NAMES.items():
        for n, loss in enumerate(authors.FIRST_LOSSES[name][1:], smallest + 1):
            parts[f"{name}, N = {n}"] = losses.sel(forget=forget, n=n).values
            theirs[f"{name}, N = {n}"] = loss
    return _agree(claim, parts, theirs)


def _agree(claim: Claim, ours: Ours, theirs: Mapping[str, float]) -> Verdict:
    """The mean over our seeds less their one number; told is what is farthest off."""
    parts: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for name, values in ours.items():
        part = f"ours - theirs, {name}"
        parts[part] = mean(values - theirs[name])
        detail |= {f"s.d. of our seeds, {name}": float(values.std(ddof=1))}
        detail |= {f"theirs, {name}": theirs[name]}
    shown = max(parts, key=lambda name: abs(parts[name].value))
    return judge(claim, parts, shown=shown, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Mean tau's fall and the epochs' losses against N, ours and theirs."""
    sweep = evidence.sweep(SWEEP)
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    for axes, values in zip(grid, (falls(sweep), first_losses(sweep)), strict=True):
        for forget, name in NAMES.items():
            rows = values.sel(forget=forget).transpose("seed", "n").values
            color = COLORS["parity", forget]
            band(axes, values.n.values, rows, color, name, MARKERS[forget])
            if axes is grid[0]:
                theirs = [authors.fall(name, int(n)) for n in values.n]
            else:
                theirs = list(authors.FIRST_LOSSES[name])[: len(values.n)]
            look = {"color": color, "ms": 5, "label": f"{name}, authors"}
            axes.plot(values.n[: len(theirs)], theirs, "x" if forget == SINGLE else "+", **look)
            numbers[f"{name}, {'fall' if axes is grid[0] else 'loss'}"] = {
                "N": values.n,
                "ours": rows,
                "theirs": theirs,
            }
    first = evidence.sweep(FIRST).loss.isel(step=1).values
    label = f"first epoch, {first.size} seeds"
    grid[1].plot(np.full(first.size, authors.FIRST_N), first, ".", ms=3, color=GREY, label=label)
    numbers["first epoch, loss"] = {"ours": first}
    grid[0].set(xlabel="N", ylabel=r"fall of mean $\tau$ (bits)")
    grid[1].set(xlabel="N", ylabel="mean loss of the first epoch of N")
    whole_numbers(*grid)
    grid[0].legend()
    grid[1].legend(*[part[-1:] for part in grid[1].get_legend_handles_labels()])
    return drawing, numbers


FIGURE = Figure(
    "authors",
    "Our nets at the authors' settings, beside theirs",
    "500 units, 256 streams, N-parity. Left, how far mean tau has fallen from its own initial "
    "value when N is solved; right, the mean loss of the first epoch of N. Solid, ours with "
    "95 % bands over seeds; crosses, the authors' checkpoints and logs, one seed; dots, the "
    "first epoch of more seeds, when the curricula are still the same.",
    draw,
    ("C-RNN-36", "C-RNN-37"),
    ("authors", "paper"),
)
CHECKS = (
    Check(
        "C-RNN-36",
        falls_agree,
        findings=lambda evidence: (evidence.sweep(SWEEP),),
        broken=lambda _: (broken.as_theirs(moved=0.0)[1],),
        whole=lambda _: (broken.as_theirs()[1],),
    ),
    Check(
        "C-RNN-37",
        losses_agree,
        findings=lambda evidence: (evidence.sweep(FIRST), evidence.sweep(SWEEP)),
        broken=lambda _: broken.as_theirs(averaged=True),
        whole=lambda _: broken.as_theirs(),
    ),
)
