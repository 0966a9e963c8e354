"""Context against weights in trained nets: how sure they are, and how sure they should be."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Bool, Float
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import planted_moves, planted_sides
from figures.associative_recall.flipping import costs, every, told_apart
from figures.associative_recall.readings import (
    CONFLICT,
    learned,
    most_learned,
    sides,
    told,
)
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, mean
from figures.style import BLUE, PAGE, THEORY
from theory.associative_recall.claims.shared import LONG
from theory.associative_recall.conflict import EVEN, MEMORY_LIKE, log_odds
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


def moved(nets: xarray.Dataset) -> Float[np.ndarray, "net head"]:
    """Change of the share of conflicts answered by the context, by the late head that is cut."""
    apart = nets.cut_answers - nets.answers
    return apart.transpose("seed", "head").values


def memory_like(nets: xarray.Dataset) -> Bool[np.ndarray, "net head"]:
    """Whether a late head speaks for the fact by more than a little."""
    return nets.direct.transpose("seed", "head").values <= MEMORY_LIKE


def both_ways(claim: Claim, nets: xarray.Dataset) -> Verdict:
    """C-AR-17: changes of the share that the context answers, net by net.

    Args:
        nets: `context` and `memory` (seed), without the most context-like late head and without a
            memory-like one, NaN where a net has none.
    """
    memory = nets.memory.values
    found = {"most context-like": nets.context.values, "memory-like": memory[~np.isnan(memory)]}
    parts = {name: mean(values) for name, values in found.items()}
    return judge(claim, parts | most_learned(nets), detail=told(nets))


def at_even(evidence: Evidence) -> xarray.Dataset:
    """What `both_ways` decides about, at c = 1/2."""
    nets = every(sides(evidence, CONFLICT).sel(follows=[EVEN]))
    change, chosen = moved(nets), memory_like(nets)
    most = np.take_along_axis(change, nets.direct.argmax("head").values[:, None], 1)[:, 0]
    other = [
        row[which].mean() if which.any() else np.nan
        for row, which in zip(change, chosen, strict=True)
    ]
    return xarray.Dataset({"context": ("seed", most), "memory": ("seed", other)}, attrs=nets.attrs)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Chance of the context's value against c; margin against the log-odds."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.9))
    numbers: dict[str, Any] = {}
    along = sides(evidence, CONFLICT)
    for nets in (along, sides(evidence)):
        for follows in nets.follows.values:
            good = learned(nets.sel(follows=follows))
            spread = np.linspace(-0.012, 0.012, good.sizes["seed"])
            left.plot(follows + spread, good.chance, "o", ms=3, color=BLUE, mfc="none")
            odds = float(log_odds(float(follows)))
            middle.plot(odds + 6 * spread, good.difference, "o", ms=3, color=BLUE, mfc="none")
            numbers[f"chance, c = {follows:g}"] = good.chance.values
            numbers[f"margin, c = {follows:g}"] = good.difference.values
    left.plot([0.2, 1], [0.2, 1], color="k", **THEORY)
    left.set(xlabel="chance c that the context is right", ylabel="net's chance for the context")
    ends = np.array([-1.2, 2.6])
    middle.plot(ends, ends, color="k", **THEORY)
    middle.set(xlabel="log(c/(1-c))", ylabel="mean margin context - fact (nats)")
    numbers |= costs(right, every(along.sel(follows=[EVEN])), f"c = {EVEN:g}")
    right.set_ylabel("share")
    told_apart(drawing, right)
    return drawing, numbers


FIGURE = Figure(
    "conflict",
    "Nets side with the context by about the log-odds of its being right",
    "Nets of two layers trained with a chance c that the answer to a conflict follows the context "
    "(a mark a net). Left: the chance that they give to the context's value against the fact. "
    "Middle: the mean difference of the two logits. Dashed: what costs least. Right: what cutting "
    "the most context-like or the most memory-like late head does where both are right as often.",
    draw,
    ("C-AR-13", "C-AR-17"),
    presets=LONG,
)
CHECKS = (
    Check(
        "C-AR-13",
        calibrated,
        lambda e: (sides(e, CONFLICT), sides(e)),
        lambda _: planted_sides(sure=True),
        lambda _: planted_sides(sure=False),
    ),
    Check(
        "C-AR-17",
        both_ways,
        lambda e: (at_even(e),),
        lambda _: (planted_moves(random=True),),
        lambda _: (planted_moves(random=False),),
    ),
)
