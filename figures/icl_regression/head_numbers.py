"""What the number of heads changes: how often nets are same-signed, and how clean they are."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure as Drawing

from figures.evidence import Evidence, Figure
from figures.icl_regression.patterns import (
    HEADS,
    INHOMOGENEITY,
    LABEL_RATIO,
    OFF_ENERGY,
    TRAINED,
    final_nets,
    nets_of,
)
from figures.icl_regression.reduced_model import flow_ends
from figures.statistics import Estimate, share
from figures.style import BLUE, GREEN, ORANGE, PAGE, PURPLE, THEORY


def same_sign_share(signs: np.ndarray) -> Estimate:
    """Share of nets, or of starts of the flow, whose active heads all have one sign."""
    return share(int((~signs).sum()), signs.size)


def head_numbers(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F8, N4: same-sign shares of nets and of the flow; pattern metrics, against H.

    The authors' printed variances of the diagonal are not divided by its squared mean, as their
    code and ours do: their 4e-6 at H = 2 is 2e-4 relative.
    """
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6))
    data = {heads: evidence.sweep(sweep) for heads, sweep in TRAINED.items() if heads > 1}
    nets = {
        heads: same_sign_share(final.two_signed.values)
        for heads, final in final_nets(data, every=True).items()
    }
    ends = evidence.table(flow_ends, time=2000.0)
    flow = {int(h): same_sign_share(ends.two_signed.sel(heads=h).values) for h in ends.heads}
    shown = ((nets, "trained nets", BLUE, {}), (flow, "reduced flow", ORANGE, THEORY))
    numbers: dict[str, Any] = {}
    for parts, label, color, style in shown:
        value, low, high = np.array([part[:3] for part in parts.values()]).T
        spread = [value - low, high - value]
        look = {"color": color, "marker": "o", "ms": 3, "linestyle": "-", **style}
        at = np.array(list(parts)) * (1.02 if style else 0.98)
        left.errorbar(at, value, spread, label=label, **look)
        numbers[label] = {h: list(part[:3]) for h, part in parts.items()}
    left.set(xscale="log", xlabel="number of heads H", ylabel="share of same-sign ends")
    left.set(xlim=(1.8, 9), ylim=(-0.02, 0.6))
    left.legend()
    finals = nets_of(evidence, TRAINED)
    metrics = {
        "weighted_off_energy": ("off-diagonal energy of KQ", BLUE, OFF_ENERGY),
        "diagonal_variance": ("variance of KQ's diagonal", PURPLE, dict.fromkeys(HEADS, 0.02)),
        "weighted_label_ratio": (
            "1 - label's part of OV",
            GREEN,
            {heads: 1 - limit for heads, limit in LABEL_RATIO.items()},
        ),
        "inhomogeneity": (r"relative scatter of $|\omega|$", ORANGE, INHOMOGENEITY),
    }
    for name, (label, color, limits) in metrics.items():
        samples = {heads: finals[heads][name].values for heads in limits}
        if name == "weighted_label_ratio":
            samples = {heads: 1 - values for heads, values in samples.items()}
        middle = np.array([np.median(values) for values in samples.values()])
        low, high = np.array([np.quantile(v, [0.1, 0.9]) for v in samples.values()]).T
        right.errorbar(list(samples), middle, [middle - low, high - middle], color=color,
                       fmt="o-", ms=3, label=label)  # fmt: skip
        right.plot(list(limits), list(limits.values()), color=color, **THEORY)
        numbers[name] = dict(zip(samples, middle, strict=True))
    right.set(xscale="log", yscale="log", xlabel="number of heads H", ylabel="metric")
    right.set_ylim(1e-5, 8)
    right.legend(fontsize=6.5, loc="upper left", ncols=2)
    for axes, shown_heads in ((left, HEADS[1:]), (right, HEADS)):
        axes.set_xticks(shown_heads, [str(heads) for heads in shown_heads])
        axes.minorticks_off()
    return drawing, numbers


FIGURES = (
    Figure(
        "head_numbers",
        "More heads, fewer single heads in disguise",
        "Left: share of trained nets and of ends of the reduced flow (64 starts N(0, .1^2) each) "
        "whose active heads all have one sign, with one-sided 95 % Clopper-Pearson bounds; SGD's "
        "noise lets some nets escape that the flow holds. Right: pattern metrics of the nets that "
        "count, median and 10-90 % range over seeds; dashed, limits of C-ICL-18, 19, 22 and 44.",
        head_numbers,
        ("C-ICL-17", "C-ICL-18", "C-ICL-19", "C-ICL-22", "C-ICL-27", "C-ICL-44"),
    ),
)
