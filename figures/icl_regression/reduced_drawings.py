"""Figures of the reduced model alone: its flow, and the floor of its true valley."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure as Drawing

from figures.evidence import Evidence, Figure
from figures.icl_regression.identities import SETTING
from figures.icl_regression.reduced_model import four_heads, pairs, small_flow, valley
from figures.style import BLUE, COLUMN, GREEN, GREY, ORANGE, PAGE, PURPLE, THEORY, band
from theory.icl_regression.flow import drift_law
from theory.icl_regression.reduced import mu_gamma, two_head_minimum

Numbers = dict[str, Any]


def flow(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F11-F14, N1: the reduced flow from .001, early and late, and the sixth-root law."""
    found = evidence.table(small_flow)
    pair = found.isel(group=0)
    drawing, (early, late) = plt.subplots(1, 2, figsize=(PAGE, 2.7))
    first = pair.sel(time=slice(0, 12))
    for name, color, symbol in (("mu", ORANGE, r"\mu"), ("omega", BLUE, r"\omega")):
        early.plot(first.time, first[name], color=color, label=f"${symbol}_1 = -{symbol}_2$")
    early.plot(first.time, first.mu / first.omega, color=GREY, lw=1, label=r"$\mu/\omega$")
    for edge in (5.5, 7.5):
        early.axvline(edge, color=GREY, lw=0.5, ls=":")
    early.set(xlabel="time of the flow", ylabel=r"$\omega$, $\mu$, ratio", ylim=(0, 1.7))
    early.legend(loc="upper left")
    numbers: Numbers = {"time": found.time.values}
    colors = (BLUE, GREEN, ORANGE, PURPLE)
    for index, color in enumerate(colors):
        path = found.isel(group=index)
        plus, minus = int(path.plus), int(path.minus)
        after = path.sel(time=slice(15, None))
        law = np.asarray(drift_law(after.time.values, plus, minus, SETTING))
        late.plot(after.time, after.omega, color=color, label=f"{plus} heads +, {minus} heads -")
        late.plot(after.time, law, color=color, **THEORY)
        numbers[f"omega ({plus},{minus})"] = path.omega.values
        numbers[f"law ({plus},{minus}), t >= 15"] = law
    late.set(xscale="log", yscale="log", xlabel="time of the flow", ylabel=r"$\gamma=|\omega|$")
    late.set_yticks([0.15, 0.2, 0.3, 0.4], ["0.15", "0.2", "0.3", "0.4"])
    late.minorticks_off()
    late.legend(fontsize=6.5)
    return drawing, numbers


def valley_floor(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """N2: the true loss along the valley against the approximate one's."""
    curve = valley(pairs(evidence))
    values = 1e5 * curve.transpose("block", "gamma").values
    gamma = curve.gamma.values
    approximate = np.asarray(two_head_minimum(gamma, SETTING))
    approximate = 1e5 * (approximate - approximate[0])
    drawing, axes = plt.subplots(figsize=(COLUMN, 2.5))
    axes.axhline(0, color=GREY, lw=0.6)
    band(axes, gamma, values, BLUE, "true loss, 2 million prompts")
    axes.plot(gamma, approximate, color="black", label="approximate loss", **THEORY)
    axes.axvspan(0.06, 0.09, color=GREY, alpha=0.12, lw=0)
    axes.set(xlabel=r"$\gamma$", ylabel=r"$10^5\,$(loss $-$ loss at $\gamma\to0$)")
    axes.set(xlim=(0, 0.155), ylim=(-6, 35))
    axes.legend(loc="upper left")
    error = values.std(axis=0, ddof=1) / len(values) ** 0.5
    return drawing, {
        "gamma": gamma,
        "true": values.mean(axis=0) / 1e5,
        "standard_error": error / 1e5,
        "approximate": approximate / 1e5,
    }


def four(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F15: four heads from a random start at s2 = .01."""
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
        "Gradient flow on half the approximate loss. Left, from mu = omega = (.001, -.001): both "
        "grow as e^t until t = 5.5 (dotted), then omega shrinks while mu grows. Right, |omega| for "
        "several numbers of heads of either sign, against the sixth-root law (dashed), which holds "
        "within 1 % from t = 3,000.",
        flow,
        ("C-ICL-15", "C-ICL-16", "C-ICL-17"),
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
