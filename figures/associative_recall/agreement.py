"""Conflicts after training where context and weights agree: who wins, by the number of facts."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import planted_winners
from figures.associative_recall.readings import agreed, most_learned, told
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, mean
from figures.style import BLUE, COLUMN, ORANGE, SMALL, THEORY
from theory.associative_recall import race
from theory.associative_recall.claims.shared import LONG
from theory.associative_recall.conflict import COMMON, RARE
from theory.claims import Claim, Verdict

# Chains whose tie is shown beside, with one start of each factor.
CHAINS, START = (2, 3, 4), 0.1


def who_wins(claim: Claim, *sizes: xarray.Dataset) -> Verdict:
    """C-AR-34: shares of conflicts answered by the fact and by the context.

    Args:
        sizes: `fact`, `context` (seed), each at one number of `facts`.
    """
    parts: dict[str, Any] = {}
    counts = {"learned": 0, "nets": 0}
    for nets in sizes:
        facts = int(nets.facts)
        counts = {name: count + nets.attrs[name] for name, count in counts.items()}
        if facts <= COMMON:
            parts[f"fact, M = {facts}"] = mean(nets.fact.values)
        if facts == RARE:
            parts["context - fact"] = mean((nets.context - nets.fact).values)
    asked = xarray.Dataset(attrs=counts)
    return judge(claim, parts | most_learned(asked), shown="context - fact", detail=told(asked))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Shares of conflicts against the number of facts."""
    drawing, panel = plt.subplots(figsize=(COLUMN, 2.7))
    sizes, numbers = agreed(evidence), {}
    at = [int(nets.facts) for nets in sizes]
    for name, color, mark in (("fact", ORANGE, "^"), ("context", BLUE, "o")):
        means = [float(nets[name].mean()) for nets in sizes]
        panel.plot(at, means, color=color, label=f"by the {name}")
        for facts, nets in zip(at, sizes, strict=True):
            values = nets[name].values
            panel.plot([facts] * len(values), values, mark, ms=3, mfc="none", color=color)
            numbers[f"{name}, M = {facts}"] = values
    for factors in CHAINS:
        tie = float(race.tie(factors, START, race.TOTAL))
        panel.axvline(tie, color="k", **THEORY)
        panel.annotate(f"n = {factors}", (tie, 0.5), rotation=90, fontsize=SMALL, ha="right")
        numbers[f"tie, n = {factors}"] = tie
    panel.set(
        xscale="log", xlabel="facts M", ylabel="share of conflicts answered", ylim=(-0.03, 1.03)
    )
    panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return drawing, numbers


FIGURE = Figure(
    "agreement",
    "Where context and weights always agreed, few facts are recalled and many are looked up",
    "Nets of two layers that were trained on prompts whose context and fact agree, asked conflicts "
    "for the first time (a mark a net, lines: means). Dashed: where the two routes tie when the "
    f"context's is n factors in series that start at {START:g}; that gives the order, and not the "
    "number, since the nets' routes are no such products.",
    draw,
    ("C-AR-34",),
    presets=LONG,
)
CHECKS = (
    Check(
        "C-AR-34",
        who_wins,
        agreed,
        lambda _: planted_winners(weights=True),
        lambda _: planted_winners(weights=False),
    ),
)
