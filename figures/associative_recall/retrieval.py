"""Heads that retrieve: recall without them, without others, and in contexts of other lengths."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import PLANTED, planted_heads, planted_senders
from figures.associative_recall.readings import elsewhere, heads, most_learned, told, trained_on
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, largest, mean, median, share
from figures.style import BLUE, GREEN, LIMIT, ORANGE, PAGE, PURPLE, SKY, THEORY
from sims.associative_recall.circuits import ORDERS, RETRIEVES, senders
from theory.associative_recall.setting import LOOKS_BACK
from theory.claims import Claim, Verdict

BY_SCORE, OTHERS, SPARED = ORDERS
COLORS = dict(zip(ORDERS, (BLUE, ORANGE, GREEN), strict=True))
# Lines of limits would strike its words through.
OPAQUE: dict[str, Any] = {"frameon": True, "framealpha": 1, "edgecolor": "none"}


def lost(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-7: accuracy once as many heads are cut as retrieve.

    Args:
        found: `own_context`, `own_memory` (seed).
    """
    context = found.own_context.values
    parts = {
        "context": median(context),
        "memory": median(found.own_memory.values),
        "context, worst net": largest(context, "nets"),
    }
    return judge(claim, parts | most_learned(found), detail=told(found))


def kept(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-8: the same of other heads.

    Args:
        found: `own_context` (seed).
    """
    parts = {"context": median(found.own_context.values)}
    return judge(claim, parts | most_learned(found), detail=told(found))


def sent(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-9: nets one of whose chosen heads attends to the token before.

    Args:
        found: `chosen`, `previous` (seed, layer, head).
    """
    looks = ((found.chosen > 0) & (found.previous >= LOOKS_BACK)).any(("layer", "head"))
    estimate = share(int(looks.sum()), looks.size, "nets")
    return judge(claim, {"share": estimate} | most_learned(found), detail=told(found))


def intrinsic(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-10: scores at other lengths against those at the trained one.

    Args:
        found: `retrieval` (seed, pairs, layer, head) and `context` (seed, pairs), and scores `base`
            (seed, layer, head) at the length of attribute `trained`.
    """
    other = found.sel(pairs=[p for p in found.pairs.values if p != found.attrs["trained"]])
    scores = other.retrieval.transpose("seed", "pairs", "layer", "head").values
    base = found.base.transpose("seed", "layer", "head").values
    # A head that scores the same everywhere has no correlation; it counts as none.
    alike = [
        min(np.nan_to_num(np.corrcoef(row.ravel(), own.ravel())[0, 1]) for row in rows)
        for rows, own in zip(scores, base, strict=True)
    ]
    parts = {
        "correlation": median(np.array(alike)),
        "context": median(other.context.min("pairs").values),
    }
    return judge(claim, parts | most_learned(found), detail=told(found))


def sparse(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-11: share of heads that retrieve.

    Args:
        found: `retrieves`, whether each does (seed, layer, head).
    """
    parts = {"share": mean(found.retrieves.mean(("layer", "head")).values)}
    return judge(claim, parts | most_learned(found), detail=told(found))


def cut_all(evidence: Evidence, order: str) -> xarray.Dataset:
    """Accuracy once as many heads of an order are cut as retrieve."""
    return heads(evidence)[["own_context", "own_memory"]].sel(order=order)


def chosen(evidence: Evidence) -> xarray.Dataset:
    """The senders."""
    found = heads(evidence)
    picked = senders(found.retrieval.values, found.alone.values)
    return found[["previous"]].assign(chosen=found.alone.copy(data=np.asarray(picked)))


def lengths(evidence: Evidence, offsets: bool) -> xarray.Dataset:
    """Scores by length, with those of the whole net at the trained one as `base`."""
    found, whole = elsewhere(evidence, offsets), elsewhere(evidence)
    base = whole.retrieval.sel(pairs=whole.attrs["trained"], drop=True)
    return found.assign(base=base)


def retrieving(evidence: Evidence) -> xarray.Dataset:
    """Which heads retrieve."""
    found = heads(evidence)
    return found[[]].assign(retrieves=found.retrieval > RETRIEVES)


def _cutting(panel: Axes, found: xarray.Dataset) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for order, color in COLORS.items():
        row = found.sel(order=order)
        context, memory = row.cut_context.values, row.cut_memory.values
        panel.plot(found.cut, context.T, color=color, lw=0.4, alpha=0.35)
        panel.plot(found.cut, np.median(context, axis=0), color=color, marker="o", ms=3)
        panel.plot(found.cut, np.median(memory, axis=0), color=color, marker="^", ms=3, lw=0.8)
        numbers[f"context, {order}"] = np.median(context, axis=0)
        numbers[f"memory, {order}"] = np.median(memory, axis=0)
    handles = [panel.plot([], [], color=color)[0] for color in COLORS.values()]
    handles += [panel.plot([], [], color="k", marker=mark, ms=3)[0] for mark in "o^"]
    names = ["by retrieval score", "others at random", "others but senders", "context", "memory"]
    panel.legend(handles, names, loc="lower left", fontsize=6, **OPAQUE)
    panel.set(
        xlabel=f"heads cut, of {found.sizes['layer'] * found.sizes['head']}",
        ylabel="accuracy",
        ylim=(0, 1.03),
    )
    panel.set_xticks(found.cut.values)
    return numbers


def _by_length(panel: Axes, found: xarray.Dataset) -> None:
    trained = found.attrs["trained"]
    base = found.retrieval.sel(pairs=trained).values.ravel()
    for pairs, color in zip(found.pairs.values, (SKY, BLUE, PURPLE), strict=True):
        if pairs != trained:
            own = found.retrieval.sel(pairs=pairs).values.ravel()
            panel.plot(base, own, "o", ms=2.5, color=color, label=f"P = {pairs}", mfc="none")
    panel.plot([0, 1], [0, 1], color="k", **THEORY)
    panel.axvline(RETRIEVES, **LIMIT)
    panel.axhline(RETRIEVES, **LIMIT)
    panel.set(xlabel=f"retrieval score at P = {trained}", ylabel="retrieval score at P")
    panel.legend(loc="upper left", fontsize=6)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Accuracy against the number of heads cut; scores at other lengths."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.8))
    found, longer = heads(evidence), elsewhere(evidence)
    numbers = _cutting(left, found)
    for count in trained_on(evidence):
        left.axhline(1 / float(count), **LIMIT)
    _by_length(right, longer)
    numbers |= {"retrieval score": found.retrieval.values, "alone": found.alone.values}
    numbers |= {"context by P": longer.context.median("seed").values}
    return drawing, numbers


FIGURE = Figure(
    "retrieval",
    "Without the heads that retrieve nothing is recalled from the context, and the weights stay",
    "Nets of two layers, trained at one length of the context. Left: accuracy with more and more "
    "heads cut (thick: median over nets, thin: nets), on questions about the context (circles) and "
    "about facts in the weights (triangles); in falling order of the retrieval score, or at random "
    "among the other heads, with and without the senders that recall needs too. Dotted: guessing "
    "among the pairs, and among all answers. Right: each head's score in contexts of other lengths "
    "against that at the trained one; dashed, no change; dotted, the threshold.",
    draw,
    ("C-AR-7", "C-AR-8", "C-AR-9", "C-AR-10", "C-AR-11"),
)
CHECKS = (
    Check(
        "C-AR-7",
        lost,
        lambda e: (cut_all(e, BY_SCORE),),
        lambda e: (cut_all(e, SPARED),),
        slow=True,
    ),
    Check(
        "C-AR-8",
        kept,
        lambda e: (cut_all(e, SPARED),),
        lambda e: (cut_all(e, OTHERS),),
        slow=True,
    ),
    Check(
        "C-AR-9",
        sent,
        lambda e: (chosen(e),),
        lambda _: (planted_senders(by_score=True),),
        lambda _: (planted_senders(by_score=False),),
    ),
    Check(
        "C-AR-10",
        intrinsic,
        lambda e: (lengths(e, offsets=True),),
        lambda e: (lengths(e, offsets=False),),
        slow=True,
    ),
    Check(
        "C-AR-11",
        sparse,
        lambda e: (retrieving(e),),
        lambda _: (planted_heads(retrieving=2 * PLANTED),),
        lambda _: (planted_heads(retrieving=0),),
    ),
)
