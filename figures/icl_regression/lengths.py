"""Linear attention: what it learns, and how it fails at lengths where softmax does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.palette import MARKERS
from figures.icl_regression.readings import (
    LENGTHS,
    LINEAR,
    TRAINED,
    counting_losses,
    final_nets,
)
from figures.statistics import exact, judge, mean
from figures.style import BLUE, COLUMN, LIMIT, ORANGE, PURPLE, SKY, THEORY, band
from sims.icl_regression.lengths import linear_attention_losses
from theory.claims import Claim, Verdict
from theory.icl_regression import risks
from theory.icl_regression.setting import SETTING

# The longest prompts, where linear attention is asked to have failed.
LONGEST = LENGTHS[-1]
# Softmax nets that are shown beside it.
SHOWN = {heads: TRAINED[heads] for heads in (1, 2)}


def final(evidence: Evidence, factor: float = 1.0) -> xarray.Dataset:
    """Metrics of trained linear attention, its OV multiplied by `factor`."""
    nets = evidence.sweep(LINEAR)
    return final_nets({1: nets.assign(ov=factor * nets.ov)})[1]


def losses(evidence: Evidence, fixed: bool) -> xarray.DataArray:
    """Loss (block, seed, length) of trained linear attention."""
    return evidence.table(
        linear_attention_losses, LINEAR, lengths=LENGTHS, fixed=fixed, blocks=10, prompts=2000
    ).loss


def learns_gd(claim: Claim, nets: xarray.Dataset) -> Verdict:
    """C-ICL-31: the step that training finds, and its loss."""
    return judge(claim, {"eta": mean(nets.eta.values), "loss": mean(nets.risk.values)})


def length_failure(
    claim: Claim,
    fixed: xarray.DataArray,
    own: xarray.DataArray,
    softmax: Mapping[int, xarray.DataArray],
    eta: float,
) -> Verdict:
    """C-ICL-30: loss over exact risk at every length, and the control with its own 1/L.

    The loss is lowest near the training length and high at 100; softmax attention's only falls.

    Args:
        fixed, own: loss (block, seed, length).
        softmax: number of heads -> loss (seed, length) of softmax attention.
        eta: mean step of the nets.
    """
    at = SETTING._replace(length=fixed.length.values.astype(float))
    risk = np.asarray(risks.linear_attention_risk(eta, SETTING.length, at))
    ratios = fixed.mean("block").transpose("seed", "length") / risk
    found = {
        f"loss over exact risk, L' = {int(L)}": mean(ratios.sel(length=L).values)
        for L in fixed.length
    }
    curve = fixed.mean(("block", "seed"))
    lowest = int(curve.length[int(curve.values.argmin())])
    parts: dict[str, Any] = dict(found)
    parts["length of the lowest loss"] = exact(lowest, f"of {fixed.sizes['length']} lengths")
    for name, loss in (("loss at 100", fixed), ("loss at 100 with its own 1/L", own)):
        parts[name] = mean(loss.mean("block").sel(length=LONGEST).values)
    for heads, loss in softmax.items():
        falls = bool(loss.mean("seed").diff("length").max() < 0)
        parts[f"softmax falls with length, H = {heads}"] = falls
    return judge(claim, parts, shown=max(found, key=lambda name: abs(found[name].value - 1)))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Linear and softmax attention at prompt lengths that they were not trained on."""
    drawing, axes = plt.subplots(figsize=(COLUMN, 3.0))
    at = SETTING._replace(length=np.asarray(LENGTHS, float))
    eta = float(final(evidence).eta.mean())
    numbers: dict[str, Any] = {"length": LENGTHS, "eta": eta}
    curves = {
        "linear, 1/L of training": (losses(evidence, True).mean("block"), ORANGE, "s"),
        "linear, 1/L of the prompt": (losses(evidence, False).mean("block"), PURPLE, "D"),
    }
    for heads, found in counting_losses(evidence, SHOWN).items():
        curves[f"softmax, H = {heads}"] = found, {1: SKY, 2: BLUE}[heads], MARKERS[heads]
    for label, (found, color, mark) in curves.items():
        values = found.transpose("seed", "length").values
        band(axes, np.asarray(LENGTHS), values, color, f"{label} ({len(values)})", mark)
        numbers[label] = values.mean(axis=0)
    fixed = np.asarray(risks.linear_attention_risk(eta, SETTING.length, at))
    axes.plot(LENGTHS, fixed, color=ORANGE, **THEORY)
    axes.plot(LENGTHS, np.asarray(risks.gd_risk(eta, at)), color=PURPLE, **THEORY)
    debiased = np.asarray(risks.debiased_gd_risk(SETTING.eta_star, at))
    axes.plot(LENGTHS, debiased, color=BLUE, **THEORY)
    axes.plot([], [], color="black", label="exact risks", **THEORY)
    axes.axvline(float(SETTING.length), **LIMIT)
    axes.set(yscale="log", xlabel="prompt length $L'$ (pairs); trained at 40")
    axes.set_ylabel(r"loss $E\,(y_q-\hat y)^2$")
    axes.set_yticks([0.2, 0.4, 0.8, 1.6], ["0.2", "0.4", "0.8", "1.6"])
    axes.minorticks_off()
    drawing.legend(loc="outside upper center", ncols=2)
    return drawing, numbers


def _failure(evidence: Evidence) -> tuple:
    eta = float(final(evidence).eta.mean())
    softmax = counting_losses(evidence, SHOWN)
    return losses(evidence, True), losses(evidence, False), softmax, eta


def _no_failure(evidence: Evidence) -> tuple:
    """The nets with their own 1/L held against the fixed one's risk."""
    _, own, *rest = _failure(evidence)
    return own, own, *rest


FIGURE = Figure(
    "lengths",
    "Linear attention fails at lengths where softmax does not",
    "Loss of trained nets (solid, mean and 95 % band over the number of seeds given) at prompt "
    "lengths from 10 to 100, and exact risks (dashed: in their nets' colours, of one step with "
    "either 1/L and of debiased GD; none "
    "is drawn for one head of softmax). Dotted, the length of training. Linear attention "
    "that keeps the 1/L of its training takes too long a step on long prompts; given the "
    "prompt's own it is one step of GD everywhere. The softmax normalises by itself.",
    draw,
    ("C-ICL-30", "C-ICL-31"),
)
CHECKS = (
    Check("C-ICL-30", length_failure, _failure, _no_failure, slow=True),
    Check(
        "C-ICL-31",
        learns_gd,
        lambda e: (final(e),),
        lambda e: (final(e, factor=0.5),),
        slow=True,
    ),
)
