"""Figure `estimators`: five estimates of one isolated unit's timescale, against the truth.

The verdict on them, C-RNN-28, stands with figure `networks`, which shows it first.
"""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.measured.nets import LAGS, TRIALS
from figures.rnn_timescales.readings.analyses import FITTED, REPEATED_STEPS, repeated_estimates
from figures.rnn_timescales.readings.stages import reached
from figures.style import BLUE, PAGE, THEORY, VERMILLION
from theory.rnn_timescales import units

NAMES = {
    "authors": "larger,\nauthors' fit",
    "slowest": "larger,\nleast squares",
    "weighted": "amplitude-\nweighted",
    "integrated": "integrated,\n30 lags",
    "lag_one": r"$\rho(1)$",
}


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Each estimator over repeats, against the truth."""
    found = repeated_estimates(evidence)
    drawing, grid = plt.subplots(1, 5, figsize=(PAGE, 2.5))
    truths = {
        "authors": units.timescale(found.tau.values),
        "slowest": units.timescale(found.tau.values),
        "weighted": units.timescale(found.tau.values),
        "integrated": 0.5
        + sum(units.autocorrelation(found.tau.values, lag) for lag in range(1, LAGS + 1)),
        "lag_one": units.autocorrelation(found.tau.values, 1),
    }
    numbers: dict[str, Any] = {"tau": found.tau}
    places = np.arange(found.tau.size)
    for axes, (name, label) in zip(grid, NAMES.items(), strict=True):
        color = VERMILLION if name in ("authors", "slowest") else BLUE
        for place, truth in zip(places, np.asarray(truths[name]), strict=True):
            own = reached(found[name].isel(tau=place))
            spread = np.linspace(-0.25, 0.25, own.size)
            axes.plot(place + spread, own, ".", ms=2, color=color, alpha=0.6)
            axes.plot([place - 0.4, place + 0.4], [truth, truth], color="black", **THEORY)
        axes.set_xticks(places, [f"{tau:g}" for tau in found.tau.values])
        axes.set(title=label, xlabel=r"$\tau$ (steps)")
        axes.set_yscale("linear" if name == "lag_one" else "log")
        numbers[name] = {"measured": found[name], "truth": truths[name]}
    for axes in grid[:4]:
        axes.set_ylim(0.5, 130)
    grid[4].set_ylim(0, 1)
    grid[0].set_ylabel("estimate (steps)")
    return drawing, numbers


FIGURE = Figure(
    "estimators",
    "The larger of two fitted timescales is heavy-tailed where the truth is simple, by either fit",
    "Estimates of the timescale of one isolated leaky unit, whose autocorrelation is a single "
    f"exponential: dots, repeats of {TRIALS} trials of {REPEATED_STEPS:,} steps, p ~ U(0, 1) for "
    "each; dashed, the truth. The first two take the larger timescale of the form that Akaike's "
    "criterion prefers, up to the fit's bound of 100: by the authors' fit, which starts from the "
    f"middle of its bounds and often stays there (of {FITTED} repeats), and by the least-squares "
    "minimum, which is farther off more often.",
    draw,
    ("C-RNN-28",),
)
CHECKS: tuple[Check, ...] = ()
