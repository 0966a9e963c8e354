"""Kernels of finitely many heads, their spectra over samples, and norms with a mean."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rf_attention.broken import swapped_prices
from figures.rf_attention.measured.costs import DIMENSIONS, cheapest
from figures.rf_attention.measured.kernels import HEADS, kernel_errors
from figures.rf_attention.measured.spectra import network_levels, traces
from figures.rf_attention.palette import COLORS, MARKERS
from figures.rf_attention.readings import levels
from figures.statistics import Estimate, exact, judge, largest, mean
from figures.style import BLUE, GREEN, ORANGE, PAGE, THEORY, band, plain_ticks
from theory.claims import Claim, Verdict


def unbiased(claim: Claim, found: xarray.Dataset, bias: float) -> Verdict:
    """C-RFA-6: log-log slope of the kernels' errors in M; a bias would stop their fall.

    Args:
        bias: added to the kernels, relative to their size.
    """
    rms = np.sqrt(found.rms**2 + (bias * found["size"]) ** 2).transpose("model", "draw", "heads")
    logs = np.log(found.heads.values)
    parts: dict[str, Estimate] = {}
    for model, values in zip(found.model.values, rms.values, strict=True):
        parts[f"slope, {model}"] = mean(np.polyfit(logs, np.log(values).T, 1)[0])
    middle = sum(claim.bound("slope")) / 2
    farthest = max(parts, key=lambda name: abs(parts[name].value - middle))
    return judge(claim, parts, shown=farthest)


def rfa_levels(claim: Claim, identity: xarray.Dataset, found: xarray.Dataset) -> Verdict:
    """C-RFA-9: the trace, and levels above 1e-3 of the largest over a pool."""
    large = found.where(found.theory > 1e-3 * found.theory.max(), drop=True)
    apart = abs(large.found / large.theory - 1)
    parts = {"levels": largest(apart.values, "levels from a pool's")}
    return judge(claim, {**parts, "traces": largest(identity.error.values, "sizes")})


def rfmlp_levels(claim: Claim, identity: xarray.Dataset, found: xarray.Dataset) -> Verdict:
    """C-RFA-10: levels against a quadrature, and over a pool () and (1) and degree 2 as one."""
    ratio = found.found / found.theory
    first = abs(ratio.where(found.degree < 2, drop=True) - 1)
    second = found.where(found.degree == 2, drop=True)
    # Levels of one degree lie close, and a pool's eigenvectors mix them.
    sums = [(second[name] * second.multiplicity).sum() for name in ("found", "theory")]
    parts = {
        "() and (1)": largest(first.values, "relative differences from a pool's"),
        "degree 2, pooled": exact(abs(float(sums[0] / sums[1]) - 1), "relative difference"),
        "quadrature": largest(identity.error.values, "relative differences from quadrature"),
    }
    return judge(claim, parts)


def free_of_dimension(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RFA-17: exponents in the dimension of what g_1 costs."""
    logs = np.log(found.norm)
    method = f"exponent over d = {DIMENSIONS[0]} .. {DIMENSIONS[-1]}"
    parts = {
        model: exact(np.polyfit(np.log(DIMENSIONS), logs.sel(model=model), 1)[0], method)
        for model in ("BRFA", "RFA")
    }
    detail = {
        f"{model}, d = {d}": float(found.norm.sel(model=model, dimension=d))
        for model in ("RFA", "BRFA")
        for d in DIMENSIONS
    }
    return judge(claim, parts, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Left, kernels' errors against M; middle, spectra over a pool; right, norms against d."""
    errors, price = evidence.table(kernel_errors), evidence.table(cheapest).norm
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.6))
    for model in errors.model.values:
        values = errors.rms.sel(model=model).values
        band(left, np.array(HEADS), values, COLORS[str(model)], str(model), MARKERS[str(model)])
    start = float(errors.rms.isel(heads=0).mean())
    left.plot(HEADS, start * np.sqrt(HEADS[0] / np.array(HEADS)), color="black",
              label="$M^{-1/2}$", **THEORY)  # fmt: skip
    left.set(xlabel="heads M", ylabel="root mean square error", title="kernel of M heads")
    left.set_xscale("log")
    numbers: dict[str, Any] = {"heads": HEADS, "rms": errors.rms.mean("draw")}
    for name, model, color in (("rf_attention.spectrum", "attention", BLUE),
                               ("rf_attention.spectrum_rfmlp", "network", ORANGE)):  # fmt: skip
        found = levels(evidence.sweep(name), model)
        label = "RFA" if model == "attention" else "RFMLP"
        shown = found.isel(level=slice(0, 10))
        middle.plot(shown.theory, shown.found, MARKERS[label], color=color, ms=3.5, label=label)
        numbers[f"levels {label}"] = {"theory": found.theory, "found": found.found}
    ends = [1e-6, 1]
    middle.plot(ends, ends, color="black", label="equal", **THEORY)
    middle.set(xscale="log", xlabel="eigenvalue, theory", ylabel="mean over a pool's",
               title="spectra, $d=4$, $N=3$")  # fmt: skip
    for model, color in (("RFA", BLUE), ("BRFA", GREEN)):
        right.plot(
            DIMENSIONS,
            price.sel(model=model),
            MARKERS[model],
            ls="-",
            color=color,
            ms=3,
            label=model,
        )
    right.plot(DIMENSIONS, float(price[0, 0]) * np.array(DIMENSIONS) / 8, color="black",
               label="$d^1$", **THEORY)  # fmt: skip
    right.set_xscale("log")
    right.set(xlabel="dimension d", ylabel="squared norm", title="within 10 % of $g_1$")
    for axes in (left, middle, right):
        axes.set_yscale("log")
        axes.legend()
    plain_ticks(left, HEADS)
    plain_ticks(right, DIMENSIONS)
    return drawing, {**numbers, "dimension": DIMENSIONS, "norm": price}


def _rfa(evidence: Evidence, broken: bool = False) -> tuple[xarray.Dataset, xarray.Dataset]:
    found = levels(evidence.sweep("rf_attention.spectrum"), "attention")
    return evidence.table(traces, broken=broken), found


def _rfmlp(evidence: Evidence, broken: bool = False) -> tuple[xarray.Dataset, xarray.Dataset]:
    found = levels(evidence.sweep("rf_attention.spectrum_rfmlp"), "network")
    return evidence.table(network_levels, broken=broken), found


FIGURE = Figure(
    "kernels",
    "Kernels: many heads, exact levels, and what a mean of the weights buys",
    "Our preset. Left, error of the kernel of M heads (RFMLP: as many units) against the exact "
    "one over 40 samples, d = 8, N = 4, mean and 95 % band over draws. Middle, exact "
    "eigenvalues of the leading ten levels against the means of as many eigenvalues of a Gram "
    "matrix; the small ones are spread by the finite pool. Right, squared norm of the "
    "cheapest function within relative squared error .1 of g_1: RFA pays the dimension, BRFA "
    "(w0 = 1) hardly. Dashed, what theory has: the rate M^(-1/2), equality, the power d.",
    draw,
    ("C-RFA-6", "C-RFA-9", "C-RFA-10", "C-RFA-17"),
)
CHECKS = (
    Check(
        "C-RFA-6",
        unbiased,
        lambda e: (e.table(kernel_errors), 0.0),
        lambda e: (e.table(kernel_errors), 0.05),
        slow=True,
    ),
    Check("C-RFA-9", rfa_levels, _rfa, lambda e: _rfa(e, broken=True), slow=True),
    Check("C-RFA-10", rfmlp_levels, _rfmlp, lambda e: _rfmlp(e, broken=True), slow=True),
    Check("C-RFA-17", free_of_dimension, lambda e: (e.table(cheapest),), swapped_prices),
)
