"""Breaks of the room's checks: the models in each other's places, tables rolled or reversed.

And data on which claims hold that the default preset does not decide, for a break of them to count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xarray

from figures.evidence import Evidence
from figures.rf_attention.measured.costs import cheapest, complexities, thresholds
from figures.rf_attention.readings import Curves, learning_curves, oracle, setting_of
from theory.rf_attention import curves
from theory.rf_attention.targets import target_energies

# Seeds that show BRFA ahead of RFA on g_3 at n = 200; quick has half as many.
SEEDS = 20


def renamed(size: int, more: Any = (), **names: str) -> Callable[[Evidence], tuple[Curves, int]]:
    """Findings of a comparison at a training size, with models in each other's places.

    Args:
        more: other settings or `seeds`, by name.
    """

    def findings(evidence: Evidence) -> tuple[Curves, int]:
        found = learning_curves(evidence, **dict(more))
        return {name: found[names.get(name, name)] for name in found}, size

    return findings


def _moved(curve: xarray.Dataset, by: xarray.DataArray) -> xarray.Dataset:
    """A curve whose errors are `by` (size, target) larger, and as they were elsewhere."""
    everywhere = by.reindex(
        size=curve["size"],
        target=curve.target,
        fill_value=0.0,  # pyright: ignore[reportArgumentType]
    )
    return curve.assign(error=curve.error + everywhere)


def on_plateaus_of(evidence: Evidence, model: str, size: int) -> tuple:
    """Curves of all models, moved so that RFA's stand on average on its plateaus at one size.

    In quick's geometry it stands on them at none.
    """
    found = learning_curves(evidence, seeds=SEEDS)
    sizes = dict.fromkeys(("g1", "g3", "f3"), size)
    middle = oracle(found["RFA"]).mean("seed")
    moves = xarray.zeros_like(middle)
    for target in sizes:
        left = curves.plateaus(target_energies(target, setting_of(found["RFA"])))[0][1]
        at = {"target": target, "size": size}
        moves.loc[at] = left - middle.sel(at)
    return {name: _moved(curve, moves) for name, curve in found.items()}, model, sizes


def about_theory(found: Curves, theory: xarray.DataArray) -> Curves:
    """BRFA's curve moved to 3 % above a theory, with the scatter that it has."""
    curve = found["BRFA"]
    return {**found, "BRFA": _moved(curve, 1.03 * theory - oracle(curve).mean("seed"))}


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
