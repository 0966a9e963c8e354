"""Figure `dimension`: how many components are active, and the mean recurrent weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES
from figures.rnn_timescales.readings.analyses import moments_of
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE, SWEEPS, by_n, last_n
from figures.statistics import Estimate, exact, jackknife, judge, mean
from figures.style import LIMIT, PAGE, THEORY, band
from sims.rnn_timescales.tasks import SMALLEST
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors, limits

# How many N from the smallest to the last lines are drawn through.
STAGES = 6

Weights = Mapping[int, Float[np.ndarray, " seed"]]


def grows_linearly(claim: Claim, found: xarray.DataArray) -> Verdict:
    """C-RNN-18 and 45: lines through the PCA index against N, and the ratio of their slopes.

    Args:
        found: the index, (n, forget, seed).
    """
    n = found.n.values.astype(float)
    rows = found.sel(forget=list(NAMES)).transpose("seed", "forget", "n").values
    rows = rows[np.isfinite(rows).all(axis=(1, 2))]
    slopes = np.polyfit(n, rows.reshape(-1, len(n)).T, 1)[0].reshape(rows.shape[:2])
    single, multi = (list(NAMES).index(forget) for forget in (SINGLE, MULTI))
    parts: dict[str, Estimate] = {
        "slope, multi/single": jackknife(
            lambda pairs: float(pairs[:, multi].mean() / pairs[:, single].mean()), slopes
        ),
        "slope, single-head": mean(slopes[:, single]),
    }
    for place, name in enumerate(NAMES.values()):
        whole = float(np.corrcoef(n, rows[:, place].mean(axis=0))[0, 1] ** 2)
        parts[f"R^2, {name}"] = exact(whole, "of a line through the means over seeds")
    detail: dict[str, float | int | str] = {"slope, multi-head": float(slopes[:, multi].mean())}
    theirs = [
        (index[11] - index[5]) / 6 for index in (authors.DIMENSION[name] for name in NAMES.values())
    ]
    detail["the authors' multi/single, parity, N = 5 to 11"] = theirs[multi] / theirs[single]
    return judge(claim, parts, detail=detail)


def inhibition(claim: Claim, weights: Weights) -> Verdict:
    """C-RNN-19 and 46: the mean recurrent weight of each net, by curriculum."""
    parts = {"single - multi": mean(weights[SINGLE] - weights[MULTI])}
    return judge(claim, parts | {NAMES[forget]: mean(weights[forget]) for forget in NAMES})


def mean_weights(sweep: xarray.Dataset) -> Weights:
    """Mean off-diagonal W at the last N that both curricula's nets of a seed solved."""
    last = last_n(by_n(sweep))
    at = off_diagonal(sweep).isel(stage=last - SMALLEST).transpose("forget", "seed")
    at = at.isel(seed=np.isfinite(at.values).all(axis=0))
    return {forget: at.sel(forget=forget).values for forget in NAMES}


def off_diagonal(sweep: xarray.Dataset) -> xarray.DataArray:
    """Mean off-diagonal W of every net, NaN where there is none; the diagonal is zero."""
    units = sweep.sizes["unit"]
    return sweep.recurrent.sum(("unit", "source"), skipna=False) / (units * (units - 1))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Mean recurrent weight and PCA index against N."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    numbers: dict[str, Any] = {}
    for task, name in SWEEPS.items():
        total = off_diagonal(evidence.sweep(name))
        index = moments_of(evidence, task, STAGES).dimension.mean("trial")
        for forget in NAMES:
            label = f"{TITLES[task]}, {NAMES[forget]}"
            rows = total.sel(forget=forget).transpose("seed", "stage").values
            enough = np.isfinite(rows).sum(axis=0) >= 2
            n = np.arange(SMALLEST, rows.shape[1] + SMALLEST)[enough]
            color, mark = COLORS[task, forget], MARKERS[forget]
            band(left, n, rows[:, enough], color, label, mark)
            rows = index.sel(forget=forget).transpose("seed", "n").values
            band(right, index.n.values, rows, color, label, mark)
            numbers[label] = {"N": index.n, "dimension": np.nanmean(rows, axis=0)}
    left.axhline(0, **LIMIT)
    left.set(xlabel="N", ylabel="mean recurrent weight")
    n = np.arange(2, 13)
    line = [limits.delay_line_index(int(each)) for each in n]
    right.step(n, line, where="mid", color="black", label="delay line", **THEORY)
    right.set(xlabel="N", ylabel="components for 90 % (index)")
    handles, labels = right.get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=5)
    return drawing, numbers


def _index(task: str) -> Callable[[Evidence], tuple[xarray.DataArray]]:
    return lambda evidence: (moments_of(evidence, task, STAGES).dimension.mean("trial"),)


def _backwards(evidence: Evidence) -> tuple[xarray.DataArray]:
    return (broken.backwards(_index("dms")(evidence)[0]),)


def _weights(task: str) -> Callable[[Evidence], tuple[Weights]]:
    return lambda evidence: (mean_weights(evidence.sweep(SWEEPS[task])),)


def _unsigned(evidence: Evidence) -> tuple[Weights]:
    """The moduli of the recurrent weights."""
    sweep = evidence.sweep(SWEEPS["parity"])
    return (mean_weights(sweep.assign(recurrent=abs(sweep.recurrent))),)


FIGURE = Figure(
    "dimension",
    "More components are active as N grows, of multi-head more so at DMS; weights turn inhibitory, "
    "single-head's more so at parity",
    "Left, mean off-diagonal recurrent weight of nets that solved N. Right, the number of "
    "leading principal components whose variances add up to at most 90 %; dashed, a delay line "
    "of N independent bits. Mean and 95 % band over seeds.",
    draw,
    ("C-RNN-18", "C-RNN-45", "C-RNN-19", "C-RNN-46"),
)
CHECKS = (
    Check("C-RNN-18", grows_linearly, _index("dms"), _backwards, slow=True),
    Check("C-RNN-45", grows_linearly, _index("parity"), _backwards, whole=_index("dms"), slow=True),
    Check("C-RNN-19", inhibition, _weights("parity"), _unsigned, slow=True),
    Check("C-RNN-46", inhibition, _weights("dms"), _unsigned, whole=_weights("parity"), slow=True),
)
