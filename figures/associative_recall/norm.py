"""A dose of the sink's direction in a token whose state is normalised: attention and lifetime."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.measured.doses import attention, lifetimes, scores
from figures.evidence import Check, Evidence, Figure
from figures.statistics import exact, judge, largest
from figures.style import BLUE, GREEN, ORANGE, PAGE, THEORY
from theory.associative_recall import norm
from theory.claims import Claim, Verdict

STRENGTHS = {4.0: BLUE, 8.0: ORANGE, 16.0: GREEN}
DOSES = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
LARGE = [8.0, 16.0, 32.0, 64.0]
STEP, LEAST = 0.5, 0.9


def dose_law(
    claim: Claim, seen: xarray.Dataset, alive: xarray.Dataset, scored: xarray.Dataset
) -> Verdict:
    """C-AR-26: attention, lifetime and scores against their laws.

    Args:
        seen: `found`, `predicted` (score, dose).
        alive: `layers` (dose, draw).
        scored: `found`, `predicted` (head, dose).
    """
    layers = alive.layers.mean("draw").values
    slope = np.polyfit(np.log(alive.dose.values), np.log(layers), 1)[0]
    size = np.abs(scored.predicted).max()
    parts = {
        "attention": largest(np.abs(seen.found / seen.predicted - 1).values),
        "slope": exact(slope, f"least squares over {len(layers)} doses"),
        "score": largest((np.abs(scored.found - scored.predicted) / size).values),
    }
    return judge(claim, parts)


def findings(
    evidence: Evidence, normed: bool = True
) -> tuple[xarray.Dataset, xarray.Dataset, xarray.Dataset]:
    """Attention, lifetimes and scores."""
    seen = evidence.table(attention, strengths=list(STRENGTHS), doses=DOSES, normed=normed)
    alive = evidence.table(lifetimes, doses=LARGE, step=STEP, least=LEAST)
    return seen, alive, evidence.table(scores, doses=DOSES, normed=normed)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Attention against the dose, one colour for each score; layers against the dose."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6))
    seen, alive, _ = findings(evidence)
    fine = np.geomspace(0.2, 10, 100)
    for score, color in STRENGTHS.items():
        own = seen.found.sel(score=score)
        left.plot(DOSES, own, "o", ms=3, color=color, label=f"B = {score:g}")
        left.plot(fine, norm.relative_attention(score, fine), color=color, **THEORY)
    left.set(xscale="log", yscale="log", ylim=(1e-6, 2), xlabel="dose m")
    left.set_ylabel("attention over the sink's")
    left.legend(loc="lower right")
    for panel, ticks in ((left, DOSES), (right, LARGE)):
        panel.set_xscale("log")
        panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        panel.minorticks_off()
    layers = alive.layers
    right.plot(LARGE, layers, "o", ms=3, color=BLUE, mfc="none")
    wide = np.geomspace(7, 70, 50)
    right.plot(wide, norm.lifetime(wide, STEP, LEAST), color="k", **THEORY)
    right.set(yscale="log", xlabel="dose m", ylabel=f"layers until the cosine is below {LEAST:g}")
    return drawing, {"attention": seen.found.values, "layers": layers.values}


FIGURE = Figure(
    "norm",
    "How much of the sink is in a token says how much of a sink it is, and for how long",
    "Tokens to which a multiple m of the sink's direction is added, with states of one length. "
    "Left: attention over that of the sink (points) and the law (dashed). Right: layers for which "
    f"the token still looks like the sink while each adds a random increment of norm {STEP:g} "
    "(points: streams), and the law, in proportion to the square of the dose (dashed).",
    draw,
    ("C-AR-26",),
)
CHECKS = (Check("C-AR-26", dose_law, findings, lambda e: findings(e, normed=False)),)
