"""What is inside trained nets: timescales of activity, dimension, and the readable past."""

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
    SWEEPS,
    TITLES,
    by_n,
    last_n,
    whole_numbers,
)
from figures.statistics import Estimate, decide, mean, verdict, worst
from figures.style import GREY, PAGE, THEORY, band
from sims.rnn_timescales import representation
from theory.claims import State, Verdict
from theory.rnn_timescales import limits

TRIALS, STEPS = 10, 4000
# Past the bound of the fit, section 4: the authors have the same filter, commented out.
BOUND = 99.0


def shown(evidence: Evidence, task: str, count: int = 3) -> list[int]:
    """N at which nets are looked into: from 2 to the last, about `count` of them."""
    last = last_n(by_n(evidence.sweep(SWEEPS[task])))
    return sorted({int(n) for n in np.linspace(2, last, count).round()})


def timescales_of(evidence: Evidence, task: str) -> xarray.Dataset:
    """All four estimators at the shown N."""
    return evidence.table(
        representation.timescales,
        SWEEPS[task],
        stages=shown(evidence, task),
        trials=TRIALS,
        steps=STEPS,
    )


def moments_of(evidence: Evidence, task: str, count: int = 3) -> xarray.Dataset:
    """Moments at the shown N under p = 1/2."""
    return evidence.table(
        representation.moments,
        SWEEPS[task],
        stages=shown(evidence, task, count),
        trials=TRIALS,
        steps=STEPS,
        task="dms",
    )


def per_net(found: xarray.Dataset, estimator: str) -> xarray.DataArray:
    """Mean timescale of each net: the authors' rule over units above 1, the others over all.

    Units whose autocorrelation is at the fit's bound are dropped from the authors' rule, or one of
    them would outweigh all others; `weighted` keeps them.
    """
    values = found[estimator]
    if estimator == "slowest":
        values = values.where((values > 1) & (values < BOUND))
    return values.mean("unit")


def timescales_grow(found: xarray.Dataset) -> Verdict:
    """C-RNN-6: tau_net at the last N over that at N = 2, by the authors' rule."""
    parts: dict[int, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    ends = found.n.values[[0, -1]]
    for forget, name in NAMES.items():
        for estimator in ("slowest", "weighted"):
            values = per_net(found, estimator).sel(forget=forget)
            grown = (values.sel(n=ends[1]) / values.sel(n=ends[0])).values
            growth = mean(grown[np.isfinite(grown)])
            detail[f"{estimator}, {name}"] = growth.value
            if estimator == "slowest":
                parts[forget] = growth
    states: list[State] = [decide(part, low=1.3) for part in parts.values()]
    least = min(parts.values(), key=lambda part: part.low)
    expected = f"N = {ends[1]} over N = {ends[0]} > 1.3, each curriculum"
    return verdict("C-RNN-6", least, expected, worst(*states), detail)


def _accuracies(found: xarray.Dataset, low: int, high: int) -> dict[int, np.ndarray]:
    """Probes' mean accuracy over asked N in [low, high] at the last stage, by curriculum."""
    at = found.accuracy.isel(n=-1).sel(asked=slice(low, high)).mean("asked")
    return {forget: at.sel(forget=forget).values for forget in NAMES}


def _difference(by: Mapping[int, np.ndarray]) -> Estimate:
    values = by[MULTI] - by[SINGLE]
    return mean(values[np.isfinite(values)])


def probes(found: xarray.Dataset) -> Verdict:
    """C-RNN-11: how well older N are linearly readable, multi-head less single-head."""
    last = int(found.n[-1])
    by = _accuracies(found, min(4, last - 1), last - 1)
    apart = _difference(by)
    detail = {name: float(np.nanmean(by[forget])) for forget, name in NAMES.items()}
    expected = f"multi - single > .1 over M = 4 .. {last - 1}"
    return verdict("C-RNN-11", apart, expected, decide(apart, low=0.1), detail)


def next_parity(found: xarray.Dataset) -> Verdict:
    """C-RNN-12: how well N + 1, never asked for, is linearly readable."""
    last = int(found.n[-1])
    by = _accuracies(found, last + 1, last + 1)
    apart = _difference(by)
    detail = {name: float(np.nanmean(by[forget])) for forget, name in NAMES.items()}
    expected = f"multi - single > .15 at M = {last + 1}"
    return verdict("C-RNN-12", apart, expected, decide(apart, low=0.15), detail)


def dimension(found: xarray.Dataset) -> Verdict:
    """C-RNN-18: lines through the PCA index against N, and the ratio of their slopes."""
    index = found.dimension.mean("trial")
    n = index.n.values.astype(float)
    slopes, fits = {}, {}
    for forget in NAMES:
        rows = index.sel(forget=forget).transpose("seed", "n").values
        rows = rows[np.isfinite(rows).all(axis=1)]
        slopes[forget] = np.array([np.polyfit(n, row, 1)[0] for row in rows])
        whole = rows.mean(axis=0)
        fits[forget] = float(np.corrcoef(n, whole)[0, 1] ** 2)
    ratios = mean(slopes[MULTI] / slopes[SINGLE].mean())
    positive = mean(slopes[SINGLE])
    linear_: list[State] = ["holds" if fit > 0.95 else "fails" for fit in fits.values()]
    states: list[State] = [decide(ratios, low=1.3), decide(positive, low=0.0), *linear_]
    detail = {f"R^2, {NAMES[forget]}": fits[forget] for forget in NAMES}
    detail |= {f"slope, {NAMES[forget]}": float(slopes[forget].mean()) for forget in NAMES}
    expected = "slopes > 0, ratio > 1.3; R^2 of a line through the means > .95"
    return verdict("C-RNN-18", ratios, expected, worst(*states), detail)


def inhibition(weights: Mapping[int, np.ndarray]) -> Verdict:
    """C-RNN-19: the mean recurrent weight of each net, by curriculum."""
    parts = {forget: mean(values) for forget, values in weights.items()}
    apart = mean(weights[SINGLE] - weights[MULTI])
    states: list[State] = [decide(part, high=0.0) for part in parts.values()]
    states.append(decide(apart, high=0.0))
    detail = {NAMES[forget]: part.value for forget, part in parts.items()}
    expected = "both < 0; single - multi < 0"
    return verdict("C-RNN-19", apart, expected, worst(*states), detail)


def mean_weights(sweep: xarray.Dataset) -> dict[int, np.ndarray]:
    """Mean off-diagonal W at the last N that both curricula's nets of a seed solved."""
    last = last_n(by_n(sweep))
    units = sweep.sizes["unit"]
    at = sweep.recurrent.isel(stage=last - 2).sum(("unit", "source"), skipna=False)
    at = (at / (units * (units - 1))).transpose("forget", "seed")
    at = at.isel(seed=np.isfinite(at.values).all(axis=0))
    return {forget: at.sel(forget=forget).values for forget in NAMES}


def network_timescales(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F5c, d: tau_net against N by two estimators, and one net's autocorrelations (F5a)."""
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
    rho = moments_of(evidence, "dms").rho.sel(forget=SINGLE, seed=0)
    slow = int(rho.isel(n=-1).sel(lag=slice(1, 5)).mean("lag").argmax("unit"))
    for n, color in zip(rho.n.values, plt.get_cmap("viridis")(np.linspace(0, 0.85, rho.sizes["n"])),
                        strict=True):  # fmt: skip
        line = rho.sel(n=n, unit=slow)
        grid[2].semilogy(line.lag, line, color=color, label=f"N = {n}")
        numbers[f"autocorrelation, N = {n}"] = line
    grid[2].set(xlabel="lag (steps)", ylabel="autocorrelation", title="one unit, N-DMS single-head")
    grid[2].set(xlim=(0, 15), ylim=(3e-3, 1.3))
    grid[2].legend()
    return drawing, numbers


def dimension_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F6a, b: mean recurrent weight and PCA index against N."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    for task, name in SWEEPS.items():
        sweep = evidence.sweep(name)
        units = sweep.sizes["unit"]
        total = sweep.recurrent.sum(("unit", "source"), skipna=False) / (units * (units - 1))
        index = moments_of(evidence, task, 6).dimension.mean("trial")
        for forget in NAMES:
            label = f"{TITLES[task]}, {NAMES[forget]}"
            rows = total.sel(forget=forget).transpose("seed", "stage").values
            enough = np.isfinite(rows).sum(axis=0) >= 2
            n = np.arange(2, rows.shape[1] + 2)[enough]
            band(left, n, rows[:, enough], COLORS[task, forget], label)
            rows = index.sel(forget=forget).transpose("seed", "n").values
            band(right, index.n.values, rows, COLORS[task, forget], label)
            numbers[label] = {"N": index.n, "dimension": np.nanmean(rows, axis=0)}
    left.axhline(0, color=GREY, lw=0.6)
    left.set(xlabel="N", ylabel="mean recurrent weight")
    n = np.arange(2, 13)
    line = [limits.delay_line_index(int(each)) for each in n]
    right.plot(n, line, color="black", label="delay line", **THEORY)
    right.set(xlabel="N", ylabel="components for 90 % (index)")
    right.legend(fontsize=6)
    return drawing, numbers


def probes_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Linear probes of every N's parity at the last stage."""
    drawing, axes = plt.subplots(figsize=(PAGE / 2, 2.5))
    found = probes_of(evidence)
    numbers: dict[str, Any] = {"asked": found.asked}
    for forget, name in NAMES.items():
        rows = found.accuracy.isel(n=-1).sel(forget=forget).transpose("seed", "asked").values
        band(axes, found.asked.values, rows, COLORS["parity", forget], name)
        numbers[name] = rows
    last = int(found.n[-1])
    axes.axvline(last, color=GREY, lw=0.6, ls=":")
    axes.set(xlabel="M", ylabel="accuracy of a linear probe", title=f"parity of M bits, N = {last}")
    axes.legend()
    return drawing, numbers


def probes_of(evidence: Evidence, **settings: Any) -> xarray.Dataset:
    """Probes of parity nets at the last N that most solved."""
    stage = shown(evidence, "parity")[-1]
    return evidence.table(representation.probes, SWEEPS["parity"], stages=[stage], **settings)


def _one_curriculum(found: xarray.Dataset) -> xarray.Dataset:
    """Multi-head's nets in the place of both."""
    return found.sel(forget=[MULTI, MULTI]).assign_coords(forget=[SINGLE, MULTI])


def _short_probes(evidence: Evidence, shuffled: bool) -> xarray.Dataset:
    return representation.probes(evidence.sweep(FROZEN), stages=[4], shuffled=shuffled)


def short_moments(evidence: Evidence) -> xarray.Dataset:
    settings: dict[str, Any] = {"trials": 4, "steps": 1000, "task": "dms"}
    return representation.moments(evidence.sweep(FROZEN), stages=[2, 4], **settings)


def _backwards(evidence: Evidence) -> tuple[xarray.Dataset]:
    found = short_moments(evidence)
    return (found.assign_coords(n=found.n.values[::-1]),)


def _same_stage(evidence: Evidence) -> tuple[xarray.Dataset]:
    """The nets of N = 2 in the place of the last."""
    sweep = evidence.sweep(FROZEN)
    found = representation.timescales(sweep, stages=[2], trials=4, steps=1000)
    return (found.sel(n=[2, 2]).assign_coords(n=[2, 4]),)


_TRAINED = ("quick", "standard", "paper")

FIGURES = (
    Figure(
        "networks",
        "By the authors' rule timescales of activity grow at DMS; by a sounder one, not always",
        "Timescales of units' activity under random bits. Left, the mean of the larger fitted "
        "timescale over units where it exceeds 1, the authors' rule, less the units at the fit's "
        "bound of 100; middle, the mean of the amplitude-weighted timescale over all units. Mean "
        "and 95 % band over seeds. Right, the autocorrelation of one unit of one net as N grows.",
        network_timescales,
        ("C-RNN-6", "C-RNN-28"),
    ),
    Figure(
        "dimension",
        "More components are active as N grows, and at parity recurrent weights turn inhibitory",
        "Left, mean off-diagonal recurrent weight of nets that solved N. Right, the number of "
        "leading principal components whose variances add up to at most 90 %; dashed, a delay line "
        "of N independent bits. Mean and 95 % band over seeds.",
        dimension_figure,
        ("C-RNN-18", "C-RNN-19"),
    ),
    Figure(
        "probes",
        "What single-head forgets is only partly lost",
        "Accuracy of least-squares readings of the parity of the last M bits from the state, p = "
        "1/2, on streams that were not fitted; mean and 95 % band over seeds. Dotted, the nets' "
        "own N; to its right, what no head was asked.",
        probes_figure,
        ("C-RNN-11", "C-RNN-12"),
    ),
)
CHECKS = (
    Check("C-RNN-6", timescales_grow, lambda e: (timescales_of(e, "dms"),), _same_stage, _TRAINED),
    Check(
        "C-RNN-11",
        probes,
        lambda e: (probes_of(e),),
        lambda e: (_short_probes(e, True),),
        _TRAINED,
    ),
    Check(
        "C-RNN-12",
        next_parity,
        lambda e: (probes_of(e),),
        lambda e: (_one_curriculum(_short_probes(e, False)),),
        _TRAINED,
    ),
    Check("C-RNN-18", dimension, lambda e: (moments_of(e, "dms", 6),), _backwards, _TRAINED),
    Check(
        "C-RNN-19",
        inhibition,
        lambda e: (mean_weights(e.sweep(SWEEPS["parity"])),),
        lambda e: (mean_weights(abs(e.sweep(FROZEN)[["recurrent", "raw_timescale", "kept"]])),),
        _TRAINED,
    ),
)
