"""Figure `timescales`: how time constants move with N under the two curricula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import xarray
from matplotlib.figure import Figure as Drawing

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
from figures.statistics import Estimate, exact, judge, mean, median
from figures.style import PAGE, band
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors
from theory.rnn_timescales.setting import ABSORBED_FROM, PAST_TURN, SMALLEST, TASKS


def tau_rises(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-1 and 41: single-head's mean tau at the last N over its minimum."""
    values = average(found, SINGLE)
    last = last_n(found)
    rise = reached(values.sel(n=last) - values.min("n"))
    # the whole curve is U-shaped: its order counts where nets are past their N*
    past = values.sel(n=slice(min(PAST_TURN, last - 2), None))
    parts = {
        "rise": mean(rise),
        "Spearman past N*": median(spearman(past.values, past.n.values)),
    }
    least = int(values.n[int(values.mean("seed").argmin("n"))])
    detail: dict[str, float | int | str] = {"last N": last, "N of least mean tau": least}
    detail["the authors' rise, parity, N = 30"] = authors.PLOTTED_TAU[-1] - min(authors.PLOTTED_TAU)
    return judge(claim, parts, detail=detail | {"seeds at the last N": len(rise)})


def tau_spreads(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-2 and 42: single-head's spread of tau at the last N over the first, and the most."""
    last, spread = last_n(found), average(found, SINGLE, "std")
    parts = {
        "STD ratio": mean(reached(spread.sel(n=last) / spread.sel(n=SMALLEST))),
        "largest tau": mean(reached(average(found, SINGLE, "max").sel(n=last))),
    }
    detail: dict[str, float | int | str] = {"last N": last}
    theirs = authors.SPREAD[NAMES[SINGLE]]
    detail["the authors' STD ratio, parity, N = 11"] = theirs[-1] / theirs[0]
    return judge(claim, parts, detail=detail)


def tau_falls(claim: Claim, tasks: Mapping[str, xarray.Dataset]) -> Verdict:
    """C-RNN-3: multi-head's mean tau falls with N and its spread does not grow."""
    orders: dict[str, Estimate] = {}
    ratios: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, found in tasks.items():
        values, spread = average(found, MULTI), average(found, MULTI, "std")
        last = last_n(found.sel(forget=[MULTI]))
        orders[f"Spearman, {task}"] = median(spearman(values.values, values.n.values))
        grown = reached(spread.sel(n=last) / spread.sel(n=SMALLEST))
        ratios[f"STD ratio, {task}"] = mean(grown)
        largest = average(found, MULTI, "max").sel(n=last)
        detail |= {f"largest tau, {task}": float(largest.mean()), f"last N, {task}": last}
    shown = max(orders, key=lambda name: orders[name].high)
    return judge(claim, orders | ratios, shown=shown, detail=detail)


def gap_grows(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-4 and 43: mean tau of single-head less that of multi-head, seed by seed."""
    last = last_n(found)
    gap = (average(found, SINGLE) - average(found, MULTI)).sel(n=slice(None, last))
    parts = {
        "gap": mean(reached(gap.sel(n=last))),
        "Spearman": median(spearman(gap.values, gap.n.values)),
    }
    detail = {f"gap at N = {int(n)}": float(gap.sel(n=n).mean()) for n in gap.n[::2]}
    detail["the authors' gap, parity, N = 11"] = authors.GAP
    return judge(claim, parts, detail={**detail, "last N": last})


def floors(sweep: xarray.Dataset) -> xarray.Dataset:
    """Which units are at the smallest tau, dt.

    Returns:
        `at_floor` (forget, seed, step, unit) at log points, and `share` (forget, seed, n) of the
        units of the nets that solved N.
    """
    dt = 1 / sweep.attrs["hold"]
    stages = by_n(sweep)
    share = (stages.tau <= dt).mean("unit").where(stages.solved.notnull())
    at_floor = (sweep.timescale <= dt).transpose(..., "step", "unit")
    return xarray.Dataset({"at_floor": at_floor, "share": share, "solved": stages.solved})


def absorbing(claim: Claim, tasks: Mapping[str, xarray.Dataset]) -> Verdict:
    """C-RNN-30: units whose tau has reached dt, at log points and by N.

    Args:
        tasks: `floors` by task.
    """
    more: dict[str, Estimate] = {}
    back: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for task, found in tasks.items():
        at_floor = found.at_floor.values.astype(bool)
        returned = int((at_floor[..., :-1, :] & ~at_floor[..., 1:, :]).sum())
        common = found.share.sel(n=slice(None, last_n(found)))
        later = common.sel(n=slice(ABSORBED_FROM, None)).mean("n", skipna=False)
        apart = reached(later.sel(forget=MULTI) - later.sel(forget=SINGLE))
        more[f"multi - single, {task}"] = mean(apart)
        name = f"units that came back, {task}"
        back[name] = exact(returned, f"of {at_floor.size} units at log points")
        final = common.isel(n=-1).mean("seed")
        for forget in NAMES:
            label = f"share at the last N, {task}, {NAMES[forget]}"
            detail[label] = float(final.sel(forget=forget))
    shown = min(more, key=lambda name: more[name].low)
    return judge(claim, more | back, shown=shown, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Mean, spread and maximum of tau against N."""
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    labels = {"mean": r"mean $\tau$", "std": r"STD of $\tau$", "max": r"largest $\tau$"}
    for axes, (statistic, label) in zip(grid, labels.items(), strict=True):
        for task, found in both(evidence).items():
            for forget in NAMES:
                values = average(found, forget, statistic)
                enough = values.notnull().sum("seed") >= 2
                values = values.isel(n=enough.values)
                name = f"{TITLES[task]}, {NAMES[forget]}"
                color, mark = COLORS[task, forget], MARKERS[forget]
                band(axes, values.n.values, values.values, color, name, mark)
                numbers[f"{name}, {statistic}"] = {
                    "N": values.n,
                    "mean": values.mean("seed"),
                    "seeds": values.notnull().sum("seed"),
                }
        axes.set(xlabel="N", ylabel=f"{label} (bits)")
    whole_numbers(*grid)
    handles, names = grid[0].get_legend_handles_labels()
    drawing.legend(handles, names, loc="outside lower center", ncols=4)
    return drawing, numbers


def both(evidence: Evidence) -> dict[str, xarray.Dataset]:
    """Both tasks' stages."""
    return {task: stages_of(evidence, task) for task in TASKS}


def _one(task: str) -> Callable[[Evidence], tuple[xarray.Dataset]]:
    return lambda evidence: (stages_of(evidence, task),)


def _frozen(evidence: Evidence) -> tuple[xarray.Dataset]:
    return (by_n(broken.frozen(evidence)),)


def _floors(evidence: Evidence) -> tuple[Mapping[str, xarray.Dataset]]:
    return ({task: floors(evidence.sweep(SWEEPS[task])) for task in TASKS},)


FIGURE = Figure(
    "timescales",
    "Single-head nets grow long time constants at DMS, at parity some do; multi-head nets lose "
    "theirs at both",
    "Mean, standard deviation and maximum over units of the trained time constants, in nets "
    "that solved N; mean and 95 % band over the seeds that got so far. Single-head asks only "
    "the present N, multi-head every N so far. No theory that is known predicts these.",
    draw,
    ("C-RNN-1", "C-RNN-41", "C-RNN-2", "C-RNN-42", "C-RNN-3", "C-RNN-4", "C-RNN-43", "C-RNN-30"),
)
CHECKS = (
    Check("C-RNN-1", tau_rises, _one("dms"), _frozen, slow=True),
    Check("C-RNN-41", tau_rises, _one("parity"), _frozen, whole=_one("dms"), slow=True),
    Check("C-RNN-2", tau_spreads, _one("dms"), _frozen, slow=True),
    Check("C-RNN-42", tau_spreads, _one("parity"), _frozen, whole=_one("dms"), slow=True),
    Check(
        "C-RNN-3",
        tau_falls,
        findings=lambda evidence: (both(evidence),),
        broken=lambda evidence: (both(evidence) | {"dms": by_n(broken.frozen(evidence))},),
        slow=True,
    ),
    Check("C-RNN-4", gap_grows, _one("dms"), _frozen, slow=True),
    Check("C-RNN-43", gap_grows, _one("parity"), _frozen, whole=_one("dms"), slow=True),
    Check(
        "C-RNN-30",
        absorbing,
        findings=_floors,
        broken=lambda evidence: ({"dms": floors(broken.smooth(evidence))},),
        whole=lambda evidence: ({"dms": floors(evidence.sweep(SWEEPS["dms"]))},),
        slow=True,
    ),
)
