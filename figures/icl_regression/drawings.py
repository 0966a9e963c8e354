"""Training dynamics, and estimators against prompt length."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Evidence, Figure
from figures.icl_regression import risks as risks_of
from figures.icl_regression.patterns import (
    LENGTHS,
    TRAINED,
    counted,
    losses_by_length,
    nets_of,
    relative_losses,
    setting_of,
)
from figures.style import BLUE, COLUMN, GREEN, GREY, ORANGE, PAGE, PURPLE, SKY, THEORY, band
from figures.style import VERMILLION as RED
from sims.icl_regression.metrics import pattern
from theory.icl_regression import risks
from theory.icl_regression.reduced import mu_gamma, single_head_optimum
from theory.icl_regression.setting import Setting

Numbers = dict[str, Any]

# Numbers of heads whose dynamics are shown; the paper shows 2, 3 and 4.
SHOWN = (1, 2, 3, 4)
# The paper's final |omega| and |mu| of two heads.
PAPER = (0.13, 3.5)
MARKERS = {1: "o", 2: "v", 3: "^", 4: "s", 8: "D"}


def dynamics(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F3, F4: omega, mu, and the invariants of the reduced flow, for every seed.

    The paper's plots of omega are divided by sqrt(d + 2) where the model divides by sqrt(d + 1):
    .12 there is .13. Its .13 and 3.5 belong to its rate and batch (`noise`), not to the theory.
    """
    drawing, axes = plt.subplots(3, len(SHOWN), figsize=(PAGE, 5.2), sharex="col", sharey="row")
    numbers: Numbers = {}
    for column, heads in zip(axes.T, SHOWN, strict=True):
        training = evidence.sweep(TRAINED[heads])
        setting = setting_of(training)
        path = pattern(training)
        final = path.isel(step=-1)
        chosen = counted(heads, final)
        steps = training.step.values
        lines = path.isel(seed=chosen if chosen.any() else slice(None))
        positive = lines.mu.isel(step=-1) > 0
        active = lines.active.isel(step=-1)
        for name, panel in (("omega", column[0]), ("mu", column[1])):
            for sign, color in ((positive, BLUE), (~positive, ORANGE)):
                shown = lines[name].where(sign & active).transpose("seed", "head", "step").values
                paths = [np.stack([steps, path], 1) for path in shown.reshape(-1, len(steps))]
                panel.add_collection(LineCollection(paths, colors=color, lw=0.3, alpha=0.25))
        numbers[f"H={heads}"] = {"step": steps, "two_signed_seeds": int(chosen.sum())}
        for panel, size in zip(column, PAPER if heads > 1 else (), strict=False):
            for sign in (1, -1):
                panel.axhline(sign * size, color=GREY, lw=0.7, ls=":")
        if heads == 1:
            _single(column, lines, steps, setting, numbers[f"H={heads}"])
        else:
            _pairs(column, lines, steps, setting, numbers[f"H={heads}"])
        column[0].set_title(f"H = {heads}: {int(chosen.sum())} of {len(chosen)} seeds", fontsize=7)
        column[2].set_xlabel("training step")
    axes[0, 0].set_ylabel(r"$\omega$ of active heads")
    axes[0, 0].set_ylim(-0.65, 0.65)
    axes[1, 0].set_ylabel(r"$\mu$ of heads; sums $\mu_\pm$")
    axes[2, 0].set_ylabel(r"$\eta=\sum\mu\omega$;  $\sum\mu/\sum|\mu|$")
    axes[1, 0].set_ylim(-3.8, 3.8)
    axes[2, 0].set_ylim(-0.25, 1.15)
    handles = [
        Line2D([], [], color=BLUE, label=r"heads with $\mu>0$; $\mu_+$"),
        Line2D([], [], color=ORANGE, label=r"heads with $\mu<0$; $\mu_-$"),
        Line2D([], [], color=GREEN, label=r"$\eta$"),
        Line2D([], [], color=PURPLE, label=r"$\sum\mu/\sum|\mu|$"),
        Line2D([], [], color="black", label="theory", **THEORY),
        Line2D([], [], color=GREY, lw=0.7, ls=":", label="paper's .13, 3.5"),
    ]
    drawing.legend(handles=handles, loc="outside lower center", ncols=6, columnspacing=1.2)
    return drawing, numbers


def _single(
    column: np.ndarray, lines: xarray.Dataset, steps: np.ndarray, setting: Setting, out: Numbers
) -> None:
    omega, mu, _ = (float(value) for value in single_head_optimum(setting))
    for panel, value in zip(column, (omega, mu, omega * mu), strict=False):
        for sign in (1, -1) if panel is not column[2] else (1,):
            panel.axhline(sign * value, color="black", **THEORY)
    eta = lines.eta.transpose("seed", "step").values
    band(column[2], steps, eta, GREEN)
    out |= {"eta": eta.mean(axis=0), "omega_approximate": omega, "mu_approximate": mu}
    note = r"$1/\sqrt{d}$: the approximate" + "\nloss's optimum, rejected"
    column[0].text(0.97, 0.5, note, transform=column[0].transAxes, fontsize=6.5, ha="right")


def _pairs(
    column: np.ndarray, lines: xarray.Dataset, steps: np.ndarray, setting: Setting, out: Numbers
) -> None:
    weighted = lines.gamma.transpose("seed", "step").values
    sums = {name: lines[name].transpose("seed", "step").values for name in ("mu_plus", "mu_minus")}
    eta = lines.eta.transpose("seed", "step").values
    balance = ((lines.mu_plus + lines.mu_minus) / (lines.mu_plus - lines.mu_minus)).transpose(
        "seed", "step"
    )
    predicted = np.asarray(mu_gamma(weighted, setting)).mean(axis=0)
    for sign, color, name in ((1, BLUE, "mu_plus"), (-1, ORANGE, "mu_minus")):
        band(column[0], steps, sign * weighted, color)
        band(column[1], steps, sums[name], color)
        # The valley is reached when the heads' signs are sorted; before, mu_gamma says nothing.
        late = steps > 0.1 * steps[-1]
        column[1].plot(steps[late], sign * predicted[late], color="black", **THEORY)
    band(column[2], steps, eta, GREEN)
    band(column[2], steps, balance.values, PURPLE)
    column[2].axhline(float(setting.eta_star), color="black", **THEORY)
    column[2].axhline(0, color="black", **THEORY)
    out |= {name: values.mean(axis=0) for name, values in sums.items()}
    out |= {"gamma": weighted.mean(axis=0), "mu_gamma": predicted, "eta": eta.mean(axis=0)}
    out |= {"imbalance": balance.values.mean(axis=0), "eta_star": float(setting.eta_star)}


def estimators(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F5, F6: losses of estimators and of trained nets against prompt length.

    The paper's comparison of head numbers (F5) is .1 too high in the newest version of its
    notebook, which adds the noise to a loss that contains it: .268 instead of .168 at 100 pairs.
    """
    setting, eta = Setting(), risks_of.PAIR_ETA
    linear, losses_of_models = risks_of.estimators(evidence)
    softmax = losses_of_models.values
    lengths = np.asarray(LENGTHS)
    at = setting._replace(length=lengths.astype(float))
    debiased = np.asarray(risks.debiased_gd_risk(eta, at))
    curves = {
        "one head, approximate optimum": (softmax[:, 1], None, SKY),
        r"pair, $\gamma=.13$, $\mu=3.45$": (softmax[:, 0], None, BLUE),
        "GD": (linear.gd.values, risks.gd_risk(eta, at), ORANGE),
        "debiased GD": (linear.debiased_gd.values, debiased, GREEN),
        "ridge (dashed: d, L to infinity)": (
            linear.ridge.values,
            risks.bayes_risk_limit(at),
            PURPLE,
        ),
    }
    drawing, (top, bottom) = plt.subplots(
        2, 1, figsize=(COLUMN, 4.9), sharex=True, height_ratios=[1.4, 1]
    )
    numbers: Numbers = {"length": lengths, "eta": eta}
    for name, (blocks, exact, color) in curves.items():
        band(top, lengths, blocks, color, name)
        if exact is not None:
            top.plot(lengths, exact, color=color, **THEORY)
        error = blocks.std(axis=0, ddof=1) / len(blocks) ** 0.5
        numbers[name] = {"mean": blocks.mean(axis=0), "standard_error": error, "exact": exact}
    # Paired with simulated debiased GD on the same prompts, whose risk is known.
    band(bottom, lengths, 1 + (softmax[:, 0] - softmax[:, 2]) / debiased, BLUE)
    band(bottom, lengths, 1 + (linear.gd - linear.debiased_gd).values / debiased, ORANGE)
    bottom.plot(lengths, np.asarray(risks.gd_risk(eta, at)) / debiased, color=ORANGE, **THEORY)
    bottom.axhline(1, color=GREEN, **THEORY)
    losses = losses_by_length(evidence, TRAINED)
    for heads, net in nets_of(evidence, TRAINED).items():
        style = {"marker": MARKERS[heads], "color": RED}
        style |= {"ms": 3, "ls": "none", "mfc": "white", "mew": 0.8, "elinewidth": 0.8}
        shown = losses[heads].sel(seed=net.seed)
        mean, half = _interval(shown)
        top.errorbar(lengths, mean, half, label=f"trained, H = {heads} ({len(shown)})", **style)
        numbers[f"trained, H={heads}"] = {"mean": mean, "half_width": half}
        if heads > 1:
            mean, half = _interval(relative_losses(net, losses[heads]))
            bottom.errorbar(lengths, mean, half, **style)
            numbers[f"trained, H={heads}"] |= {"relative": mean, "relative_half_width": half}
    bottom.fill_between([20, 100], 0.97, 1.03, color=GREY, alpha=0.12, linewidth=0)
    for panel in (top, bottom):
        panel.axvline(setting.length, color=GREY, lw=0.6)
    top.set(yscale="log", ylabel=r"loss $E\,(y_q-\hat y)^2$")
    top.set_yticks([0.1, 0.2, 0.4, 0.8], ["0.1", "0.2", "0.4", "0.8"])
    top.minorticks_off()
    bottom.set(xlabel="prompt length $L'$ (pairs); trained at 40", ylabel="loss / debiased GD")
    drawing.legend(fontsize=6, loc="outside upper center", ncols=2)
    return drawing, numbers


def _interval(losses: xarray.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over seeds and half of its 95 % interval, for the eye."""
    values = losses.transpose("seed", "length").values
    half = 1.96 * values.std(axis=0, ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.nan
    return values.mean(axis=0), np.broadcast_to(half, values.shape[1:])


def _figure(name: str, title: str, draw: Any, caption: str, *claims: str) -> Figure:
    return Figure(name, title, caption, draw, claims)


FIGURES = (
    _figure(
        "dynamics",
        "Heads pair up, agree on |omega|, and climb the valley",
        dynamics,
        "Every seed that counts (thin), and mean over seeds with its 95 % interval (bold): mean "
        "diagonal omega of KQ with the weighted |omega| = gamma, label weight mu of each head with "
        "the sums mu_+ and mu_- of each sign, and the invariants. Dashed, the reduced flow: "
        "mu_+ = mu_gamma at the gamma of that step, eta = eta* = .879, sum mu = 0; for H = 1 the "
        "optimum of the approximate loss, which the true loss moves from .447 to .515. eta ends "
        ".004 above eta*, as the true loss has it at this gamma. Dotted, where the paper's nets "
        "end, |omega| = .13 and |mu| = 3.5: a property of its rate and batch (figure rates), which "
        "quick runs do not share.",
        "C-ICL-20",
        "C-ICL-21",
        "C-ICL-22",
        "C-ICL-28",
        "C-ICL-23",
        "C-ICL-24",
    ),
    _figure(
        "estimators",
        "Trained nets do debiased gradient descent, at lengths they never saw",
        estimators,
        "Loss against prompt length: simulated (solid, 50,000 prompts, 95 % band), exact risks "
        "(dashed), trained nets (markers; 95 % interval over the number of seeds given). The pair "
        "and GD share the paper's step 2 gamma mu = .897. Below, relative to the exact risk of "
        "debiased GD at that step, for trained nets at each net's own eta; grey, the tolerance of "
        "C-ICL-29. At ten pairs softmax beats debiased GD.",
        "C-ICL-9",
        "C-ICL-10",
        "C-ICL-25",
        "C-ICL-29",
        "C-ICL-46",
    ),
)
