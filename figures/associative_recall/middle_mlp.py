"""A sink that a middle MLP makes, in a net that is written down: attention and lifetime."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.measured.doses import middle
from figures.evidence import Check, Evidence, Figure
from figures.statistics import exact, judge, largest
from figures.style import BLUE, GREEN, LIMIT, ORANGE, PAGE, PURPLE, THEORY
from theory.associative_recall import norm
from theory.claims import Claim, Verdict

COLORS = {12.0: BLUE, 16.0: ORANGE, 24.0: GREEN, 32.0: PURPLE}
SCORE, STEP, LEAST = 8.0, 2.0, 0.9
# Enough for the largest dose to fall below LEAST.
LAYERS = 2 + int(norm.lifetime(max(COLORS), STEP, LEAST)) + 3


def lasts(found: xarray.Dataset) -> np.ndarray:
    """Later MLPs after which the token still points along the first one, by dose."""
    alive = (found.cosine.transpose("dose", "layer").values >= LEAST).sum(axis=1)
    return np.maximum(alive - 1, 0)


def made(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-35: attention and lifetime against their laws.

    Args:
        found: `found`, `predicted`, `cosine` (dose, layer).
    """
    layers = np.log(np.maximum(lasts(found), 0.5))
    slope = np.polyfit(np.log(found.dose.values), layers, 1)[0]
    parts = {
        "attention": largest(np.abs(found.found / found.predicted - 1).values),
        "slope": exact(slope, f"least squares over {len(layers)} doses"),
    }
    return judge(claim, parts)


def ways(evidence: Evidence, along: bool = True) -> xarray.Dataset:
    """The token's way through the net, by dose and layer."""
    setting = {"score": SCORE, "step": STEP, "layers": LAYERS}
    return evidence.table(middle, doses=list(COLORS), along=along, **setting)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Attention by layer, one colour for each dose; layers against the dose."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6))
    found = ways(evidence)
    for dose, color in COLORS.items():
        own = found.sel(dose=dose)
        left.plot(own.layer, own.found, "o", ms=2.5, mfc="none", color=color, label=f"m = {dose:g}")
        left.plot(own.layer, own.predicted, color=color, **THEORY)
    left.axhline(np.exp(-SCORE * (1 - LEAST)), **LIMIT)
    left.set(xlabel="layer", ylabel="attention over the first token's", ylim=(0, 1.02))
    left.legend(loc="lower left")
    layers, fine = lasts(found), np.geomspace(11, 35, 50)
    right.plot(list(COLORS), layers, "o", ms=4, mfc="none", color=BLUE)
    right.plot(fine, norm.lifetime(fine, STEP, LEAST), color="k", **THEORY)
    right.set(xscale="log", yscale="log", xlabel="dose m")
    right.set_ylabel(f"layers until the cosine is below {LEAST:g}")
    right.set_xticks(list(COLORS), [f"{dose:g}" for dose in COLORS])
    right.set_yticks([10, 20, 50], ["10", "20", "50"])
    right.minorticks_off()
    return drawing, {"attention": found.found.values, "layers": layers}


FIGURE = Figure(
    "middle_mlp",
    "A middle MLP that adds the first token's direction makes a sink, for as long as the dose "
    "lasts",
    "A transformer that is written down: the MLP of its second layer adds m times the first "
    f"token's direction to another token, each later one {STEP:g} across it. Left: the last "
    "token's attention on that token over the first one's (circles) and the law (dashed); "
    f"dotted, where the cosine is {LEAST:g}. Right: later layers for which the cosine stays above "
    "it (circles), and the law (dashed).",
    draw,
    ("C-AR-35",),
)
CHECKS = (Check("C-AR-35", made, lambda e: (ways(e),), lambda e: (ways(e, along=False),)),)
