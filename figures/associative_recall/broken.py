"""Broken variants that claims must not survive: nets trained otherwise, readings of another net."""

from __future__ import annotations

import numpy as np
import xarray

from figures.associative_recall.readings import CONFLICT, RECALL, SINKS, TWO_HEADS, layers, sides
from figures.evidence import Evidence, override
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


def always_the_context(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Nets whose training answers always followed the context, at every c that is asked for."""
    sweep = override(evidence.find(CONFLICT), follows=1.0, seeds=6)
    found = sides(evidence, sweep).isel(follows=0, drop=True)
    both = evidence.find(CONFLICT).axes["follows"], [evidence.find(RECALL).base.follows]  # pyright: ignore
    along, alone = (found.expand_dims(follows=list(chances)) for chances in both)
    return along, alone


def another_net_s(nets: xarray.Dataset) -> xarray.Dataset:
    """Contributions of the next net's heads."""
    return nets.assign(direct=nets.direct.roll(seed=1))
