"""Figure `timescales`: how time constants move with N under the two curricula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, TITLES, whole_numbers
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
from theory.rnn_timescales.setting import ABSORBED_FROM, PAST_TURN, SMALLEST, TASKS


def tau_rises(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-1: single-head's mean tau at the last N over its minimum."""
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
    return judge(claim, parts, detail={"last N": last, "N of least mean tau": least})


def tau_spreads(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-2: single-head's spread of tau at the last N over that at N = 2, and the largest."""
    last, spread = last_n(found), average(found, SINGLE, "std")
    parts = {
        "STD ratio": mean(reached(spread.sel(n=last) / spread.sel(n=SMALLEST))),
        "largest tau": mean(reached(average(found, SINGLE, "max").sel(n=last))),
    }
    return judge(claim, parts, detail={"last N": last})


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
    """C-RNN-4: mean tau of single-head less that of multi-head, seed by seed."""
    last = last_n(found)
    gap = (average(found, SINGLE) - average(found, MULTI)).sel(n=slice(None, last))
    parts = {
        "gap": mean(reached(gap.sel(n=last))),
        "Spearman": median(spearman(gap.values, gap.n.values)),
    }
    detail = {f"gap at N = {int(n)}": float(gap.sel(n=n).mean()) for n in gap.n[::2]}
    return judge(claim, parts, detail={**detail, "last N": last})


def absorbing(claim: Claim, sweep: xarray.Dataset) -> Verdict:
    """C-RNN-30: units whose tau has reached dt, at log points and by N."""
    dt = 1 / sweep.attrs["hold"]
    at_floor = (sweep.timescale <= dt).transpose(..., "step", "unit").values
    returned = int((at_floor[..., :-1, :] & ~at_floor[..., 1:, :]).sum())
    stages = by_n(sweep)
    share = (stages.tau <= dt).mean("unit").where(stages.solved.notnull())
    common = share.sel(n=slice(None, last_n(stages)))
    averages = common.mean("seed")
    later = common.sel(n=slice(ABSORBED_FROM, None)).mean("n", skipna=False)
    parts = {
        "multi - single": mean(reached(later.sel(forget=MULTI) - later.sel(forget=SINGLE))),
        "units that came back": exact(returned, f"of {at_floor.size} units at log points"),
        "share grows with N": bool((averages.diff("n") >= 0).all()),
    }
    final = averages.isel(n=-1)
    detail = {f"share at the last N, {NAMES[f]}": float(final.sel(forget=f)) for f in NAMES}
    return judge(claim, parts, detail=detail)


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


def both(evidence: Evidence) -> dict[str, xarray.Dataset]:
    """Both tasks' stages."""
    return {task: stages_of(evidence, task) for task in TASKS}


def _dms(evidence: Evidence) -> tuple[xarray.Dataset]:
    return (stages_of(evidence, "dms"),)


def _frozen_tasks(evidence: Evidence) -> tuple[Mapping[str, xarray.Dataset]]:
    return ({"dms": broken.frozen_stages(evidence)},)


def _frozen(evidence: Evidence) -> tuple[xarray.Dataset]:
    return (broken.frozen_stages(evidence),)


FIGURE = Figure(
    "timescales",
    "Single-head nets grow long time constants, multi-head nets lose theirs",
    "Mean, standard deviation and maximum over units of the trained time constants, in nets "
    "that solved N; mean and 95 % band over the seeds that got so far. Single-head asks only "
    "the present N, multi-head every N so far.",
    draw,
    ("C-RNN-1", "C-RNN-2", "C-RNN-3", "C-RNN-4", "C-RNN-30"),
)
CHECKS = (
    Check("C-RNN-1", tau_rises, _dms, _frozen, slow=True),
    Check("C-RNN-2", tau_spreads, _dms, _frozen, slow=True),
    Check(
        "C-RNN-3",
        tau_falls,
        findings=lambda evidence: (both(evidence),),
        broken=_frozen_tasks,
        slow=True,
    ),
    Check("C-RNN-4", gap_grows, _dms, _frozen, slow=True),
    Check(
        "C-RNN-30",
        absorbing,
        findings=lambda evidence: (evidence.sweep(SWEEPS["dms"]),),
        broken=broken.smooth,
        slow=True,
    ),
)
