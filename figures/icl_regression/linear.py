"""Linear attention: what it learns, and how it fails at other lengths than it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure, override
from figures.icl_regression.identities import SETTING
from figures.icl_regression.patterns import LENGTHS, TRAINED, final_nets, losses_by_length, nets_of
from figures.statistics import decide, mean, worst
from figures.style import BLUE, COLUMN, GREY, ORANGE, PURPLE, SKY, THEORY, band
from sims.engine.sweep import Sweep
from sims.icl_regression.lengths import linear_attention_losses
from theory.claims import State, Verdict
from theory.icl_regression import risks

LINEAR = "icl_regression.linear"
_PRESETS = ("quick", "paper")


def short(evidence: Evidence) -> Sweep:
    """A few short runs, enough for falsifiers."""
    return override(evidence.find(LINEAR), steps=600, seeds=8)


def final(evidence: Evidence, sweep: str | Sweep = LINEAR, factor: float = 1.0) -> xarray.Dataset:
    """Metrics of trained nets, their OV multiplied by `factor`."""
    nets = evidence.sweep(sweep)
    return final_nets({1: nets.assign(ov=factor * nets.ov)})[1]


def losses(evidence: Evidence, fixed: bool, sweep: str | Sweep = LINEAR) -> xarray.DataArray:
    """Loss (block, seed, length) of trained nets."""
    return evidence.table(
        linear_attention_losses, sweep, lengths=LENGTHS, fixed=fixed, blocks=10, prompts=2000
    ).loss


def learns_gd(nets: xarray.Dataset) -> Verdict:
    """C-ICL-31: the step that training finds, and its loss."""
    eta, loss = mean(nets.eta.values), mean(nets.risk.values)
    state = worst(decide(eta, 0.845, 0.875), decide(loss, 0.2368, 0.2428))
    interval = (eta.low, eta.high)
    expected = "eta 0.860 +- 0.015, loss 0.2398 +- 0.003"
    return Verdict(
        "C-ICL-31", eta.value, interval, eta.method, expected, state, {"loss": loss.value}
    )


def length_failure(
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
    """
    at = SETTING._replace(length=fixed.length.values.astype(float))
    exact = np.asarray(risks.linear_attention_risk(eta, SETTING.length, at))
    ratios = fixed.mean("block").transpose("seed", "length") / exact
    found = [mean(ratios.sel(length=length).values) for length in fixed.length]
    states: list[State] = [decide(one, 0.9, 1.1) for one in found]
    longest = mean(own.mean("block").sel(length=100).values)
    states.append(decide(longest, high=0.2))
    states.append(decide(mean(fixed.mean("block").sel(length=100).values), low=1.4))
    curve = fixed.mean(("block", "seed"))
    lowest = int(curve.length[int(curve.values.argmin())])
    falling = all(loss.mean("seed").diff("length").max() < 0 for loss in softmax.values())
    states.append("holds" if 38 <= lowest <= 48 and falling else "fails")
    index = int(np.argmax([abs(one.value - 1) for one in found]))
    farthest = found[index]
    detail = {
        "length": int(fixed.length[index]),
        "length of the lowest loss": lowest,
        "loss at 100": float(fixed.sel(length=100).mean()),
        "loss at 100 with its own 1/L": longest.value,
    }
    return Verdict(
        "C-ICL-30",
        farthest.value,
        (farthest.low, farthest.high),
        farthest.method,
        "1 +- 0.1 at every length, lowest at 38 to 48, above 1.4 at 100; own 1/L below 0.2 there",
        worst(*states),
        detail,
    )


def lengths(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F20: linear and softmax attention at prompt lengths that they were not trained on."""
    drawing, axes = plt.subplots(figsize=(COLUMN, 3.0))
    at = SETTING._replace(length=np.asarray(LENGTHS, float))
    eta = float(final(evidence).eta.mean())
    numbers: dict[str, Any] = {"length": LENGTHS, "eta": eta}
    curves = {
        "linear, 1/L of training": (losses(evidence, True).mean("block"), ORANGE),
        "linear, 1/L of the prompt": (losses(evidence, False).mean("block"), PURPLE),
    }
    for heads, found in _softmax(evidence).items():
        curves[f"softmax, H = {heads}"] = found, {1: SKY, 2: BLUE}[heads]
    for label, (found, color) in curves.items():
        values = found.transpose("seed", "length").values
        band(axes, np.asarray(LENGTHS), values, color, f"{label} ({len(values)})")
        numbers[label] = values.mean(axis=0)
    fixed = np.asarray(risks.linear_attention_risk(eta, SETTING.length, at))
    axes.plot(LENGTHS, fixed, color=ORANGE, **THEORY)
    axes.plot(LENGTHS, np.asarray(risks.gd_risk(eta, at)), color=PURPLE, **THEORY)
    axes.plot(
        LENGTHS, np.asarray(risks.debiased_gd_risk(SETTING.eta_star, at)), color=BLUE, **THEORY
    )
    axes.axvline(float(SETTING.length), color=GREY, lw=0.6)
    axes.set(yscale="log", xlabel="prompt length $L'$ (pairs); trained at 40")
    axes.set_ylabel(r"loss $E\,(y_q-\hat y)^2$")
    axes.set_yticks([0.2, 0.4, 0.8, 1.6], ["0.2", "0.4", "0.8", "1.6"])
    axes.minorticks_off()
    axes.legend(fontsize=6)
    return drawing, numbers


def _softmax(evidence: Evidence) -> dict[int, xarray.DataArray]:
    sweeps = {heads: TRAINED[heads] for heads in (1, 2)}
    found = losses_by_length(evidence, sweeps)
    return {h: found[h].sel(seed=net.seed) for h, net in nets_of(evidence, sweeps).items()}


def _failure(evidence: Evidence) -> tuple:
    eta = float(final(evidence).eta.mean())
    return losses(evidence, True), losses(evidence, False), _softmax(evidence), eta


def _no_failure(evidence: Evidence) -> tuple:
    own = losses(evidence, False, short(evidence))
    return own, own, {}, float(final(evidence, short(evidence)).eta.mean())


FIGURES = (
    Figure(
        "lengths",
        "Linear attention fails at lengths where softmax does not",
        "Loss of trained nets (solid, mean and 95 % band over the number of seeds given) at prompt "
        "lengths from 10 to 100, and exact risks of GD and debiased GD (dashed). Linear attention "
        "that keeps the 1/L of its training takes too long a step on long prompts; given the "
        "prompt's own it is one step of GD everywhere. The softmax normalises by itself.",
        lengths,
        ("C-ICL-30", "C-ICL-31"),
    ),
)
CHECKS = (
    Check("C-ICL-30", length_failure, _failure, _no_failure, _PRESETS),
    Check(
        "C-ICL-31",
        learns_gd,
        lambda evidence: (final(evidence),),
        lambda evidence: (final(evidence, short(evidence), factor=0.5),),
        _PRESETS,
    ),
)
