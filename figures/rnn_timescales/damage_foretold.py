"""Figure `damage_foretold`: which nets longer time constants hurt, from the weights alone."""

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
from figures.rnn_timescales.readings.analyses import perturbed, relative
from figures.rnn_timescales.readings.as_linear import moves
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE, SWEEPS
from figures.statistics import Estimate, judge, rank_correlation, ratio
from figures.style import PAGE
from theory.claims import Claim, Verdict
from theory.rnn_timescales.setting import LENGTHENED, TASKS

# Of each net (forget, seed): how far its covariance moves, and the relative accuracy that is left.
Pair = tuple[xarray.DataArray, xarray.DataArray]


def damage_foretold(claim: Claim, tasks: Mapping[str, Pair]) -> Verdict:
    """C-RNN-40: the move of each net against its accuracy when every tau is lengthened.

    Args:
        tasks: by task, the move and the relative accuracy at LENGTHENED, (forget, seed) each.
    """
    ratios: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, (move, left) in tasks.items():
        move, left = xarray.align(move, left)
        left = left.transpose(*move.dims)
        known = move.notnull() & left.notnull()
        pairs = {forget: _nets(move, left, known, forget) for forget in NAMES}
        ratios[f"single/multi, {task}"] = ratio(pairs[SINGLE][0], pairs[MULTI][0])
        for forget, (own, rest) in pairs.items():
            if len(own) >= 5:
                inside = rank_correlation(own, rest).value
                detail[f"{task}, Spearman among {NAMES[forget]}"] = inside
        detail[f"{task}, nets without a stationary closure"] = int((left.notnull() & ~known).sum())
    shown = min(ratios, key=lambda name: ratios[name].low)
    return judge(claim, ratios, shown=shown, detail=detail)


def _nets(
    move: xarray.DataArray, left: xarray.DataArray, known: xarray.DataArray, forget: int
) -> tuple[Float[np.ndarray, " net"], Float[np.ndarray, " net"]]:
    """Both numbers of one curriculum's nets, where both are known."""
    own, rest = (values.sel(forget=forget).values for values in (move, left))
    there = known.sel(forget=forget).values
    return own[there], rest[there]


def foretold(evidence: Evidence, task: str) -> Pair:
    """Move and accuracy of a task's nets at the last N."""
    left = relative(perturbed(evidence, task, "timescale")).sel(strength=LENGTHENED).isel(n=0)
    return moves(evidence.sweep(SWEEPS[task]), int(left.n)), left


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """The move against the accuracy that is left, net by net."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, TASKS, strict=True):
        move, left = foretold(evidence, task)
        for forget, name in NAMES.items():
            x, y = move.sel(forget=forget), left.sel(forget=forget)
            known = np.isfinite(x.values) & np.isfinite(y.sel(seed=x.seed).values)
            label = name
            if known.sum() >= 5:
                inside = rank_correlation(x.values[known], y.sel(seed=x.seed).values[known])
                label += f", Spearman {inside.value:.2f}"
            look = {"ms": 3.5, "color": COLORS[task, forget], "label": label}
            axes.plot(x, y, MARKERS[forget], **look)
            numbers[f"{TITLES[task]}, {name}"] = {"move": x, "accuracy": y}
        axes.set(xscale="log", xlabel="|dS|/|S| per relative lengthening, theory")
        low, high = axes.get_xlim()
        ticks = [tick for tick in (1, 2, 3, 5, 10, 20, 30, 50) if low <= tick <= high]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.set_title(f"{TITLES[task]}, N = {int(left.n)}")
        axes.legend()
    grid[0].set_ylabel(f"relative accuracy, lengthened by {LENGTHENED:g}")
    return drawing, numbers


def _every(evidence: Evidence) -> Mapping[str, Pair]:
    return {task: foretold(evidence, task) for task in TASKS}


def _swapped(evidence: Evidence) -> tuple[Mapping[str, Pair]]:
    """The moves of each curriculum's nets in the place of the other's."""
    return (
        {task: (broken.swapped(move), left) for task, (move, left) in _every(evidence).items()},
    )


FIGURE = Figure(
    "damage_foretold",
    "From the weights alone: which curriculum's nets bear longer time constants",
    "Each net's relative accuracy at the last N when its time constants are lengthened at "
    f"random by {LENGTHENED:g} of their norm, against how far the covariance of its state moves "
    "for a lengthening of that mean size, alike for all units, to first order, with gains from "
    "the Gaussian closure. Nothing is fitted, and the theory has seen neither the task nor "
    "the damage. How it ranks the nets within a curriculum is Spearman's rho in the legend. Nets "
    "whose closure "
    "is not stationary are left out.",
    draw,
    ("C-RNN-40",),
)
CHECKS = (
    Check(
        "C-RNN-40",
        damage_foretold,
        findings=lambda evidence: (_every(evidence),),
        broken=_swapped,
        slow=True,
    ),
)
