"""Figure `networks`: timescales of trained nets' activity, by two estimators."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.measured.units import repeated
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES, whole_numbers
from figures.rnn_timescales.readings.analyses import (
    REPEATED_STEPS,
    authors_fit_of,
    first_seed,
    moments_of,
    per_net,
    repeated_estimates,
    timescales_of,
)
from figures.rnn_timescales.readings.stages import NAMES, SINGLE, reached
from figures.statistics import Estimate, judge, mean, median, share
from figures.style import LIMIT, PAGE, band
from theory.claims import Claim, Verdict
from theory.rnn_timescales import units
from theory.rnn_timescales.setting import FAR


def timescales_grow(claim: Claim, found: xarray.Dataset, theirs: xarray.Dataset) -> Verdict:
    """C-RNN-6 and 44: tau_net at the last N over that at the first.

    It is decided by the least-squares minimum; the authors' fit is told beside it.

    Args:
        found: estimates by the least-squares minimum.
        theirs: by the authors' own fit, of few nets.
    """

    def growth(data: xarray.Dataset, estimator: str, forget: int) -> Estimate:
        values = per_net(data, estimator).sel(forget=forget)
        return mean(reached(values.isel(n=-1) / values.isel(n=0)))

    parts: dict[str, Estimate] = {}
    first, last = found.n.values[[0, -1]]
    detail: dict[str, float | int | str] = {"N": f"{last} over {first}"}
    for forget, name in NAMES.items():
        parts[f"growth, {name}"] = growth(found, "slowest", forget)
        few = growth(theirs, "slowest", forget)
        detail[f"the authors' fit, {name}"] = few.value
        detail[f"the authors' fit, {name}, interval"] = f"[{few.low:.3g}, {few.high:.3g}]"
        detail[f"weighted, {name}"] = growth(found, "weighted", forget).value
    shown = min(parts, key=lambda name: parts[name].low)
    return judge(claim, parts, shown=shown, detail=detail)


def heavy_tailed(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-28: far repeats by either fit, the authors' over all tau; medians; the weighted."""
    parts: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    truth = xarray.DataArray(units.timescale(found.tau.values), {"tau": found.tau}, "tau")
    theirs = (found.authors / truth).values
    theirs = theirs[np.isfinite(theirs)]
    parts["share far off, the authors' fit"] = share(int((theirs > FAR).sum()), theirs.size, "fits")
    detail["median over the truth, the authors' fit"] = float(np.median(theirs))
    for tau in found.tau.values:
        name, at = f"tau = {tau:g}", (found / truth).sel(tau=tau)
        slowest = at["slowest"].values
        far = int((slowest > FAR).sum())
        parts[f"share far off, {name}"] = share(far, slowest.size, "repeats")
        parts[f"median, {name}"] = median(slowest)
        parts[f"weighted mean, {name}"] = mean(at["weighted"].values)
        detail[f"mean of the larger one over the truth, {name}"] = float(slowest.mean())
    only = ((found.slowest > FAR * truth) & (found.authors <= FAR * truth)).sum()
    detail["far off by the least-squares minimum, not by the authors' fit"] = int(only)
    shares = [name for name in parts if name.startswith("share")]
    return judge(claim, parts, shown=min(shares, key=lambda name: parts[name].low), detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """tau_net against N by two fits and by a sounder estimate, and one net's autocorrelations."""
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    for task in TITLES:
        found, theirs = timescales_of(evidence, task), authors_fit_of(evidence, task)
        for forget, name in NAMES.items():
            label, color = f"{TITLES[task]}, {name}", COLORS[task, forget]
            for axes, estimator in zip(grid, ("slowest", "weighted"), strict=False):
                rows = per_net(found, estimator).sel(forget=forget).transpose("seed", "n").values
                band(axes, found.n.values, rows, color, label, MARKERS[forget])
                numbers[f"{label}, {estimator}"] = {"N": found.n, "mean": np.nanmean(rows, axis=0)}
            rows = per_net(theirs, "slowest").sel(forget=forget).transpose("seed", "n").values
            grid[0].plot(theirs.n, np.nanmean(rows, axis=0), "x", ms=5, color=color)
            numbers[f"{label}, the authors' fit"] = {"N": theirs.n, "nets": rows}
    grid[0].set(xlabel="N", title="larger timescale, units above 1")
    grid[1].set(xlabel="N", title="amplitude-weighted, all units")
    for axes in grid[:2]:
        axes.set_ylabel("timescale of activity (steps)")
    whole_numbers(*grid[:2])
    handles, labels = grid[0].get_legend_handles_labels()
    handles.append(Line2D([], [], color="black", marker="x", ms=5, ls="none"))
    labels.append("the authors' fit")
    drawing.legend(handles, labels, loc="outside lower center", ncols=5)
    return drawing, numbers | _one_unit(grid[2], moments_of(evidence, "dms"))


def _one_unit(axes: Axes, found: xarray.Dataset) -> dict[str, Any]:
    """Autocorrelations of the unit that is slowest at the last N; returns the numbers."""
    rho = found.rho.sel(forget=SINGLE, seed=first_seed(found.sel(forget=SINGLE)))
    slow = int(rho.isel(n=-1).sel(lag=slice(1, 5)).mean("lag").argmax("unit"))
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, rho.sizes["n"]))
    numbers = {}
    for n, color, mark in zip(rho.n.values, colors, "osv^D"[: len(colors)], strict=True):
        line = rho.sel(n=n, unit=slow)
        axes.plot(line.lag, line, color=color, marker=mark, ms=3, label=f"N = {n}")
        numbers[f"autocorrelation, N = {n}"] = line
    axes.set(xlabel="lag (steps)", ylabel="autocorrelation", title="one unit, N-DMS single-head")
    axes.set(xlim=(0, 15), xticks=range(0, 16, 5))
    axes.axhline(0, **LIMIT)
    axes.legend()
    return numbers


def _grown(evidence: Evidence, task: str) -> tuple[xarray.Dataset, xarray.Dataset]:
    return timescales_of(evidence, task), authors_fit_of(evidence, task)


def _same_stage(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    found, theirs = _grown(evidence, "dms")
    return broken.first_as_last(found), broken.first_as_last(theirs)


def _isolated(evidence: Evidence) -> xarray.Dataset:
    """Fewer repeats, of one isolated unit."""
    return evidence.table(repeated, taus=[1.5], repeats=160, steps=REPEATED_STEPS, fitted=48)


def _weighted_alone(evidence: Evidence) -> tuple[xarray.Dataset]:
    """The weighted estimate in the place of the larger timescale of either fit."""
    found = _isolated(evidence)
    weighted = found["weighted"]
    return (found.assign(slowest=weighted, authors=weighted.where(found.authors.notnull())),)


FIGURE = Figure(
    "networks",
    "The larger fitted timescale of activity grows at DMS, the weighted one not always; at parity "
    "little is seen",
    "Timescales of units' activity under random bits. Left, the mean of the larger fitted "
    "timescale over units where it exceeds 1, less the units at the fit's bound of 100: lines, by "
    "the least-squares minimum; crosses, at the first and the last N of a few nets, by the "
    "authors' own fit, which starts from the middle of its bounds; middle, the mean of the "
    "amplitude-weighted timescale over all units. Mean and 95 % band over seeds. Right, the "
    "autocorrelation of one unit of one net as N grows; dotted, none.",
    draw,
    ("C-RNN-6", "C-RNN-44", "C-RNN-28"),
)
CHECKS = (
    Check(
        "C-RNN-6",
        timescales_grow,
        findings=lambda evidence: _grown(evidence, "dms"),
        broken=_same_stage,
        slow=True,
    ),
    Check(
        "C-RNN-44",
        timescales_grow,
        findings=lambda evidence: _grown(evidence, "parity"),
        broken=_same_stage,
        whole=lambda evidence: _grown(evidence, "dms"),
        slow=True,
    ),
    Check(
        "C-RNN-28",
        heavy_tailed,
        findings=lambda evidence: (repeated_estimates(evidence),),
        broken=_weighted_alone,
        whole=lambda evidence: (_isolated(evidence),),
        slow=True,
    ),
)
