"""Broken variants that claims must not survive: nets trained otherwise, readings of another net."""

from __future__ import annotations

import numpy as np
import xarray

from figures.associative_recall.readings import SINKS, TWO_HEADS, layers
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
