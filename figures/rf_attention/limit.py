"""Learning curves of infinitely many heads, which are known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.rf_attention.curves import Line, panels
from figures.rf_attention.measured.costs import omniscient_bound
from figures.rf_attention.readings import (
    Curves,
    Formula,
    beyond,
    limit_curves,
    oracle,
    predicted,
    setting_of,
)
from figures.statistics import Part, exact, judge, largest
from figures.style import LIMIT, THEORY
from theory.claims import Claim, Verdict
from theory.rf_attention import norms, spectra
from theory.rf_attention.targets import NAMES, target_energies

# Relative errors below this are those of a test set, not of the fit.
RESOLVED = 0.02


def infinite_width(claim: Claim, found: Curves, theory: dict[str, xarray.DataArray]) -> Verdict:
    """C-RFA-18: kernel ridge regression with the exact kernels against the omniscient risk."""
    parts: dict[str, Part] = {}
    apart = []
    for model, curve in found.items():
        errors = oracle(curve)
        apart.append(abs(errors.mean("seed") / theory[model] - 1).values.ravel())
        large = beyond(errors.where(errors.mean("seed") > RESOLVED), theory[model])
        parts[f"cells beyond 3 s.e., {model}"] = exact(large, "largest of them")
    method = "median over cells of |simulated/theory - 1|"
    middle = exact(float(np.median(np.concatenate(apart))), method)
    return judge(claim, {"median": middle, **parts})


def bounded(claim: Claim, theory: xarray.Dataset, simulated: float) -> Verdict:
    """C-RFA-22: the bound E0 B (Tr + delta)/(4 n) on theory's errors and on simulated ones.

    Args:
        theory: `error`, excess of theory's errors over the bound.
        simulated: largest simulated error over the bound.
    """
    parts = {
        "simulated over the bound": exact(simulated, "largest simulated mean error over the bound"),
        "theory's excess": largest(theory.error.values, "excesses"),
    }
    return judge(claim, parts)


def over_bound(curve: xarray.Dataset) -> float:
    """Largest mean error of RFA with infinitely many heads over B (Tr + delta)/(4 n); E0 >= 1."""
    setting = setting_of(curve)
    spectrum = spectra.rfa_spectrum(setting)
    trace = spectra.rfa_trace(setting)
    largest = 0.0
    for name in NAMES:
        parts = target_energies(name, setting)
        scale = norms.squared_norm(parts, spectrum) * trace / (4 * spectra.variance(parts))
        errors = curve.error.sel(target=name).mean("seed")
        bounds = scale * (1 + curve.penalty) / curve["size"]
        largest = max(largest, float((errors / bounds).max()))
    return largest


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """C-RFA-18: kernel ridge regression with the exact kernels, seven targets."""
    found = limit_curves(evidence)
    lines: dict[str, list[Line]] = {
        name: [(predicted(evidence, curve, name, "limit"), THEORY)] for name, curve in found.items()
    }
    drawing, numbers, grid = panels(found, lines)
    handles, labels = grid[0].get_legend_handles_labels()
    handles += [Line2D([], [], color="black", **THEORY), Line2D([], [], **LIMIT)]
    grid[-1].legend(handles, [*labels, "theory, infinite heads", "plateaus"], loc="center")
    return drawing, numbers


def _theories(evidence: Evidence, formula: Formula) -> tuple[Curves, dict[str, xarray.DataArray]]:
    found = limit_curves(evidence)
    # The falsifier needs a width; M = 20 stands for "not infinite".
    few = {name: curve.assign_attrs({**curve.attrs, "heads": 20}) for name, curve in found.items()}
    return found, {name: predicted(evidence, few[name], name, formula) for name in found}


def _bound(evidence: Evidence, broken: bool) -> tuple[xarray.Dataset, float]:
    curve = limit_curves(evidence)["RFA"]
    return evidence.table(omniscient_bound, broken=broken), over_bound(curve)


FIGURE = Figure(
    "limit",
    "Infinitely many heads: learning curves are known exactly",
    "Our preset. Kernel ridge regression with the exact kernels of RFA and RFMLP, mean and "
    "95 % band over seeds; dashed, theory at the same penalty, nothing fitted; dotted, plateaus.",
    draw,
    ("C-RFA-18", "C-RFA-22"),
)
CHECKS = (
    Check(
        "C-RFA-18",
        infinite_width,
        lambda e: _theories(e, "limit"),
        lambda e: _theories(e, "scalar"),
        slow=True,
    ),
    Check("C-RFA-22", bounded, lambda e: _bound(e, False), lambda e: _bound(e, True), slow=True),
)
