"""What stored things do to one another: keys on a sphere, facts in a matrix."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.measured.stores import cover, sphere, stored
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, largest
from figures.style import BLUE, GREEN, ORANGE, PAGE, PURPLE, THEORY
from theory.associative_recall import interference
from theory.claims import Claim, Verdict

# Dimensions from which the law is claimed.
MANY = 32
PAIRS, SCORES = [4, 32], [2.0, 4.0, 8.0, 12.0]
DIMENSIONS = {8: PURPLE, 32: BLUE, 64: GREEN}
STORES = [(16, 32, 8), (64, 32, 8), (128, 32, 8), (128, 64, 16), (256, 64, 16), (512, 64, 16)]
SEPARATED = [(12, 8), (16, 8), (20, 8)]


def on_the_sphere(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-5: mean attention against the law, in many dimensions.

    Args:
        found: `attention`, `predicted` (pairs, dimension, score).
    """
    many = found.sel({"dimension": [d for d in found["dimension"].values if d >= MANY]})
    return judge(claim, {"error": largest(np.abs(many.attention - many.predicted).values)})


def stores(claim: Claim, facts: xarray.Dataset, signs: xarray.Dataset) -> Verdict:
    """C-AR-6: accuracy of a store, and how often one exists.

    Args:
        facts: `accuracy`, `predicted` (store).
        signs: `share`, `predicted` (store) of `draws` each.
    """
    law = signs.predicted.values
    apart = np.abs(signs.share.values - law) / np.sqrt(law * (1 - law) / signs.attrs["draws"])
    parts = {
        "accuracy": largest(np.abs(facts.accuracy - facts.predicted).values, "stores"),
        "standard errors": largest(apart, "stores"),
    }
    return judge(claim, parts)


def keys(evidence: Evidence, alone: bool = False) -> xarray.Dataset:
    """Attention on the match by pairs, dimension and score."""
    return evidence.table(
        sphere, pairs=PAIRS, dimensions=list(DIMENSIONS), scores=SCORES, alone=alone
    )


def facts(evidence: Evidence, broken: bool = False) -> xarray.Dataset:
    """Accuracy of stores of several sizes."""
    return evidence.table(stored, stores=STORES, broken=broken)


def signs(evidence: Evidence) -> xarray.Dataset:
    """How often random signs are separable."""
    return evidence.table(cover, stores=SEPARATED)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Attention against the score; accuracy of stores against facts for each dimension."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6))
    found, fine = keys(evidence), np.linspace(1, 13, 100)
    for pairs, mark in zip(PAIRS, "os", strict=True):
        for dimension, color in DIMENSIONS.items():
            own = found.attention.sel({"pairs": pairs, "dimension": dimension})
            name = f"d = {dimension}" if pairs == PAIRS[0] else None
            left.plot(SCORES, own, mark, ms=3, color=color, label=name)
            law = interference.annealed_mass(fine, dimension, pairs)
            left.plot(fine, law, color=color, **THEORY)
    left.annotate("P = 4", (1.0, 0.8), fontsize=7)
    left.annotate("P = 32", (5.2, 0.42), fontsize=7)
    left.set(xlabel="score B of equal keys", ylabel="attention on the match", ylim=(0, 1.03))
    left.legend(loc="lower right")
    made = facts(evidence)
    for (dimension, values), color in zip(((32, 8), (64, 16)), (BLUE, ORANGE), strict=True):
        chosen = [i for i, store in enumerate(STORES) if store[1:] == (dimension, values)]
        ratio = [STORES[i][0] / dimension for i in chosen]
        label = f"d = {dimension}, N = {values}"
        right.plot(ratio, made.accuracy[chosen], "o", ms=3, color=color, label=label)
        line = np.linspace(0.4, 9, 60)
        noise = [float(interference.store_noise(x * dimension, dimension, values)) for x in line]
        law = [interference.store_accuracy(sigma, values) for sigma in noise]
        right.plot(line, law, color=color, **THEORY)
    right.set(xlabel="facts per dimension M/d", ylabel="facts given back", ylim=(0, 1.03))
    right.legend()
    return drawing, {"attention": found.attention.values, "given back": made.accuracy.values}


FIGURE = Figure(
    "interference",
    "What is stored together disturbs itself, by as much as counting noise says",
    "Left: mean attention on the match among P random keys of length 1 (circles: P = 4, squares: "
    "32), against the law with the mean of the others' weights (dashed), which in few dimensions "
    "is a little low. Right: share of facts that a sum of outer products gives back, against the "
    "facts it holds (points), and the law of independent normal noise (dashed).",
    draw,
    ("C-AR-5", "C-AR-6"),
)
CHECKS = (
    Check("C-AR-5", on_the_sphere, lambda e: (keys(e),), lambda e: (keys(e, alone=True),)),
    Check(
        "C-AR-6",
        stores,
        lambda e: (facts(e), signs(e)),
        lambda e: (facts(e, broken=True), signs(e)),
    ),
)
