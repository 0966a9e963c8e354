"""Our nets at the authors' settings against the numbers in their checkpoints."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.stages import COLORS, FROZEN, NAMES, by_n, whole_numbers
from figures.statistics import Estimate, verdict, worst
from figures.style import GREY, PAGE, THEORY, band
from theory.claims import State, Verdict
from theory.rnn_timescales import authors

SWEEP, FIRST = "rnn_timescales.authors_parity", "rnn_timescales.authors_first"
# A net counts as agreeing within three standard deviations of ours, or this far in tau.
DEVIATIONS, NEAR = 3.0, 0.015


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


def falls_agree(sweep: xarray.Dataset) -> Verdict:
    """C-RNN-36: the fall of mean tau by the last N, theirs against ours."""
    ours = falls(sweep)
    last = int(ours.n[-1])
    theirs = {name: authors.fall(name, last) for name in NAMES.values()}
    parts = {name: ours.sel(forget=forget, n=last).values for forget, name in NAMES.items()}
    return _agree("C-RNN-36", parts, theirs, NEAR, f"fall of mean tau by N = {last}")


def losses_agree(first: xarray.Dataset, sweep: xarray.Dataset) -> Verdict:
    """C-RNN-37: the mean losses of the first epochs that asked N = 2 .. 5.

    Args:
        first: the first epoch, N = 2, in which the curricula are the same.
        sweep: both curricula, for the others.
    """
    parts = {"N = 2": first.loss.isel(step=1).values.ravel()}
    theirs = {"N = 2": authors.FIRST_LOSSES[authors.SINGLE][0]}
    losses = first_losses(sweep)
    for forget, name in NAMES.items():
        for n in range(3, 6):
            part = f"{name}, N = {n}"
            parts[part] = losses.sel(forget=forget, n=n).values
            theirs[part] = authors.FIRST_LOSSES[name][n - 2]
    return _agree("C-RNN-37", parts, theirs, 0.0, "mean loss of the first epoch of N = 2 .. 5")


def _agree(
    claim: str,
    ours: dict[str, np.ndarray],
    theirs: dict[str, float],
    near: float,
    what: str,
) -> Verdict:
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    apart = {}
    for name, values in ours.items():
        reach = max(DEVIATIONS * float(values.std(ddof=1)), near)
        apart[name] = float(values.mean()) - theirs[name]
        states.append("holds" if abs(apart[name]) <= reach else "fails")
        detail |= {f"ours, {name}": float(values.mean()), f"theirs, {name}": theirs[name]}
        detail[f"within, {name}"] = reach
    farthest = max(apart, key=lambda name: abs(apart[name]) / float(detail[f"within, {name}"]))
    spread = float(ours[farthest].std(ddof=1))
    value = apart[farthest]
    method = f"ours - theirs, {farthest}, +- one s.d. of {len(ours[farthest])} seeds"
    found = Estimate(value, value - spread, value + spread, method)
    near_too = f" or {near:g}" if near else ""
    expected = f"{what}: within {DEVIATIONS:g} s.d. of seeds{near_too}"
    return verdict(claim, found, expected, worst(*states), detail)


def authors_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Mean tau's fall and the epochs' losses against N, ours and theirs."""
    sweep = evidence.sweep(SWEEP)
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    for axes, values in zip(grid, (falls(sweep), first_losses(sweep)), strict=True):
        for forget, name in NAMES.items():
            rows = values.sel(forget=forget).transpose("seed", "n").values
            color = COLORS["parity", forget]
            band(axes, values.n.values, rows, color, name)
            if axes is grid[0]:
                theirs = [authors.fall(name, int(n)) for n in values.n]
            else:
                theirs = list(authors.FIRST_LOSSES[name])[: len(values.n)]
            axes.plot(values.n[: len(theirs)], theirs, "x", color=color, **THEORY,
                      label=f"{name}, authors")  # fmt: skip
            numbers[f"{name}, {'fall' if axes is grid[0] else 'loss'}"] = {
                "N": values.n,
                "ours": rows,
                "theirs": theirs,
            }
    first = evidence.sweep(FIRST).loss.isel(step=1).values
    label = f"first epoch, {first.size} seeds"
    grid[1].plot(np.full(first.size, 2), first, ".", ms=3, color=GREY, label=label)
    numbers["first epoch, loss"] = {"ours": first}
    grid[0].set(xlabel="N", ylabel=r"fall of mean $\tau$ (bits)")
    grid[1].set(xlabel="N", ylabel="mean loss of the first epoch of N")
    whole_numbers(*grid)
    grid[0].legend()
    grid[1].legend(*[part[-1:] for part in grid[1].get_legend_handles_labels()])
    return drawing, numbers


_PRESETS = ("authors", "paper")

FIGURES = (
    Figure(
        "authors",
        "Our nets at the authors' settings, beside theirs",
        "500 units, 256 streams, N-parity. Left, how far mean tau has fallen from its own initial "
        "value when N is solved; right, the mean loss of the first epoch of N. Solid, ours with "
        "95 % bands over seeds; crosses, the authors' checkpoints and logs, one seed; dots, the "
        "first epoch of more seeds, when the curricula are still the same.",
        authors_figure,
        ("C-RNN-36", "C-RNN-37"),
        _PRESETS,
    ),
)
CHECKS = (
    Check(
        "C-RNN-36",
        falls_agree,
        lambda e: (e.sweep(SWEEP),),
        lambda e: (e.sweep(FROZEN),),
        _PRESETS,
    ),
    Check(
        "C-RNN-37",
        losses_agree,
        lambda e: (e.sweep(FIRST), e.sweep(SWEEP)),
        lambda e: (e.sweep(FROZEN), e.sweep(FROZEN)),
        _PRESETS,
    ),
)
