"""Facts about subjects in one layer: what heads and MLP add to the answer, and recall without."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import planted_facts
from figures.associative_recall.readings import BARE, RELATION, facts, most_learned, told
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, median
from figures.style import BLUE, GREEN, GREY, LIMIT, ORANGE, PAGE, PURPLE
from theory.associative_recall.claims.shared import LONG
from theory.associative_recall.label_noise import ANSWERS
from theory.claims import Claim, Verdict


def share_of_the_mlp(found: xarray.Dataset) -> np.ndarray:
    """The MLPs' part of the right answer's logit, seed by seed."""
    mlp, attention = found.mlp.sum("layer"), found.attention.sum("layer")
    return (mlp / (mlp + attention + found.embedding)).values


def made_by_the_mlp(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-28: the MLP's share, and accuracy without it and without heads.

    Args:
        found: `mlp`, `attention` (seed, layer), `embedding`, `without_mlp`, `without_heads` (seed).
    """
    parts = {
        "share": median(share_of_the_mlp(found)),
        "without the MLP": median(found.without_mlp.values),
        "without heads": median(found.without_heads.values),
    }
    return judge(claim, parts | most_learned(found), detail=told(found))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Contributions to the right answer's logit, and accuracy without parts."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6))
    numbers: dict[str, Any] = {}
    heads_of = evidence.find(RELATION).axes["heads"]
    kinds = [(heads, hidden) for hidden in (True, False) for heads in heads_of]
    for at, (heads, hidden) in enumerate(kinds):
        nets = facts(evidence, RELATION if hidden else BARE, heads=heads)
        name, spread = f"H = {heads}, {'MLP' if hidden else 'no MLP'}", np.linspace(-0.2, 0.2, 3)
        added = {
            "embedding": (nets.embedding.values, GREY, "s"),
            "heads": (nets.attention.sum("layer").values, BLUE, "o"),
            "MLP": (nets.mlp.sum("layer").values, ORANGE, "^"),
        }
        accuracy = {
            "whole": (nets.accuracy.values, "k", "D"),
            "without MLP": (nets.without_mlp.values, GREEN, "v"),
            "without heads": (nets.without_heads.values, PURPLE, "P"),
        }
        for panel, shown in ((left, added), (right, accuracy)):
            for shift, (label, (values, color, mark)) in zip(spread, shown.items(), strict=True):
                if "MLP" not in label or hidden:
                    places = np.full(len(values), at + shift)
                    style = {"ms": 3, "mfc": "none", "color": color}
                    panel.plot(places, values, mark, label=None if at else label, **style)
                    numbers[f"{label}, {name}"] = values
        numbers[f"share of the MLP, {name}"] = share_of_the_mlp(nets)
    names = [f"{heads}\n{'MLP' if hidden else 'none'}" for heads, hidden in kinds]
    for panel in (left, right):
        panel.set_xticks(range(len(kinds)), names)
        panel.set_xlabel("heads; MLP")
    left.set(ylabel="added to the right answer (nats)")
    right.axhline(1 / ANSWERS, **LIMIT)
    right.set(ylabel="accuracy", ylim=(0, 1.03))
    left.legend()
    right.legend(loc="center right")
    return drawing, numbers


FIGURE = Figure(
    "facts",
    "Heads bring the subject, and the MLP, where there is one, makes the answer of it",
    "One layer that answers a relation of a subject among noise (a mark a net). Left: what each "
    "part adds to the right answer's logit less the mean of the others'. Right: accuracy, and "
    "without the MLP or without heads. Dotted: guessing.",
    draw,
    ("C-AR-28",),
    presets=LONG,
)
CHECKS = (
    Check(
        "C-AR-28",
        made_by_the_mlp,
        lambda e: (facts(e, RELATION, heads=1),),
        lambda _: (planted_facts(by_head=True),),
        lambda _: (planted_facts(by_head=False),),
    ),
)
