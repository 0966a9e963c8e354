"""Figure `fixed`: what is solved with time constants that do not learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES
from figures.rnn_timescales.readings.stages import (
    MULTI,
    NAMES,
    SINGLE,
    SWEEPS,
    by_n,
    reached,
    solved_by,
)
from figures.statistics import Estimate, judge, mean
from figures.style import LIMIT, PAGE
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors
from theory.rnn_timescales.setting import TASKS

FIXED = {"parity": "rnn_timescales.fixed_parity", "dms": "rnn_timescales.fixed_dms"}
TRAINED = "trained"


def largest_solved(trained: xarray.Dataset, fixed: xarray.Dataset) -> xarray.DataArray:
    """The largest N solved in the epochs that the fixed runs had: (kind, ..., seed).

    Kinds are `trained` and the fixed tau in bits; the attribute `cap` is the largest N asked,
    `budget` the number of epochs. Seeds that one of the sweeps lacks are NaN.
    """
    budget = fixed.attrs["steps"] / fixed.attrs["log_every"]
    cap = min(int(trained.attrs["last"]), int(fixed.attrs["last"]))
    free = solved_by(by_n(trained), budget).expand_dims(lowest=[0.0])
    held = solved_by(by_n(fixed))
    if "forget" not in held.dims:
        free = free.sel(forget=fixed.attrs["forget"], drop=True)
    both = xarray.concat([free, held], "lowest", join="outer", coords="minimal", compat="override")
    names = [TRAINED, *(f"{tau:g}" for tau in held.lowest.values)]
    both = both.reset_coords(drop=True).clip(max=cap).rename(lowest="kind")
    both = both.assign_coords(kind=names)
    return both.assign_attrs(cap=cap, budget=budget)


def fixed_multi(claim: Claim, tasks: Mapping[str, xarray.DataArray]) -> Verdict:
    """C-RNN-16: largest N of multi-head, with tau trained and fixed, by task."""
    gaps: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, solved in tasks.items():
        values = _by_kind(solved)
        for one, other in ((TRAINED, "1"), ("1", "2"), ("2", "3")):
            gaps[f"{one} - {other}, {task}"] = _difference(values[one], values[other])
        detail |= {f"tau {kind}, {task}": float(own.mean()) for kind, own in values.items()}
        detail[f"largest N asked, {task}"] = int(solved.attrs["cap"])
        detail[f"epochs, {task}"] = solved.attrs["budget"]
    theirs = authors.LARGEST_SOLVED[NAMES[MULTI]]
    told = {f"the authors' tau {kind}, parity": float(np.mean(own)) for kind, own in theirs.items()}
    return judge(claim, gaps, shown="1 - 2, parity", detail=detail | told)


def fixed_single(claim: Claim, tasks: Mapping[str, xarray.DataArray]) -> Verdict:
    """C-RNN-17: largest N of single-head, tau trained over the best fixed tau, by task."""
    gaps: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, solved in tasks.items():
        values = _by_kind(solved)
        free = values.pop(TRAINED)
        best = max(values, key=lambda kind: values[kind].mean())
        gaps[f"trained - best fixed, {task}"] = _difference(free, values[best])
        detail |= {f"best fixed tau, {task}": best, f"trained, {task}": float(free.mean())}
        detail |= {f"tau {kind}, {task}": float(own.mean()) for kind, own in values.items()}
        detail[f"largest N asked, {task}"] = int(solved.attrs["cap"])
    detail["the authors' trained - best fixed, parity"] = (
        authors.SINGLE_SOLVED - authors.SINGLE_SOLVED_FIXED
    )
    return judge(claim, gaps, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """The largest N solved, tau trained and fixed."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, TASKS, strict=True):
        solved = _both_curricula(evidence.sweep(SWEEPS[task]), evidence.sweep(FIXED[task]))
        numbers[TITLES[task]] = _panel(axes, task, solved)
        budget = f"{solved.attrs['budget']:.0f}"
        axes.set(title=TITLES[task], ylabel=f"largest N in {budget} epochs", ylim=(0, None))
        axes.legend(loc="lower left")
    return drawing, numbers


def _both_curricula(trained: xarray.Dataset, fixed: xarray.Dataset) -> xarray.DataArray:
    """`largest_solved`; single-head's trained nets alone where its tau is not held fixed."""
    solved = largest_solved(trained, fixed)
    if "forget" in solved.dims:
        return solved
    single = solved_by(by_n(trained), solved.attrs["budget"]).sel(forget=[SINGLE])
    single = single.reset_coords(drop=True).clip(max=solved.attrs["cap"])
    single = single.expand_dims(kind=[TRAINED]).reindex(kind=solved.kind, seed=solved.seed)
    both = xarray.concat([single, solved.expand_dims(forget=[MULTI])], "forget")
    return both.assign_attrs(solved.attrs)


def _panel(axes: Axes, task: str, solved: xarray.DataArray) -> dict[str, Any]:
    """One task's runs; returns the numbers."""
    numbers: dict[str, Any] = {"epochs": solved.attrs["budget"], "N asked": solved.attrs["cap"]}
    at = np.arange(solved.kind.size)
    jitter = np.linspace(-0.06, 0.06, solved.seed.size)
    for forget, shift in ((SINGLE, -0.1), (MULTI, 0.1)):
        own = solved.sel(forget=forget)
        color, name = COLORS[task, forget], NAMES[forget]
        places = at + shift
        for x, kind in zip(places, own.kind.values, strict=True):
            axes.plot(x + jitter, own.sel(kind=kind), ".", ms=4, alpha=0.5, color=color)
        look = {"ms": 6, "mfc": "none", "color": color, "label": name}
        axes.plot(places, own.mean("seed"), MARKERS[forget], **look)
        numbers[name] = {"tau": own.kind, "largest N": own.transpose("kind", "seed")}
    axes.axhline(solved.attrs["cap"], **LIMIT)
    axes.set_xticks(at, [TRAINED, *(rf"$\tau = {kind}$" for kind in solved.kind.values[1:])])
    return numbers


def _by_kind(solved: xarray.DataArray) -> dict[str, Float[np.ndarray, " seed"]]:
    return {str(kind): reached(solved.sel(kind=kind)) for kind in solved.kind.values}


def _difference(one: Float[np.ndarray, " a"], other: Float[np.ndarray, " b"]) -> Estimate:
    """Mean of one - other, paired by seed: the same initial weights."""
    common = min(len(one), len(other))
    return mean(one[:common] - other[:common])


def _solved(evidence: Evidence, forget: int) -> tuple[Mapping[str, xarray.DataArray]]:
    found = {}
    for task in TASKS:
        solved = largest_solved(evidence.sweep(SWEEPS[task]), evidence.sweep(FIXED[task]))
        found[task] = solved.sel(forget=forget) if "forget" in solved.dims else solved
    return (found,)


def _made_up(*largest: float) -> tuple[Mapping[str, xarray.DataArray]]:
    """Runs that solved so much with tau trained, 1, 2 and 3."""
    kinds = (TRAINED, "1", "2", "3")
    return (dict.fromkeys(TASKS, broken.solved(dict(zip(kinds, largest, strict=True)))),)


FIGURE = Figure(
    "fixed",
    "With every N so far asked, tau = 1 gets at least as far as trained tau, longer tau less far, "
    "at both tasks",
    "The largest N solved within the same number of epochs, with time constants trained from "
    "U(1, 2) and fixed at 1, 2 and 3 bits: points, seeds; open marks, their mean (single-head with "
    "tau fixed "
    "only at presets that run it). Dotted, the "
    "largest N asked, which hides any difference above it.",
    draw,
    ("C-RNN-16", "C-RNN-17"),
)
CHECKS = (
    Check(
        "C-RNN-16",
        fixed_multi,
        findings=lambda evidence: _solved(evidence, MULTI),
        broken=lambda _: _made_up(12.0, 2.0, 7.0, 12.0),
        whole=lambda _: _made_up(12.0, 12.0, 7.0, 2.0),
    ),
    Check(
        "C-RNN-17",
        fixed_single,
        findings=lambda evidence: _solved(evidence, SINGLE),
        broken=lambda _: _made_up(25.0, 35.0, 26.0, 24.0),
        whole=lambda _: _made_up(35.0, 25.0, 26.0, 24.0),
    ),
)
