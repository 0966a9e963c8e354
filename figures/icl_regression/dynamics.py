"""omega, mu and the invariants of the reduced flow along training, for every seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.broken import next_seed, reversed_steps, rolled, scattered_head
from figures.icl_regression.readings import (
    SEVERAL,
    TRAINED,
    Nets,
    chosen,
    counted,
    nets_of,
    paths_of,
    setting_of,
)
from figures.statistics import Estimate, bound_of, judge, mean, median, share
from figures.style import BLUE, GREEN, GREY, LIMIT, ORANGE, PAGE, PURPLE, THEORY, band
from sims.icl_regression.metrics import pattern
from theory.claims import Claim, Verdict
from theory.icl_regression import authors
from theory.icl_regression.reduced import mu_gamma, single_head_optimum
from theory.icl_regression.setting import SETTING, Setting
from theory.icl_regression.true_loss import head_optimum

Numbers = dict[str, Any]

# Numbers of heads whose dynamics are shown; the paper shows 2, 3 and 4.
SHOWN = (1, 2, 3, 4)
# Up to so many heads the overshoot has to be early; more take longer to sort themselves.
EARLY = 4


def sign_matching(claim: Claim, nets: Nets) -> Verdict:
    """C-ICL-20: sign(omega) = sign(mu) in every active head of two-signed nets."""
    matched = total = 0
    for final in nets.values():
        same = (np.sign(final.omega) == np.sign(final.mu)).values[final.active.values]
        matched, total = matched + int(same.sum()), total + same.size
    found = share(matched, total, "active heads")
    return judge(claim, {"share": found, "every active head": matched == total})


def zero_sum(claim: Claim, nets: Nets) -> Verdict:
    """C-ICL-21: the share of two-signed seeds whose mu add up to nearly nothing."""
    limit = claim.bound("imbalance")[1]
    good = {heads: final.imbalance.values <= limit for heads, final in nets.items()}
    every = np.concatenate([final.imbalance.values for final in nets.values()])
    parts = {"share": _pooled(good), "imbalance": median(every)}
    return judge(claim, parts, detail=_by_heads(good))


def homogeneity(claim: Claim, nets: Nets) -> Verdict:
    """C-ICL-22: the scatter of |omega| over the heads of a net, and relative to its limit."""
    over, scatter = {}, {}
    for heads, final in nets.items():
        name, values = f"scatter, H = {heads}", final.inhomogeneity.values
        scatter[name] = mean(values)
        over[f"scatter over its limit, H = {heads}"] = mean(values / bound_of(claim, name)[1])
    largest = max(over, key=lambda name: over[name].value)
    return judge(claim, {**over, **scatter}, shown=largest)


def valley(claim: Claim, nets: Nets) -> Verdict:
    """C-ICL-23: eta, and mu_+ against mu_gamma at the measured gamma."""
    etas, heights = {}, {}
    detail: dict[str, float | int | str] = {}
    for heads, final in nets.items():
        predicted = np.asarray(mu_gamma(final.gamma.values, setting_of(final)))
        etas[f"eta, H = {heads}"] = mean(final.eta.values)
        height = mean((final.mu_plus - final.mu_minus).values / 2 / predicted)
        heights[f"mu_+/mu_gamma, H = {heads}"] = height
        detail[f"gamma, H = {heads}"] = float(final.gamma.mean())
    middle = np.mean(claim.bound("eta"))
    farthest = max(etas, key=lambda name: abs(etas[name].value - middle))
    return judge(claim, {**etas, **heights}, shown=farthest, detail=detail)


def single_head(claim: Claim, final: xarray.Dataset) -> Verdict:
    """C-ICL-24: one head's omega, mu and loss, against the optimum of the true loss."""
    parts = {
        "omega": mean(np.abs(final.omega.values[:, 0])),
        "mu": mean(np.abs(final.mu.values[:, 0])),
        "loss": mean(final.risk.values),
        "off-diagonal energy": mean(final.weighted_off_energy.values),
    }
    return judge(claim, parts, detail={"smallest |omega|": float(np.abs(final.omega).min())})


def overshoot(claim: Claim, found: Nets) -> Verdict:
    """C-ICL-28: |omega| rises above its end value and falls back early, mu_+ does not fall.

    Args:
        found: `turns` of paths, by number of heads.
    """
    good, peaks, times, heights = {}, [], [], []
    limits = {name: claim.bound(name) for name in claim.bounds if name != "share"}
    for heads, turn in found.items():
        peak, part, height = (turn[name].values for name in ("peak", "part", "height"))
        good[heads] = (peak >= limits["peak over end"][0]) & (
            height >= limits["mu_+ over its peak"][0]
        )
        if heads <= EARLY:
            good[heads] &= part <= limits["peak's part of training"][1]
            times.append(part)
        peaks.append(peak)
        heights.append(height)
    parts = {
        "share": _pooled(good),
        "peak over end": median(np.concatenate(peaks)),
        "peak's part of training": median(np.concatenate(times)),
        "mu_+ over its peak": median(np.concatenate(heights)),
    }
    return judge(claim, parts, detail=_by_heads(good))


def turns(nets: Nets) -> dict[int, xarray.Dataset]:
    """Of paths, gamma's `peak` over its end, at what `part` of training, and the end of mu_+ over
    its peak as `height`, (seed)."""
    found = {}
    for heads, path in nets.items():
        end = path.isel(step=-1)
        peak = path.gamma.max("step") / end.gamma
        part = path.gamma.argmax("step") / (path.sizes["step"] - 1)
        height = end.mu_plus / path.mu_plus.max("step")
        found[heads] = xarray.Dataset({"peak": peak, "part": part, "height": height})
    return found


def _pooled(good: Mapping[int, np.ndarray]) -> Estimate:
    every = np.concatenate(list(good.values()))
    return share(int(every.sum()), every.size)


def _by_heads(good: Mapping[int, np.ndarray]) -> dict[str, float | int | str]:
    return {f"share, H = {heads}": float(values.mean()) for heads, values in good.items()}


def draw(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """A column for each number of heads: omega; mu; eta and the balance of mu."""
    drawing, axes = plt.subplots(3, len(SHOWN), figsize=(PAGE, 5.2), sharex="col", sharey="row")
    numbers: Numbers = {}
    for column, heads in zip(axes.T, SHOWN, strict=True):
        numbers[f"H={heads}"] = _column(column, heads, evidence.sweep(TRAINED[heads]))
        column[2].set_xlabel("training step")
    axes[0, 0].set_ylabel(r"$\omega$ of active heads")
    axes[0, 0].set_ylim(-0.65, 0.65)
    axes[1, 0].set_ylabel(r"$\mu$ of heads; sums $\mu_\pm$")
    axes[2, 0].set_ylabel(r"$\eta=\sum\mu\omega$;  $\sum\mu/\sum|\mu|$")
    axes[1, 0].set_ylim(-3.8, 3.8)
    axes[2, 0].set_ylim(-0.25, 1.15)
    paper = f"paper's {authors.GAMMA}, {authors.MU}".replace("0.", ".")
    handles = [
        Line2D([], [], color=BLUE, label=r"heads with $\mu>0$; $\mu_+$"),
        Line2D([], [], color=ORANGE, label=r"heads with $\mu<0$; $\mu_-$"),
        Line2D([], [], color=GREEN, label=r"$\eta$"),
        Line2D([], [], color=PURPLE, label=r"$\sum\mu/\sum|\mu|$"),
        Line2D([], [], color="black", label="theory", **THEORY),
        Line2D([], [], label=paper, **LIMIT),
    ]
    drawing.legend(handles=handles, loc="outside lower center", ncols=6, columnspacing=1.2)
    return drawing, numbers


def _column(column: np.ndarray, heads: int, training: xarray.Dataset) -> Numbers:
    """Heads one by one, thin; then theory and the means over seeds."""
    path, setting, steps = pattern(training), setting_of(training), training.step.values
    good = counted(heads, path.isel(step=-1))
    lines = path.isel(seed=chosen(good))
    positive = lines.mu.isel(step=-1) > 0
    active = lines.active.isel(step=-1)
    for name, panel in (("omega", column[0]), ("mu", column[1])):
        for sign, color in ((positive, BLUE), (~positive, ORANGE)):
            shown = lines[name].where(sign & active).transpose("seed", "head", "step").values
            curves = [np.stack([steps, line], 1) for line in shown.reshape(-1, len(steps))]
            panel.add_collection(LineCollection(curves, colors=color, lw=0.3, alpha=0.25))
    out: Numbers = {"step": steps, "two_signed_seeds": int(good.sum())}
    for panel, size in zip(column, (authors.GAMMA, authors.MU) if heads > 1 else (), strict=False):
        for sign in (1, -1):
            panel.axhline(sign * size, **LIMIT)
    (_single if heads == 1 else _pairs)(column, lines, steps, setting, out)
    column[0].set_title(f"H = {heads}: {int(good.sum())} of {len(good)} seeds", fontsize=7)
    return out


def _single(
    column: np.ndarray, lines: xarray.Dataset, steps: np.ndarray, setting: Setting, out: Numbers
) -> None:
    """The optimum of the true loss, where nets end, and grey that of the approximate one."""
    omega, mu, _ = (float(value) for value in single_head_optimum(setting))
    true = head_optimum(setting)
    optima = ((true.size, true.mu, "black"), (omega, mu, GREY))
    for best_omega, best_mu, color in optima:
        for panel, value in zip(column, (best_omega, best_mu, best_omega * best_mu), strict=True):
            for sign in (1, -1) if panel is not column[2] else (1,):
                panel.axhline(sign * value, color=color, **THEORY)
    eta = lines.eta.transpose("seed", "step").values
    band(column[2], steps, eta, GREEN)
    out |= {"eta": eta.mean(axis=0), "omega_approximate": omega, "mu_approximate": mu}
    out |= {"omega_true": true.size, "mu_true": true.mu}
    note = "black, optimum of\nthe true loss; grey, of\nthe approximate: " + r"$1/\sqrt{d}$"
    column[0].text(0.97, 0.4, note, transform=column[0].transAxes, fontsize=7, ha="right")


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


def caption(numbers: Mapping[str, Any]) -> str:
    """What is drawn, with where eta ends."""
    above = float(numbers["H=2"]["eta"][-1]) - float(SETTING.eta_star)
    single = numbers["H=1"]
    return (
        "Every seed that counts (thin), and mean over seeds with its 95 % interval (bold): mean "
        "diagonal omega of KQ with the weighted |omega| = gamma, label weight mu of each head with "
        "the sums mu_+ and mu_- of each sign, and the invariants. Dashed, the reduced flow: "
        f"mu_+ = mu_gamma at the gamma of that step, eta = eta* = {SETTING.eta_star:.3f}, "
        "sum mu = 0; for H = 1 the optimum of the true loss, omega = "
        f"{single['omega_true']:.3f} (black), and of the approximate one, "
        f"{single['omega_approximate']:.3f} (grey), where no net ends. For H = 2 eta ends "
        f"{above:.3f} above eta*, "
        "as the true loss has it at this gamma. Dotted, where the paper's nets end, |omega| = "
        f"{authors.GAMMA} and |mu| = {authors.MU}: a property of its rate and batch (figure "
        "rates), which quick runs do not share."
    )


FIGURE = Figure(
    "dynamics",
    "Heads pair up, agree on |omega|, and climb the valley",
    caption,
    draw,
    ("C-ICL-20", "C-ICL-21", "C-ICL-22", "C-ICL-28", "C-ICL-23", "C-ICL-24"),
)


def _several(evidence: Evidence) -> tuple[Nets]:
    return (nets_of(evidence, SEVERAL),)


def _rolled(evidence: Evidence) -> tuple[Nets]:
    return (nets_of(evidence, rolled(evidence, 2, 4)),)


CHECKS = (
    Check("C-ICL-20", sign_matching, _several, _rolled, slow=True),
    Check("C-ICL-21", zero_sum, _several, lambda e: (next_seed(e),), slow=True),
    Check("C-ICL-22", homogeneity, _several, _rolled, slow=True),
    Check("C-ICL-23", valley, _several, _rolled, slow=True),
    Check(
        "C-ICL-24",
        single_head,
        lambda e: (nets_of(e, {1: TRAINED[1]})[1],),
        lambda e: (scattered_head(*map(float, single_head_optimum(SETTING))),),
        lambda e: (scattered_head(*head_optimum(SETTING)),),
    ),
    Check(
        "C-ICL-28",
        overshoot,
        lambda e: (turns(paths_of(e, SEVERAL)),),
        lambda e: (turns(reversed_steps(paths_of(e, SEVERAL))),),
        slow=True,
    ),
)
