"""Figure `perturbation`: accuracy when recurrent weights or time constants are moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES
from figures.rnn_timescales.readings.analyses import STRENGTHS, perturbed, relative, stage_of
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE, SWEEPS, reached
from figures.statistics import judge, mean
from figures.style import LIMIT, PAGE, band
from sims.rnn_timescales import robustness
from theory.claims import Claim, Verdict
from theory.rnn_timescales import authors
from theory.rnn_timescales.setting import LENGTHENED, TASKS, WEIGHT_NOISE


def tolerates_more(
    claim: Claim, tasks: Mapping[str, xarray.Dataset], strength: float, what: str
) -> Verdict:
    """C-RNN-14, 34 and 15: relative accuracy of multi-head less that of single-head, by seed.

    Args:
        tasks: what is left of a task's nets, by task.
        strength: at which they are compared.
        what: was moved; the authors' difference is told beside it where they have one.
    """
    parts = {}
    detail: dict[str, float | int | str] = {}
    for task, found in tasks.items():
        at = relative(found).isel(n=-1).sel(strength=strength)
        parts[f"difference, {task}"] = mean(reached(at.sel(forget=MULTI) - at.sel(forget=SINGLE)))
        half = half_strength(found)
        detail |= {f"eps_50, {task}, {name}": value for name, value in half.items()}
    theirs = authors.PERTURBED[what]
    apart = theirs[NAMES[MULTI]][strength] - theirs[NAMES[SINGLE]][strength]
    detail["the authors' difference, parity, N = 30"] = apart
    shown = min(parts, key=lambda name: parts[name].low)
    return judge(claim, parts, shown=shown, detail=detail)


def half_strength(found: xarray.Dataset) -> dict[str, float]:
    """eps_50 by curriculum, where mean relative accuracy crosses 1/2 [rnn-8.6].

    It is interpolated on the logarithm of the strength.
    """
    by = relative(found).isel(n=-1).mean("seed")
    logs = np.log(found.strength.values)
    return {
        name: float(np.exp(np.interp(-0.5, -by.sel(forget=forget).values, logs)))
        for forget, name in NAMES.items()
    }


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Relative accuracy against the strength of a change of W or of tau."""
    drawing, grid = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    numbers: dict[str, Any] = {"strength": STRENGTHS}
    titles = {"recurrent": "recurrent weights moved", "timescale": "time constants lengthened"}
    for axes, (what, title) in zip(grid, titles.items(), strict=True):
        for task in TASKS:
            found = perturbed(evidence, task, what)
            values = relative(found).isel(n=-1)
            for forget, name in NAMES.items():
                rows = values.sel(forget=forget).transpose("seed", "strength").values
                label = f"{TITLES[task]}, {name}"
                color, mark = COLORS[task, forget], MARKERS[forget]
                band(axes, found.strength.values, rows, color, label, mark)
                numbers[f"{what}, {label}"] = np.nanmean(rows, axis=0)
            numbers[f"{what}, {TITLES[task]}, eps_50"] = half_strength(found)
        axes.axhline(0.5, **LIMIT)
        axes.set(xscale="log", xlabel="relative size of the change", title=title)
    grid[0].set_ylabel("relative accuracy")
    grid[0].legend()
    return drawing, numbers


Left = tuple[Mapping[str, xarray.Dataset], float, str]


def _noise(evidence: Evidence, task: str) -> Left:
    return {task: perturbed(evidence, task, "recurrent")}, WEIGHT_NOISE, "recurrent"


def _lengthened(evidence: Evidence, *tasks: str) -> Left:
    left = {task: perturbed(evidence, task, "timescale") for task in tasks or TASKS}
    return left, LENGTHENED, "timescale"


def _readout(evidence: Evidence, *tasks: str) -> Left:
    """The readout moved in the place of tau, by as much."""
    settings: dict[str, Any] = {"strengths": [LENGTHENED], "what": "readout"}
    left = {
        task: evidence.table(
            robustness.perturbation, SWEEPS[task], stages=[stage_of(evidence, task)], **settings
        )
        for task in tasks or TASKS
    }
    return left, LENGTHENED, "timescale"


FIGURE = Figure(
    "perturbation",
    "Multi-head nets bear longer time constants at both tasks, noise on W not at DMS",
    "Accuracy at the nets' own N, relative to the intact net, with W moved by a random matrix "
    "of relative Frobenius norm eps (left) and tau lengthened by a random vector of relative "
    "norm eps (right); mean and 95 % band over seeds, each the mean of 10 draws.",
    draw,
    ("C-RNN-14", "C-RNN-15", "C-RNN-34"),
)
CHECKS = (
    Check(
        "C-RNN-14",
        tolerates_more,
        findings=lambda evidence: _noise(evidence, "parity"),
        broken=lambda evidence: _readout(evidence, "parity"),
        whole=lambda evidence: _lengthened(evidence, "parity"),
        slow=True,
    ),
    Check(
        "C-RNN-34",
        tolerates_more,
        findings=lambda evidence: _noise(evidence, "dms"),
        broken=lambda evidence: _readout(evidence, "dms"),
        whole=lambda evidence: _lengthened(evidence, "dms"),
        slow=True,
    ),
    Check("C-RNN-15", tolerates_more, findings=_lengthened, broken=_readout, slow=True),
)
