"""What a head adds to the logits directly, and what replacing it does."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import scipy.stats
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.readings import heads, learned, most_learned, sides, told
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, median
from figures.style import BLUE, COLUMN, ORANGE, THEORY, VERMILLION
from sims.associative_recall.circuits import senders
from theory.claims import Claim, Verdict


def ranked(claim: Claim, nets: xarray.Dataset) -> Verdict:
    """C-AR-18: rank correlation of contribution and effect, late heads and all.

    Args:
        nets: `direct`, `effect` (seed, layer, head).
    """
    order = ("seed", "layer", "head")
    direct, effect = (nets[name].transpose(*order).values for name in ("direct", "effect"))

    def of(one: np.ndarray, other: np.ndarray) -> float:
        return float(scipy.stats.spearmanr(one.ravel(), other.ravel())[0])  # pyright: ignore

    late = np.array([of(a[-1], b[-1]) for a, b in zip(direct, effect, strict=True)])
    whole = np.array([of(a, b) for a, b in zip(direct, effect, strict=True)])
    parts = {"late": median(late), "late - all": median(late - whole)}
    return judge(claim, parts | most_learned(nets), detail=told(nets))


def nets(evidence: Evidence) -> xarray.Dataset:
    """The nets that learned, at the one c of `recall`."""
    found = sides(evidence)
    return learned(found.isel(follows=0, drop=True))


def next_head_s(found: xarray.Dataset) -> xarray.Dataset:
    """Contributions of the next head of the layer."""
    return found.assign(direct=found.direct.roll(head=1))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Contribution against effect, by layer, senders marked."""
    drawing, panel = plt.subplots(figsize=(COLUMN, 2.9))
    found, roles = nets(evidence), heads(evidence)
    sends = np.asarray(senders(roles.retrieval.values, roles.alone.values)) > 0
    direct, effect = found.direct.values, found.effect.values
    late = np.zeros(direct.shape, bool)
    late[:, -1] = True
    groups = {"late heads": (late & ~sends, BLUE, "o"), "earlier": (~late & ~sends, ORANGE, "s")}
    groups["senders"] = (sends, VERMILLION, "D")
    for name, (chosen, color, mark) in groups.items():
        panel.plot(direct[chosen], effect[chosen], mark, ms=3, color=color, mfc="none", label=name)
    ends = [min(direct.min(), 0), direct.max()]
    panel.plot(ends, ends, color="k", **THEORY)
    panel.set(xlabel=r"direct contribution $D_h$ (nats)", ylabel="effect of replacing it (nats)")
    panel.legend(loc="lower right")
    return drawing, {"direct": direct, "effect": effect}


FIGURE = Figure(
    "contribution",
    "Logit attribution finds the heads that speak, and misses those they listen to",
    "What each head adds directly to logit(context) - logit(fact) in conflicts, against the drop "
    "of this margin when its output is taken from another conflict (a mark a head, all nets). For "
    "a late head the two are the same but for what the other prompt brings (dashed); senders act "
    "through late heads, and what they add directly speaks for the other side.",
    draw,
    ("C-AR-18",),
)
CHECKS = (
    Check(
        "C-AR-18",
        ranked,
        lambda e: (nets(e),),
        lambda e: (next_head_s(nets(e)),),
        slow=True,
    ),
)
