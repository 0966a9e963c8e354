"""Which sweeps the figures read, and what several of them read off these."""

from __future__ import annotations

import xarray

from figures.evidence import Evidence
from sims.associative_recall.one_layer import readings
from sims.engine.sweep import Sweep

SINKS = "associative_recall.sinks"
NO_SINK = "associative_recall.no_sink"
TWO_HEADS = "associative_recall.two_heads"
# Fresh prompts of each kind on which a trained layer is read.
FRESH = 4096


def layers(evidence: Evidence, sweep: str | Sweep) -> xarray.Dataset:
    """What trained one-layer nets learned and attend to, by share with a match and seed."""
    return evidence.table(readings, sweep, prompts=FRESH)
