"""Learning curves of the three models against theory, and against each other."""

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
from figures.rf_attention.broken import SEEDS, about_theory, on_plateaus_of, renamed
from figures.rf_attention.palette import COLORS, MARKERS
from figures.rf_attention.readings import (
    Curves,
    beyond,
    chosen,
    learning_curves,
    median_apart,
    oracle,
    paired,
    pooled_theory,
    setting_of,
    table_ratios,
    theories,
)
from figures.statistics import Estimate, exact, judge, mean
from figures.style import FIT, GREEN, GREY, LIMIT, PAGE, THEORY, band, plain_ticks
from sims.rf_attention.experiment import PENALTIES
from theory.claims import Claim, Verdict, claim
from theory.rf_attention import curves
from theory.rf_attention.targets import NAMES, target_energies

Line = tuple[xarray.DataArray, dict[str, Any]]


def attention_learns(claim: Claim, found: Curves, size: int) -> Verdict:
    """C-RFA-23: how much worse the network does than RFA and BRFA on means of even powers."""
    parts: dict[str, Estimate] = {}
    for name in claim.bounds:
        models, target = name.split(", ")
        over, under = models.split("/")
        parts[name] = paired(found, over, under, target, size)
    return judge(claim, parts, shown="RFMLP/RFA, f2")


def mean_helps(claim: Claim, found: Curves, size: int) -> Verdict:
    """C-RFA-25: on g_1 and g_3 BRFA beats RFA, which beats the network."""
    parts: dict[str, Estimate] = {}
    for target in ("g1", "g3"):
        parts[f"BRFA/RFA, {target}"] = paired(found, "BRFA", "RFA", target, size)
        parts[f"RFMLP/RFA, {target}"] = paired(found, "RFMLP", "RFA", target, size)
    return judge(claim, parts)


def finite_width(claim: Claim, found: Curves, theory: dict[str, xarray.DataArray]) -> Verdict:
    """C-RFA-19: simulated mean errors over the scalar formula of finite width."""
    parts: dict[str, Estimate] = {}
    detail: dict[str, float | int | str] = {}
    for model in ("RFMLP", "RFA"):
        ratio = (oracle(found[model]).mean("seed") / theory[model]).transpose("size", "target")
        if model == "RFA":
            first = ratio.sel(target="f1").values
            ratio = ratio.drop_sel(target="f1")
            parts["f_1, RFA, largest ratio"] = exact(first.max(), "largest ratio on f_1")
            parts["f_1, RFA, smallest ratio"] = exact(first.min(), "smallest ratio on f_1")
        apart = np.abs(ratio.values - 1)
        method = "median over cells of |simulated/theory - 1|"
        parts[f"median, {model}"] = exact(np.median(apart), method)
        if model == "RFMLP":
            parts["largest, RFMLP"] = exact(apart.max(), "largest |simulated/theory - 1|")
        else:
            detail["largest, RFA"] = float(apart.max())
    shown = max(("median, RFMLP", "median, RFA"), key=lambda name: parts[name].value)
    return judge(claim, parts, shown=shown, detail=detail)


def pool_predicts(claim: Claim, found: Curves, theory: xarray.DataArray) -> Verdict:
    """C-RFA-28, 37: BRFA's simulated errors over the pooled eigenframework from n = 100."""
    theory = theory.sel(size=[n for n in theory["size"].values if n >= 100])
    errors = oracle(found["BRFA"]).sel(size=theory["size"].values)
    method = "median over cells of |simulated/theory - 1|, 100 <= n <= P/4"
    parts = {
        "median": exact(median_apart(errors, theory), method),
        "cells beyond 3 s.e.": exact(beyond(errors, theory), "largest of them"),
    }
    return judge(claim, parts)


def even_weight(claim: Claim, found: Curves, smallest: int) -> Verdict:
    """C-RFA-26: BRFA/RFA on g_2 from `smallest` samples on."""
    sizes = [int(n) for n in found["RFA"]["size"].values if n >= smallest]
    parts = {f"BRFA/RFA, n = {n}": paired(found, "BRFA", "RFA", "g2", n) for n in sizes}
    shown = max(parts, key=lambda name: abs(np.log(parts[name].value)))
    return judge(claim, parts, shown=shown)


def on_plateaus(claim: Claim, found: Curves, model: str, sizes: dict[str, int]) -> Verdict:
    """C-RFA-27: RFA's error over what is left of the target once its first level is learnt.

    Args:
        sizes: training size at which each target stands on its first plateau.
    """
    parts = {}
    for target, size in sizes.items():
        left = curves.plateaus(target_energies(target, setting_of(found["RFA"])))[0][1]
        apart = oracle(found[model]).sel(target=target, size=size) - left
        parts[f"error less plateau, {target}, n = {size}"] = mean(apart.values)
    shown = max(parts, key=lambda name: abs(parts[name].value))
    return judge(claim, parts, shown=shown)


def cross_validation(claim: Claim, found: Curves, shift: int) -> Verdict:
    """C-RFA-20: GCV over test error, means over seeds, at the oracle's penalty.

    Args:
        shift: compare with the error at so many sizes further on.
    """
    apart, late = [], []
    for curve in found.values():
        best = curve.error.mean("seed").argmin("penalty")
        gcv = curve.gcv.isel(penalty=best).mean("seed").transpose("size", "target")
        error = curve.error.isel(penalty=best).mean("seed").transpose("size", "target")
        ratio = np.abs(gcv.values / np.roll(error.values, shift, axis=0) - 1)
        apart.append(ratio[curve.size.values >= 100])
        late.append(ratio[curve.size.values >= 400])
    middle, most = np.median(np.concatenate(apart)), np.max(np.concatenate(late))
    parts = {
        "median from n = 100": exact(middle, "median over cells from n = 100 of |GCV/error - 1|"),
        "largest from n = 400": exact(most, "largest |GCV/error - 1| from n = 400"),
    }
    return judge(claim, parts)


def selection(claim: Claim, found: Curves, size: int, blind: bool) -> Verdict:
    """C-RFA-33: error at the penalty that validation or GCV selects over the oracle's.

    Args:
        blind: select the largest penalty always.
    """
    method = "largest ratio over targets, means over seeds"
    parts = {}
    for rule in ("validation", "gcv"):
        for model, curve in found.items():
            at = curve.sel(size=size)
            picked = at[rule].mean("seed").argmin("penalty")
            picked = picked * 0 + len(PENALTIES) - 1 if blind else picked
            error = at.error.isel(penalty=picked).mean("seed")
            ratio = float((error / at.error.mean("seed").min("penalty")).max())
            parts[f"ratio, {rule}, {model}"] = exact(ratio, method)
    return judge(claim, parts, shown=max(parts, key=lambda name: parts[name].value))


def reproduces(claim: Claim, ratios: xarray.Dataset) -> Verdict:
    """C-RFA-36: cells of the independent table further than three standard errors from ours."""
    far = float((ratios.apart > 3).sum())
    method = f"cells of {ratios.apart.size} further apart than 3 s.e. of the difference"
    parts: dict[str, Estimate] = {"cells apart": exact(far, method)}
    means = np.exp(ratios.log_ratio.mean(["target", "size"]))
    for model in means.model.values:
        value = float(means.sel(model=model))
        parts[f"geometric mean, {model}"] = exact(value, "of ours over the table")
    return judge(claim, parts)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Relative test error against n, seven targets."""
    found = learning_curves(evidence)
    lines: dict[str, list[Line]] = {
        name: [(theory, THEORY)] for name, theory in theories(evidence).items()
    }
    scalar = theories(evidence, "scalar")["RFA"]
    lines["RFA"].append((scalar.sel(target=["f1"]), _SCALAR))
    brfa = found["BRFA"]
    gcv = brfa.gcv.isel(penalty=chosen(brfa)).mean("seed")
    lines["BRFA"] = [(gcv, FIT), (pooled_theory(evidence), THEORY)]
    drawing, numbers, grid = panels(found, lines)
    handles, labels = grid[0].get_legend_handles_labels()
    rows: tuple[tuple[dict[str, Any], str, str], ...] = (
        (THEORY, "black", "theory, finite heads"),
        (_SCALAR, GREY, "scalar formula (RFA)"),
        (THEORY, GREEN, "of a pool (BRFA)"),
        (FIT, GREEN, "GCV (BRFA)"),
        (LIMIT, GREY, "plateaus"),
    )
    for style, color, label in rows:
        handles.append(Line2D([], [], **{"color": color, **style}))
        labels.append(label)
    grid[-1].legend(handles, labels, loc="center")
    if evidence.preset == "quick":
        table = table_ratios(found)
        numbers["quick table"] = {
            "verdict": reproduces(claim("C-RFA-36"), table).state,
            "ours over table": np.exp(table.log_ratio),
            "difference over its standard error": table.apart,
        }
    return drawing, numbers


_SCALAR = {**THEORY, "color": GREY}


def panels(
    found: dict[str, xarray.Dataset], lines: dict[str, list[Line]]
) -> tuple[Drawing, dict[str, Any], list[Axes]]:
    """Seven panels of errors with bands, theory and plateaus, and an empty one for the legend."""
    drawing, grid = plt.subplots(2, 4, figsize=(PAGE, 4.2), sharex=True)
    setting, sizes = setting_of(found["RFA"]), found["RFA"]["size"].values
    numbers: dict[str, Any] = {"size": sizes}
    for panel, target in zip(grid.flat, NAMES, strict=False):
        for model, curve in found.items():
            errors = oracle(curve).sel(target=target).transpose("seed", "size").values
            band(panel, sizes, errors, COLORS[model], model, MARKERS[model])
            error = errors.std(axis=0, ddof=1) / len(errors) ** 0.5
            entry = {"mean": errors.mean(axis=0), "standard_error": error}
            for index, (theory, style) in enumerate(lines[model]):
                if target in theory.target:
                    line = theory.sel(target=target)
                    panel.plot(line["size"], line, **{"color": COLORS[model], **style})
                    entry["theory" if not index else f"theory {index + 1}"] = line.values
            numbers[f"{target} {model}"] = entry
        for _, left in curves.plateaus(target_energies(target, setting))[:-1]:
            panel.axhline(left, **LIMIT)
        panel.set(xscale="log", yscale="log", title=f"${target[0]}_{target[1]}$")
        plain_ticks(panel, sizes)
    for panel in grid[:, 0]:
        panel.set_ylabel("relative test error")
    for panel in (*grid[1], grid[0][3]):
        panel.set_xlabel("training samples n")
    grid[0][3].tick_params(labelbottom=True)
    grid[1][3].axis("off")
    return drawing, numbers, list(grid.flat)


def _sized(quick: int, paper: int) -> Callable[[Evidence], tuple[Curves, int]]:
    """The curves, and the training size at which the preset compares them."""
    return lambda evidence: (
        learning_curves(evidence),
        paper if evidence.preset == "paper" else quick,
    )


def _pooled(evidence: Evidence, **how: bool) -> tuple[Curves, xarray.DataArray]:
    return learning_curves(evidence), pooled_theory(evidence, **how)


def _about_pool(evidence: Evidence, **how: bool) -> tuple[Curves, xarray.DataArray]:
    """Curves about the pooled theory, which holds of none that are simulated (C-RFA-28)."""
    followed = about_theory(*_pooled(evidence, fitted=True))
    return followed, pooled_theory(evidence, fitted=True, **how)


def _swapped_table(evidence: Evidence) -> tuple[xarray.Dataset]:
    swapped = {"f1": "g1", "g1": "f1"}
    return (table_ratios(learning_curves(evidence), lambda target: swapped.get(target, target)),)


FIGURE = Figure(
    "curves",
    "Attention learns means of monomials that a network of equal size does not",
    "Our preset. Relative test error against the number of training samples, mean and 95 % "
    "band over seeds (solid). f_p: mean over keys of <beta, x>^p; g_p: of <x0, x>^p <beta, x>; "
    "RFA, BRFA (mean w0 = 1 of the query-key weights) and the two-layer network RFMLP with as "
    "many trained weights. Dashed, theory of finitely many heads at the same penalty, nothing "
    "fitted; on f_1 also the scalar formula (grey), which ignores that the d + 1 "
    "features of a head share its weights. BRFA: the eigenframework of a pool of samples "
    "(dashed, up to a quarter of the pool) and GCV, an estimate from the fit (dash-dotted). "
    "Dotted, the plateaus at which "
    "whole levels of the kernel are still unlearnt.",
    draw,
    (
        *("C-RFA-19", "C-RFA-20", "C-RFA-23", "C-RFA-25", "C-RFA-26", "C-RFA-27", "C-RFA-28"),
        *("C-RFA-33", "C-RFA-36", "C-RFA-37"),
    ),
)
CHECKS = (
    Check(
        "C-RFA-19",
        finite_width,
        lambda e: (learning_curves(e), theories(e, "scalar")),
        lambda e: (learning_curves(e), theories(e, "wrong width")),
        slow=True,
    ),
    Check(
        "C-RFA-20",
        cross_validation,
        lambda e: (learning_curves(e), 0),
        lambda e: (learning_curves(e), 1),
        slow=True,
    ),
    Check(
        "C-RFA-23",
        attention_learns,
        _sized(400, 1600),
        renamed(400, RFA="RFMLP", RFMLP="RFA"),
        slow=True,
    ),
    Check(
        "C-RFA-25",
        mean_helps,
        _sized(200, 1600),
        renamed(200, {"seeds": SEEDS}, BRFA="RFA", RFA="BRFA"),
        renamed(200, {"seeds": SEEDS}),
        slow=True,
    ),
    Check("C-RFA-26", even_weight, _sized(200, 200), renamed(200, BRFA="RFMLP"), slow=True),
    Check(
        "C-RFA-27",
        on_plateaus,
        lambda e: (learning_curves(e), "RFA", {"g1": 800, "g3": 800, "f3": 3200}),
        lambda e: on_plateaus_of(e, "RFMLP", 400),
        lambda e: on_plateaus_of(e, "RFA", 400),
        slow=True,
    ),
    Check(
        "C-RFA-28",
        pool_predicts,
        lambda e: _pooled(e, fitted=True),
        lambda e: _about_pool(e, corrected=False),
        lambda e: _about_pool(e),
        slow=True,
    ),
    Check("C-RFA-37", pool_predicts, _pooled, lambda e: _pooled(e, fitted=True), slow=True),
    Check(
        "C-RFA-33",
        selection,
        lambda e: (*_sized(400, 1600)(e), False),
        lambda e: (learning_curves(e), 400, True),
        slow=True,
    ),
    Check(
        "C-RFA-36",
        reproduces,
        lambda e: (table_ratios(learning_curves(e)),),
        _swapped_table,
        slow=True,
    ),
)
