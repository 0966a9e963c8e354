"""Trained nets as linear ones: what gains and weights predict of every unit's activity (T3)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.networks import moments_of, short_moments
from figures.rnn_timescales.robustness import LENGTHENED, perturbed, readout_moved, relative
from figures.rnn_timescales.stages import (
    COLORS,
    FROZEN,
    MULTI,
    NAMES,
    SINGLE,
    SWEEPS,
    TITLES,
)
from figures.statistics import decide, mean, rank_correlation, ratio, verdict, worst
from figures.style import GREY, PAGE, THEORY
from sims.rnn_timescales.tasks import SMALLEST
from theory.claims import State, Verdict
from theory.rnn_timescales import gains, linear


def arrays_of(net: xarray.Dataset) -> dict[str, np.ndarray]:
    """`recurrent`, `input_weight`, `bias` and `tau` of one kept net; NaN where there is none."""
    names = ("recurrent", "input_weight", "bias", "raw_timescale")
    arrays = {name: net[name].values.astype("float64") for name in names}
    arrays["tau"] = np.maximum(arrays.pop("raw_timescale"), 1.0)
    return arrays


def predictions(
    sweep: xarray.Dataset, found: xarray.Dataset, how: Callable[[dict], gains.System]
) -> xarray.Dataset:
    """Autocorrelations and variances of every unit from a linear system for each net.

    Args:
        found: the measured moments.
        how: from a net's arrays to its linear system; ValueError where nothing is stationary.

    Returns:
        `rho` (n, forget, seed, lag, unit) and `variance`, NaN where there is no stationary state.
    """
    rho = xarray.full_like(found.rho, np.nan)
    variance = xarray.full_like(found.variance, np.nan)
    for n in found.n.values:
        for forget in NAMES:
            for seed in found.seed.values:
                at = {"n": n, "forget": forget, "seed": seed}
                arrays = arrays_of(sweep.sel(forget=forget, seed=seed).isel(stage=n - SMALLEST))
                if not np.isfinite(arrays["recurrent"]).all():
                    continue
                arrays["gain"] = found.gain.sel(at).values
                try:
                    system = how(arrays)
                    covariance = linear.stationary_covariance(system)
                except ValueError:
                    continue
                lags = linear.lagged_covariances(system, covariance, found.sizes["lag"] - 1)
                rho.loc[at] = linear.unit_autocorrelation(lags)
                variance.loc[at] = np.diag(covariance)
    return xarray.Dataset({"rho": rho, "variance": variance})


def by_gains(net: dict) -> gains.System:
    """T3 with measured gains."""
    return gains.gain_weighted(net["recurrent"], net["input_weight"], net["tau"], net["gain"])


def bare(net: dict) -> gains.System:
    """Without gains."""
    return linear.linear_network(net["recurrent"], net["input_weight"], net["tau"])


def from_weights(net: dict) -> gains.System:
    """Gains from the Gaussian closure, no run at all."""
    return gains.mean_field(net["recurrent"], net["input_weight"], net["bias"], net["tau"]).system


def correlations(
    measured: xarray.DataArray, predicted: xarray.DataArray
) -> Float[np.ndarray, " net"]:
    """Correlation over units, one for each net; 0 where nothing was predicted."""
    axes = [name for name in measured.dims if name != "unit"]
    one, other = (a.transpose(*axes, "unit").values.reshape(-1, a.sizes["unit"])
                  for a in (measured, predicted))  # fmt: skip
    known = np.isfinite(one).sum(axis=1) > 2

    def each(a: np.ndarray, b: np.ndarray) -> float:
        both = np.isfinite(a) & np.isfinite(b)
        return float(np.corrcoef(a[both], b[both])[0, 1]) if both.sum() > 2 else 0.0

    return np.array([each(a, b) for a, b in zip(one[known], other[known], strict=True)])


def _predicts(claim: str, found: xarray.Dataset, predicted: xarray.Dataset, log: bool) -> Verdict:
    first = mean(correlations(found.rho.sel(lag=1), predicted.rho.sel(lag=1)))
    states: list[State] = [decide(first, low=0.75)]
    moved = found.variance > 1e-10
    spread = mean(
        correlations(
            np.log(found.variance.where(moved)),
            np.log(predicted.variance.where(moved & (predicted.variance > 0))),
        )
    )
    detail: dict[str, float | int | str] = {"log-variance": spread.value}
    for forget, name in NAMES.items():
        pair = (a.rho.sel(lag=1, forget=forget).isel(n=-1) for a in (found, predicted))
        detail[f"rho(1) at N = {int(found.n[-1])}, {name}"] = float(np.mean(correlations(*pair)))
    if log:
        states.append(decide(spread, low=0.95))
    expected = "correlations over units: rho(1) > .75" + (", log-variance > .95" if log else "")
    return verdict(claim, first, expected, worst(*states), detail)


def gain_weighted(found: xarray.Dataset, predicted: xarray.Dataset) -> Verdict:
    """C-RNN-23: measured gains in the linear network, mean over nets of correlations over units."""
    return _predicts("C-RNN-23", found, predicted, log=True)


def mean_field(found: xarray.Dataset, predicted: xarray.Dataset) -> Verdict:
    """C-RNN-31: the same with gains from the weights alone."""
    return _predicts("C-RNN-31", found, predicted, log=False)


def theory_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """T3: rho(1) of every unit, measured against two linear theories."""
    found, sweep = moments_of(evidence, "dms"), evidence.sweep(SWEEPS["dms"])
    drawing, grid = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    last = {"n": found.n.values[-1]}
    theories = {"gains measured": by_gains, "gains from the weights": from_weights}
    for axes, (title, how) in zip(grid, theories.items(), strict=False):
        predicted = predictions(sweep, found.sel(n=[last["n"]]), how)
        for forget, name in NAMES.items():
            x = predicted.rho.sel(lag=1, forget=forget, **last).values.ravel()
            y = found.rho.sel(lag=1, forget=forget, **last).values.ravel()
            axes.plot(x, y, ".", ms=2, color=COLORS["dms", forget], label=name)
            numbers[f"{title}, {name}"] = {"theory": x, "measured": y}
        axes.axline((0, 0), slope=1, color=GREY, **THEORY)
        axes.set(xlabel=r"$\rho(1)$, theory", ylabel=r"$\rho(1)$, measured", title=title)
    grid[0].legend()
    for forget, name in NAMES.items():
        first = {"forget": forget, "seed": 0, **last}
        slow = int(found.rho.sel(first).sel(lag=slice(1, 5)).mean("lag").argmax("unit"))
        line = found.rho.sel(first).sel(unit=slow)
        theory = predictions(sweep, found.sel(n=[last["n"]], seed=[0]), by_gains)
        grid[2].plot(line.lag, line, color=COLORS["dms", forget], label=name)
        other = theory.rho.sel(first).sel(unit=slow)
        grid[2].plot(line.lag, other, color=COLORS["dms", forget], **THEORY)
    grid[2].set(xlabel="lag (steps)", ylabel="autocorrelation", title="each slowest unit, seed 0")
    grid[2].set_xlim(0, 15)
    grid[2].legend()
    return drawing, numbers


def moves(sweep: xarray.Dataset, n: int) -> xarray.DataArray:
    """T9 from the weights alone: |dS|/|S| per relative size of a lengthening of every tau.

    The lengthening is the mean of that of C-RNN-15's damage, alike for all units; gains are those
    of the Gaussian closure.

    Returns:
        (forget, seed); NaN where the net did not solve N or has no stationary state.
    """
    nets = sweep.isel(stage=n - SMALLEST)
    found = xarray.full_like(nets.raw_timescale.isel(unit=0, drop=True), np.nan)
    for forget in NAMES:
        for seed in found.seed.values:
            at = {"forget": forget, "seed": seed}
            net = arrays_of(nets.sel(at))
            tau, drive, bias = (net[name] for name in ("tau", "input_weight", "bias"))
            if not np.isfinite(tau).all():
                continue
            longer = np.full(len(tau), np.linalg.norm(tau) * (2 / (np.pi * len(tau))) ** 0.5)
            with contextlib.suppress(ValueError):
                closure = gains.mean_field(net["recurrent"], drive, bias, tau)
                moved = gains.covariance_change(net["recurrent"], drive, tau, closure.gains, longer)
                still = linear.stationary_covariance(closure.system)
                found.loc[at] = np.linalg.norm(moved) / np.linalg.norm(still)
    return found


def damage_foretold(tasks: Mapping[str, tuple[xarray.DataArray, xarray.DataArray]]) -> Verdict:
    """C-RNN-40: T9's move of each net against its accuracy when every tau is lengthened.

    Args:
        tasks: by task, the move and the relative accuracy at LENGTHENED, (forget, seed) each.
    """
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    orders = []
    for task, (move, left) in tasks.items():
        move, left = xarray.align(move, left)
        known = move.notnull() & left.notnull()
        left = left.transpose(*move.dims)
        pairs = {
            forget: [a.sel(forget=forget).values[known.sel(forget=forget)] for a in (move, left)]
            for forget in NAMES
        }
        more = ratio(pairs[SINGLE][0], pairs[MULTI][0])
        orders.append(rank_correlation(move.values[known.values], left.values[known.values]))
        states.append(decide(more, low=1.5))
        states.append(decide(orders[-1], high=0.0))
        detail |= {f"{task}, single/multi": more.value, f"{task}, Spearman": orders[-1].value}
        for forget, (own, rest) in pairs.items():
            if len(own) >= 5:
                inside = rank_correlation(own, rest).value
                detail[f"{task}, Spearman among {NAMES[forget]}"] = inside
        detail[f"{task}, nets without a stationary closure"] = int((left.notnull() & ~known).sum())
    highest = max(orders, key=lambda order: order.high)
    expected = "move, single/multi > 1.5; Spearman of move and accuracy over nets < 0, both tasks"
    return verdict("C-RNN-40", highest, expected, worst(*states), detail)


def _foretold(evidence: Evidence, task: str) -> tuple[xarray.DataArray, xarray.DataArray]:
    left = relative(perturbed(evidence, task, "timescale")).sel(strength=LENGTHENED).isel(n=0)
    return moves(evidence.sweep(SWEEPS[task]), int(left.n)), left


def foretold_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """T9 against F8d, net by net."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, TITLES, strict=True):
        move, left = _foretold(evidence, task)
        for forget, name in NAMES.items():
            x, y = move.sel(forget=forget), left.sel(forget=forget)
            axes.plot(x, y, "o", ms=3, color=COLORS[task, forget], label=name)
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


def _moved_readout(evidence: Evidence) -> tuple[Mapping[str, tuple]]:
    """Nets whose tau never moved, and what is left of them when the readout is moved."""
    left = relative(readout_moved(evidence)[0]).sel(strength=LENGTHENED).isel(n=0)
    return ({"dms": (moves(evidence.sweep(FROZEN), int(left.n)), left)},)


def _without_gains(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    found = short_moments(evidence)
    return found, predictions(evidence.sweep(FROZEN), found, bare)


def _other_units(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    """The prediction for one unit held against another's activity."""
    found = short_moments(evidence)
    predicted = predictions(evidence.sweep(FROZEN), found, from_weights)
    return found, predicted.roll(unit=1, roll_coords=False)


def _trained(task: str, how: Callable[[dict], gains.System]) -> Callable[[Evidence], tuple]:
    def findings(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
        found = moments_of(evidence, task)
        return found, predictions(evidence.sweep(SWEEPS[task]), found, how)

    return findings


_TRAINED = ("quick", "standard", "paper")

FIGURES = (
    Figure(
        "linear_theory",
        "A linear network with each unit's gain predicts its autocorrelation",
        "Lag-one autocorrelation of every unit of every N-DMS net at the last N, against the "
        "Lyapunov prediction with gains measured in a run (left) and from the weights alone, by a "
        "Gaussian closure (middle). Right, one unit each over lags: solid measured, dashed with "
        "measured gains. Nothing is fitted.",
        theory_figure,
        ("C-RNN-23", "C-RNN-31"),
    ),
    Figure(
        "damage_foretold",
        "From the weights alone: which curriculum's nets bear longer time constants",
        "Each net's relative accuracy at the last N when its time constants are lengthened at "
        "random by a tenth of their norm, against how far the covariance of its state moves for "
        "a lengthening of that mean size, alike for all units, to first order (T9, with gains from "
        "the Gaussian closure). Nothing is fitted, and the theory has seen neither the task nor "
        "the damage. How it ranks the nets of one curriculum is in the numbers. Nets whose closure "
        "is not stationary are left out.",
        foretold_figure,
        ("C-RNN-40",),
    ),
)
CHECKS = (
    Check("C-RNN-23", gain_weighted, _trained("dms", by_gains), _without_gains, _TRAINED),
    Check("C-RNN-31", mean_field, _trained("dms", from_weights), _other_units, _TRAINED),
    Check(
        "C-RNN-40",
        damage_foretold,
        lambda evidence: ({task: _foretold(evidence, task) for task in TITLES},),
        _moved_readout,
        _TRAINED,
    ),
)
