"""Checks of exact statements: what they share, and those that belong to no figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import xarray

from figures.evidence import Check, Evidence
from figures.rnn_timescales.measured.streams import shares
from figures.statistics import Estimate, bound_of, judge, largest
from theory.claims import Claim, Verdict
from theory.rnn_timescales import limits

# The largest N and D that are counted, on so many streams.
LARGEST, SEQUENCES = 10, 400_000


def within(claim: Claim, errors: Mapping[str, Estimate], lowest: Sequence[float] = ()) -> Verdict:
    """Every error is within its bound; reported is the one that is nearest to it.

    Args:
        errors: by the name of a bound, or of a part of it.
        lowest: smallest states of the runs, which must not be negative: there the model is linear.
    """
    near = max(errors, key=lambda name: errors[name].value / bound_of(claim, name)[1])
    if not lowest:
        return judge(claim, errors, shown=near)
    smallest = min(lowest)
    parts = {**errors, "in the linear range": smallest >= 0}
    return judge(claim, parts, shown=near, detail={"smallest state": smallest})


def chance(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-27: shares on training streams against their expectations, in standard errors."""
    count = float(found.sequences)

    def off(share: xarray.DataArray, expected: Callable, at: xarray.DataArray) -> Estimate:
        wanted = np.array([expected(int(n)) for n in at])
        error = np.sqrt(wanted * (1 - wanted) / count)
        return largest(np.abs(share.values - wanted) / error, "deviations in standard errors")

    parts = {
        "deviation, odd": off(found.odd, limits.odd_share, found.n),
        "deviation, reader of p": off(found.known, limits.majority_accuracy, found.n),
        "deviation, agreement": off(found.agree, limits.parity_agreement, found.further),
    }
    return within(claim, parts)


def counted(evidence: Evidence, fair: bool = False) -> xarray.Dataset:
    """Shares of labels on training streams."""
    return evidence.table(shares, largest=LARGEST, sequences=SEQUENCES, fair=fair)


CHECKS = (
    Check(
        "C-RNN-27",
        chance,
        findings=lambda evidence: (counted(evidence),),
        broken=lambda evidence: (counted(evidence, fair=True),),
    ),
)
