"""Noisy labels: how sure nets are, and whether the last MLP raises or lowers the right answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import planted_last, planted_margins
from figures.associative_recall.readings import NOISY, STAGED, facts, most_learned, told
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, mean, median
from figures.style import BLUE, GREY, LIMIT, ORANGE, PAGE, PURPLE, SKY, THEORY
from theory.associative_recall import label_noise
from theory.associative_recall.claims.shared import LONG
from theory.associative_recall.label_noise import ANSWERS, best_margin, last_part
from theory.claims import Claim, Verdict

BEST = float(best_margin(label_noise.NOISY, ANSWERS))


def lowers(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-29, C-AR-30: share of prompts for which the last MLP lowers the right answer.

    Args:
        found: `lowers` (seed).
    """
    parts = {"share": mean(found.lowers.values)}
    return judge(claim, parts | most_learned(found), detail=told(found))


def staged(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-31: that share and the margin of nets whose last MLP was trained after the rest.

    Args:
        found: `lowers`, `margin` (seed).
    """
    parts = {
        "share": median(found.lowers.values),
        "margin - best": median(found.margin.values - BEST),
    }
    return judge(claim, parts | most_learned(found), detail=told(found))


def as_sure_as_best(claim: Claim, *shares: xarray.Dataset) -> Verdict:
    """C-AR-32: margins less the best ones.

    Args:
        shares: `margin` (seed), each at one share of random labels `noise`.
    """
    parts: dict[str, Any] = {}
    counts = {"learned": 0, "nets": 0}
    for nets in shares:
        noise = float(nets.noise)
        best = float(best_margin(noise, ANSWERS))
        parts[f"margin - best, eps = {noise:g}"] = mean(nets.margin.values - best)
        counts = {name: count + nets.attrs[name] for name, count in counts.items()}
    asked = xarray.Dataset(attrs=counts)
    return judge(claim, parts | most_learned(asked), detail=told(asked))


def by_noise(evidence: Evidence) -> Sequence[xarray.Dataset]:
    """Nets that were trained as a whole, by share of random labels."""
    shares = [share for share in evidence.find(NOISY).axes["noise"] if share > 0]
    return [facts(evidence, NOISY, noise=share) for share in shares]


def body_of(nets: xarray.Dataset) -> xarray.DataArray:
    """What all but the last MLP adds to the right answer, net by net."""
    body = nets.embedding + nets.attention.sum("layer")
    return body + nets.mlp.isel(layer=slice(0, -1)).sum("layer")


def _stacked(panel: Axes, kinds: dict[str, xarray.Dataset]) -> dict[str, Any]:
    """Means over nets of what parts add, one bar over the other, those below 0 downwards.

    Under the last bar is what its body leaves to the last MLP.
    """
    numbers: dict[str, Any] = {}
    for at, (name, nets) in enumerate(kinds.items()):
        parts = {
            "embedding and heads": (nets.embedding + nets.attention.sum("layer"), BLUE),
            "first MLP": (nets.mlp.isel(layer=0), SKY),
            "last MLP": (nets.mlp.isel(layer=-1), ORANGE),
        }
        top = 0.0
        for label, (values, color) in parts.items():
            height = float(values.mean())
            base = top if height > 0 else 0.0
            shown = None if at else label
            panel.bar(at, height, 0.6, bottom=base, color=color, edgecolor="w", label=shown)
            top = base + height if height > 0 else top
            numbers[f"{label}, {name}"] = values.values
    late = len(kinds) - 1
    nets = [*kinds.values()][late]
    left = float(last_part(float(body_of(nets).mean()), float(nets.noise), ANSWERS))
    panel.plot([late - 0.4, late + 0.4], [left, left], color="k", **THEORY)
    numbers["left for the last MLP"] = left
    panel.axhline(0, color=GREY, lw=0.6)
    panel.axhline(BEST, **LIMIT)
    panel.set_xticks(range(len(kinds)), [name.replace(", ", "\n") for name in kinds])
    panel.set_ylabel("added to the right answer (nats)")
    # Room for the legend above the bars.
    panel.set_ylim(top=1.5 * panel.get_ylim()[1])
    panel.legend(loc="upper left")
    return numbers


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Margins and shares against the noise; contributions after joint and staged training."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.8))
    numbers: dict[str, Any] = {}
    fine = np.linspace(0.06, 0.5, 80)
    left.plot(fine, best_margin(fine, ANSWERS), color="k", **THEORY)
    late = facts(evidence, STAGED, noise=label_noise.NOISY)
    kinds = {
        "joint": (by_noise(evidence), BLUE, "o", -0.005),
        "staged": ([late], PURPLE, "s", 0.01),
    }
    for name, (each, color, mark, shift) in kinds.items():
        for at, nets in enumerate(each):
            noise, style = float(nets.noise), {"ms": 3, "mfc": "none", "color": color}
            places = np.full(nets.sizes["seed"], noise + shift)
            left.plot(places, nets.margin, mark, label=None if at else name, **style)
            right.plot(places, nets.lowers, mark, **style)
            numbers[f"margin {name}, eps = {noise:g}"] = nets.margin.values
            numbers[f"share lowered {name}, eps = {noise:g}"] = nets.lowers.values
    left.set(xlabel=r"share of random labels $\varepsilon$", ylabel="margin (nats)")
    left.legend()
    right.set(xlabel=r"share of random labels $\varepsilon$", ylim=(-0.03, 1.03))
    right.set_ylabel("prompts that the last MLP lowers")
    bars = {
        "joint, 0": facts(evidence, NOISY, noise=0.0),
        f"joint, {label_noise.NOISY:g}": facts(evidence, NOISY, noise=label_noise.NOISY),
        "staged, 0": facts(evidence, STAGED, noise=0.0),
        f"staged, {label_noise.NOISY:g}": late,
    }
    numbers |= _stacked(middle, bars)
    middle.set_xlabel(r"training, $\varepsilon$")
    return drawing, numbers


FIGURE = Figure(
    "noise",
    "Nets are as sure as noise allows; the last MLP says so only if it is trained last",
    "Two layers on facts with random labels, trained as a whole (joint) or the last MLP after the "
    "rest (staged). Left: margin of the right answer against the share of random labels (a mark a "
    "net) and the best one (dashed). Middle: what parts add to the right answer's logit, means; "
    f"dotted, the best margin at {label_noise.NOISY:g}, dashed, what it leaves to a last MLP. "
    "Right: share of prompts for which the last MLP lowers the right answer.",
    draw,
    ("C-AR-29", "C-AR-30", "C-AR-31", "C-AR-32"),
    presets=LONG,
)
CHECKS = (
    Check(
        "C-AR-29",
        lowers,
        lambda e: (facts(e, NOISY, noise=label_noise.NOISY),),
        lambda _: (planted_last(0.01, BEST),),
        lambda _: (planted_last(0.99, BEST),),
    ),
    Check(
        "C-AR-30",
        lowers,
        lambda e: (facts(e, NOISY, noise=label_noise.NOISY),),
        lambda _: (planted_last(0.99, BEST),),
        lambda _: (planted_last(0.01, BEST),),
    ),
    Check(
        "C-AR-31",
        staged,
        lambda e: (facts(e, STAGED, noise=label_noise.NOISY),),
        lambda _: (planted_last(0.01, 14.0),),
        lambda _: (planted_last(0.99, BEST),),
    ),
    Check(
        "C-AR-32",
        as_sure_as_best,
        by_noise,
        lambda _: planted_margins(sure=True),
        lambda _: planted_margins(sure=False),
    ),
)
