"""How many dimensions a look-up needs: random keys, and labels on simplices and circles."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.measured.exact import MISS, needed_scores
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, largest
from figures.style import BLUE, GREEN, ORANGE, PAGE, THEORY
from sims.associative_recall.geometry import random_keys
from theory.associative_recall import rank
from theory.claims import Claim, Verdict

DIMENSIONS, PAIRS, DRAWS = (1, 2, 4, 8), {2: BLUE, 4: ORANGE, 32: GREEN}, 20_000
LABELS = [3, 4, 5, 8, 12, 16, 24]


def keys(evidence: Evidence, unit: bool = False) -> xarray.Dataset:
    """Accuracy of random keys by dimension and number of pairs."""
    return evidence.table(
        random_keys, dimensions=list(DIMENSIONS), pairs=list(PAIRS), draws=DRAWS, unit=unit
    )


def scores(evidence: Evidence, broken: bool = False) -> xarray.Dataset:
    """Scores that labels need, by shape and number."""
    return evidence.table(needed_scores, labels=LABELS, broken=broken)


def random_law(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-4: distances from the law in standard errors of a share.

    Args:
        found: `accuracy` (dimension, pairs) of `draws` prompts each.
    """
    law = np.array(
        [
            [rank.random_accuracy(int(d), int(p)) for p in found.pairs.values]
            for d in found["dimension"].values
        ]
    )
    errors = np.sqrt(law * (1 - law) / found.attrs["draws"])
    apart = np.abs(found.accuracy.transpose("dimension", "pairs").values - law) / errors
    return judge(claim, {"standard errors": largest(apart, "cells")})


def needed(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-20: relative difference of searched and predicted scores.

    Args:
        found: `searched`, `predicted` (shape, labels).
    """
    return judge(claim, {"error": largest(np.abs(found.searched / found.predicted - 1).values)})


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Accuracy against dimension; score against the number of labels."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6))
    found, numbers = keys(evidence), {}
    half = 1.96 * np.sqrt(found.accuracy * (1 - found.accuracy) / DRAWS)
    for pairs, color in PAIRS.items():
        values = found.accuracy.sel(pairs=pairs).values
        name, bars = f"P = {pairs}", half.sel(pairs=pairs)
        left.errorbar(DIMENSIONS, values, bars, fmt="o", ms=3, color=color, label=name)
        fine = np.arange(1, 9)
        law = [rank.random_accuracy(int(d), pairs) for d in fine]
        left.plot(fine, law, color=color, **THEORY)
        numbers[f"accuracy, P = {pairs}"] = values
    left.set(xlabel="dimension d of keys (rank)", ylabel="share of keys found", ylim=(0, 1.02))
    left.legend(loc="lower right")
    wanted = scores(evidence)
    for shape, color in (("simplex", BLUE), ("circle", ORANGE)):
        row = wanted.sel(shape=shape)
        rank_of = "rank n - 1" if shape == "simplex" else "rank 2"
        right.plot(LABELS, row.searched, "o", ms=3, color=color, label=f"{shape}, {rank_of}")
        right.plot(LABELS, row.predicted, color=color, **THEORY)
        numbers[f"score, {shape}"] = row.searched.values
    right.set(xscale="log", yscale="log", xlabel="number of labels n")
    right.set_ylabel(f"score for {100 * (1 - MISS):g} % attention")
    right.set_xticks(LABELS, [str(label) for label in LABELS])
    right.set_yticks([3, 10, 30, 100], ["3", "10", "30", "100"])
    right.minorticks_off()
    right.legend()
    return drawing, numbers


FIGURE = Figure(
    "ranks",
    "A few dimensions find a key; two are enough at a price",
    f"Left: share of {DRAWS:,} prompts whose Gaussian key wins over P - 1 others (points, 95 % "
    f"interval), and the law (dashed). Right: the score that puts {100 * (1 - MISS):g} % of the "
    "attention on one of n labels, by a search on explicit vectors (points) and in closed form "
    "(dashed): on a circle it grows as the square of n, on a simplex as its logarithm.",
    draw,
    ("C-AR-4", "C-AR-20"),
)
CHECKS = (
    Check("C-AR-4", random_law, lambda e: (keys(e),), lambda e: (keys(e, unit=True),)),
    Check("C-AR-20", needed, lambda e: (scores(e),), lambda e: (scores(e, broken=True),)),
)
