"""Sample complexity and norms: how the models' exponents differ (E4, E6)."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rf_attention.readings import NAMES, Predictor, energies, last
from figures.style import BLUE, GREEN, GREY, ORANGE, PAGE, THEORY
from sims.rf_attention.experiment import PENALTIES
from theory.claims import State, Verdict
from theory.rf_attention import curves, norms, spectra
from theory.rf_attention.setting import Setting

KEYS = (4, 8, 16, 32, 64)
DIMENSIONS = (8, 16, 32, 64)


def thresholds() -> xarray.Dataset:
    """C-RFA-24, E4: samples to learn half of the levels of degree 1 and 2 in the keys, d = 8.

    Returns:
        `half` (model, degree, keys).
    """
    found = np.empty((2, 2, len(KEYS)))
    for column, keys in enumerate(KEYS):
        setting = Setting(8, keys)
        models = spectra.rfa_spectrum(setting), spectra.rfmlp_spectrum(setting)
        for degree in (1, 2):
            for row, (spectrum, level) in enumerate(
                zip(models, ((0, degree), (degree,)), strict=True)
            ):
                found[row, degree - 1, column] = curves.half_learnt(spectrum, level)
    return xarray.Dataset(
        {"half": (("model", "degree", "keys"), found)},
        {"model": ["RFA", "RFMLP"], "degree": [1, 2], "keys": list(KEYS)},
    )


def crossings(evidence: Evidence) -> dict[str, xarray.Dataset]:
    """E4: training sizes at which the relative error of f_1 and f_2 falls to a half, d = 8.

    Interpolated in log n and log error between training sizes, at the best penalty of each; not a
    number where the error does not fall so far.

    Returns:
        By model, `simulated` and `theory` (keys, target).
    """
    found = {}
    for model, name in (("RFA", "keys"), ("RFMLP", "keys_rfmlp")):
        training = evidence.sweep(f"rf_attention.{name}")
        curve, heads = last(training), int(training.attrs["heads"])
        values = np.full((2, curve.sizes["keys"], 2), np.nan)
        for row, keys in enumerate(curve["keys"].values):
            setting = Setting(int(training.attrs["dimension"]), int(keys))
            theory = Predictor(evidence, model, setting, heads, "scalar")
            for column, target in enumerate(("f1", "f2")):
                parts = energies(target, setting)
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


def complexities() -> xarray.Dataset:
    """B of f_p by number of keys (RFMLP, d = 8), of g_p by dimension (RFA, 8 keys)."""
    keys = KEYS[:4]
    network = np.empty((5, len(keys)))
    for column, count in enumerate(keys):
        setting = Setting(8, count)
        spectrum = spectra.rfmlp_spectrum(setting)
        for p in range(1, 6):
            parts = spectra.as_partitions(spectra.monomial_energies(p, False, setting))
            network[p - 1, column] = norms.squared_norm(parts, spectrum)
    attention = np.empty((3, len(DIMENSIONS)))
    for column, dimension in enumerate(DIMENSIONS):
        setting = Setting(dimension, 8)
        spectrum = spectra.rfa_spectrum(setting)
        for p in (1, 2, 3):
            parts = spectra.monomial_energies(p, True, setting)
            attention[p - 1, column] = norms.squared_norm(parts, spectrum)
    values = {"network": (("power", "keys"), network)}
    values |= {"attention": (("degree", "dimension"), attention)}
    at = {"power": range(1, 6), "keys": list(keys), "degree": [1, 2, 3]}
    return xarray.Dataset(values, {**at, "dimension": list(DIMENSIONS)})


def free_of_keys(found: xarray.Dataset) -> Verdict:
    """C-RFA-24: growth of RFA's thresholds with the number of keys, exponents of RFMLP's."""
    growth = found.half.sel(model="RFA", keys=64) / found.half.sel(model="RFA", keys=4)
    ends = found.half.sel(model="RFMLP", keys=[16, 64]).values
    slopes = np.log(ends[:, 1] / ends[:, 0]) / np.log(4)
    good = (
        float(growth.sel(degree=1)) <= 2
        and float(growth.sel(degree=2)) <= 1.4
        and abs(slopes[0] - 1) <= 0.1
        and abs(slopes[1] - 1.9) <= 0.15
    )
    detail = {f"RFMLP exponent, degree {b}": float(slopes[b - 1]) for b in (1, 2)}
    detail |= {f"RFA growth, degree {b}": float(growth.sel(degree=b)) for b in (1, 2)}
    expected = "RFA from 4 to 64 keys <= 2, 1.4; RFMLP exponents 1 +- .1, 1.9 +- .15"
    return _exact("C-RFA-24", float(growth.max()), "growth of RFA's threshold", expected,
                  bool(good), detail)  # fmt: skip


def query_price(found: xarray.Dataset) -> Verdict:
    """C-RFA-15: exponents of B_RFA(g_p) in the dimension."""
    last = found.attention.sel(dimension=[32, 64]).values
    slopes = np.log(last[:, 1] / last[:, 0]) / np.log(2)
    apart = np.abs(slopes - np.array([1, 2, 3]))
    detail = {f"p = {p}": float(slopes[p - 1]) for p in (1, 2, 3)}
    return _exact("C-RFA-15", float(apart.max()), "largest |exponent - p|, d = 32 to 64",
                  "<= .1", bool(apart.max() <= 0.1), detail)  # fmt: skip


def network_price(found: xarray.Dataset) -> Verdict:
    """C-RFA-16: exponents of B_RFMLP(f_p) in the number of keys."""
    last = found.network.sel(keys=[16, 32]).values
    slopes = np.log(last[:, 1] / last[:, 0]) / np.log(2)
    limits = ((-0.15, 0.05), (0.7, 1.0), (2.4, 3.0), (2.4, 3.0), (4.2, 5.0))
    inside = [low <= s <= high for s, (low, high) in zip(slopes, limits, strict=True)]
    detail = {f"p = {p}": float(slope) for p, slope in enumerate(slopes, 1)}
    expected = "p = 1 .. 5 in " + ", ".join(f"[{a:g}, {b:g}]" for a, b in limits)
    return _exact("C-RFA-16", float(slopes[1]), "exponent for p = 2, N = 16 to 32", expected,
                  bool(all(inside)), detail)  # fmt: skip


def bound_growth(rate: float) -> Verdict:
    """C-RFA-14: how the bounds 1/qt grow with the power.

    Args:
        rate: base of the exponential that 1/qt_0p is divided by.
    """
    powers = np.arange(5, 16)
    plain = np.array([norms.tensor_bound(0, int(p)) for p in powers])
    weighted = np.array([norms.tensor_bound(int(p), int(p) + 1) for p in powers])
    slope = float(np.polyfit(np.log(powers), np.log(weighted), 1)[0])
    constants = (plain / (rate**powers * powers**2.5))[1:]
    good = abs(slope - 3.1) <= 0.3 and constants.min() >= 2.5 and constants.max() <= 5
    detail = {"least constant": float(constants.min()), "largest": float(constants.max())}
    expected = "log-log slope of 1/qt_{p,p+1} 3.1 +- .3; (1/qt_{0p})/(3^p p^2.5) in [2.5, 5]"
    return _exact("C-RFA-14", slope, "slope over p = 5 .. 15", expected, bool(good), detail)


def _exact(
    claim: str, value: float, method: str, expected: str, good: bool, detail: dict[str, float]
) -> Verdict:
    state: State = "holds" if good else "fails"
    return Verdict(claim, value, None, method, expected, state, detail)


def sample_complexity(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """E4: samples for half of a level against the number of keys; E6: norms against N, d."""
    half, found = evidence.table(thresholds).half, evidence.table(complexities)
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.6))
    for model, color in (("RFA", BLUE), ("RFMLP", ORANGE)):
        for degree, style in ((1, "-"), (2, "--")):
            values = half.sel(model=model, degree=degree)
            left.plot(KEYS, values, color=color, ls=style, marker="o", ms=3,
                      label=f"{model}, degree {degree}")  # fmt: skip
    measured = crossings(evidence)
    for model, color in (("RFA", BLUE), ("RFMLP", ORANGE)):
        for target, marker in (("f1", "s"), ("f2", "D")):
            at = measured[model].sel(target=target)
            left.plot(at["keys"], at.simulated, marker, color=color, mfc="none", ms=6)
            left.plot(at["keys"], at.theory, "x", color=color, ms=5)
    left.plot([], [], "s", color=GREY, mfc="none", ms=5, label="$f_1$ at .5, simulated")
    left.plot([], [], "D", color=GREY, mfc="none", ms=5, label="$f_2$ at .5, simulated")
    left.plot([], [], "x", color=GREY, ms=5, label="the same, theory")
    left.set(xlabel="number of keys N", ylabel="samples for a half", title="$d=8$")
    for p in range(1, 6):
        middle.plot(found["keys"], found.network.sel(power=p),
                    color=ORANGE, marker="o", ms=3, alpha=0.3 + 0.14 * p)  # fmt: skip
        end = float(found.network.sel(power=p)[-1])
        middle.text(34, end, f"$p={p}$", fontsize=6, va="center")
        flat = norms.squared_norm(
            spectra.monomial_energies(p, False, Setting(8, 8)), spectra.rfa_spectrum(Setting(8, 8))
        )
        middle.axhline(flat, color=BLUE, lw=1, alpha=0.3 + 0.14 * p)
    middle.set(xlabel="number of keys N", ylabel="$B(f_p)$", title="RFA (blue) has no $N$")
    for p, color in ((1, BLUE), (2, GREEN), (3, ORANGE)):
        values = found.attention.sel(degree=p)
        right.plot(DIMENSIONS, values, color=color, marker="o", ms=3, label=f"$g_{p}$")
        bound = [norms.tensor_bound(p, p + 1) * d**p for d in DIMENSIONS]
        right.plot(DIMENSIONS, bound, color=color, **THEORY)
    right.set(xlabel="dimension d", ylabel="$B_{RFA}(g_p)$", title="bounds dashed")
    for axes, ticks in ((left, KEYS), (middle, KEYS[:4]), (right, DIMENSIONS)):
        axes.set(xscale="log", yscale="log")
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
    middle.set_xlim(3.6, 52)
    left.set_ylim(top=1e7)
    left.legend(fontsize=5, handlelength=3)
    right.legend(fontsize=6)
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


def _swapped(evidence: Evidence) -> tuple[xarray.Dataset]:
    found = evidence.table(thresholds)
    return (found.assign_coords(model=found.model.values[::-1]),)


def _rolled(evidence: Evidence, name: str) -> tuple[xarray.Dataset]:
    """Powers given each other's norms."""
    found = evidence.table(complexities)
    dimension = "degree" if name == "attention" else "power"
    return (found.assign({name: found[name].roll({dimension: 1})}),)


FIGURES = (
    Figure(
        "complexity",
        "What a target costs: attention does not pay for the number of keys",
        "Our preset. Left, exact theory: samples at which half of a level of degree one or two in "
        "the keys is learnt, infinite width: RFA's hardly move with N, RFMLP's grow as N^degree. "
        "Open marks, samples at which the simulated relative error of f_1 or f_2 is .5, where it "
        "falls so far; crosses, the same from the theory of finite width. Middle, exact: "
        "squared RKHS norms of f_p, RFMLP's against RFA's, which are the same for every N. Right, "
        "RFA's norms of g_p grow as d^p, below their bounds (dashed).",
        sample_complexity,
        ("C-RFA-12", "C-RFA-13", "C-RFA-14", "C-RFA-15", "C-RFA-16", "C-RFA-24"),
    ),
)
CHECKS = (
    Check("C-RFA-14", bound_growth, lambda e: (3.0,), lambda e: (4.0,)),
    Check(
        "C-RFA-15",
        query_price,
        lambda e: (e.table(complexities),),
        lambda e: _rolled(e, "attention"),
    ),
    Check(
        "C-RFA-16",
        network_price,
        lambda e: (e.table(complexities),),
        lambda e: _rolled(e, "network"),
    ),
    Check("C-RFA-24", free_of_keys, lambda e: (e.table(thresholds),), _swapped),
)
