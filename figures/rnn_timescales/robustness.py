"""Forgetting, ablation, perturbation and retraining: what each curriculum's nets withstand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.stages import (
    COLORS,
    FROZEN,
    MULTI,
    NAMES,
    SINGLE,
    SWEEPS,
    TITLES,
    by_n,
    last_n,
    whole_numbers,
)
from figures.statistics import Estimate, decide, mean, verdict, worst
from figures.style import GREY, PAGE, band
from sims.rnn_timescales import retraining as again
from sims.rnn_timescales import robustness as damage
from theory.claims import State, Verdict

STRENGTHS = (0.01, 0.0215, 0.0464, 0.1, 0.215, 0.464, 1.0)
# Relative size of a lengthening of tau at which nets are compared.
LENGTHENED = 0.1
# Of 32 units; the authors take 20 of 500.
REMOVED, PAPER_REMOVED = 4, 20
# Where retraining starts, where it goes, and for how many epochs (section 8.1).
RETRAINED = {"parity": (6, (6, 8, 10), 4), "dms": (6, (6, 8, 10, 12), 3)}
PAPER_RETRAINED = (16, (16, 22, 28, 34, 40, 46), 20)
SIDES = {"short": "#AA9C39", "long": "#8C7AAE"}


def relative(found: xarray.Dataset) -> xarray.DataArray:
    """Accuracy as a share of the intact net's, chance at 0: (acc - 1/2)/(intact - 1/2)."""
    return (found.accuracy - 0.5) / (found.intact - 0.5)


def stage_of(evidence: Evidence, task: str) -> int:
    """The N whose nets are damaged: the largest that most runs of both curricula solved."""
    return last_n(by_n(evidence.sweep(SWEEPS[task])))


def ablated(evidence: Evidence, task: str) -> xarray.Dataset:
    """One unit removed at a time."""
    removed = PAPER_REMOVED if evidence.preset == "paper" else REMOVED
    stage = [stage_of(evidence, task)]
    return evidence.table(damage.ablation, SWEEPS[task], stages=stage, removed=removed)


def perturbed(evidence: Evidence, task: str, what: str) -> xarray.Dataset:
    """W or tau moved."""
    return evidence.table(
        damage.perturbation,
        SWEEPS[task],
        stages=[stage_of(evidence, task)],
        strengths=list(STRENGTHS),
        what=what,
    )


def remembered(evidence: Evidence, task: str) -> xarray.Dataset:
    """Accuracy on every N so far."""
    return evidence.table(damage.forgetting, SWEEPS[task], stages=[stage_of(evidence, task)])


def retrained(evidence: Evidence, task: str) -> xarray.Dataset:
    """Accuracy on larger N after a few epochs."""
    paper = evidence.preset == "paper"
    stage, targets, epochs = PAPER_RETRAINED if paper else RETRAINED[task]
    return evidence.table(
        again.retraining, SWEEPS[task], stage=stage, targets=list(targets), epochs=epochs
    )


def forgetting(found: xarray.Dataset) -> Verdict:
    """C-RNN-10: accuracy on older N, each by the head that was last asked it, p = 1/2."""
    at = found.accuracy.isel(n=-1)
    older = at.where(at.asked < int(found.n[-1])).mean("asked")
    single, multi = (mean(_known(older.sel(forget=forget))) for forget in (SINGLE, MULTI))
    states: list[State] = [decide(single, high=0.6), decide(multi, low=0.97)]
    detail = {"single-head": single.value, "multi-head": multi.value, "N": int(found.n[-1])}
    return verdict("C-RNN-10", single, "single < .6, multi > .97", worst(*states), detail)


def ablation(found: xarray.Dataset) -> Verdict:
    """C-RNN-13: relative accuracy without a unit of short or of long tau."""
    parts = {}
    for forget, name in NAMES.items():
        values = relative(found).isel(n=-1).sel(forget=forget).mean("rank")
        parts |= {f"{name}, {side}": mean(_known(values.sel(side=side))) for side in SIDES}
    states: list[State] = [
        decide(parts["multi-head, long"], low=0.9),
        decide(parts["multi-head, short"], high=0.75),
        decide(parts["single-head, long"], high=0.8),
    ]
    detail = {name: part.value for name, part in parts.items()} | {"N": int(found.n[-1])}
    expected = "multi: long > .9, short < .75; single: long < .8"
    return verdict("C-RNN-13", parts["multi-head, long"], expected, worst(*states), detail)


def tolerated(found: xarray.Dataset, strength: float) -> Estimate:
    """Relative accuracy of multi-head less that of single-head, seed by seed."""
    at = relative(found).isel(n=-1).sel(strength=strength)
    return mean(_known(at.sel(forget=MULTI) - at.sel(forget=SINGLE)))


def half_strength(found: xarray.Dataset) -> dict[str, float]:
    """eps_50, where mean relative accuracy crosses 1/2, interpolated on the logarithm."""
    by = relative(found).isel(n=-1).mean("seed")
    logs = np.log(found.strength.values)
    return {
        name: float(np.exp(np.interp(-0.5, -by.sel(forget=forget).values, logs)))
        for forget, name in NAMES.items()
    }


def weight_noise(found: xarray.Dataset) -> Verdict:
    """C-RNN-14: W moved by .215 of its norm, parity."""
    return _noise("C-RNN-14", {"parity": found}, 0.215)


def weight_noise_dms(found: xarray.Dataset) -> Verdict:
    """C-RNN-34: the same, DMS."""
    return _noise("C-RNN-34", {"dms": found}, 0.215)


def lengthening(tasks: Mapping[str, xarray.Dataset]) -> Verdict:
    """C-RNN-15: tau lengthened by .1 of its norm, both tasks."""
    return _noise("C-RNN-15", tasks, LENGTHENED)


def _noise(claim: str, tasks: Mapping[str, xarray.Dataset], strength: float) -> Verdict:
    parts = {task: tolerated(found, strength) for task, found in tasks.items()}
    states: list[State] = [decide(part, low=0.1) for part in parts.values()]
    detail: dict[str, float | int | str] = {f"difference, {t}": p.value for t, p in parts.items()}
    for task, found in tasks.items():
        detail |= {f"eps_50, {task}, {n}": value for n, value in half_strength(found).items()}
    least = min(parts.values(), key=lambda part: part.low)
    expected = f"multi - single > .1 at eps = {strength:g}"
    return verdict(claim, least, expected, worst(*states), detail)


def retraining(found: xarray.Dataset) -> Verdict:
    """C-RNN-20: accuracy on larger N after retraining, parity."""
    return _retraining("C-RNN-20", found)


def retraining_dms(found: xarray.Dataset) -> Verdict:
    """C-RNN-35: the same, DMS."""
    return _retraining("C-RNN-35", found)


def _retraining(claim: str, found: xarray.Dataset) -> Verdict:
    at = found.accuracy.isel(n=-1)
    apart = at.sel(forget=MULTI) - at.sel(forget=SINGLE)
    parts = {int(n): mean(_known(apart.sel(target=n))) for n in found.target.values[1:]}
    states: list[State] = [decide(part, low=0.03) for part in parts.values()]
    detail = {f"N' = {n}": part.value for n, part in parts.items()}
    least = min(parts.values(), key=lambda part: part.low)
    return verdict(claim, least, "multi - single > .03 at every N'", worst(*states), detail)


def damage_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F8c, d: relative accuracy against the strength of a change of W or of tau."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {"strength": STRENGTHS}
    titles = {"recurrent": "recurrent weights moved", "timescale": "time constants lengthened"}
    for axes, (what, title) in zip(grid, titles.items(), strict=True):
        for task in TITLES:
            found = perturbed(evidence, task, what)
            values = relative(found).isel(n=-1)
            for forget, name in NAMES.items():
                rows = values.sel(forget=forget).transpose("seed", "strength").values
                label = f"{TITLES[task]}, {name}"
                band(axes, found.strength.values, rows, COLORS[task, forget], label)
                numbers[f"{what}, {label}"] = np.nanmean(rows, axis=0)
            numbers[f"{what}, {TITLES[task]}, eps_50"] = half_strength(found)
        axes.axhline(0.5, color=GREY, lw=0.6, ls=":")
        axes.set(xscale="log", xlabel="relative size of the change", title=title)
    grid[0].set_ylabel("relative accuracy")
    grid[0].legend(fontsize=6)
    return drawing, numbers


def ablation_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F7: accuracy without one unit of short or long tau; F10: accuracy on older N."""
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5), width_ratios=(1, 1, 1.3))
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, ("parity", "dms"), strict=False):
        found = ablated(evidence, task)
        values = relative(found).isel(n=-1).mean("rank")
        for place, (forget, name) in enumerate(NAMES.items()):
            for side, color in SIDES.items():
                rows = _known(values.sel(forget=forget, side=side))
                at = place + (0.2 if side == "long" else -0.2)
                axes.plot(np.full(len(rows), at), rows, ".", ms=3, color=color, alpha=0.5)
                half = 1.96 * rows.std(ddof=1) / len(rows) ** 0.5
                axes.errorbar(at, rows.mean(), half, fmt="_", ms=9, color=color,
                              label=None if place else rf"{side} $\tau$")  # fmt: skip
                numbers[f"{TITLES[task]}, {name}, {side}"] = rows
        axes.set_xticks(range(2), list(NAMES.values()))
        axes.set(
            title=f"{TITLES[task]}, N = {int(found.n[-1])}", ylim=(-0.05, 1.08), xlim=(-0.5, 1.5)
        )
    grid[0].set_ylabel("relative accuracy without a unit")
    grid[0].legend(loc="lower left")
    for task in TITLES:
        found = remembered(evidence, task)
        for forget, name in NAMES.items():
            rows = found.accuracy.isel(n=-1).sel(forget=forget).transpose("seed", "asked").values
            label = f"{TITLES[task]}, {name}"
            band(grid[2], found.asked.values, rows, COLORS[task, forget], label)
            numbers[f"older N, {label}"] = {"asked": found.asked, "accuracy": rows}
    grid[2].set(xlabel="N asked", ylabel="accuracy", title="older N, by their last head")
    grid[2].legend(fontsize=6, loc="center left")
    return drawing, numbers


def retraining_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F8e: accuracy on N' after a few epochs on N' alone."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, TITLES, strict=True):
        found = retrained(evidence, task)
        for forget, name in NAMES.items():
            rows = found.accuracy.isel(n=-1).sel(forget=forget).transpose("seed", "target").values
            band(axes, found.target.values, rows, COLORS[task, forget], name)
            numbers[f"{TITLES[task]}, {name}"] = {"target": found.target, "accuracy": rows}
        axes.axhline(0.5, color=GREY, lw=0.6, ls=":")
        whole_numbers(axes)
        axes.set(xlabel="N'", title=f"{TITLES[task]}, from N = {int(found.n[-1])}")
        axes.legend()
    grid[0].set_ylabel("accuracy after retraining")
    return drawing, numbers


def _known(values: xarray.DataArray) -> np.ndarray:
    return values.values[np.isfinite(values.values)]


def _swapped(found: xarray.Dataset) -> xarray.Dataset:
    """The curricula in each other's places."""
    return found.assign_coords(forget=found.forget.values[::-1])


def _short(evidence: Evidence, analysis: Callable, **settings: Any) -> xarray.Dataset:
    return analysis(evidence.sweep(FROZEN), **settings)


def readout_moved(evidence: Evidence) -> tuple[xarray.Dataset]:
    """The readout moved in the place of W or tau, in nets of a short sweep: the break."""
    return (_short(evidence, damage.perturbation, stages=[4], strengths=[0.1, 0.215],
                   what="readout", draws=2),)  # fmt: skip


def _same(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Retraining of one curriculum's nets as both."""
    found = _short(evidence, again.retraining, stage=3, targets=[3, 4], epochs=1)
    return (found.sel(forget=[SINGLE, SINGLE]).assign_coords(forget=[SINGLE, MULTI]),)


_TRAINED, _LATER = ("quick", "standard", "paper"), ("standard", "paper")

FIGURES = (
    Figure(
        "ablation",
        "Multi-head parity nets do without their slow units; single-head nets need both",
        "Left and middle, accuracy at the nets' own N, relative to the intact net, without one "
        "unit, mean over the units of shortest or longest tau; dots, seeds; bars, 95 % intervals. "
        "Right, accuracy on every smaller N, by the head that was last asked it, p = 1/2.",
        ablation_figure,
        ("C-RNN-10", "C-RNN-13"),
    ),
    Figure(
        "perturbation",
        "At parity multi-head nets bear more of both; at DMS, longer time constants",
        "Accuracy at the nets' own N, relative to the intact net, with W moved by a random matrix "
        "of relative Frobenius norm eps (left) and tau lengthened by a random vector of relative "
        "norm eps (right); mean and 95 % band over seeds, each the mean of 10 draws.",
        damage_figure,
        ("C-RNN-14", "C-RNN-15", "C-RNN-34"),
    ),
    Figure(
        "retraining",
        "Retraining to a larger N without a curriculum",
        "Accuracy on N' after a few epochs of training on N' alone, from the nets of one N; the "
        "head that read that N is asked N'. Mean and 95 % band over seeds.",
        retraining_figure,
        ("C-RNN-20", "C-RNN-35"),
        _LATER,
    ),
)
CHECKS = (
    Check(
        "C-RNN-10",
        forgetting,
        lambda e: (remembered(e, "parity"),),
        lambda e: (_swapped(_short(e, damage.forgetting, stages=[4])),),
        _TRAINED,
    ),
    Check(
        "C-RNN-13",
        ablation,
        lambda e: (ablated(e, "parity"),),
        lambda e: (_short(e, damage.ablation, stages=[4], removed=2, by="random"),),
        _TRAINED,
    ),
    Check(
        "C-RNN-14",
        weight_noise,
        lambda e: (perturbed(e, "parity", "recurrent"),),
        readout_moved,
        _TRAINED,
    ),
    Check(
        "C-RNN-34",
        weight_noise_dms,
        lambda e: (perturbed(e, "dms", "recurrent"),),
        readout_moved,
        _TRAINED,
    ),
    Check(
        "C-RNN-15",
        lengthening,
        lambda e: ({task: perturbed(e, task, "timescale") for task in TITLES},),
        lambda e: ({"dms": readout_moved(e)[0]},),
        _TRAINED,
    ),
    Check("C-RNN-20", retraining, lambda e: (retrained(e, "parity"),), _same, _LATER),
    Check("C-RNN-35", retraining_dms, lambda e: (retrained(e, "dms"),), _same, _LATER),
)
