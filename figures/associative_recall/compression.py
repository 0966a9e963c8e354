"""How many dimensions the queries and keys of retrieval heads need."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.readings import most_learned, ranked, told
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, median
from figures.style import BLUE, COLUMN, LIMIT, THEORY
from theory.associative_recall.rank import random_accuracy
from theory.associative_recall.setting import ENOUGH, FEW
from theory.claims import Claim, Verdict


def few_dimensions(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-19: accuracy at the rank that is enough, and above the law of random maps.

    Args:
        found: `context` (seed, rank), after training on `pairs`.
    """
    parts = {"context": median(found.context.sel(rank=ENOUGH).values)}
    for rank in (int(r) for r in found["rank"].values if r >= FEW):
        above = found.context.sel(rank=rank).values - random_accuracy(
            rank, int(found.attrs["pairs"])
        )
        parts[f"above the law, rank {rank}"] = median(above)
    return judge(claim, parts | most_learned(found), detail=told(found))


def always_two(found: xarray.Dataset) -> xarray.Dataset:
    """Rank 2 whatever is asked for."""
    two = found.context.sel(rank=2, drop=True)
    return found.assign(context=two.expand_dims(rank=found["rank"]))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Accuracy against rank, net by net, and the law."""
    drawing, panel = plt.subplots(figsize=(COLUMN, 2.6))
    found = ranked(evidence)
    ranks, values = found["rank"].values, found.context.transpose("seed", "rank").values
    panel.plot(ranks, values.T, color=BLUE, lw=0.4, alpha=0.4)
    panel.plot(ranks, np.median(values, axis=0), color=BLUE, marker="o", ms=3, label="nets, median")
    fine = np.arange(1, 9)
    laws = [random_accuracy(int(rank), int(found.attrs["pairs"])) for rank in fine]
    panel.plot(fine, laws, color="k", label="random maps", **THEORY)
    panel.axhline(1 / found.attrs["pairs"], **LIMIT)
    panel.set(xlabel="rank of Q K' of the heads that retrieve", ylabel="accuracy, context prompts")
    panel.set(ylim=(0, 1.03))
    panel.legend(loc="lower right")
    return drawing, {"rank": ranks, "accuracy": values, "law": laws}


FIGURE = Figure(
    "compression",
    "Half of the dimensions of queries and keys are nearly enough",
    "Accuracy on context prompts with the queries and keys of all heads that retrieve brought to a "
    "lower rank, together the best one of that rank (thin: nets), against a look-up by a random "
    "map (dashed). Dotted: guessing among the pairs.",
    draw,
    ("C-AR-19",),
)
CHECKS = (
    Check(
        "C-AR-19",
        few_dimensions,
        lambda e: (ranked(e),),
        lambda e: (always_two(ranked(e)),),
        slow=True,
    ),
)
