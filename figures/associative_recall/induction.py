"""The induction circuit written down: attention on the needle, and the loss."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.measured.exact import induction_curves
from figures.evidence import Check, Evidence, Figure
from figures.statistics import exact, judge
from figures.style import BLUE, COLUMN, GREEN, GREY, ORANGE, PURPLE, THEORY
from theory.associative_recall import induction
from theory.associative_recall.setting import SETTING
from theory.claims import Claim, Verdict, claim

STRENGTHS = [float(value) for value in np.arange(0.0, 12.5, 1.0)]
AVERSIONS = {0.0: BLUE, 1.0: ORANGE, 3.0: GREEN, 6.0: PURPLE}
GAIN = 8.0


def curves(evidence: Evidence) -> xarray.Dataset:
    """Readings of the written-down net along beta and kappa."""
    return evidence.table(
        induction_curves, strengths=STRENGTHS, aversions=list(AVERSIONS), gain=GAIN
    )


def half(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-3: the largest attention on the needle along beta.

    Args:
        found: `needle` (strength) at one kappa.
    """
    method = f"largest of {found.sizes['strength']} scores"
    return judge(claim, {"needle": exact(found.needle.max(), method)})


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Attention and loss against beta, one colour for each kappa."""
    drawing, panels = plt.subplots(2, 1, figsize=(COLUMN, 4.2), sharex=True)
    found, fine = curves(evidence), np.linspace(0, 12, 121)
    numbers: dict[str, Any] = {"strength": STRENGTHS}
    for aversion, color in AVERSIONS.items():
        row = found.sel(aversion=aversion)
        for panel, name in zip(panels, ("needle", "loss"), strict=True):
            values = row[name].values
            panel.plot(STRENGTHS, values, "o", ms=3, color=color, label=rf"$\kappa$ = {aversion:g}")
            numbers[f"{name}, kappa = {aversion:g}"] = values
        laws = induction.masses(fine, aversion, SETTING).needle
        panels[0].plot(fine, laws, color=color, **THEORY)
        panels[1].plot(fine, induction.loss(fine, aversion, GAIN, SETTING), color=color, **THEORY)
    panels[0].axhline(claim("C-AR-3").bound("needle")[1], color=GREY, ls=":", lw=0.9)
    panels[0].set_ylabel("attention on the needle")
    panels[1].set(yscale="log", ylabel=f"loss at gain {GAIN:g} (nats)")
    panels[1].set_xlabel(r"score of equal predecessors $\beta$")
    panels[0].legend()
    return drawing, numbers


FIGURE = Figure(
    "induction",
    "An induction head has to avoid itself",
    "Attention on the value that follows the query's key, and the loss, of a two-layer net whose "
    "weights are written down (points), against the closed forms (dashed). The last token's own "
    "predecessor is the query too: with nothing against itself (kappa = 0) the needle never gets "
    "more than one half (dotted), and the loss stays high.",
    draw,
    ("C-AR-3",),
)
CHECKS = (
    Check(
        "C-AR-3",
        half,
        lambda e: (curves(e).sel(aversion=0.0),),
        lambda e: (curves(e).sel(aversion=3.0),),
    ),
)
