"""Context against weights where both are right: which route is learnt first."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.measured.stores import ties as ties_of
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, largest
from figures.style import BLUE, COLUMN, GREEN, LIMIT, ORANGE, PURPLE, THEORY
from theory.associative_recall import race
from theory.claims import Claim, Verdict

CHAINS = {1: PURPLE, 2: BLUE, 3: ORANGE, 4: GREEN}
STARTS = [0.1, 0.2, 0.4]


def ties(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-AR-33: the tie of the flow against the law.

    Args:
        found: `found`, `predicted` (factors, start).
    """
    return judge(claim, {"error": largest(np.abs(found.found / found.predicted - 1).values)})


def points(evidence: Evidence, alone: bool = False) -> xarray.Dataset:
    """Ties by the length of the chain and its start."""
    return evidence.table(
        ties_of, factors=list(CHAINS), starts=STARTS, total=race.TOTAL, alone=alone
    )


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """The tie against the start, one colour for each chain."""
    drawing, panel = plt.subplots(figsize=(COLUMN, 2.7))
    found, fine = points(evidence), np.linspace(0.08, 0.5, 60)
    for factors, color in CHAINS.items():
        own = found.found.sel(factors=factors)
        panel.plot(STARTS, own, "o", ms=3, color=color, label=f"n = {factors}")
        panel.plot(fine, race.tie(factors, fine), color=color, **THEORY)
    panel.axhline(1, **LIMIT)
    panel.set(yscale="log", xlabel="start of each factor $g_0$", ylabel="facts seen once in M*")
    panel.set_yticks([0.5, 1, 3, 10, 30], ["0.5", "1", "3", "10", "30"])
    panel.minorticks_off()
    panel.legend()
    return drawing, {f"tie, n = {n}": found.found.sel(factors=n).values for n in CHAINS}


FIGURE = Figure(
    "race",
    "From small starts a longer chain needs rarer facts to come first",
    f"How rare a fact may be until the context's route, n factors in series, leads over the "
    f"memory of it once both add up to a logit of {race.TOTAL:g}: above a curve the context leads. "
    "Points: the gradient flow of both routes; dashed: closed form; dotted: facts in every prompt.",
    draw,
    ("C-AR-33",),
)
CHECKS = (Check("C-AR-33", ties, lambda e: (points(e),), lambda e: (points(e, alone=True),)),)
