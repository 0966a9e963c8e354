"""Figure `retraining`: accuracy on larger N after a few epochs without a curriculum."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES, whole_numbers
from figures.rnn_timescales.readings.analyses import RETRAINED, retrained
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE, reached
from figures.statistics import judge, mean
from figures.style import LIMIT, PAGE, band
from theory.claims import Claim, Verdict
from theory.rnn_timescales.setting import TASKS


def retrains_better(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-RNN-20 and 35: accuracy on larger N after retraining, multi-head less single-head."""
    apart = found.accuracy.sel(forget=MULTI) - found.accuracy.sel(forget=SINGLE)
    parts = {
        f"multi - single, N' = {int(n)}": mean(reached(apart.sel(target=n)))
        for n in found.target.values[1:]
    }
    return judge(claim, parts, shown=min(parts, key=lambda name: parts[name].low))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Accuracy on N' after a few epochs on N' alone."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {}
    for axes, task in zip(grid, TASKS, strict=True):
        found = retrained(evidence.sweep(RETRAINED[task]))
        for forget, name in NAMES.items():
            rows = found.accuracy.sel(forget=forget).transpose("seed", "target").values
            color, mark = COLORS[task, forget], MARKERS[forget]
            band(axes, found.target.values, rows, color, name, mark, within=(0, 1))
            numbers[f"{TITLES[task]}, {name}"] = {"target": found.target, "accuracy": rows}
        axes.axhline(0.5, **LIMIT)
        whole_numbers(axes)
        axes.set(xlabel="N'", title=f"{TITLES[task]}, from N = {found.attrs['origin']}")
        axes.legend()
    grid[0].set_ylabel("accuracy after retraining")
    return drawing, numbers


def _of(evidence: Evidence, task: str) -> tuple[xarray.Dataset]:
    return (retrained(evidence.sweep(RETRAINED[task])),)


def _small(evidence: Evidence) -> xarray.Dataset:
    """Retraining of fewer nets, at the task where it is said to help."""
    return retrained(broken.retrained(evidence, "parity"))


FIGURE = Figure(
    "retraining",
    "Retraining to a larger N without a curriculum: multi-head does better at parity, not at DMS",
    "Accuracy on N' after a few epochs of training on N' alone, from the nets of one N; the "
    "head that read that N is asked N'. Mean and 95 % band over seeds.",
    draw,
    ("C-RNN-20", "C-RNN-35"),
    ("standard", "paper"),
)
CHECKS = (
    Check(
        "C-RNN-20",
        retrains_better,
        findings=lambda evidence: _of(evidence, "parity"),
        broken=lambda evidence: (broken.one_curriculum(_small(evidence), SINGLE),),
        whole=lambda evidence: (_small(evidence),),
        slow=True,
    ),
    Check(
        "C-RNN-35",
        retrains_better,
        findings=lambda evidence: _of(evidence, "dms"),
        broken=lambda evidence: (broken.one_curriculum(_small(evidence), SINGLE),),
        whole=lambda evidence: (_small(evidence),),
        slow=True,
    ),
)
