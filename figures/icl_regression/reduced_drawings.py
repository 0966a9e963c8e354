"""Figures of the reduced model alone: its flow, and the floor of its true valley."""

from __future__ import annotations

from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Evidence, Figure
from figures.icl_regression.identities import SETTING
from figures.icl_regression.reduced_model import four_heads, pairs, small_flow, valley
from figures.style import BLUE, COLUMN, GREEN, GREY, ORANGE, PAGE, PURPLE, THEORY, band
from theory.icl_regression.flow import drift_law
from theory.icl_regression.reduced import (
    approximate_loss,
    mu_gamma,
    optimal_mu,
    two_head_minimum,
)

Numbers = dict[str, Any]


def flow(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F11-F14, N1: the reduced flow from .001, early and late, and the sixth-root law.

    The time is that of the flow on half the loss, as in the paper's plots.
    """
    found = evidence.table(small_flow)
    drawing, axes = plt.subplots(2, 2, figsize=(PAGE, 4.8))
    numbers = {"time": found.time.values, **_one_pair(axes, found.isel(group=0))}
    _descents(axes[1, 1], found, numbers)
    return drawing, numbers


def _one_pair(axes: np.ndarray, pair: xarray.Dataset) -> Numbers:
    """The paper's four views of one pair: growth, ratio and loss, product, all time."""
    (growth, ratio), (product, whole) = axes
    both = np.stack([pair.omega, -pair.omega], 1), np.stack([pair.mu, -pair.mu], 1)
    with jax.enable_x64(True):
        half = jax.vmap(approximate_loss, (0, 0, None))(*both, SETTING) / 2
        best = jax.vmap(optimal_mu, (0, None))(both[0], SETTING)[:, 0]
    pair = pair.assign(half=("time", np.asarray(half)), best=("time", np.asarray(best)))
    first, middle = pair.sel(time=slice(0, 12)), pair.sel(time=slice(0, 30))
    for name, color in (("mu", ORANGE), ("omega", BLUE)):
        for head, sign, style in ((1, 1, "-"), (2, -1, "-.")):
            label = rf"$\{name}_{head}$"
            growth.plot(first.time, sign * first[name], color=color, ls=style, label=label)
    growth.set(ylabel=r"$\omega$, $\mu$", title="three stages")
    ratio.plot(first.time, first.mu / first.omega, color=PURPLE, label=r"$\mu/\omega$")
    ratio.plot(first.time, first.half, color=GREEN, label="half the approximate loss")
    ratio.set(ylabel="ratio; loss / 2", ylim=(0, 1.7), title="ratio and loss")
    for panel in (growth, ratio):
        for left, right, shade in ((0, 5.5, 0.05), (5.5, 7.5, 0.2), (7.5, 12, 0.12)):
            panel.axvspan(left, right, color=GREY, alpha=shade, lw=0)
        panel.set_xlim(0, 12)
    product.plot(middle.time, middle.mu * middle.omega, color=BLUE, label=r"$\mu\omega$")
    product.plot(middle.time, middle.mu, color=ORANGE, label=r"$\mu$")
    after = middle.sel(time=slice(5.5, None))
    product.plot(after.time, after.best, color="black", label=r"$\mu^*(\omega)$", **THEORY)
    half_step = float(SETTING.eta_star) / 2
    product.axhline(half_step, color=BLUE, label=r"$\eta^*/2$", **THEORY)
    product.set(
        ylabel=r"$\mu\omega$, $\mu$",
        xlim=(0, 30),
        ylim=(0, 1.6),
        title=r"$\mu$ follows its optimum",
    )
    for panel in (growth, ratio, product):
        panel.set_xlabel("time of the flow")
        panel.legend(loc="upper left", ncols=2)
    whole.plot(pair.time, pair.mu, color="black", lw=1, ls=(0, (4, 1, 1, 1)))
    last = pair.isel(time=-1)
    whole.text(last.time, last.mu, r"$\mu$, one pair ", ha="right", va="bottom", fontsize=7)
    return {"half_loss": half, "optimal_mu": best, "mu": pair.mu, "ratio": pair.mu / pair.omega}


def _descents(late: Axes, found: xarray.Dataset, numbers: Numbers) -> None:
    """|omega| for several sign groups against the sixth-root law."""
    colors = (BLUE, GREEN, ORANGE, PURPLE)
    for index, color in enumerate(colors):
        path = found.isel(group=index)
        plus, minus = int(path.plus), int(path.minus)
        after = path.sel(time=slice(15, None))
        law = np.asarray(drift_law(after.time.values, plus, minus, SETTING))
        late.plot(after.time, after.omega, color=color, label=f"{plus} +, {minus} \u2212")
        late.plot(after.time, law, color=color, **THEORY)
        numbers[f"omega ({plus},{minus})"] = path.omega.values
        numbers[f"law ({plus},{minus}), t >= 15"] = law
    late.set(xscale="log", yscale="log", xlabel="time of the flow", xlim=(15, None))
    late.set(ylabel=r"$\gamma=|\omega|$; $\mu$", ylim=(0.1, 4), title="sixth-root descent")
    late.set_yticks([0.1, 0.2, 0.4, 1, 2, 4], ["0.1", "0.2", "0.4", "1", "2", "4"])
    late.minorticks_off()
    late.legend(fontsize=6.5, title="heads of either sign", title_fontsize=6.5, ncols=2,
                loc="center right", bbox_to_anchor=(1, 0.55))  # fmt: skip


def valley_floor(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """N2: the true loss along the valley against the approximate one's."""
    curve = valley(pairs(evidence))
    values = 1e5 * curve.transpose("block", "gamma").values
    gamma = curve.gamma.values
    fine = np.linspace(gamma[0], 0.155, 100)
    with jax.enable_x64(True):
        approximate = np.asarray(two_head_minimum(fine, SETTING))
    approximate = 1e5 * (approximate - approximate[0])
    drawing, axes = plt.subplots(figsize=(COLUMN, 2.5))
    axes.axhline(0, color=GREY, lw=0.6)
    band(axes, gamma, values, BLUE, "true loss, 2 million prompts")
    axes.plot(fine, approximate, color="black", label="approximate loss", **THEORY)
    axes.axvspan(0.06, 0.09, color=GREY, alpha=0.12, lw=0)
    axes.set(xlabel=r"$\gamma$", ylabel=r"$10^5\,$(loss $-$ loss at $\gamma\to0$)")
    axes.set(xlim=(0, 0.155), ylim=(-6, 35))
    axes.legend(loc="upper left")
    error = values.std(axis=0, ddof=1) / len(values) ** 0.5
    return drawing, {
        "gamma": gamma,
        "true": values.mean(axis=0) / 1e5,
        "standard_error": error / 1e5,
        "gamma of the approximate loss": fine,
        "approximate": approximate / 1e5,
    }


def four(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F15: four heads from a random start at s2 = .01, where all else of the authors' has .1."""
    found = evidence.table(four_heads)
    drawing, axes = plt.subplots(1, 2, figsize=(PAGE, 2.4), sharex=True)
    quiet = SETTING._replace(noise_variance=0.01)
    for head, color in enumerate((BLUE, GREEN, ORANGE, PURPLE)):
        for axis, name in zip(axes, ("omega", "mu"), strict=True):
            axis.plot(found.time, found[name][:, head], color=color, label=f"head {head + 1}")
    end = found.isel(time=-1)
    positive = end.mu.values > 0
    sums = {sign: found.mu.values[:, positive == sign].sum(axis=1) for sign in (True, False)}
    for values in sums.values():
        axes[1].plot(found.time, values, color=GREY, lw=1, ls=":")
    after = found.time.values > 100
    counts = int(positive.sum()), int((~positive).sum())
    law = np.asarray(drift_law(found.time.values[after], *counts, quiet))
    for sign in (1, -1):
        axes[0].plot(found.time[after], sign * law, color="black", **THEORY)
        predicted = sign * np.asarray(mu_gamma(law, quiet))
        axes[1].plot(found.time[after], predicted, color="black", **THEORY)
    axes[0].set(xscale="log", xlabel="time of the flow", ylabel=r"$\omega$")
    axes[1].set(xlabel="time of the flow", ylabel=r"$\mu$ and sums of either sign")
    axes[0].legend(fontsize=6)
    size = np.abs(end.omega.values)
    return drawing, {
        "time": found.time.values,
        "omega": found.omega.values,
        "mu": found.mu.values,
        "relative_sd": float(size.std() / size.mean()),
        "sums": [float(sums[True][-1]), float(sums[False][-1])],
    }


FIGURES = (
    Figure(
        "flow",
        "The reduced flow: growth, equality, and a sixth-root descent",
        "Gradient flow on half the approximate loss, from mu = omega = (.001, -.001). Above, both "
        "grow as e^t until t = 5.5, then omega shrinks while mu grows (shaded, the paper's three "
        "stages); their ratio and the loss. Below, mu follows its optimum mu*(omega) at the "
        "omega of that time, and mu omega tends to eta*/2; at late times |omega|, for several "
        "numbers of heads of either sign, against the sixth-root law (dashed), which holds within "
        "1 % from t = 3,000.",
        flow,
        ("C-ICL-15", "C-ICL-16", "C-ICL-17", "C-ICL-48"),
    ),
    Figure(
        "four_heads",
        "Four heads agree on |omega|, and on nothing else",
        "The reduced flow of four heads from N(0, .1^2) at s2 = .01 (the authors' setting). All "
        "|omega| become equal and follow the sixth-root law (dashed); the mu of a sign divide "
        "mu_gamma as their start has it, only their sums (dotted) are determined.",
        four,
        ("C-ICL-16", "C-ICL-17"),
    ),
    Figure(
        "valley",
        "The true valley has its floor at a finite gamma",
        "Loss of an antisymmetric pair at its best mu, against gamma, relative to gamma -> 0: the "
        "true loss with common random numbers (95 % band), and the approximate loss (dashed), "
        "which only rises. Grey, the range of C-ICL-39. The floor is three parts in 100,000 deep: "
        "what gamma a trained net has is set by its optimiser's noise, not by this.",
        valley_floor,
        ("C-ICL-39", "C-ICL-14"),
    ),
)
