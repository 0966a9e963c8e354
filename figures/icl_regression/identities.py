"""Identities and bounds that no figure shows: the largest error on random draws."""

from __future__ import annotations

from collections.abc import Callable

import xarray

from figures.evidence import Check, Evidence
from figures.icl_regression.measured import identities
from figures.statistics import exact, judge, largest
from theory.claims import Claim, Verdict


def small(claim: Claim, found: xarray.Dataset) -> Verdict:
    """The largest of all errors is small.

    Args:
        found: `error` (draw).
    """
    return judge(claim, {"error": largest(found.error.values)})


def ratio_bound(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-ICL-13: debiased GD over Bayes stays below the bound on a grid of (xi, s2).

    Args:
        found: `ratio` over bound (point).
    """
    method = f"largest ratio/bound on {found.sizes['point']} grid points"
    return judge(claim, {"ratio/bound": exact(found.ratio.max(), method)})


def breakable(
    id: str,
    table: Callable[..., xarray.Dataset],
    decide: Callable[..., Verdict] = small,
    slow: bool = False,
) -> Check:
    """A check of a table that takes `broken`."""

    def findings(evidence: Evidence) -> tuple[xarray.Dataset]:
        return (evidence.table(table, broken=False),)

    def broken(evidence: Evidence) -> tuple[xarray.Dataset]:
        return (evidence.table(table, broken=True),)

    return Check(id, decide, findings, broken, slow=slow)


CHECKS = (
    breakable("C-ICL-1", identities.circuits, slow=True),
    breakable("C-ICL-2", identities.symmetries),
    breakable("C-ICL-3", identities.gradient),
    breakable("C-ICL-4", identities.taylor),
    breakable("C-ICL-5", identities.balance),
    breakable("C-ICL-6", identities.hoelder),
    breakable("C-ICL-7", identities.optimal_mu, slow=True),
    breakable("C-ICL-8", identities.splitting),
    breakable("C-ICL-11", identities.eta_star),
    breakable("C-ICL-13", identities.ratio_over_bound, ratio_bound),
)
