"""Gradient descent and ridge at finite size against their common limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.statistics import exact, judge, mean
from figures.style import COLUMN, GREEN, ORANGE, PURPLE, THEORY
from sims.icl_regression.softmax_pairs import ridge_risks
from theory.claims import Claim, Verdict
from theory.icl_regression import authors, risks
from theory.icl_regression.setting import Setting

# Where ridge is held against its limit; the second is the authors'.
SIZES = (authors.Problem(40, 5, 0.1), authors.COMPARED, authors.Problem(400, 80, 3.0))
# The authors' d/L and noise, at which more lengths are drawn.
XI, NOISE = authors.COMPARED.dimension / authors.COMPARED.length, authors.COMPARED.noise_variance
LENGTHS = (25, 50, 100, 200)

Risks = Mapping[authors.Problem, xarray.Dataset]


def ridge(evidence: Evidence, size: authors.Problem, penalty: float, draws: int) -> xarray.Dataset:
    """Simulated risk (draw) of ridge."""
    return evidence.table(
        ridge_risks,
        dimension=size.dimension,
        length=size.length,
        noise_variance=size.noise_variance,
        penalty=penalty,
        draws=draws,
    )


def ridge_limit(claim: Claim, found: Risks) -> Verdict:
    """C-ICL-12: ridge at finite size against the proportional limit, and the authors' table."""
    gaps, detail = [], {}
    for (length, dimension, noise), data in found.items():
        limit = float(risks.bayes_risk_limit(Setting(dimension, length, noise)))
        error = float(data.risk.std(ddof=1)) / data.sizes["draw"] ** 0.5
        gap = float(data.risk.mean()) - limit
        gaps.append(abs(gap) / (4 * error + 0.2 / length))
        detail[f"gap, L={length}, d={dimension}"] = gap
    length, dimension, noise = authors.COMPARED
    setting = Setting(dimension, length, noise)
    method = f"largest |gap| over its tolerance, {len(found)} sizes"
    at = f"at L = {length}, d = {dimension}"
    parts = {
        "gap over its tolerance": exact(max(gaps), method),
        "GD": exact(float(risks.gd_risk(setting.eta_star, setting)), f"exact risk {at}"),
        "ridge": exact(found[authors.COMPARED].risk.mean(), f"mean of draws {at}"),
    }
    return judge(claim, parts, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Exact and simulated risks by length, their limits, and the authors' ranges."""
    drawing, axes = plt.subplots(figsize=(COLUMN, 2.6))
    lengths = np.asarray(LENGTHS, float)
    at = Setting(XI * lengths, lengths, NOISE)
    limit = Setting(XI, 1.0, NOISE)
    gd = np.asarray(risks.gd_risk(at.eta_star, at))
    debiased = np.asarray(risks.debiased_gd_risk(at.eta_star, at))
    found = []
    for length in LENGTHS:
        size = authors.Problem(length, int(XI * length), NOISE)
        found.append(mean(ridge(evidence, size, NOISE * size.dimension, 2000).risk.values))
    values = np.array([part[:3] for part in found])
    axes.plot(lengths, gd, "o", color=ORANGE, ms=3, label="GD, exact", **THEORY)
    axes.plot(lengths, debiased, "s", color=GREEN, ms=3, label="debiased GD, exact", **THEORY)
    spread = np.abs(values[:, 1:] - values[:, :1]).T
    axes.errorbar(lengths, values[:, 0], spread, color=PURPLE, fmt="v-", ms=3,
                  label="ridge, simulated")  # fmt: skip
    with jax.enable_x64(True):
        ends = {
            "gd": float(risks.debiased_gd_risk_limit(limit)),
            "bayes": float(risks.bayes_risk_limit(limit)),
        }
    thin: dict[str, Any] = THEORY | {"linewidth": 0.6}
    axes.axhline(ends["gd"], color=ORANGE, **thin)
    axes.axhline(ends["bayes"], color=PURPLE, **thin)
    axes.plot([], [], color="black", label="at infinite size", **thin)
    theirs = {"color": "black", "lw": 3, "alpha": 0.35}
    for bounds in authors.RISKS.values():
        axes.plot([authors.COMPARED.length] * 2, bounds, solid_capstyle="butt", **theirs)
    axes.plot([], [], label=f"authors' range, L = {authors.COMPARED.length}", **theirs)
    axes.set(xscale="log", xlabel="prompt length L, d = L/5", ylabel=r"risk at $\sigma^2=3$")
    axes.set_xticks(lengths, [f"{length:.0f}" for length in lengths])
    axes.minorticks_off()
    axes.legend(loc="center left", bbox_to_anchor=(0, 0.37), labelspacing=0.25)
    numbers = {"length": lengths, "gd": gd, "debiased_gd": debiased, "limit": ends}
    numbers["ridge"] = values
    return drawing, numbers


def _ridges(evidence: Evidence, per_dimension: bool) -> tuple[Risks]:
    found = {}
    for size in SIZES:
        penalty = size.noise_variance * (size.dimension if per_dimension else 1)
        draws = 2000 if size.dimension < 50 else 300
        found[size] = ridge(evidence, size, penalty, draws)
    return (found,)


FIGURE = Figure(
    "finite_size",
    "At the authors' size both estimators are at their limit",
    f"Risk at d/L = {XI:g}, s2 = {NOISE:g}: one step of GD and of debiased GD (exact, dashed) and "
    "ridge (simulated, 2,000 draws, 95 % interval), with their limits (thin, dashed) and what the "
    "authors' "
    f"runs gave at L = {authors.COMPARED.length}.",
    draw,
    ("C-ICL-10", "C-ICL-12"),
)
CHECKS = (Check("C-ICL-12", ridge_limit, lambda e: _ridges(e, True), lambda e: _ridges(e, False)),)
