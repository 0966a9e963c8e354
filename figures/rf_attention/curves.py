"""Learning curves drawn against theory: E1 and E2, and the same with infinitely many heads."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from figures.evidence import Evidence, Figure
from figures.rf_attention.learning import pooled_theory, theories
from figures.rf_attention.quick_table import reproduces, table_ratios
from figures.rf_attention.readings import (
    COLORS,
    NAMES,
    chosen,
    energies,
    learning_curves,
    limit_curves,
    oracle,
    predicted,
    setting_of,
)
from figures.style import BLUE, GREEN, GREY, PAGE, THEORY, band
from theory.rf_attention import curves

Line = tuple[xarray.DataArray, dict[str, Any]]


def curves_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """E1, E2: relative test error against n, seven targets."""
    found = learning_curves(evidence)
    lines: dict[str, list[Line]] = {
        name: [(theory, THEORY)] for name, theory in theories(evidence).items()
    }
    scalar = theories(evidence, "scalar")["RFA"]
    lines["RFA"].append((scalar.sel(target=["f1"]), _SCALAR))
    brfa = found["BRFA"]
    gcv = brfa.gcv.isel(penalty=chosen(brfa)).mean("seed")
    lines["BRFA"] = [(gcv, _GCV), (pooled_theory(evidence), _POOLED)]
    drawing, numbers, panels = _grid(found, lines)
    handles, labels = panels[0].get_legend_handles_labels()
    rows: tuple[tuple[dict[str, Any], str, str], ...] = (
        (THEORY, "black", "theory, finite heads"),
        (_SCALAR, BLUE, "scalar formula (RFA, $f_1$)"),
        (_GCV, GREEN, "GCV (BRFA)"),
        (_POOLED, GREEN, "pooled eigenframework (BRFA)"),
        ({"lw": 0.6}, GREY, "plateaus"),
    )
    for style, color, label in rows:
        handles.append(Line2D([], [], color=color, **style))
        labels.append(label)
    panels[-1].legend(handles, labels, loc="center", fontsize=6)
    if evidence.preset == "quick":
        table = table_ratios(found)
        numbers["quick table"] = {
            "verdict": reproduces(table).state,
            "ours over table": np.exp(table.log_ratio),
            "difference over its standard error": table.apart,
        }
    return drawing, numbers


_SCALAR = {"linestyle": (0, (1, 3)), "linewidth": 1.1}
_GCV = {"linestyle": ":", "linewidth": 1.3}
_POOLED = {"linestyle": "-.", "linewidth": 1.1}


def limit_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """C-RFA-18: kernel ridge regression with the exact kernels, seven targets."""
    found = limit_curves(evidence)
    lines: dict[str, list[Line]] = {
        name: [(predicted(evidence, curve, name, "limit"), THEORY)] for name, curve in found.items()
    }
    drawing, numbers, panels = _grid(found, lines)
    handles, labels = panels[0].get_legend_handles_labels()
    handles += [Line2D([], [], color="black", **THEORY), Line2D([], [], color=GREY, lw=0.6)]
    panels[-1].legend(handles, [*labels, "theory, infinite heads", "plateaus"], loc="center")
    return drawing, numbers


def _grid(
    found: dict[str, xarray.Dataset], lines: dict[str, list[Line]]
) -> tuple[Drawing, dict[str, Any], list[Axes]]:
    """Seven panels of errors with bands, theory and plateaus, and an empty one for the legend."""
    drawing, grid = plt.subplots(2, 4, figsize=(PAGE, 4.2), sharex=True)
    setting, sizes = setting_of(found["RFA"]), found["RFA"]["size"].values
    numbers: dict[str, Any] = {"size": sizes}
    for panel, target in zip(grid.flat, NAMES, strict=False):
        for model, curve in found.items():
            errors = oracle(curve).sel(target=target).transpose("seed", "size").values
            band(panel, sizes, errors, COLORS[model], model)
            error = errors.std(axis=0, ddof=1) / len(errors) ** 0.5
            entry = {"mean": errors.mean(axis=0), "standard_error": error}
            for index, (theory, style) in enumerate(lines[model]):
                if target in theory.target:
                    line = theory.sel(target=target)
                    panel.plot(line["size"], line, color=COLORS[model], **style)
                    entry["theory" if not index else f"theory {index + 1}"] = line.values
            numbers[f"{target} {model}"] = entry
        for _, left in curves.plateaus(energies(target, setting))[:-1]:
            panel.axhline(left, color=GREY, lw=0.6)
        panel.set(xscale="log", yscale="log", title=f"${target[0]}_{target[1]}$")
        plain(panel, sizes)
    for panel in grid[:, 0]:
        panel.set_ylabel("relative test error")
    for panel in grid[1]:
        panel.set_xlabel("training samples n")
    grid[0][3].tick_params(labelbottom=True)
    grid[1][3].axis("off")
    return drawing, numbers, list(grid.flat)


def plain(panel: Axes, ticks: np.ndarray) -> None:
    """Numbers without powers of ten on logarithmic axes, one tick per value of x."""
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.xaxis.set_minor_locator(NullLocator())
    low, high = panel.get_ylim()
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high > 4 * low else range(1, 10)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.tick_params(axis="x", labelrotation=45)


FIGURES = (
    Figure(
        "curves",
        "Attention learns means of monomials that a network of equal size does not",
        "Our preset. Relative test error against the number of training samples, mean and 95 % "
        "band over seeds (solid). f_p: mean over keys of <beta, x>^p; g_p: of <x0, x>^p <beta, x>; "
        "RFA, BRFA (mean w0 = 1 of the query-key weights) and the two-layer network RFMLP with as "
        "many trained weights. Dashed, theory of finitely many heads at the same penalty, nothing "
        "fitted; on f_1 also the scalar formula (sparse dots), which ignores that the d + 1 "
        "features of a head share its weights. BRFA: GCV (dotted) and the eigenframework of a "
        "pool of samples (dash-dotted, up to a quarter of the pool). Grey, the plateaus at which "
        "whole levels of the kernel are still unlearnt.",
        curves_figure,
        (
            "C-RFA-19", "C-RFA-20", "C-RFA-23", "C-RFA-25", "C-RFA-26", "C-RFA-27", "C-RFA-28",
            "C-RFA-33", "C-RFA-36", "C-RFA-37",
        ),
    ),
    Figure(
        "limit",
        "Infinitely many heads: learning curves are known exactly",
        "Our preset. Kernel ridge regression with the exact kernels of RFA and RFMLP, mean and "
        "95 % band over seeds; dashed, theory at the same penalty, nothing fitted; grey, plateaus.",
        limit_figure,
        ("C-RFA-18", "C-RFA-22"),
    ),
)  # fmt: skip
