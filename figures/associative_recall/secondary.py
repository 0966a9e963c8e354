"""Sinks beside the first token in nets of three layers: where they are, and what made them."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import planted_sinks
from figures.associative_recall.readings import most_learned, secondaries, told
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, largest, mean, share
from figures.style import BLUE, GREEN, LIMIT, ORANGE, PAGE, PURPLE
from sims.associative_recall.secondary import ALONG, BEHIND
from theory.associative_recall.claims.shared import DEEP
from theory.associative_recall.setting import OFTEN, SETTING
from theory.claims import Claim, Verdict

# Thin lines would strike its words through.
OPAQUE: dict[str, Any] = {"frameon": True, "framealpha": 1, "edgecolor": "none"}
# Of nets that may copy the first token, and of those that may not.
COSINES = {
    "cosine": (0, "state", BLUE, "o"),
    "before": (0, "before the MLP below", ORANGE, "^"),
    "uncopied": (0, "closed later", GREEN, "s"),
}
SHARES = {
    "sinks": (0, "sinks", BLUE, "o"),
    "made": (0, "made by the MLP below", ORANGE, "^"),
    "own": (0, "made without a copy", GREEN, "s"),
}
CLOSED = (
    {"cosine": (1, "closed in training", PURPLE, "D")},
    {"sinks": (1, "closed in training", PURPLE, "D")},
)


def most(shares: xarray.DataArray) -> np.ndarray:
    """The largest share over layers and positions, net by net."""
    return shares.max(("layer", "position")).values


def made(claim: Claim, copying: xarray.Dataset) -> Verdict:
    """C-AR-37: shares of prompts where an MLP makes a token a sink without a copy.

    Args:
        copying: `own` (seed, layer, position).
    """
    shares = most(copying.own)
    parts = {
        "share, some net": largest(shares, "nets"),
        "nets": share(int((shares >= OFTEN).sum()), shares.size, "nets"),
    }
    return judge(claim, parts | most_learned(copying), shown="nets", detail=told(copying))


def copied(claim: Claim, copying: xarray.Dataset, closed: xarray.Dataset) -> Verdict:
    """C-AR-36: shares of prompts where a token is a sink, in its most frequent place.

    Args:
        copying: `sinks` (seed, layer, position) of nets that may copy the first token.
        closed: the same of nets that may not.
    """
    parts = {"sinks": mean(most(copying.sinks)), "sinks, closed": mean(most(closed.sinks))}
    counts = {name: copying.attrs[name] + closed.attrs[name] for name in ("learned", "nets")}
    asked = xarray.Dataset(attrs=counts)
    return judge(claim, parts | most_learned(asked), detail=told(asked))


def both(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Nets that may copy the first token, and nets that may not."""
    return secondaries(evidence, copies=True), secondaries(evidence, copies=False)


def _behind(panels: np.ndarray, nets: xarray.Dataset) -> dict[str, Any]:
    """Values behind keys with a fact and without, a line a net, in the last layer."""
    numbers: dict[str, Any] = {}
    for panel, name, color in zip(
        panels, ("cosine_behind", "own_behind"), (BLUE, GREEN), strict=True
    ):
        values = nets[name].isel(layer=-1).transpose("seed", "behind").values
        panel.plot(values.T, color=color, marker="o", ms=2.5, mfc="none", lw=0.6)
        panel.set_xticks(range(len(BEHIND)), BEHIND)
        panel.set_xlim(-0.3, len(BEHIND) - 0.7)
        numbers[f"{name}, last layer"] = values
    panels[0].axhline(ALONG, **LIMIT)
    panels[0].set_title("values, last layer")
    panels[1].set_xlabel("the key before has")
    return numbers


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Cosines with the first token and shares of sinks, by position and layer, and by key."""
    nets = both(evidence)
    layers = nets[0].layer.values
    drawing, panels = plt.subplots(
        2,
        len(layers) + 1,
        figsize=(PAGE, 4.4),
        sharey="row",
        squeeze=False,
        width_ratios=[*[2.4] * len(layers), 1],
    )
    numbers: dict[str, Any] = {"nets that learned": [found.attrs["learned"] for found in nets]}
    names = [*"kv" * int(SETTING.pairs), "q", "L"]
    for row, shown in enumerate((COSINES, SHARES)):
        lines = [*shown.items(), *CLOSED[row].items()]
        for panel, layer in zip(panels[row], layers, strict=False):
            for name, (which, label, color, mark) in lines:
                found = nets[which][name].sel(layer=layer)
                values = found.transpose("seed", "position").values
                panel.plot(values.T, color=color, lw=0.4, alpha=0.4)
                panel.plot(np.median(values, axis=0), color=color, marker=mark, ms=3, label=label)
                numbers[f"{name}, {label}, layer {layer}"] = values
            panel.set_xticks(range(len(names)), names)
    for panel, layer in zip(panels[0], layers, strict=False):
        panel.axhline(ALONG, **LIMIT)
        panel.set_title(f"layer {layer}")
    for panel in panels[1][:-1]:
        panel.set_xlabel("position behind the first token")
    for row, name in enumerate(("cosine with the first token", "share of prompts")):
        panels[row, 0].set_ylabel(name)
        panels[row, 0].legend(loc="upper right", bbox_to_anchor=(1, 0.94), **OPAQUE)
    return drawing, numbers | _behind(panels[:, -1], nets[0])


FIGURE = Figure(
    "secondary",
    "Sinks beside the first token are mostly copies of it; MLPs of a few nets make some of their "
    "own",
    "Three layers with MLPs and normalised states, on prompts without an answer; a token may "
    "attend to itself in layer 1 only (thick: median over nets that learned, thin: nets). Above: "
    "cosine of each token's state with the first one's, before the MLP below, once no head may "
    "read the first token, and in nets whose layer 1 never could; dotted, what counts as a sink. "
    "Below: share of prompts where the token is a sink, where the MLP below made it one, where "
    "it did so without a copy of the first token, and where it is one in nets whose layer 1 "
    "never could read that. Right: values behind keys with a fact in the weights and without, "
    "their cosine and the share of them that an MLP makes sinks without a copy (a line a net).",
    draw,
    ("C-AR-36", "C-AR-37"),
    presets=DEEP,
)
CHECKS = (
    Check(
        "C-AR-36",
        copied,
        both,
        lambda _: planted_sinks(by_mlp=True),
        lambda _: planted_sinks(by_mlp=False),
    ),
    Check(
        "C-AR-37",
        made,
        lambda e: (secondaries(e, copies=True),),
        lambda _: planted_sinks(by_mlp=False)[:1],
        lambda _: planted_sinks(by_mlp=True)[:1],
    ),
)
