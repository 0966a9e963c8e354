"""Broken variants that claims must not survive: nets trained otherwise, readings of another net."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special
import xarray
from jaxtyping import Float

from figures.associative_recall.readings import SINKS, TWO_HEADS, layers
from figures.evidence import Evidence, override
from theory.associative_recall.conflict import COMMON, RARE, log_odds
from theory.associative_recall.label_noise import ANSWERS, best_margin
from theory.associative_recall.one_layer import Circuit, sink_masses
from theory.associative_recall.setting import SETTING, SURE


def sink_at_zero(evidence: Evidence) -> xarray.Dataset:
    """Readings of trained layers whose sink scores as much as a pair that does not match."""
    found = layers(evidence, SINKS)
    held = Circuit(found.match.values, found.gain.values, np.zeros_like(found.match.values))
    unmatched, matched = (
        np.broadcast_to(mass, found.match.shape) for mass in sink_masses(held, SETTING)
    )
    dims = found.match.dims
    return found.assign(mass_unmatched=(dims, unmatched), mass_matched=(dims, matched))


def cancelling_start(evidence: Evidence) -> xarray.Dataset:
    """Two heads of which one starts uniform with the read-out -I."""
    return layers(evidence, override(evidence.find(TWO_HEADS), start="cancelling"))


PLANTED = 8
"""Nets of a kind that a falsifier plants where no sweep of the default preset has them."""


def _spread() -> Float[np.ndarray, " seed"]:
    """What planted nets differ by: standard deviation .02, the same each time."""
    return 0.02 * np.random.default_rng(0).normal(size=PLANTED)


def planted_sides(sure: bool) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Nets with margins at the log-odds at every c; or all as sure as if c were .99."""
    made = []
    for chances in ((0.3, 0.5, 0.9), (0.8,)):
        aimed = np.full(len(chances), 0.99) if sure else np.array(chances)
        margins = np.asarray(log_odds(aimed))[:, None] + _spread()
        parts = {"difference": margins, "chance": scipy.special.expit(margins)}
        parts["context"] = np.ones_like(margins)
        dims = ("follows", "seed")
        made.append(
            xarray.Dataset({n: (dims, v) for n, v in parts.items()}, {"follows": list(chances)})
        )
    return made[0], made[1]


def planted_moves(random: bool) -> xarray.Dataset:
    """Changes of a conflict's side without the most context-like head and a memory-like one.

    Args:
        random: without a head drawn from these and two that move nothing, as a mean.
    """
    context, memory = -0.4 + _spread(), 0.2 + _spread()
    if random:
        context = memory = (context + memory) / 4
    return _all_learned({"context": ("seed", context), "memory": ("seed", memory)})


def planted_heads(retrieving: int) -> xarray.Dataset:
    """Nets of eight heads, so many of which have one that retrieves."""
    retrieves = np.zeros((2 * PLANTED, 2, 4), bool)
    retrieves[:retrieving, 1, 0] = True
    return _all_learned({"retrieves": (("seed", "layer", "head"), retrieves)})


def planted_senders(by_score: bool) -> xarray.Dataset:
    """Nets with one sender that looks back and heads that retrieve; which of them are `chosen`."""
    previous = np.full((4 * PLANTED, 2, 4), 0.3)
    previous[:, 0, 0], previous[:, 1] = 0.75, 0.02
    chosen = np.zeros_like(previous)
    chosen[:, 1 if by_score else 0, 0] = 1
    dims = ("seed", "layer", "head")
    return _all_learned({"previous": (dims, previous), "chosen": (dims, chosen)})


def planted_late(another: bool) -> xarray.Dataset:
    """Late heads whose majority has the sign of Delta - D_h; or another net's contributions."""
    direct = 2 * np.random.default_rng(1).normal(size=(2 * PLANTED, 4))
    favours = scipy.special.expit(1.4 - direct)
    if another:
        direct = np.roll(direct, 1, axis=0)
    dims = ("seed", "head")
    parts = {"direct": (dims, direct), "cut_favours": (dims, favours)}
    return _all_learned(parts | {"difference": ("seed", np.full(2 * PLANTED, 1.4))})


def _all_learned(parts: dict[str, Any]) -> xarray.Dataset:
    found = xarray.Dataset(parts)
    return found.assign_attrs(learned=found.sizes["seed"], nets=found.sizes["seed"])


def planted_facts(by_head: bool) -> xarray.Dataset:
    """Nets of one layer whose MLP makes the answer; or whose head does."""
    mlp = (2.0 if by_head else 20.0) + _spread()
    attention = (20.0 if by_head else 2.0) + _spread()
    parts = {"mlp": mlp, "attention": attention, "embedding": 0 * mlp}
    accuracy = {"without_mlp": 0.95 if by_head else 0.4, "without_heads": 0.1}
    parts |= {name: value + _spread() for name, value in accuracy.items()}
    layered = ("mlp", "attention")
    return _all_learned(
        {
            n: (("seed", "layer"), v[:, None]) if n in layered else ("seed", v)
            for n, v in parts.items()
        }
    )


def planted_last(lowers: float, margin: float) -> xarray.Dataset:
    """Nets whose last MLP lowers a share of prompts, with a margin."""
    share = np.clip(lowers + _spread() / 4, 0, 1)
    return _all_learned({"lowers": ("seed", share), "margin": ("seed", margin + _spread())})


def planted_margins(sure: bool) -> list[xarray.Dataset]:
    """Nets at several shares of random labels with the best margins; or all with one of 12."""
    made = []
    for noise in (0.1, 0.2, 0.4):
        margin = 12.0 if sure else float(best_margin(noise, ANSWERS))
        made.append(planted_last(0.01, margin).assign_coords(noise=noise))
    return made


def planted_winners(weights: bool) -> list[xarray.Dataset]:
    """Nets that use the weights for few facts; for any number of facts if `weights`."""
    made = []
    for count in (COMMON, RARE):
        by_fact = 0.96 if weights or count == COMMON else 0.1
        parts = {"fact": by_fact + _spread() / 2, "context": 0.96 - by_fact + _spread() / 2}
        arrays = _all_learned({name: ("seed", value) for name, value in parts.items()})
        made.append(arrays.assign_coords(facts=count))
    return made


def planted_choice(spread: bool) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Nets whose last token may attend to itself and does, and that sink into the first token.

    Args:
        spread: all of them attend to all tokens alike.
    """
    length, made = 11, []
    for at, (none, context) in ((-1, (0.95, 0.05)), (0, (0.25, 0.03))):
        rows = []
        for mass in (context, none):
            row = np.full(length, (1 - mass) / (length - 1))
            row[at] = mass
            row = row if at else np.append(row[:-1], 0.0)
            if at:
                row[0] = 0.0
            rows.append(np.full(length, 1 / length) if spread else row)
        values = np.stack(rows) * (1 + _spread()[:, None, None])
        dims = ("seed", "kind", "position")
        made.append(_all_learned({"attention": (dims, values)}))
    kinds = {"kind": ["context", "none"]}
    return made[0].assign_coords(kinds), made[1].assign_coords(kinds)


def planted_doses(swapped: bool) -> xarray.Dataset:
    """Nets that attend three times as much to a value with the first token's direction.

    Args:
        swapped: the directions are taken for each other.
    """
    last, first = np.array([0.04, 0.01]), np.array([0.04, 0.12])
    rows = np.stack([last, first] if swapped else [first, last])
    values = (rows * (1 + _spread()[:, None, None]))[:, None]
    coords = {"token": ["value"], "direction": ["first", "last"], "dose": [0.0, SURE]}
    made = _all_learned({"attention": (("seed", *coords), values)})
    return made.assign_coords(coords)


def planted_sinks(by_mlp: bool) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Nets whose second token is a sink where it may copy the first one, and nets where it may not.

    Args:
        by_mlp: an MLP makes it one without a copy, everywhere where it is closed, in one net else.
    """
    made = []
    for copies in (True, False):
        shares = np.zeros((PLANTED, 2, 10))
        shares[:, :, 0] = 0.5 + _spread()[:, None] if copies or by_mlp else 0.0
        dims = ("seed", "layer", "position")
        own = np.zeros_like(shares)
        own[:1] = shares[:1] if by_mlp else 0.0
        made.append(_all_learned({"sinks": (dims, shares), "own": (dims, own)}))
    return made[0], made[1]
