"""Sample complexity and norms: how the models' exponents differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.rf_attention.broken import rolled_norms, swapped_thresholds
from figures.rf_attention.measured.costs import (
    DIMENSIONS,
    KEYS,
    complexities,
    growing_norm,
    lifting,
    tensor_bounds,
    thresholds,
)
from figures.rf_attention.readings import Predictor, last
from figures.statistics import Part, exact, judge, largest
from figures.style import BLUE, GREEN, GREY, LIMIT, ORANGE, PAGE, PURPLE, THEORY
from sims.rf_attention.experiment import PENALTIES
from theory.claims import Claim, Verdict
from theory.rf_attention import norms, spectra
from theory.rf_attention.setting import Setting
from theory.rf_attention.targets import NAMES, target_energies

SWEEPS = {"RFA": "rf_attention.keys", "RFMLP": "rf_attention.keys_rfmlp"}


def norm_of_keys(claim: Claim, changes: xarray.Dataset, growing: xarray.Dataset) -> Verdict:
    """C-RFA-12: B does not move with N, and the interpolating fit's norm grows to it."""
    whole = norms.squared_norm(
        spectra.monomial_energies(1, False, Setting(8, 8)), spectra.rfa_spectrum(Setting(8, 8))
    )
    missing = 1 - float(growing.norm[-1]) / whole
    parts: dict[str, Part] = {
        "change with N": exact(changes.error.max(), "largest relative change of B"),
        "missing at n = 1200": exact(missing, "what y'K^-1 y lacks of B"),
        "y'K^-1 y rises": bool(np.diff(growing.norm.values).min() >= 0),
    }
    detail = {f"y'K^-1 y, n = {int(n)}": float(growing.norm.sel(size=n)) for n in growing["size"]}
    return judge(claim, parts, detail=detail | {"B(f_1)": whole})


def tensor_bounded(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RFA-13: B over the tensor bound, everywhere and where the bound is tight."""
    ratio = found.ratio.values
    parts = {
        "excess over the bound": largest(np.maximum(ratio - 1, 0), "cases"),
        "share of the bound": exact(ratio[found.tight.values].min(), "least of the tight cases"),
    }
    return judge(claim, parts)


def free_of_keys(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RFA-24: growth of RFA's thresholds with the number of keys, exponents of RFMLP's."""
    growth = found.half.sel(model="RFA", keys=64) / found.half.sel(model="RFA", keys=4)
    ends = found.half.sel(model="RFMLP", keys=[16, 64])
    slopes = np.log(ends.sel(keys=64) / ends.sel(keys=16)) / np.log(4)
    parts = {}
    for b in (1, 2):
        name = f"RFA's growth, b = {b}"
        parts[name] = exact(growth.sel(degree=b), "growth of RFA's threshold, N = 4 to 64")
        name = f"RFMLP's exponent, b = {b}"
        parts[name] = exact(slopes.sel(degree=b), "exponent of RFMLP's threshold, N = 16 to 64")
    shown = max(("RFA's growth, b = 1", "RFA's growth, b = 2"), key=lambda n: parts[n].value)
    return judge(claim, parts, shown=shown)


def query_price(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RFA-15: exponents of B_RFA(g_p) in the dimension."""
    ends = found.attention.sel(dimension=[32, 64]).values
    slopes = np.log(ends[:, 1] / ends[:, 0]) / np.log(2)
    apart = np.abs(slopes - np.array([1, 2, 3]))
    detail = {f"p = {p}": float(slopes[p - 1]) for p in (1, 2, 3)}
    return judge(claim, {"exponent less p": largest(apart, "|exponent - p|")}, detail=detail)


def network_price(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RFA-16: exponents of B_RFMLP(f_p) in the number of keys."""
    ends = found.network.sel(keys=[16, 32]).values
    slopes = np.log(ends[:, 1] / ends[:, 0]) / np.log(2)
    parts = {
        f"p = {p}": exact(slope, f"exponent for p = {p}, N = 16 to 32")
        for p, slope in enumerate(slopes, 1)
    }
    return judge(claim, parts, shown="p = 2")


def bound_growth(claim: Claim, rate: float) -> Verdict:
    """C-RFA-14: how the bounds 1/qt grow with the power.

    Args:
        rate: base of the exponential that 1/qt_0p is divided by.
    """
    powers = np.arange(5, 16)
    plain = np.array([norms.tensor_bound(0, int(p)) for p in powers])
    weighted = np.array([norms.tensor_bound(int(p), int(p) + 1) for p in powers])
    slope = float(np.polyfit(np.log(powers), np.log(weighted), 1)[0])
    constants = (plain / (rate**powers * powers**2.5))[1:]
    parts = {
        "slope": exact(slope, "slope over p = 5 .. 15"),
        "constant, least": exact(constants.min(), "least over p = 6 .. 15"),
        "constant, largest": exact(constants.max(), "largest over p = 6 .. 15"),
    }
    return judge(claim, parts)


def crossings(evidence: Evidence) -> dict[str, xarray.Dataset]:
    """Training sizes at which the relative error of f_1 and f_2 falls to a half, d = 8.

    Interpolated in log n and log error between training sizes, at the best penalty of each; not a
    number where the error does not fall so far.

    Returns:
        By model, `simulated` and `theory` (keys, target).
    """
    found = {}
    for model, name in SWEEPS.items():
        training = evidence.sweep(name)
        curve, heads = last(training), int(training.attrs["heads"])
        values = np.full((2, curve.sizes["keys"], 2), np.nan)
        for row, keys in enumerate(curve["keys"].values):
            setting = Setting(int(training.attrs["dimension"]), int(keys))
            theory = Predictor(evidence, model, setting, heads, "scalar")
            for column, target in enumerate(("f1", "f2")):
                parts = target_energies(target, setting)
                whole = spectra.variance(parts)
                mean = curve.error.sel(keys=keys).isel(target=NAMES.index(target)).mean("seed")
                lines = (
                    mean.min("penalty") / whole,
                    [
                        min(theory(parts, int(n), p) for p in PENALTIES) / whole
                        for n in curve["size"].values
                    ],
                )
                for kind, line in enumerate(lines):
                    values[kind, row, column] = _half(curve["size"].values, np.asarray(line))
        dims, at = ("keys", "target"), {"keys": curve["keys"].values, "target": ["f1", "f2"]}
        found[model] = xarray.Dataset(
            {"simulated": (dims, values[0]), "theory": (dims, values[1])}, at
        )
    return found


def _half(sizes: np.ndarray, errors: np.ndarray) -> float:
    below = np.flatnonzero(errors <= 0.5)
    if not len(below) or not below[0]:
        return float("nan")
    at = slice(below[0] - 1, below[0] + 1)
    logs = np.log(errors[at])[::-1], np.log(sizes[at])[::-1]
    return float(np.exp(np.interp(np.log(0.5), *logs)))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Samples for half of a level against the number of keys; norms against N and d."""
    half, found = evidence.table(thresholds).half, evidence.table(complexities)
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.6))
    measured = crossings(evidence)
    _samples(left, half, measured)
    _by_keys(middle, found)
    _by_dimension(right, found)
    for axes, ticks in ((left, KEYS), (middle, KEYS[:4]), (right, DIMENSIONS)):
        axes.set(xscale="log", yscale="log")
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
    middle.set_xlim(3.6, 52)
    drawing.legend(handles=_handles(), loc="outside lower center", ncols=4)
    right.legend()
    return drawing, {
        "keys": KEYS,
        "half": half.values,
        "network": found.network.values,
        "dimension": DIMENSIONS,
        "attention": found.attention.values,
        "samples to error .5": {
            model: {"keys": v["keys"], "simulated": v.simulated, "theory": v.theory}
            for model, v in measured.items()
        },
    }


def _samples(left: Axes, half: xarray.DataArray, measured: dict[str, xarray.Dataset]) -> None:
    for model, color in (("RFA", BLUE), ("RFMLP", ORANGE)):
        for degree, mark in ((1, "s"), (2, "D")):
            values = half.sel(model=model, degree=degree)
            left.plot(KEYS, values, color=color, marker=mark, ms=3, **THEORY)
    for model, color in (("RFA", BLUE), ("RFMLP", ORANGE)):
        for target, marker in (("f1", "s"), ("f2", "D")):
            at = measured[model].sel(target=target)
            left.plot(at["keys"], at.simulated, marker, color=color, mfc="none", ms=6)
            left.plot(at["keys"], at.theory, "x", color=color, ms=5)
    left.set(xlabel="number of keys N", ylabel="samples for a half", title="$d=8$")


def _handles() -> list[Line2D]:
    """What the first two panels' colours and marks stand for."""
    alone: dict[str, Any] = {"color": GREY, "ls": "none"}
    return [
        Line2D([], [], color=BLUE, label="RFA, exact theory", **THEORY),
        Line2D([], [], color=ORANGE, label="RFMLP, exact theory", **THEORY),
        Line2D([], [], marker="s", ms=3, label="degree 1", **alone),
        Line2D([], [], marker="D", ms=3, label="degree 2", **alone),
        Line2D([], [], marker="s", mfc="none", ms=5, label="$f_1$ at .5, simulated", **alone),
        Line2D([], [], marker="D", mfc="none", ms=5, label="$f_2$ at .5, simulated", **alone),
        Line2D([], [], marker="x", ms=5, label="the same, finite width", **alone),
        Line2D([], [], label="bounds", **LIMIT),
    ]


def _by_keys(middle: Axes, found: xarray.Dataset) -> None:
    for p in range(1, 6):
        middle.plot(found["keys"], found.network.sel(power=p),
                    color=ORANGE, marker="o", ms=3, alpha=0.3 + 0.14 * p, **THEORY)  # fmt: skip
        end = float(found.network.sel(power=p)[-1])
        middle.text(34, end, f"$p={p}$", fontsize=7, va="center")
        flat = norms.squared_norm(
            spectra.monomial_energies(p, False, Setting(8, 8)), spectra.rfa_spectrum(Setting(8, 8))
        )
        middle.axhline(flat, color=BLUE, alpha=0.3 + 0.14 * p, **THEORY)
    middle.set(
        xlabel="number of keys N", ylabel="$B(f_p)$", title="norms of $f_p$; RFA's have no $N$"
    )


def _by_dimension(right: Axes, found: xarray.Dataset) -> None:
    for p, color, mark in ((1, "black", "o"), (2, GREEN, "s"), (3, PURPLE, "^")):
        values = found.attention.sel(degree=p)
        right.plot(DIMENSIONS, values, color=color, marker=mark, ms=3, label=f"$g_{p}$", **THEORY)
        bound = [norms.tensor_bound(p, p + 1) * d**p for d in DIMENSIONS]
        right.plot(DIMENSIONS, bound, **LIMIT)
    right.set(xlabel="dimension d", ylabel="$B_{RFA}(g_p)$", title="RFA's norms of $g_p$")


def _norms(model: str) -> Callable[[Evidence], tuple[xarray.Dataset, xarray.Dataset]]:
    return lambda e: (e.table(lifting, model=model), e.table(growing_norm))


def _complexities(evidence: Evidence) -> tuple[xarray.Dataset]:
    return (evidence.table(complexities),)


FIGURE = Figure(
    "complexity",
    "What a target costs: attention does not pay for the number of keys",
    "Our preset. Dashed, exact theory. Left, samples at which half of a level of degree one or two "
    "in "
    "the keys is learnt, infinite width: RFA's hardly move with N, RFMLP's grow as N^degree. "
    "Open marks, samples at which the simulated relative error of f_1 or f_2 is .5, where it "
    "falls so far; crosses, the same from the theory of finite width. Middle, "
    "squared RKHS norms of f_p, RFMLP's against RFA's, which are the same for every N. Right, "
    "RFA's norms of g_p grow as d^p, below their bounds (dotted).",
    draw,
    ("C-RFA-12", "C-RFA-13", "C-RFA-14", "C-RFA-15", "C-RFA-16", "C-RFA-24"),
)
CHECKS = (
    Check("C-RFA-12", norm_of_keys, _norms("attention"), _norms("network")),
    Check(
        "C-RFA-13",
        tensor_bounded,
        lambda e: (e.table(tensor_bounds, broken=False),),
        lambda e: (e.table(tensor_bounds, broken=True),),
    ),
    Check("C-RFA-14", bound_growth, lambda e: (3.0,), lambda e: (4.0,)),
    Check(
        "C-RFA-15",
        query_price,
        _complexities,
        lambda e: rolled_norms(e, "attention", "degree"),
    ),
    Check("C-RFA-16", network_price, _complexities, lambda e: rolled_norms(e, "network", "power")),
    Check("C-RFA-24", free_of_keys, lambda e: (e.table(thresholds),), swapped_thresholds),
)
