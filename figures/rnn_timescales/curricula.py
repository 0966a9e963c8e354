"""How time constants move with N under the two curricula, and how fast N grows."""

from __future__ import annotations

from collections.abc import Mapping
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
    SMOOTH,
    SWEEPS,
    TITLES,
    by_n,
    last_n,
    spearman,
    whole_numbers,
)
from figures.statistics import decide, mean, ratio, verdict, worst
from figures.style import GREY, PAGE, band
from theory.claims import State, Verdict

Tasks = Mapping[str, xarray.Dataset]
# From here on single-head is past its N* in nets of 32 units (section 11, 9: the whole curve is
# U-shaped).
PAST_TURN = 6
SPEED = {"dms": (12, 1.5), "parity": (8, 2.0)}


def stages(evidence: Evidence) -> dict[str, xarray.Dataset]:
    """Both tasks' stages."""
    return {task: by_n(evidence.sweep(name)) for task, name in SWEEPS.items()}


def average(found: xarray.Dataset, forget: int, statistic: str = "mean") -> xarray.DataArray:
    """A statistic of tau over units, (seed, n), for one curriculum."""
    tau = found.tau.sel(forget=forget)
    values = {"mean": tau.mean, "std": tau.std, "max": tau.max}[statistic]("unit", skipna=False)
    return values.transpose("seed", "n")


def tau_rises(found: xarray.Dataset) -> Verdict:
    """C-RNN-1: single-head's mean tau at the last N over its minimum."""
    values = average(found, SINGLE)
    last = last_n(found)
    least = values.min("n")
    rise = mean(_reached(values.sel(n=last) - least))
    past = values.sel(n=slice(min(PAST_TURN, last - 2), None))
    order = mean(spearman(past.values, past.n.values))
    detail = {"Spearman past the turn": order.value, "last N": last}
    detail["N of least mean tau"] = int(values.n[int(values.mean("seed").argmin("n"))])
    states: list[State] = [decide(rise, low=0.08), decide(order, low=0.8)]
    return verdict("C-RNN-1", rise, "rise > .08, Spearman > .8", worst(*states), detail)


def tau_spreads(found: xarray.Dataset) -> Verdict:
    """C-RNN-2: single-head's spread of tau at the last N over that at N = 2, and the largest."""
    last, spread = last_n(found), average(found, SINGLE, "std")
    grown = mean(_reached(spread.sel(n=last) / spread.sel(n=2)))
    largest = mean(_reached(average(found, SINGLE, "max").sel(n=last)))
    states: list[State] = [decide(grown, low=1.4), decide(largest, low=2.2)]
    detail = {"largest tau": largest.value, "last N": last}
    return verdict("C-RNN-2", grown, "STD ratio > 1.4, max > 2.2", worst(*states), detail)


def tau_falls(tasks: Tasks) -> Verdict:
    """C-RNN-3: multi-head's mean tau falls with N and its spread does not grow."""
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    orders = {}
    for task, found in tasks.items():
        values, spread = average(found, MULTI), average(found, MULTI, "std")
        last = last_n(found.sel(forget=[MULTI]))
        orders[task] = mean(spearman(values.values, values.n.values))
        grown = mean(_reached(spread.sel(n=last) / spread.sel(n=2)))
        states.append(decide(orders[task], high=-0.9))
        states.append(decide(grown, high=1.1))
        detail |= {f"Spearman, {task}": orders[task].value, f"STD ratio, {task}": grown.value}
        largest = average(found, MULTI, "max").sel(n=last)
        detail |= {f"largest tau, {task}": float(largest.mean()), f"last N, {task}": last}
    highest = max(orders.values(), key=lambda order: order.high)
    expected = "Spearman < -.9, STD ratio < 1.1, both tasks"
    return verdict("C-RNN-3", highest, expected, worst(*states), detail)


def gap_grows(found: xarray.Dataset) -> Verdict:
    """C-RNN-4: mean tau of single-head less that of multi-head, seed by seed."""
    last = last_n(found)
    gap = (average(found, SINGLE) - average(found, MULTI)).sel(n=slice(None, last))
    final = mean(_reached(gap.sel(n=last)))
    order = mean(spearman(gap.values, gap.n.values))
    states: list[State] = [decide(final, low=0.25), decide(order, low=0.9)]
    detail = {f"gap at N = {int(n)}": float(gap.sel(n=n).mean()) for n in gap.n[::2]}
    detail |= {"Spearman": order.value, "last N": last}
    return verdict("C-RNN-4", final, "gap > .25, Spearman > .9", worst(*states), detail)


def multi_head_is_faster(tasks: Tasks, caps: Mapping[str, float]) -> Verdict:
    """C-RNN-7: epochs to a large N, single-head over multi-head.

    Args:
        caps: the largest number of epochs by task, a lower bound where a run did not get there.
    """
    states: list[State] = []
    parts = {}
    for task, found in tasks.items():
        n, least = SPEED[task]
        epochs = found.solved.sel(n=min(n, int(found.n.max()))).fillna(caps[task])
        single, multi = (epochs.sel(forget=forget).values for forget in (SINGLE, MULTI))
        parts[task] = ratio(single, multi)
        states.append(decide(parts[task], low=least))
    detail = {f"ratio, {task}": part.value for task, part in parts.items()}
    expected = "single/multi >= 1.5 (DMS, N = 12), >= 2 (parity, N = 8)"
    return verdict("C-RNN-7", parts["dms"], expected, worst(*states), detail)


def absorbing(sweep: xarray.Dataset) -> Verdict:
    """C-RNN-30: units whose tau has reached dt, at log points and by N."""
    dt = 1 / sweep.attrs["hold"]
    at_floor = (sweep.timescale <= dt).transpose(..., "step", "unit").values
    returned = int((at_floor[..., :-1, :] & ~at_floor[..., 1:, :]).sum())
    share = (by_n(sweep).tau <= dt).mean("unit").where(by_n(sweep).solved.notnull())
    common = share.sel(n=slice(None, last_n(by_n(sweep))))
    averages = common.mean("seed")
    grows = bool((averages.diff("n") >= 0).all())
    later = common.sel(n=slice(5, None)).mean("n", skipna=False)
    more = mean(_reached(later.sel(forget=MULTI) - later.sel(forget=SINGLE)))
    states: list[State] = ["holds" if not returned and grows else "fails", decide(more, low=0.01)]
    detail: dict[str, float | int | str] = {"units that came back": returned}
    final = averages.isel(n=-1)
    detail |= {f"share at the last N, {NAMES[f]}": float(final.sel(forget=f)) for f in NAMES}
    detail["share grows with N"] = str(grows)
    expected = "none comes back; shares grow with N; multi - single > .01 over N >= 5"
    return verdict("C-RNN-30", more, expected, worst(*states), detail)


def smooth_clamp(sweep: xarray.Dataset) -> Verdict:
    """C-RNN-33: what is left of claims 1, 3 and 4 where no unit can be absorbed."""
    found = by_n(sweep)
    parts = [tau_rises(found), tau_falls({"dms": found}), gap_grows(found)]
    smallest = float(sweep.timescale.min())
    states: list[State] = ["holds" if smallest > 1 else "fails"]
    states.extend(part.state for part in parts)
    detail: dict[str, float | int | str] = {"smallest tau": smallest}
    detail |= {f"{part.claim}, estimate": float(part.estimate or 0) for part in parts}
    detail |= {f"{part.claim}, state": part.state for part in parts}
    state = worst(*states)
    expected = "tau > 1, and the bounds of C-RNN-1, 3 and 4"
    first = parts[0]
    return Verdict(
        "C-RNN-33", first.estimate, first.interval, first.method, expected, state, detail
    )


def whatever_the_start(sweep: xarray.Dataset) -> Verdict:
    """C-RNN-39: claims 3 and 4 in kind, for every initial distribution of tau.

    Args:
        sweep: with dimensions `lowest` and `spread` of the initial tau.
    """
    whole = by_n(sweep).stack(start=("lowest", "spread"))
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    gaps = []
    for lowest, spread in whole.start.values:
        found = whole.sel(start=(lowest, spread), drop=True)
        last = last_n(found)
        gaps.append(mean(_reached((average(found, SINGLE) - average(found, MULTI)).sel(n=last))))
        multi = average(found, MULTI)
        order = mean(spearman(multi.values, multi.n.values))
        states.append(decide(gaps[-1], low=0.0))
        states.append(decide(order, high=-0.9))
        name = f"U({lowest:g}, {lowest + spread:g})"
        detail |= {f"gap, {name}": gaps[-1].value, f"multi-head's Spearman, {name}": order.value}
        detail[f"last N, {name}"] = last
    least = min(gaps, key=lambda gap: gap.low)
    expected = "single - multi > 0 at the last N, multi-head's Spearman < -.9, every start"
    return verdict("C-RNN-39", least, expected, worst(*states), detail)


def timescales_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F4b: mean, spread and maximum of tau against N."""
    tasks = stages(evidence)
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    labels = {"mean": r"mean $\tau$", "std": r"STD of $\tau$", "max": r"largest $\tau$"}
    for axes, (statistic, label) in zip(grid, labels.items(), strict=True):
        for task, found in tasks.items():
            for forget in NAMES:
                values = average(found, forget, statistic)
                enough = values.notnull().sum("seed") >= 2
                values = values.isel(n=enough.values)
                name = f"{TITLES[task]}, {NAMES[forget]}"
                band(axes, values.n.values, values.values, COLORS[task, forget], name)
                numbers[f"{name}, {statistic}"] = {
                    "N": values.n,
                    "mean": values.mean("seed"),
                    "seeds": values.notnull().sum("seed"),
                }
        axes.set(xlabel="N", ylabel=f"{label} (bits)")
    whole_numbers(*grid)
    grid[1].legend(loc="upper left")
    return drawing, numbers


def epochs_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F3b: the epoch at which each N is solved."""
    tasks = stages(evidence)
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, (task, found) in zip(grid, tasks.items(), strict=True):
        for forget in NAMES:
            solved = found.solved.sel(forget=forget).transpose("seed", "n")
            for row in solved.values:
                axes.step(
                    row, solved.n, where="post", color=COLORS[task, forget], lw=0.5, alpha=0.4
                )
            every = solved.isel(n=solved.notnull().all("seed").values)
            axes.plot(every.mean("seed"), every.n, "o-", ms=3, color=COLORS[task, forget],
                      label=NAMES[forget])  # fmt: skip
            numbers[f"{TITLES[task]}, {NAMES[forget]}"] = {"N": solved.n, "epoch": solved}
        axes.set(xlabel="epoch", title=TITLES[task], xscale="log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        axes.axhline(float(found.n.max()), color=GREY, lw=0.6, ls=":")
        axes.legend(loc="lower right")
    grid[0].set_ylabel("largest N solved")
    return drawing, numbers


def _reached(values: xarray.DataArray) -> np.ndarray:
    """The seeds that got so far; claims are about those, and `last_n` asks for half of them."""
    return values.values[np.isfinite(values.values)]


def _caps(evidence: Evidence) -> dict[str, float]:
    bases = {task: evidence.find(name).base for task, name in SWEEPS.items()}
    return {task: base.steps / base.log_every for task, base in bases.items()}


def _dms(evidence: Evidence) -> tuple[xarray.Dataset]:
    return (stages(evidence)["dms"],)


def _frozen(evidence: Evidence) -> tuple[xarray.Dataset]:
    return (by_n(evidence.sweep(FROZEN)),)


def _one_list(evidence: Evidence) -> tuple[Tasks, Mapping[str, float]]:
    """Multi-head's runs in the place of both."""
    found = by_n(evidence.sweep(FROZEN)).sel(forget=[MULTI, MULTI])
    same = found.assign_coords(forget=[SINGLE, MULTI])
    return {"dms": same, "parity": same}, {"dms": 1.0, "parity": 1.0}


_TRAINED = ("quick", "standard", "paper")

FIGURES = (
    Figure(
        "timescales",
        "Single-head nets grow long time constants, multi-head nets lose theirs",
        "Mean, standard deviation and maximum over units of the trained time constants, in nets "
        "that solved N; mean and 95 % band over the seeds that got so far. Single-head asks only "
        "the present N, multi-head every N so far.",
        timescales_figure,
        ("C-RNN-1", "C-RNN-2", "C-RNN-3", "C-RNN-4", "C-RNN-30"),
    ),
    Figure(
        "epochs",
        "Asking for every N so far is faster than asking for the present one",
        "The epoch at which each N was solved (98 % on fresh streams): thin lines, seeds; points, "
        "the mean where every seed solved it. Dotted, the largest N asked.",
        epochs_figure,
        ("C-RNN-7",),
    ),
)
CHECKS = (
    Check("C-RNN-1", tau_rises, _dms, _frozen, _TRAINED),
    Check("C-RNN-2", tau_spreads, _dms, _frozen, _TRAINED),
    Check(
        "C-RNN-3",
        tau_falls,
        lambda evidence: (stages(evidence),),
        lambda evidence: ({"dms": _frozen(evidence)[0]},),
        _TRAINED,
    ),
    Check("C-RNN-4", gap_grows, _dms, _frozen, _TRAINED),
    Check(
        "C-RNN-7",
        multi_head_is_faster,
        lambda evidence: (stages(evidence), _caps(evidence)),
        _one_list,
        _TRAINED,
    ),
    Check(
        "C-RNN-30",
        absorbing,
        lambda evidence: (evidence.sweep(SWEEPS["dms"]),),
        lambda evidence: (evidence.sweep(SMOOTH),),
        _TRAINED,
    ),
    Check(
        "C-RNN-33",
        smooth_clamp,
        lambda evidence: (evidence.sweep("rnn_timescales.smooth_dms"),),
        lambda evidence: (evidence.sweep(FROZEN),),
        ("standard", "paper"),
    ),
    Check(
        "C-RNN-39",
        whatever_the_start,
        lambda evidence: (evidence.sweep("rnn_timescales.initial_dms"),),
        lambda evidence: (evidence.sweep(FROZEN).expand_dims(lowest=[1.0], spread=[1.0]),),
        ("standard", "paper"),
    ),
)
