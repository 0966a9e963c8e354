"""Identities of features, kernels and targets: the largest error, and a break of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import xarray

from figures.evidence import Check, Evidence
from figures.rf_attention.measured import features, kernels
from figures.statistics import exact, judge, largest
from theory.claims import Claim, Verdict


def small(claim: Claim, found: xarray.Dataset) -> Verdict:
    """Decides by the largest error."""
    return judge(claim, {"error": largest(found.error.values)})


def distinct(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RFA-3: decides by the smallest difference."""
    method = f"smallest of {found.error.size} differences"
    return judge(claim, {"difference": exact(float(found.error.min()), method)})


def _check(
    id: str, decide: Callable[..., Verdict], table: Callable[..., Any], good: Any, bad: Any
) -> Check:
    """A check of a table at the settings of the identity and of its break."""

    def findings(evidence: Evidence) -> tuple[xarray.Dataset]:
        return (evidence.table(table, **good),)

    def broken(evidence: Evidence) -> tuple[xarray.Dataset]:
        return (evidence.table(table, **bad),)

    return Check(id, decide, findings, broken)


def _both(**settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of a table as it is and as its falsifier."""
    return {**settings, "broken": False}, {**settings, "broken": True}


CHECKS = (
    _check("C-RFA-1", small, features.symmetries, *_both(change="order")),
    _check("C-RFA-2", small, features.symmetries, *_both(change="twice")),
    _check(
        "C-RFA-3",
        distinct,
        features.distinct_tokens,
        {"model": "network"},
        {"model": "attention"},
    ),
    _check("C-RFA-4", small, kernels.arc_cosine, *_both()),
    _check("C-RFA-5", small, kernels.biased_arc_cosine, *_both()),
    _check("C-RFA-7", small, features.rotations, {"together": True}, {"together": False}),
    _check("C-RFA-8", small, features.positive, {"shift": 0.0}, {"shift": 0.3}),
    _check("C-RFA-11", small, features.energies, *_both()),
    _check("C-RFA-32", small, features.ridge_is_constrained, *_both()),
)
