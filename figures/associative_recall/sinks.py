"""Sinks of one trained layer beside the best there are, and what it costs to have none."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import cancelling_start, sink_at_zero
from figures.associative_recall.measured.optima import best_sinks, costs
from figures.associative_recall.readings import NO_SINK, SINKS, TWO_HEADS, layers
from figures.evidence import Check, Evidence, Figure
from figures.statistics import exact, judge, largest, mean, share
from figures.style import BLUE, GREEN, ORANGE, PAGE, THEORY
from theory.associative_recall import one_layer
from theory.associative_recall.one_layer import Circuit
from theory.associative_recall.setting import MISSED, PAIR, SETTING
from theory.claims import Claim, Verdict

COLORS = {0.5: BLUE, 0.8: ORANGE}


def optimum(claim: Claim, sinks: xarray.Dataset, cost: xarray.Dataset) -> Verdict:
    """C-AR-21: the law of the best sink and the cost of none.

    Args:
        sinks: `found`, `predicted` (point).
        cost: `found`, `predicted` (task, matched).
    """
    parts = {
        "distance": largest(np.abs(sinks.found - sinks.predicted).values, "points"),
        "cost": largest(np.abs(cost.found - cost.predicted).values, "tasks and shares"),
    }
    return judge(claim, parts)


def best_masses(nets: xarray.Dataset, matched: float) -> Float[np.ndarray, "seed kind"]:
    """Attention on the best sink at each net's B and g, without and with a match."""
    found = []
    for match, gain in zip(nets.match.values[:, 0], nets.gain.values[:, 0], strict=True):
        sink = one_layer.best_sink(float(match), float(gain), SETTING, matched)
        circuit = Circuit(float(match), float(gain), sink)
        found.append([float(mass) for mass in one_layer.sink_masses(circuit, SETTING)])
    return np.array(found)


def own_masses(nets: xarray.Dataset) -> Float[np.ndarray, "seed kind"]:
    """Measured attention on the sink, without and with a match."""
    return np.stack([nets.mass_unmatched.values[:, 0], nets.mass_matched.values[:, 0]], axis=1)


def as_good_as_best(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-22: measured attention less the best, by share of queries with a match.

    Args:
        found: `match`, `gain`, `mass_unmatched`, `mass_matched` (matched, seed, head).
    """
    parts = {}
    for matched in found.matched.values:
        nets = found.sel(matched=matched)
        apart = own_masses(nets) - best_masses(nets, float(matched))
        for kind, name in enumerate(("without a match", "with a match")):
            parts[f"{name}, pi = {matched:g}"] = mean(apart[:, kind])
    return judge(claim, parts)


def pays(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-23: excess less the cost of no sink, by share of queries with a match."""
    parts = {}
    for matched in found.matched.values:
        cost, _ = one_layer.cost_without_sink(SETTING, float(matched))
        excess = found.excess.sel(matched=matched).values - cost
        parts[f"excess - cost, pi = {matched:g}"] = mean(excess)
    return judge(claim, parts)


def pair_is_missed(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-24: the pair's own excess, and the share of nets of two heads that do not find it."""
    missed = found.excess.values.ravel() >= MISSED
    pair = one_layer.cancelling_excess(*PAIR, SETTING, float(found.matched.values[0]))
    parts = {
        "share": share(int(missed.sum()), missed.size),
        "excess of the pair": exact(float(pair), "closed form"),
    }
    return judge(claim, parts)


def _landscape(panel: Axes, found: xarray.Dataset) -> None:
    """Excess against the sink's score at the nets' mean B and g, and the nets themselves."""
    fine = np.linspace(-1, 7, 200)
    for matched, color in COLORS.items():
        nets = found.sel(matched=matched)
        circuit = Circuit(float(nets.match.mean()), float(nets.gain.mean()), fine)
        panel.plot(fine, one_layer.excess(circuit, SETTING, matched), color=color, **THEORY)
        label = rf"$\pi$ = {matched:g}"
        panel.plot(nets.sink.values[:, 0], nets.excess, "o", ms=3, color=color, label=label)
    panel.set(yscale="log", xlabel="sink's score $b$", ylabel="excess loss (nats)")
    panel.legend()


def _masses(panel: Axes, found: xarray.Dataset) -> None:
    """Measured attention on the sink over the best."""
    for matched, color in COLORS.items():
        nets = found.sel(matched=matched)
        own, best = own_masses(nets), best_masses(nets, matched)
        for kind, mark in enumerate(("o", "s")):
            panel.plot(best[:, kind], own[:, kind], mark, ms=4, color=color, mfc="none")
    panel.plot([0, 1], [0, 1], color="k", **THEORY)
    panel.annotate("query without\na match", (0.85, 0.92), ha="right", fontsize=7)
    panel.annotate("with a match", (0.13, 0.04), fontsize=7)
    panel.set(xlabel="best attention on the sink", ylabel="trained net's", xlim=(0, 1), ylim=(0, 1))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Where the sink sits, how much attention it gets, and what it costs to have none."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.5))
    found = layers(evidence, SINKS)
    _landscape(left, found)
    _masses(middle, found)
    kinds = {"sink": found, "none": layers(evidence, NO_SINK)}
    kinds["none,\n2 heads"] = layers(evidence, TWO_HEADS)
    numbers: dict[str, Any] = {}
    for at, (name, nets) in enumerate(kinds.items()):
        for matched in nets.matched.values:
            values, color = nets.excess.sel(matched=matched).values, COLORS[float(matched)]
            spread = np.linspace(-0.15, 0.15, len(values))
            right.plot(at + spread, values, "o", ms=3, color=color)
            numbers[f"excess, {name}, pi = {matched:g}".replace("\n", " ")] = values
            if nets is not found:
                cost, _ = one_layer.cost_without_sink(SETTING, float(matched))
                right.plot([at - 0.3, at + 0.3], [cost, cost], color=color, **THEORY)
                numbers[f"cost without a sink, pi = {matched:g}"] = cost
    pair = float(one_layer.cancelling_excess(*PAIR, SETTING, 0.5))
    right.plot([1.7, 2.3], [pair, pair], color=GREEN, **THEORY)
    right.annotate("a pair that cancels", (2.3, pair * 1.5), ha="right", fontsize=7, color=GREEN)
    right.set(yscale="log", ylabel="excess loss (nats)", ylim=(5e-6, 0.5))
    right.set_xticks(range(3), list(kinds))
    return drawing, numbers


FIGURE = Figure(
    "sinks",
    "A sink gets as much attention as pays, and having none costs what the formula says",
    "One layer, some of whose queries have no match. Left: excess loss against the sink's score at "
    "the B and g that nets learned (dashed), and the trained nets (points). Middle: their "
    "attention on the sink against the best at each net's own B and g. Right: excess with a sink, "
    "without, and without but with two heads; dashed the cost without a sink, and the pair of "
    "heads that would cancel, which training does not find.",
    draw,
    ("C-AR-21", "C-AR-22", "C-AR-23", "C-AR-24"),
)
CHECKS = (
    Check(
        "C-AR-21",
        optimum,
        lambda e: (e.table(best_sinks, broken=False), e.table(costs)),
        lambda e: (e.table(best_sinks, broken=True), e.table(costs)),
    ),
    Check(
        "C-AR-22",
        as_good_as_best,
        lambda e: (layers(e, SINKS),),
        lambda e: (sink_at_zero(e),),
        slow=True,
    ),
    Check(
        "C-AR-23",
        pays,
        lambda e: (layers(e, NO_SINK),),
        lambda e: (layers(e, SINKS),),
        slow=True,
    ),
    Check(
        "C-AR-24",
        pair_is_missed,
        lambda e: (layers(e, TWO_HEADS),),
        lambda e: (cancelling_start(e),),
        slow=True,
    ),
)
