"""Kernels of finitely many heads, their spectra over samples, and norms with a mean (E6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rf_attention.identities import network_levels, traces
from figures.rf_attention.readings import COLORS, energies, setting_of
from figures.statistics import decide, mean, verdict, worst
from figures.style import BLUE, GREEN, GREY, ORANGE, PAGE, THEORY, band
from sims.rf_attention.data import sample_inputs
from sims.rf_attention.features import Scales, gram
from theory.claims import State, Verdict
from theory.rf_attention import kernels, norms, spectra, vector_sector
from theory.rf_attention.setting import Setting

HEADS = (100, 400, 1600, 6400)
_BLOCK, _DRAWS, _POINTS = 100, 40, 40
DIMENSIONS = (8, 16, 32, 64)


def kernel_errors() -> xarray.Dataset:
    """C-RFA-6: kernels of M heads against the exact ones, d = 8, N = 4, 40 samples, 40 draws.

    Returns:
        `rms` error over entries (draw, model, heads) of nested heads, and `size`, the exact
        kernels' root mean square (model).
    """
    setting = Setting(8, 4)
    with jax.enable_x64(True):
        inputs = sample_inputs(jax.random.key(0, impl="threefry2x32"), _POINTS, 8, 4)
        pair = np.asarray(inputs.query), np.asarray(inputs.keys)
        rms, sizes = np.empty((_DRAWS, 3, len(HEADS))), []
        for column, (model, w0) in enumerate((("attention", 0.0), ("attention", 1.0),
                                              ("network", 0.0))):  # fmt: skip
            if model == "network":
                exact = kernels.rfmlp_kernel(pair, pair, setting)
            else:
                exact = kernels.rfa_kernel(pair, pair, setting, w0)
            sizes.append(float(np.sqrt(np.mean(exact**2))))

            def part(key: jax.Array, model: str = model, w0: float = w0) -> jax.Array:
                options: dict[str, Any] = {"model": model, "scales": Scales(w0)}
                return gram(key, inputs, _POINTS, heads=_BLOCK, block=_BLOCK, **options)

            run = jax.jit(lambda keys, part=part: jax.lax.map(part, keys))
            for draw in range(_DRAWS):
                key = jax.random.fold_in(jax.random.key(1, impl="threefry2x32"), 10 * draw + column)
                parts = np.asarray(run(jax.random.split(key, HEADS[-1] // _BLOCK)))
                sums = np.cumsum(parts, axis=0)
                for row, heads in enumerate(HEADS):
                    count = heads // _BLOCK
                    error = sums[count - 1] / count - exact
                    rms[draw, column, row] = np.sqrt(np.mean(error**2))
    at = {"model": ["RFA", "BRFA", "RFMLP"], "heads": list(HEADS)}
    found = {"rms": (("draw", "model", "heads"), rms), "size": (("model",), sizes)}
    return xarray.Dataset(found, at)


def unbiased(found: xarray.Dataset, bias: float) -> Verdict:
    """C-RFA-6: log-log slope of the kernels' errors in M; a bias would stop their fall.

    Args:
        bias: added to the kernels, relative to their size.
    """
    rms = np.sqrt(found.rms**2 + (bias * found["size"]) ** 2).transpose("model", "draw", "heads")
    logs = np.log(found.heads.values)
    states: list[State] = []
    detail, farthest = {}, mean(np.array([-0.5, -0.5]))
    for model, values in zip(found.model.values, rms.values, strict=True):
        slope = mean(np.polyfit(logs, np.log(values).T, 1)[0])
        states.append(decide(slope, -0.57, -0.43))
        detail[str(model)] = slope.value
        farthest = max(farthest, slope, key=lambda part: abs(part.value + 0.5))
    return verdict("C-RFA-6", farthest, "-.5 +- .07, three models", worst(*states), detail)


def levels(pool: xarray.Dataset, model: str) -> xarray.Dataset:
    """Theory's eigenvalues in falling order, and the means of as many of a pool's.

    Returns:
        `theory`, `found`, `multiplicity` (level).
    """
    setting = setting_of(pool)
    of = spectra.rfmlp_spectrum if model == "network" else spectra.rfa_spectrum
    spectrum = of(setting)
    order = np.argsort(-spectrum.eigenvalues)[:16]
    values = pool.eigenvalue.isel(step=-1).mean("seed").values
    at, means = 0, []
    for index in order:
        count = int(spectrum.multiplicities[index])
        means.append(values[at : at + count].mean() if at + count <= len(values) else np.nan)
        at += count
    dims = ("level",)
    found = {"theory": (dims, spectrum.eigenvalues[order]), "found": (dims, means)}
    found["multiplicity"] = (dims, spectrum.multiplicities[order])
    degrees = [sum(spectrum.levels[index]) for index in order]
    return xarray.Dataset({**found, "degree": (dims, degrees)})


def rfa_levels(identity: xarray.Dataset, found: xarray.Dataset) -> Verdict:
    """C-RFA-9: the trace, and levels above 1e-3 of the largest over a pool."""
    large = found.where(found.theory > 1e-3 * found.theory.max(), drop=True)
    apart = float(abs(large.found / large.theory - 1).max())
    trace = float(identity.error.max())
    state: State = "holds" if trace <= 1e-4 and apart <= 0.08 else "fails"
    method = f"largest relative difference of {large.sizes['level']} levels from a pool's"
    detail = {"relative difference of traces": trace}
    return Verdict("C-RFA-9", apart, None, method, "<= .08; traces <= 1e-4", state, detail)


def rfmlp_levels(identity: xarray.Dataset, found: xarray.Dataset) -> Verdict:
    """C-RFA-10: levels against a quadrature, and over a pool () and (1) and degree 2 as one."""
    ratio = found.found / found.theory
    first = float(abs(ratio.where(found.degree < 2, drop=True) - 1).max())
    second = found.where(found.degree == 2, drop=True)
    # Levels of one degree lie close, and a pool's eigenvectors mix them.
    sums = [(second[name] * second.multiplicity).sum() for name in ("found", "theory")]
    pooled = abs(float(sums[0] / sums[1]) - 1)
    exact = float(identity.error.max())
    state: State = "holds" if exact <= 1e-6 and first <= 0.02 and pooled <= 0.05 else "fails"
    detail = {"degree 2, pooled": pooled, "largest from quadrature": exact}
    expected = "() and (1) <= .02 and degree 2 <= .05 over a pool; <= 1e-6 from quadrature"
    method = "larger relative difference of () and (1) from a pool's"
    return Verdict("C-RFA-10", first, None, method, expected, state, detail)


def cheapest() -> xarray.Dataset:
    """C-RFA-17: squared norm of the cheapest function within a tenth of g_1, by dimension.

    Returns:
        `norm` (model, dimension): RFA's from its exact levels, BRFA's at w0 = 1 by Monte Carlo.
    """
    found = np.empty((2, len(DIMENSIONS)))
    for column, dimension in enumerate(DIMENSIONS):
        setting = Setting(dimension, 1)
        spectrum, parts = spectra.rfa_spectrum(setting), energies("g1", setting)
        lam = np.array([spectrum.at(level) for level in parts])
        found[0, column] = norms.least_norm(lam, np.array(list(parts.values())), 0.1)
        found[1, column] = norms.least_norm(*vector_sector.first_weighted(dimension, 1.0), 0.1)
    at = {"model": ["RFA", "BRFA"], "dimension": list(DIMENSIONS)}
    return xarray.Dataset({"norm": (("model", "dimension"), found)}, at)


def free_of_dimension(found: xarray.Dataset) -> Verdict:
    """C-RFA-17: exponents in the dimension of what g_1 costs."""
    logs = np.log(found.norm)
    slopes = {
        str(model): float(np.polyfit(np.log(DIMENSIONS), logs.sel(model=model), 1)[0])
        for model in found.model.values
    }
    good = abs(slopes["RFA"] - 0.98) <= 0.08 and slopes["BRFA"] < 0.25
    detail: dict[str, float] = {f"exponent, {model}": slope for model, slope in slopes.items()}
    detail |= {
        f"{m}, d = {d}": float(found.norm.sel(model=m, dimension=d))
        for m in slopes
        for d in DIMENSIONS
    }
    state: State = "holds" if good else "fails"
    method = "BRFA's exponent over d = 8 .. 64"
    return Verdict("C-RFA-17", slopes["BRFA"], None, method, "< .25; RFA's .98 +- .08", state,
                   detail)  # fmt: skip


def kernels_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Left, kernels' errors against M; middle, spectra over a pool; right, norms against d."""
    errors, price = evidence.table(kernel_errors), evidence.table(cheapest).norm
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.6))
    for model in errors.model.values:
        values = errors.rms.sel(model=model).values
        band(left, np.array(HEADS), values, COLORS[str(model)], str(model))
    start = float(errors.rms.isel(heads=0).mean())
    left.plot(HEADS, start * np.sqrt(HEADS[0] / np.array(HEADS)), color="black",
              label="$M^{-1/2}$", **THEORY)  # fmt: skip
    left.set(xlabel="heads M", ylabel="root mean square error", title="kernel of M heads")
    left.set_xscale("log")
    left.set_xticks(HEADS, [str(heads) for heads in HEADS])
    left.minorticks_off()
    numbers: dict[str, Any] = {"heads": HEADS, "rms": errors.rms.mean("draw")}
    for name, model, color in (("spectrum", "attention", BLUE),
                               ("spectrum_rfmlp", "network", ORANGE)):  # fmt: skip
        found = levels(evidence.sweep(f"rf_attention.{name}"), model)
        label = "RFA" if model == "attention" else "RFMLP"
        shown = found.isel(level=slice(0, 10))
        middle.plot(shown.theory, shown.found, "o", color=color, ms=3.5, label=label)
        numbers[f"levels {label}"] = {"theory": found.theory, "found": found.found}
    ends = [1e-6, 1]
    middle.plot(ends, ends, color="black", label="equal", **THEORY)
    middle.set(xscale="log", xlabel="eigenvalue, theory", ylabel="mean over a pool's",
               title="spectra, $d=4$, $N=3$")  # fmt: skip
    for model, color in (("RFA", BLUE), ("BRFA", GREEN)):
        right.plot(DIMENSIONS, price.sel(model=model), "o-", color=color, ms=3, label=model)
    right.plot(DIMENSIONS, float(price[0, 0]) * np.array(DIMENSIONS) / 8, color=GREY,
               label="$d^1$", **THEORY)  # fmt: skip
    right.set_xscale("log")
    right.set(xlabel="dimension d", ylabel="squared norm", title="within 10 % of $g_1$")
    right.set_xticks(DIMENSIONS, [str(d) for d in DIMENSIONS])
    right.minorticks_off()
    for axes in (left, middle, right):
        axes.set_yscale("log")
        axes.legend(fontsize=6)
    return drawing, {**numbers, "dimension": DIMENSIONS, "norm": price}


def _spectral(
    table: Callable[..., xarray.Dataset], sweep: str, model: str, broken: bool
) -> Callable[[Evidence], tuple[xarray.Dataset, xarray.Dataset]]:
    def findings(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
        found = levels(evidence.sweep(f"rf_attention.{sweep}"), model)
        return evidence.table(table, broken=broken), found

    return findings


FIGURES = (
    Figure(
        "kernels",
        "Kernels: many heads, exact levels, and what a mean of the weights buys",
        "Our preset. Left, error of the kernel of M heads (RFMLP: as many units) against the exact "
        "one over 40 samples, d = 8, N = 4, mean and 95 % band over draws. Middle, exact "
        "eigenvalues of the leading ten levels against the means of as many eigenvalues of a Gram "
        "matrix; the small ones are spread by the finite pool. Right, squared norm of the "
        "cheapest function within relative squared error .1 of g_1: RFA pays the dimension, BRFA "
        "(w0 = 1) hardly.",
        kernels_figure,
        ("C-RFA-6", "C-RFA-9", "C-RFA-10", "C-RFA-17"),
    ),
)
_PRESETS = ("quick", "paper")
CHECKS = (
    Check(
        "C-RFA-6",
        unbiased,
        lambda e: (e.table(kernel_errors), 0.0),
        lambda e: (e.table(kernel_errors), 0.05),
    ),
    Check(
        "C-RFA-9",
        rfa_levels,
        _spectral(traces, "spectrum", "attention", False),
        _spectral(traces, "spectrum", "attention", True),
        _PRESETS,
    ),
    Check(
        "C-RFA-10",
        rfmlp_levels,
        _spectral(network_levels, "spectrum_rfmlp", "network", False),
        _spectral(network_levels, "spectrum_rfmlp", "network", True),
        _PRESETS,
    ),
    Check(
        "C-RFA-17",
        free_of_dimension,
        lambda e: (e.table(cheapest),),
        lambda e: (e.table(cheapest).assign_coords(model=["BRFA", "RFA"]),),
    ),
)
