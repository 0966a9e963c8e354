"""Four heads from a random start at little noise, where all else of the authors' has more."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.readings import authors_heads
from figures.style import BLUE, GREEN, GREY, ORANGE, PAGE, PURPLE, THEORY
from theory.icl_regression import authors
from theory.icl_regression.flow import drift_law
from theory.icl_regression.reduced import mu_gamma
from theory.icl_regression.setting import SETTING


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """omega and mu of each head, the sums of either sign, and the law of many pairs."""
    found = authors_heads(evidence)
    drawing, axes = plt.subplots(1, 2, figsize=(PAGE, 2.6), sharex=True)
    quiet = SETTING._replace(noise_variance=authors.QUIET)
    for head, (color, mark) in enumerate(zip((BLUE, GREEN, ORANGE, PURPLE), "os^D", strict=True)):
        look = {"color": color, "marker": mark, "ms": 3.5, "label": f"head {head + 1}"}
        for axis, name in zip(axes, ("omega", "mu"), strict=True):
            axis.plot(found.time, found[name][:, head], markevery=(0.05 * head, 0.2), **look)
    end = found.isel(time=-1)
    positive = end.mu.values > 0
    sums = {sign: found.mu.values[:, positive == sign].sum(axis=1) for sign in (True, False)}
    for values, label in zip(sums.values(), ("sum of either sign", None), strict=True):
        axes[1].plot(found.time, values, color=GREY, lw=1, label=label)
    after = found.time.values > 100
    counts = int(positive.sum()), int((~positive).sum())
    law = np.asarray(drift_law(found.time.values[after], *counts, quiet))
    for sign in (1, -1):
        axes[0].plot(found.time[after], sign * law, color="black", **THEORY)
        predicted = sign * np.asarray(mu_gamma(law, quiet))
        axes[1].plot(found.time[after], predicted, color="black", **THEORY)
    axes[0].set(xscale="log", xlabel="time of the flow", ylabel=r"$\omega$")
    axes[1].set(xlabel="time of the flow", ylabel=r"$\mu$ and sums of either sign")
    axes[1].plot([], [], color="black", label="law", **THEORY)
    handles, labels = axes[1].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=6)
    size = np.abs(end.omega.values)
    return drawing, {
        "time": found.time.values,
        "omega": found.omega.values,
        "mu": found.mu.values,
        "relative_sd": float(size.std() / size.mean()),
        "sums": [float(sums[True][-1]), float(sums[False][-1])],
    }


FIGURE = Figure(
    "four_heads",
    "Four heads agree on |omega|, and on nothing else",
    f"The reduced flow of four heads from N(0, {authors.SPREAD:g}^2) at s2 = {authors.QUIET:g} "
    "(the authors' setting), solid. All |omega| become equal and follow the sixth-root law "
    "(dashed); the "
    "mu of a sign divide mu_gamma as their start has it, only their sums (grey) are determined.",
    draw,
    ("C-ICL-16", "C-ICL-17"),
)
CHECKS: tuple[Check, ...] = ()
