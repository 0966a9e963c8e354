"""Broken variants that claims must not survive: nets trained otherwise, readings of another net."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special
import xarray
from jaxtyping import Float

from figures.associative_recall.readings import SINKS, TWO_HEADS, layers
from figures.evidence import Evidence, override
from theory.associative_recall.conflict import log_odds
from theory.associative_recall.one_layer import Circuit, sink_masses
from theory.associative_recall.setting import SETTING


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
