"""How |softmax(omega X x_q)| is distributed, by length and dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.statistics import exact, judge, largest
from figures.style import BLUE, GREEN, ORANGE, PAGE, THEORY
from sims.icl_regression.softmax_pairs import softmax_norms
from theory.claims import Claim, Verdict
from theory.icl_regression.authors import NORMS
from theory.icl_regression.reduced import softmax_norm
from theory.icl_regression.setting import Setting

# The cases of `NORMS` that belong together: fixed d, and fixed d/L at two omegas.
CASES = {"d = 5": (0, 1, 2), "L = 8d, omega = .5": (0, 3, 4), "omega = .35": (5, 6, 7)}
TITLES = (r"$d$ fixed, $\omega=.5$", r"$L=8d$, $\omega=.5$", r"$L=8d$, $\omega=.35$")
SHAPES = [(case.length, case.dimension) for case in NORMS]


# Draws that are enough to tell the falsifiers from what they break.
FEW = 1000


def norms_of(evidence: Evidence, omegas: list[float], draws: int) -> xarray.Dataset:
    """Norms (case, draw) at the sizes of `NORMS`."""
    return evidence.table(softmax_norms, omegas=omegas, shapes=SHAPES, draws=draws)


def norms(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-ICL-40: mean softmax norms against the recorded ones."""
    expected = np.array([case.mean for case in NORMS])
    errors = np.abs(found.norm.mean("draw").values / expected - 1)
    part = largest(errors, f"means of {found.sizes['draw']} draws, relative differences")
    return judge(claim, {"relative difference": part})


def norm_scaling(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-ICL-49: the norm's power of L at fixed d, and its growth at fixed d/L."""
    norm, lengths = found.norm.mean("draw").values, np.array([case.length for case in NORMS])
    method = f"log-log slope of means of {found.sizes['draw']} draws on L"
    parts = {}
    for name, cases in CASES.items():
        at = list(cases)
        slope = np.polyfit(np.log(lengths[at]), np.log(norm[at]), 1)[0]
        parts[f"slope, {name}"] = exact(slope, method)
    return judge(claim, parts)


# Density up to which means are drawn; the legends are above it.
_TOP = 100


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Histograms; full lines, means; dashed, what the approximate loss takes the norm for."""
    (found,) = _plain(evidence)
    drawing, axes = plt.subplots(1, 3, figsize=(PAGE, 2.7), sharey=True)
    numbers: dict[str, Any] = {}
    for panel, cases, title in zip(axes, CASES.values(), TITLES, strict=True):
        for case, color, mark in zip(cases, (BLUE, ORANGE, GREEN), "os^", strict=True):
            omega, length, dimension, published = NORMS[case]
            values = found.norm.isel(case=case).values
            label = f"L={length}, d={dimension}: {values.mean():.3f}"
            panel.hist(values, bins=60, range=(0, 1), density=True, histtype="step", color=color)
            panel.vlines(values.mean(), 0, _TOP, color=color, lw=0.8)
            panel.plot(values.mean(), _TOP, mark, color=color, ms=4, label=label)
            taken = float(softmax_norm(omega, Setting(dimension, length)))
            if taken < 1:
                panel.vlines(taken, 0, _TOP, color=color, **THEORY)
            name = f"omega={omega}, L={length}, d={dimension}"
            numbers[name] = {"mean": values.mean(), "published": published}
        panel.set(title=title, xlabel=r"$|\mathrm{softmax}(\omega X x_q)|$", yscale="log")
        panel.set(xlim=(0, 1), ylim=(0.05, 8000), yticks=[0.1, 1, 10, 100])
        panel.legend(title="mean", title_fontsize=7, loc="upper right")
    axes[0].set_ylabel("density of draws")
    return drawing, numbers


def _plain(evidence: Evidence, draws: int = 10_000) -> tuple[xarray.Dataset]:
    return (norms_of(evidence, [case.omega for case in NORMS], draws),)


def _halved(evidence: Evidence) -> tuple[xarray.Dataset]:
    return (norms_of(evidence, [0.5 * case.omega for case in NORMS], FEW),)


def _recorded(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Draws scaled to the recorded means, but for 1 %."""
    (found,) = _plain(evidence, FEW)
    means = xarray.DataArray([1.01 * case.mean for case in NORMS], dims="case")
    return (found.assign(norm=found.norm * means / found.norm.mean("draw")),)


def _shrinking(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Where omega shrinks as sqrt(log L/d), the norm falls at fixed d/L as well."""
    smallest = np.log(NORMS[0].length) / NORMS[0].dimension
    omegas = [
        case.omega * float(np.sqrt(np.log(case.length) / case.dimension / smallest))
        for case in NORMS
    ]
    return (norms_of(evidence, omegas, FEW),)


def caption(numbers: Mapping[str, Any]) -> str:
    """What is drawn, with the case that is not reproduced."""
    apart = {name: abs(case["mean"] / case["published"] - 1) for name, case in numbers.items()}
    worst = max(apart, key=lambda name: apart[name])
    return (
        "Norm of the attention weights over 10,000 draws; marks, means (given); dashed, "
        "exp(d omega^2/2)/sqrt(L), what the approximate loss takes them for, where below 1. At "
        "fixed d the norm falls as 1/sqrt(L); at fixed d/L and omega it does not, so omega must "
        "shrink as sqrt(log L/d). The mean that differs most from the recorded one is that of "
        f"{worst}: {numbers[worst]['mean']:.3f}, where {numbers[worst]['published']} is recorded "
        "(C-ICL-40)."
    )


FIGURE = Figure(
    "attention_noise",
    "Attention weights spread over many pairs only while omega stays small",
    caption,
    draw,
    ("C-ICL-40", "C-ICL-49"),
)
CHECKS = (
    Check("C-ICL-40", norms, _plain, _halved, _recorded, slow=True),
    Check("C-ICL-49", norm_scaling, _plain, _shrinking, lambda e: _plain(e, FEW), slow=True),
)
