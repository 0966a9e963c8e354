"""Identities that no figure shows: the largest error on nets that are written down or drawn."""

from __future__ import annotations

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


def part(evidence: Evidence, name: str, broken: bool) -> tuple[xarray.Dataset]:
    """Errors of sums of contributions, or of cuts."""
    found = evidence.table(exact.direct, broken=broken)
    return (found[[name]].rename({name: "error"}),)


CHECKS = (
    Check(
        "C-AR-1",
        small,
        lambda e: part(e, "attribution", broken=False),
        lambda e: part(e, "attribution", broken=True),
    ),
    Check(
        "C-AR-2",
        small,
        lambda e: (e.table(exact.layers, broken=False),),
        lambda e: (e.table(exact.layers, broken=True),),
    ),
    Check(
        "C-AR-12",
        small,
        lambda e: (e.table(exact.calibration, ridge=0.0),),
        lambda e: (e.table(exact.calibration, ridge=RIDGE),),
    ),
    Check(
        "C-AR-14",
        small,
        lambda e: part(e, "cutting", broken=False),
        lambda e: part(e, "cutting", broken=True),
    ),
)
