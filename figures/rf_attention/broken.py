"""Breaks of the room's checks: the models in each other's places, tables rolled or reversed."""

from __future__ import annotations

from collections.abc import Callable

import xarray

from figures.evidence import Evidence
from figures.rf_attention.measured.costs import cheapest, complexities, thresholds
from figures.rf_attention.readings import Curves, learning_curves


def renamed(size: int, **names: str) -> Callable[[Evidence], tuple[Curves, int]]:
    """Findings of a comparison at a training size, with models in each other's places."""

    def findings(evidence: Evidence) -> tuple[Curves, int]:
        found = learning_curves(evidence)
        return {name: found[names.get(name, name)] for name in found}, size

    return findings


def swapped_thresholds(evidence: Evidence) -> tuple[xarray.Dataset]:
    """RFA's thresholds for RFMLP's and the other way round."""
    found = evidence.table(thresholds)
    return (found.assign_coords(model=found.model.values[::-1]),)


def swapped_prices(evidence: Evidence) -> tuple[xarray.Dataset]:
    """RFA's price of g_1 for BRFA's and the other way round."""
    found = evidence.table(cheapest)
    return (found.assign_coords(model=found.model.values[::-1]),)


def rolled_norms(evidence: Evidence, name: str, dimension: str) -> tuple[xarray.Dataset]:
    """Powers given each other's norms."""
    found = evidence.table(complexities)
    return (found.assign({name: found[name].roll({dimension: 1})}),)
