"""Where the last token looks when no answer is in the context, and what a dose of a sink draws."""

from __future__ import annotations

import itertools
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import planted_choice, planted_doses
from figures.associative_recall.readings import (
    OPEN,
    SHUT,
    choices,
    doses,
    most_learned,
    told,
)
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, median
from figures.style import BLUE, GREEN, LIMIT, ORANGE, PAGE, PURPLE
from theory.associative_recall.claims.shared import LONG
from theory.associative_recall.setting import SETTING, SURE
from theory.claims import Claim, Verdict

KINDS = list(itertools.product(("all", "none"), ("all", "first")))
COLORS = dict(zip(KINDS, (BLUE, GREEN, ORANGE, PURPLE), strict=True))
MARKS = dict(zip(KINDS, "os^D", strict=True))


def chosen(claim: Claim, free: xarray.Dataset, shut: xarray.Dataset) -> Verdict:
    """C-AR-25: attention of nets that may attend to themselves, and of those that may not.

    Args:
        free, shut: `attention` (seed, kind, position).
    """
    itself, other = free.attention.sel(kind="none"), shut.attention.isel(position=0)
    parts = {
        "itself": median(itself.isel(position=-1).values),
        "first, if itself": median(itself.isel(position=0).values),
        "first": median(other.sel(kind="none").values),
        "first, answer there": median(other.sel(kind="context").values),
    }
    counts = {name: free.attrs[name] + shut.attrs[name] for name in ("learned", "nets")}
    asked = xarray.Dataset(attrs=counts)
    return judge(claim, parts | most_learned(asked), detail=told(asked))


def ratios(found: xarray.Dataset, token: str) -> xarray.DataArray:
    """Attention over that without a dose, by seed, direction and dose."""
    seen = found.attention.sel(token=token)
    return seen / seen.sel(dose=0.0)


def drawn_by_a_dose(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-27: attention on a value at the largest dose over that without.

    Args:
        found: `attention` (seed, token, direction, dose).
    """
    sure = ratios(found, "value").sel(dose=SURE)
    parts = {name: median(sure.sel(direction=name).values) for name in ("first", "last")}
    return judge(claim, parts | most_learned(found), detail=told(found))


def _by_position(panel: Axes, found: dict[Any, xarray.Dataset], asked: str) -> None:
    """Medians over nets, a line for each kind."""
    for at, nets in found.items():
        own, offsets = at
        row = nets.attention.sel(kind=asked).median("seed")
        label = f"{'may' if own == 'all' else 'not'}, {'both' if offsets == 'all' else 'first'}"
        panel.plot(row.position, row, color=COLORS[at], marker=MARKS[at], ms=3, label=label)
    names = ["F", *"kv" * int(SETTING.pairs), "q", "L"]
    panel.set_xticks(range(len(names)), names)
    panel.set(xlabel="position", ylim=(-0.03, 1.03))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Attention by position without an answer and with one; attention against the dose."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.8))
    found = {at: choices(evidence, *at) for at in KINDS}
    for panel, asked in ((left, "none"), (middle, "context")):
        _by_position(panel, found, asked)
    left.set_ylabel("attention, no answer there")
    middle.set_ylabel("attention, answer there")
    middle.legend(title="itself, offsets", title_fontsize=7)
    numbers: dict[str, Any] = {}
    for (own, offsets), nets in found.items():
        for name, place in (("first", 0), ("itself", -1)):
            seen = nets.attention.sel(kind="none").isel(position=place).values
            numbers[f"attention on {name}, own {own}, offsets {offsets}"] = seen
    dosed = doses(evidence)
    for token, direction in itertools.product(("value", "key"), ("first", "last")):
        row = ratios(dosed, token).sel(direction=direction)
        color, mark = BLUE if direction == "first" else ORANGE, "o" if token == "value" else "^"
        label = f"{token}, along {direction}"
        center = row.median("seed")
        right.plot(row.dose, center, color=color, marker=mark, ms=3, label=label)
        numbers[f"ratio at the largest dose, {label}"] = row.sel(dose=SURE).values
    right.axhline(1, **LIMIT)
    right.set(xlabel="dose m", ylabel="attention over that without", yscale="log")
    right.set_yticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
    right.minorticks_off()
    right.legend(fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.4, 1.22))
    numbers["norm of the first token's state"] = np.asarray(dosed.norm.values)
    return drawing, numbers


FIGURE = Figure(
    "choice",
    "With nothing to retrieve heads look at the last token, or at the first if they may not",
    "Nets of two layers with normalised states, some of whose prompts have no answer. Attention "
    "of the last token in heads that retrieve, by position (F first, k keys, v values, q query, "
    "L last; medians over nets), without an answer and with one, where a token may attend to "
    "itself or not, and where scores of both layers or only the first one know the offset. "
    "Right: attention on a token of the context once a dose of the first or the last token's "
    "direction is added to its state, over that without (medians; nets that may not attend to "
    "themselves). Dotted: none.",
    draw,
    ("C-AR-25", "C-AR-27"),
    presets=LONG,
)
CHECKS = (
    Check(
        "C-AR-25",
        chosen,
        lambda e: (choices(e, **OPEN), choices(e, **SHUT)),
        lambda _: planted_choice(spread=True),
        lambda _: planted_choice(spread=False),
    ),
    Check(
        "C-AR-27",
        drawn_by_a_dose,
        lambda e: (doses(e),),
        lambda _: (planted_doses(swapped=True),),
        lambda _: (planted_doses(swapped=False),),
    ),
)
