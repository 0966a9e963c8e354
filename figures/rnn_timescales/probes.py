"""Figure `probes`: which parities can be read linearly from the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS
from figures.rnn_timescales.readings.analyses import stage_of
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE, SWEEPS
from figures.statistics import judge, mean
from figures.style import GREY, PAGE, band
from sims.rnn_timescales import representation
from theory.claims import Claim, Verdict
from theory.rnn_timescales.setting import PROBED_FROM


def older_parities(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-11: how well older N are linearly readable, multi-head less single-head."""
    last = int(found.n[-1])
    return _apart(claim, _accuracies(found, min(PROBED_FROM, last - 1), last - 1), last)


def next_parity(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-12: how well N + 1, never asked for, is linearly readable."""
    last = int(found.n[-1])
    return _apart(claim, _accuracies(found, last + 1, last + 1), last)


def _accuracies(
    found: xarray.Dataset, low: int, high: int
) -> Mapping[int, Float[np.ndarray, " seed"]]:
    """Probes' mean accuracy over asked N in [low, high] at the last stage, by curriculum."""
    at = found.accuracy.isel(n=-1).sel(asked=slice(low, high)).mean("asked")
    return {forget: at.sel(forget=forget).values for forget in NAMES}


def _apart(claim: Claim, by: Mapping[int, Float[np.ndarray, " seed"]], last: int) -> Verdict:
    values = by[MULTI] - by[SINGLE]
    detail: dict[str, float | int | str] = {
        name: float(np.nanmean(by[forget])) for forget, name in NAMES.items()
    }
    apart = mean(values[np.isfinite(values)])
    return judge(claim, {"multi - single": apart}, detail=detail | {"N": last})


def probed(evidence: Evidence) -> xarray.Dataset:
    """Probes of parity nets at the last N that most solved."""
    stages = [stage_of(evidence, "parity")]
    return evidence.table(representation.probes, SWEEPS["parity"], stages=stages)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Linear probes of every N's parity at the last stage."""
    drawing, axes = plt.subplots(figsize=(PAGE / 2, 2.5))
    found = probed(evidence)
    numbers: dict[str, Any] = {"asked": found.asked}
    for forget, name in NAMES.items():
        rows = found.accuracy.isel(n=-1).sel(forget=forget).transpose("seed", "asked").values
        band(axes, found.asked.values, rows, COLORS["parity", forget], name)
        numbers[name] = rows
    last = int(found.n[-1])
    axes.axvline(last, color=GREY, lw=0.6, ls=":")
    axes.set(xlabel="M", ylabel="accuracy of a linear probe", title=f"parity of M bits, N = {last}")
    axes.legend()
    return drawing, numbers


FIGURE = Figure(
    "probes",
    "What single-head forgets is only partly lost",
    "Accuracy of least-squares readings of the parity of the last M bits from the state, p = "
    "1/2, on streams that were not fitted; mean and 95 % band over seeds. Dotted, the nets' "
    "own N; to its right, what no head was asked.",
    draw,
    ("C-RNN-11", "C-RNN-12"),
)
CHECKS = (
    Check(
        "C-RNN-11",
        older_parities,
        findings=lambda evidence: (probed(evidence),),
        broken=broken.shuffled_probes,
        slow=True,
    ),
    Check(
        "C-RNN-12",
        next_parity,
        findings=lambda evidence: (probed(evidence),),
        broken=broken.probes_of_one,
        slow=True,
    ),
)
