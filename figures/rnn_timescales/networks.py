"""Figure `networks`: timescales of trained nets' activity, by two estimators."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.measured.units import repeated
from figures.rnn_timescales.palette import COLORS, TITLES, whole_numbers
from figures.rnn_timescales.readings.analyses import (
    first_seed,
    moments_of,
    per_net,
    repeated_estimates,
    timescales_of,
)
from figures.rnn_timescales.readings.stages import NAMES, SINGLE, reached
from figures.statistics import Estimate, judge, mean, median, share
from figures.style import PAGE, band
from theory.claims import Claim, Verdict
from theory.rnn_timescales import units
from theory.rnn_timescales.setting import FAR


def timescales_grow(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-6: tau_net at the last N over that at the first, by the authors' rule."""
    first, last = found.n.values[[0, -1]]

    def growth(estimator: str, forget: int) -> Estimate:
        values = per_net(found, estimator).sel(forget=forget)
        return mean(reached(values.sel(n=last) / values.sel(n=first)))

    parts = {f"growth, {name}": growth("slowest", forget) for forget, name in NAMES.items()}
    shown = min(parts, key=lambda name: parts[name].low)
    detail: dict[str, float | int | str] = {
        f"weighted, {name}": growth("weighted", forget).value for forget, name in NAMES.items()
    }
    return judge(claim, parts, shown=shown, detail=detail | {"N": f"{last} over {first}"})


def heavy_tailed(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-28: each tau's far repeats and median by the authors' rule; the weighted mean."""
    parts: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for tau in found.tau.values:
        at, truth, name = found.sel(tau=tau), float(units.timescale(tau)), f"tau = {tau:g}"
        slowest, weighted = (at[estimator].values / truth for estimator in ("slowest", "weighted"))
        far = int((slowest > FAR).sum())
        parts[f"share far off, {name}"] = share(far, len(slowest), "repeats")
        parts[f"median, {name}"] = median(slowest)
        parts[f"weighted mean, {name}"] = mean(weighted)
        detail[f"mean of the authors' over the truth, {name}"] = float(slowest.mean())
    shares = [name for name in parts if name.startswith("share")]
    return judge(claim, parts, shown=min(shares, key=lambda name: parts[name].low), detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """tau_net against N by two estimators, and one net's autocorrelations."""
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    for task in TITLES:
        found = timescales_of(evidence, task)
        for axes, estimator in zip(grid, ("slowest", "weighted"), strict=False):
            values = per_net(found, estimator)
            for forget, name in NAMES.items():
                rows = values.sel(forget=forget).transpose("seed", "n").values
                label = f"{TITLES[task]}, {name}"
                band(axes, values.n.values, rows, COLORS[task, forget], label)
                numbers[f"{label}, {estimator}"] = {"N": values.n, "mean": np.nanmean(rows, axis=0)}
    grid[0].set(xlabel="N", ylabel="steps", title="authors' rule, units above 1")
    grid[1].set(xlabel="N", ylabel="steps", title="amplitude-weighted, all units")
    whole_numbers(*grid[:2])
    grid[0].legend(fontsize=6)
    return drawing, numbers | _one_unit(grid[2], moments_of(evidence, "dms"))


def _one_unit(axes: Axes, found: xarray.Dataset) -> dict[str, Any]:
    """Autocorrelations of the unit that is slowest at the last N; returns the numbers."""
    rho = found.rho.sel(forget=SINGLE, seed=first_seed(found.sel(forget=SINGLE)))
    slow = int(rho.isel(n=-1).sel(lag=slice(1, 5)).mean("lag").argmax("unit"))
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, rho.sizes["n"]))
    numbers = {}
    for n, color in zip(rho.n.values, colors, strict=True):
        line = rho.sel(n=n, unit=slow)
        axes.semilogy(line.lag, line, color=color, label=f"N = {n}")
        numbers[f"autocorrelation, N = {n}"] = line
    axes.set(xlabel="lag (steps)", ylabel="autocorrelation", title="one unit, N-DMS single-head")
    axes.set(xlim=(0, 15), ylim=(3e-3, 1.3))
    axes.legend()
    return numbers


def _one_form(evidence: Evidence) -> tuple[xarray.Dataset]:
    """One exponential alone is fitted: no repeat of it is far off."""
    return (evidence.table(repeated, taus=[2.0], repeats=64, steps=2000, forms=1),)


FIGURE = Figure(
    "networks",
    "By the authors' rule timescales of activity grow at DMS; by a sounder one, not always",
    "Timescales of units' activity under random bits. Left, the mean of the larger fitted "
    "timescale over units where it exceeds 1, the authors' rule, less the units at the fit's "
    "bound of 100; middle, the mean of the amplitude-weighted timescale over all units. Mean "
    "and 95 % band over seeds. Right, the autocorrelation of one unit of one net as N grows.",
    draw,
    ("C-RNN-6", "C-RNN-28"),
)
CHECKS = (
    Check(
        "C-RNN-6",
        timescales_grow,
        findings=lambda evidence: (timescales_of(evidence, "dms"),),
        broken=broken.same_stage,
        slow=True,
    ),
    Check(
        "C-RNN-28",
        heavy_tailed,
        findings=lambda evidence: (repeated_estimates(evidence),),
        broken=_one_form,
    ),
)
