"""Identities that no figure shows: the largest error on nets that are written down or drawn."""

from __future__ import annotations

from collections.abc import Callable

import xarray

from figures.associative_recall.measured import exact
from figures.evidence import Check, Evidence
from figures.statistics import judge, largest
from theory.claims import Claim, Verdict

RIDGE = 0.01


def small(claim: Claim, found: xarray.Dataset) -> Verdict:
    """The largest of all errors is small.

    Args:
        found: `error` (draw).
    """
    return judge(claim, {"error": largest(found.error.values)})


def breakable(id: str, table: Callable[..., xarray.Dataset]) -> Check:
    """A check of a table that takes `broken`."""

    def findings(evidence: Evidence) -> tuple[xarray.Dataset]:
        return (evidence.table(table, broken=False),)

    def broken(evidence: Evidence) -> tuple[xarray.Dataset]:
        return (evidence.table(table, broken=True),)

    return Check(id, small, findings, broken)


CHECKS = (
    breakable("C-AR-1", exact.attribution),
    breakable("C-AR-2", exact.layers),
    Check(
        "C-AR-12",
        small,
        lambda e: (e.table(exact.calibration, ridge=0.0),),
        lambda e: (e.table(exact.calibration, ridge=RIDGE),),
    ),
    breakable("C-AR-14", exact.cutting),
)
