"""Figure `fixed`: what is solved with time constants that do not learn."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS
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
from figures.style import GREY, PAGE
from theory.claims import Claim, Verdict

FIXED = "rnn_timescales.fixed_parity"
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


def fixed_multi(claim: Claim, solved: xarray.DataArray) -> Verdict:
    """C-RNN-16: largest N of multi-head, with tau trained and fixed."""
    values = _by_kind(solved)
    pairs = ((TRAINED, "1"), ("1", "2"), ("2", "3"))
    gaps = {f"{one} - {other}": _difference(values[one], values[other]) for one, other in pairs}
    detail: dict[str, float | int | str] = {
        f"tau {kind}": float(found.mean()) for kind, found in values.items()
    }
    detail |= {"largest N asked": int(solved.attrs["cap"]), "epochs": solved.attrs["budget"]}
    return judge(claim, gaps, shown="1 - 2", detail=detail)


def fixed_single(claim: Claim, solved: xarray.DataArray) -> Verdict:
    """C-RNN-17: largest N of single-head, tau trained over the best fixed tau."""
    values = _by_kind(solved)
    free = values.pop(TRAINED)
    best = max(values, key=lambda kind: values[kind].mean())
    detail: dict[str, float | int | str] = {"best fixed tau": best, "trained": float(free.mean())}
    detail |= {f"tau {kind}": float(found.mean()) for kind, found in values.items()}
    detail["largest N asked"] = int(solved.attrs["cap"])
    gap = _difference(free, values[best])
    return judge(claim, {"trained - best fixed": gap}, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """The largest N solved, tau trained and fixed."""
    solved = largest_solved(evidence.sweep(SWEEPS["parity"]), evidence.sweep(FIXED))
    drawing, axes = plt.subplots(figsize=(PAGE / 2, 2.5))
    numbers: dict[str, Any] = {"epochs": solved.attrs["budget"], "N asked": solved.attrs["cap"]}
    at = np.arange(solved.kind.size)
    jitter = np.linspace(-0.06, 0.06, solved.seed.size)
    curricula = solved.forget.values if "forget" in solved.dims else [MULTI]
    shifts = np.linspace(-0.2, 0.2, len(curricula) + 2)[1:]
    for forget, shift in zip(curricula, shifts, strict=False):
        own = solved.sel(forget=forget) if "forget" in solved.dims else solved
        color, name = COLORS["parity", int(forget)], NAMES[int(forget)]
        places = at + shift
        for x, kind in zip(places, own.kind.values, strict=True):
            axes.plot(x + jitter, own.sel(kind=kind), ".", ms=4, alpha=0.5, color=color)
        axes.plot(places, own.mean("seed"), "o", ms=5, mfc="none", color=color, label=name)
        numbers[name] = {"tau": own.kind, "largest N": own.transpose("kind", "seed")}
    axes.axhline(solved.attrs["cap"], color=GREY, lw=0.6, ls=":")
    labels = [TRAINED, *(rf"$\tau = {kind}$" for kind in solved.kind.values[1:])]
    axes.set_xticks(at, labels)
    axes.set(ylabel=f"largest N in {solved.attrs['budget']:.0f} epochs", title="N-parity")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower left")
    return drawing, numbers


def _by_kind(solved: xarray.DataArray) -> dict[str, Float[np.ndarray, " seed"]]:
    return {str(kind): reached(solved.sel(kind=kind)) for kind in solved.kind.values}


def _difference(one: Float[np.ndarray, " a"], other: Float[np.ndarray, " b"]) -> Estimate:
    """Mean of one - other, paired by seed: the same initial weights."""
    common = min(len(one), len(other))
    return mean(one[:common] - other[:common])


def _solved(evidence: Evidence, forget: int) -> tuple[xarray.DataArray]:
    solved = largest_solved(evidence.sweep(SWEEPS["parity"]), evidence.sweep(FIXED))
    return (solved.sel(forget=forget) if "forget" in solved.dims else solved,)


FIGURE = Figure(
    "fixed",
    "With every N so far asked, tau = 1 gets as far as trained tau, longer tau less far",
    "The largest N solved within the same number of epochs, with time constants trained from "
    "U(1, 2) and fixed at 1, 2 and 3 bits: points, seeds; rings, their mean. Dotted, the "
    "largest N asked, which hides any difference above it.",
    draw,
    ("C-RNN-16", "C-RNN-17"),
)
CHECKS = (
    Check(
        "C-RNN-16",
        fixed_multi,
        findings=lambda evidence: _solved(evidence, MULTI),
        broken=lambda _: (broken.solved({TRAINED: 12.0, "1": 4.0, "2": 6.0, "3": 11.0}),),
    ),
    Check(
        "C-RNN-17",
        fixed_single,
        findings=lambda evidence: _solved(evidence, SINGLE),
        broken=lambda _: (broken.solved({TRAINED: 25.0, "1": 33.0, "2": 26.0, "3": 24.0}),),
    ),
)
