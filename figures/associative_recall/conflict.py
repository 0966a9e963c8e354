"""Context against weights in trained nets: how sure they are, and how sure they should be."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import always_the_context
from figures.associative_recall.readings import CONFLICT, learned, most_learned, sides, told
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, mean
from figures.style import BLUE, PAGE, THEORY
from theory.associative_recall.conflict import log_odds
from theory.claims import Claim, Verdict


def slopes(found: xarray.Dataset) -> np.ndarray:
    """Slope of the margin on the log-odds, seed by seed."""
    odds = log_odds(found.follows.values)
    return np.polyfit(odds, found.difference.transpose("follows", "seed").values, 1)[0]


def calibrated(claim: Claim, along: xarray.Dataset, alone: xarray.Dataset) -> Verdict:
    """C-AR-13: chance less c at every c, and the slope of margins on log-odds over several c.

    Args:
        along: `chance`, `difference`, `context` (follows, seed) at several c.
        alone: the same at one.
    """
    parts, counts = {}, {"learned": 0, "nets": 0}
    for nets in (along, alone):
        for follows in nets.follows.values:
            good = learned(nets.sel(follows=follows))
            parts[f"p - c, c = {follows:g}"] = mean(good.chance.values - float(follows))
            counts = {name: count + good.attrs[name] for name, count in counts.items()}
    parts["slope"] = mean(slopes(learned(along, along.context.min("follows"))))
    asked = xarray.Dataset(attrs=counts)
    return judge(claim, parts | most_learned(asked), shown="slope", detail=told(asked))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Chance of the context's value against c; margin against the log-odds."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6))
    numbers: dict[str, Any] = {}
    for nets in (sides(evidence, CONFLICT), sides(evidence)):
        for follows in nets.follows.values:
            good = learned(nets.sel(follows=follows))
            spread = np.linspace(-0.012, 0.012, good.sizes["seed"])
            left.plot(follows + spread, good.chance, "o", ms=3, color=BLUE, mfc="none")
            odds = float(log_odds(float(follows)))
            right.plot(odds + 6 * spread, good.difference, "o", ms=3, color=BLUE, mfc="none")
            numbers[f"chance, c = {follows:g}"] = good.chance.values
            numbers[f"margin, c = {follows:g}"] = good.difference.values
    left.plot([0.2, 1], [0.2, 1], color="k", **THEORY)
    left.set(xlabel="chance c that the context is right", ylabel="net's chance for the context")
    ends = np.array([-1.2, 2.6])
    right.plot(ends, ends, color="k", **THEORY)
    right.set(xlabel="log(c/(1-c))", ylabel="mean margin context - fact (nats)")
    return drawing, numbers


FIGURE = Figure(
    "conflict",
    "Nets side with the context by no more than the log-odds of its being right",
    "Nets of two layers trained with a chance c that the answer to a conflict follows the context "
    "(a circle a net). Left: the chance that they give to the context's value against the fact. "
    "Right: the mean difference of the two logits. Dashed: what costs least.",
    draw,
    ("C-AR-13",),
)
CHECKS = (
    Check(
        "C-AR-13",
        calibrated,
        lambda e: (sides(e, CONFLICT), sides(e)),
        always_the_context,
        slow=True,
    ),
)
