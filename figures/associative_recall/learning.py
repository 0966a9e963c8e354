"""Learning curves of nets that recall."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.readings import RECALL, heads
from figures.evidence import Evidence, Figure
from figures.style import BLUE, GREEN, PAGE, THEORY, VERMILLION
from theory.associative_recall.conflict import floor

COLORS = {"context": BLUE, "memory": GREEN, "conflict": VERMILLION}


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Loss above the floor, and accuracy on each kind of prompt."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    data = evidence.sweep(RECALL)
    setting: Any = evidence.find(RECALL).base
    loss, least = data.loss.transpose("seed", "step"), float(floor(setting.follows))
    left.plot(data.step, loss.T, color=BLUE, lw=0.4, alpha=0.5)
    left.plot(data.step, loss.median("seed"), color=BLUE)
    left.axhline(least, color="k", **THEORY)
    left.set(yscale="log", xlabel="step", ylabel="loss (nats)")
    left.set_yticks([0.2, 0.5, 1, 2], ["0.2", "0.5", "1", "2"])
    left.minorticks_off()
    for name, color in COLORS.items():
        values = data[name].transpose("seed", "step")
        right.plot(data.step, values.T, color=color, lw=0.4, alpha=0.4)
        right.plot(data.step, values.median("seed"), color=color, label=name)
    found = heads(evidence)
    count = "{learned} of {nets} learned".format(**found.attrs)
    right.annotate(count, (0.98, 0.05), xycoords="axes fraction", ha="right", fontsize=7)
    right.set(xlabel="step", ylabel="share answered by the context,\nor right (memory)")
    right.legend(loc="center right")
    numbers = {name: data[name].median("seed").values for name in ("loss", *COLORS)}
    return drawing, {"step": np.asarray(data.step), "floor": least, **numbers}


FIGURE = Figure(
    "learning",
    "Facts are learnt first, then the context",
    "Training of two layers (thin: nets, thick: median). Left: loss, and the entropy of the "
    "answers to conflicts, below which none can come (dashed). Right: share of context and "
    "conflict prompts answered by the context's value, and of memory prompts by the fact.",
    draw,
)
CHECKS = ()
