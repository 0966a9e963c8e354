"""Losses of estimators and of trained nets against prompt length, and the exact risks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import scipy.stats
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.broken import biased_gd, head_for_pair, rolled
from figures.icl_regression.palette import MARKERS
from figures.icl_regression.readings import (
    CONTROL,
    LENGTHS,
    PAIR_ETA,
    SEVERAL,
    TRAINED,
    Comparison,
    Nets,
    Sweeps,
    counting_losses,
    estimators,
    linear_predictors,
    losses_by_length,
    nets_of,
    relative_losses,
    setting_of,
)
from figures.statistics import Estimate, exact, judge, mean, ratio
from figures.style import BLUE, COLUMN, GREEN, GREY, LIMIT, ORANGE, PURPLE, SKY, THEORY, band
from figures.style import VERMILLION as RED
from sims.icl_regression.lengths import reduced_losses
from theory.claims import Claim, Verdict, claim
from theory.icl_regression import authors, reduced, risks
from theory.icl_regression.setting import SETTING

# Where the approximate loss's error at small gamma is measured, and at which step.
SMALL, SMALL_LENGTHS, ETA = (0.03, 0.05), (20, 40, 80, 160), 0.88
# From here on lengths are long enough for a pair to be debiased GD.
LONG = 20

Losses = Mapping[int, xarray.DataArray]


def small_pairs(evidence: Evidence) -> xarray.Dataset:
    """Reduced antisymmetric pairs of small gamma at fixed eta; the first one is the control."""
    pairs = [CONTROL, *SMALL]
    return evidence.table(
        reduced_losses,
        dimension=5,
        noise_variance=0.1,
        lengths=SMALL_LENGTHS,
        omega=[[gamma, -gamma] for gamma in pairs],
        mu=[[ETA / (2 * gamma), -ETA / (2 * gamma)] for gamma in pairs],
        blocks=32,
        prompts=1000,
    )


def predicted_error(second_term: bool = True) -> Float[np.ndarray, " length"]:
    """True minus approximate loss for gamma -> 0; the break leaves out its second term."""
    at = SETTING._replace(length=np.array(SMALL_LENGTHS, float))
    if not second_term:
        return np.asarray((2 * ETA - ETA**2) / at.length)
    return np.asarray(reduced.systematic_error(ETA, at))


def systematic_error(
    claim: Claim, found: xarray.Dataset, predicted: Float[np.ndarray, " length"]
) -> Verdict:
    """C-ICL-9: true loss minus approximate loss against its limit at small gamma.

    The true loss is the paired difference to the control plus the control's exact risk.
    """
    at = SETTING._replace(length=np.array(SMALL_LENGTHS, float))
    control = np.asarray(risks.debiased_gd_risk(ETA, at))
    method = f"worst of {len(SMALL) * len(SMALL_LENGTHS)} ratios measured/predicted, "
    method += "+- 3 standard errors"
    parts, slack = {}, {}
    for index, gamma in enumerate(SMALL, start=1):
        difference = (found.loss.isel(model=index) - found.loss.isel(model=0)).values
        approximate = np.asarray(reduced.two_head_loss(gamma, ETA / (2 * gamma), at), "float64")
        ratios = (difference.mean(axis=0) + control - approximate) / predicted
        errors = difference.std(axis=0, ddof=1) / np.sqrt(len(difference)) / predicted
        for length, value, error in zip(SMALL_LENGTHS, ratios, 3 * errors, strict=True):
            name = f"measured/predicted, gamma = {gamma:g}, L = {length}"
            parts[name] = Estimate(float(value), value - error, value + error, method)
            slack[name] = abs(value - 1) - error
    return judge(claim, parts, shown=max(slack, key=lambda name: slack[name]))


def exact_risks(claim: Claim, found: Sequence[Comparison]) -> Verdict:
    """C-ICL-10: every simulated risk within some standard errors of the formula."""
    limit = claim.bound("standard errors")[1]
    scores = []
    for setting, eta, data in found:
        for name, risk in (("gd", risks.gd_risk), ("debiased_gd", risks.debiased_gd_risk)):
            blocks = data[name].values
            error = blocks.std(ddof=1) / np.sqrt(len(blocks))
            scores.append(float(abs(blocks.mean() - risk(eta, setting)) / error))
    alarm = 2 * len(scores) * scipy.stats.t.sf(limit, 63)
    method = f"largest of {len(scores)} distances in standard errors; false alarms in {alarm:.2%}"
    return judge(claim, {"standard errors": exact(max(scores), method)})


def estimator_losses(claim: Claim, linear: xarray.Dataset, softmax: xarray.DataArray) -> Verdict:
    """C-ICL-46: the pair against debiased GD, ridge against all, and the authors' values."""
    at = SETTING._replace(length=linear.length.values.astype(float))
    risk = np.asarray(risks.debiased_gd_risk(PAIR_ETA, at))
    gap = (softmax.isel(model=0) - softmax.isel(model=2)) / risk
    long = gap.sel(length=slice(LONG, None)).transpose("block", "length").values
    error = long.std(axis=0, ddof=1) / len(long) ** 0.5
    most = (np.abs(long.mean(axis=0)) + 3 * error).max()
    losses = {name: linear[name].mean("block") for name in ("gd", "debiased_gd", "ridge")}
    losses |= {"pair": softmax.isel(model=0).mean("block")}
    losses |= {"single": softmax.isel(model=1).mean("block")}
    least = min(float((losses[n] / losses["ridge"]).min()) for n in losses if n != "ridge")
    scores = {}
    for (name, length), (low, high) in authors.ESTIMATORS.items():
        value = float(losses[name].sel(length=length))
        outside = max(low - value, value - high, 0.0)
        # A mean of n squared normal errors scatters by sqrt(2/n) of itself; theirs and ours do.
        scores[f"{name}, L={length}"] = outside / (value * (4 / authors.DRAWS) ** 0.5)
    farthest = max(scores, key=lambda name: scores[name])
    method = f"largest |pair/debiased GD - 1| + 3 standard errors, {len(error)} lengths from {LONG}"
    parts = {
        "|pair/debiased GD - 1|": exact(most, method),
        "least loss over ridge": exact(least, f"least of {len(LENGTHS)} lengths and four others"),
        "standard errors from the authors'": exact(
            scores[farthest], f"largest of {len(scores)} losses"
        ),
    }
    return judge(claim, parts, detail={"farthest from the authors'": farthest})


def head_count(claim: Claim, losses: Losses, length: int) -> Verdict:
    """C-ICL-25: the loss of one head over that of more, and of more over that of two.

    Args:
        losses: number of heads -> loss (seed, length) of the nets that count.
        length: prompt length of training, where one head is held against more.
    """
    more = [heads for heads in losses if heads > 1]
    at = {heads: found.sel(length=length).values for heads, found in losses.items()}
    gains = {f"one head over more, H = {heads}": ratio(at[1], at[heads]) for heads in more}
    parts: dict[str, Any] = dict(gains)
    detail: dict[str, float | int | str] = {}
    for heads in (heads for heads in more if heads > 2):
        alike = {}
        for L in (L for L in LENGTHS if L >= LONG):
            pair = [losses[h].sel(length=L).values for h in (heads, 2)]
            alike[f"more heads over two, H = {heads}, L' = {L}"] = ratio(*pair)
        parts |= alike
        farthest = max(alike.values(), key=lambda part: abs(part.value - 1))
        detail[f"H = {heads} over H = 2, farthest"] = farthest.value
    for heads, found in losses.items():
        parts[f"falls with length, H = {heads}"] = bool(found.mean("seed").diff("length").max() < 0)
    return judge(claim, parts, shown=min(gains, key=lambda name: gains[name].value), detail=detail)


def length_generalisation(claim: Claim, nets: Nets, losses: Losses) -> Verdict:
    """C-ICL-29: loss at every length against the exact risk at the net's own eta."""
    parts = {}
    for heads, final in nets.items():
        relative = relative_losses(final, losses[heads]).sel(length=slice(LONG, None))
        for L in relative.length.values:
            found = mean(relative.sel(length=L).values)
            parts[f"loss over exact risk, H = {heads}, L' = {L}"] = found
    return judge(claim, parts, shown=max(parts, key=lambda name: abs(parts[name].value - 1)))


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Above, all losses; below, relative to debiased GD.

    The authors' newest comparison of head numbers is .1 too high, since its notebook adds the noise
    to a loss that contains it: .268 instead of .168 at 100 pairs.
    """
    linear, losses = estimators(evidence)
    drawing, (top, bottom) = plt.subplots(
        2, 1, figsize=(COLUMN, 4.9), sharex=True, height_ratios=[1.4, 1]
    )
    numbers: dict[str, Any] = {"length": np.asarray(LENGTHS), "eta": PAIR_ETA}
    numbers |= _curves(top, linear, losses.values)
    _relative(bottom, linear, losses.values)
    numbers |= _trained(top, bottom, evidence)
    low, high = claim("C-ICL-29").bound("loss over exact risk")
    bottom.fill_between([LONG, LENGTHS[-1]], low, high, color=GREY, alpha=0.12, linewidth=0)
    bottom.hlines([low, high], LONG, LENGTHS[-1], colors=LIMIT["color"], linestyles=":", lw=1)
    for panel in (top, bottom):
        panel.axvline(float(SETTING.length), **LIMIT)
    top.set(yscale="log", ylabel=r"loss $E\,(y_q-\hat y)^2$")
    top.set_yticks([0.1, 0.2, 0.4, 0.8], ["0.1", "0.2", "0.4", "0.8"])
    top.minorticks_off()
    bottom.set(xlabel="prompt length $L'$ (pairs); trained at 40", ylabel="loss / debiased GD")
    drawing.legend(loc="outside upper center", ncols=2, columnspacing=1)
    return drawing, numbers


def _curves(top: Axes, linear: xarray.Dataset, softmax: np.ndarray) -> dict[str, Any]:
    """Simulated losses of the estimators, and exact risks where there are."""
    lengths = np.asarray(LENGTHS)
    at = SETTING._replace(length=lengths.astype(float))
    gamma, mu = authors.EVALUATED
    curves = {
        "one head, approx. optimum": (softmax[:, 1], None, SKY),
        rf"pair, $\gamma=.{100 * gamma:.0f}$, $\mu={mu}$": (softmax[:, 0], None, BLUE),
        "GD": (linear.gd.values, risks.gd_risk(PAIR_ETA, at), ORANGE),
        "debiased GD": (
            linear.debiased_gd.values,
            np.asarray(risks.debiased_gd_risk(PAIR_ETA, at)),
            GREEN,
        ),
        "ridge (dashed: $d, L\\to\\infty$)": (
            linear.ridge.values,
            risks.bayes_risk_limit(at),
            PURPLE,
        ),
    }
    numbers = {}
    for name, (blocks, risk, color) in curves.items():
        band(top, lengths, blocks, color, name)
        if risk is not None:
            top.plot(lengths, risk, color=color, **THEORY)
        error = blocks.std(axis=0, ddof=1) / len(blocks) ** 0.5
        numbers[name] = {"mean": blocks.mean(axis=0), "standard_error": error, "exact": risk}
    return numbers


def _relative(bottom: Axes, linear: xarray.Dataset, softmax: np.ndarray) -> None:
    """Paired with simulated debiased GD on the same prompts, whose risk is known."""
    lengths = np.asarray(LENGTHS)
    at = SETTING._replace(length=lengths.astype(float))
    debiased = np.asarray(risks.debiased_gd_risk(PAIR_ETA, at))
    band(bottom, lengths, 1 + (softmax[:, 0] - softmax[:, 2]) / debiased, BLUE)
    band(bottom, lengths, 1 + (linear.gd - linear.debiased_gd).values / debiased, ORANGE)
    plain = np.asarray(risks.gd_risk(PAIR_ETA, at))
    bottom.plot(lengths, plain / debiased, color=ORANGE, **THEORY)
    bottom.axhline(1, color=GREEN, **THEORY)


def _trained(top: Axes, bottom: Axes, evidence: Evidence) -> dict[str, Any]:
    """Markers of trained nets: all in the upper panel, several heads in the lower one."""
    numbers: dict[str, Any] = {}
    losses = losses_by_length(evidence, TRAINED)
    for heads, net in nets_of(evidence, TRAINED).items():
        style: dict[str, Any] = {"marker": MARKERS[heads], "color": RED}
        style |= {"ms": 3, "ls": "none", "mfc": "white", "mew": 0.8, "elinewidth": 0.8}
        shown = losses[heads].sel(seed=net.seed)
        mean, half = _interval(shown)
        top.errorbar(LENGTHS, mean, half, label=f"trained, H = {heads} ({len(shown)})", **style)
        numbers[f"trained, H={heads}"] = {"mean": mean, "half_width": half}
        if heads > 1:
            mean, half = _interval(relative_losses(net, losses[heads]))
            bottom.errorbar(LENGTHS, mean, half, **style)
            numbers[f"trained, H={heads}"] |= {"relative": mean, "relative_half_width": half}
    return numbers


def _interval(losses: xarray.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over seeds and half of its 95 % interval, for the eye."""
    values = losses.transpose("seed", "length").values
    half = 1.96 * values.std(axis=0, ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.nan
    return values.mean(axis=0), np.broadcast_to(half, values.shape[1:])


def _counting(evidence: Evidence, sweeps: Sweeps) -> tuple[Losses, int]:
    length = setting_of(evidence.sweep(sweeps[1])).length
    return counting_losses(evidence, sweeps), int(length)


def _all_lengths(evidence: Evidence, sweeps: Sweeps) -> tuple[Nets, Losses]:
    return nets_of(evidence, sweeps), losses_by_length(evidence, sweeps)


FIGURE = Figure(
    "estimators",
    "Trained nets do debiased gradient descent, at lengths they never saw",
    "Loss against prompt length: simulated (solid, 50,000 prompts, 95 % band), exact risks "
    "(dashed), trained nets (markers; 95 % interval over the number of seeds given). The pair and "
    f"GD share the paper's step 2 gamma mu = {PAIR_ETA:.3f}. Below, relative to the exact risk of "
    "debiased GD at that step, for trained nets at each net's own eta; dotted, the length of "
    "training and the tolerance of C-ICL-29 (shaded). At ten pairs softmax beats debiased GD.",
    draw,
    ("C-ICL-9", "C-ICL-10", "C-ICL-25", "C-ICL-29", "C-ICL-46"),
)
CHECKS = (
    Check(
        "C-ICL-9",
        systematic_error,
        lambda e: (small_pairs(e), predicted_error()),
        lambda e: (small_pairs(e), predicted_error(second_term=False)),
    ),
    Check(
        "C-ICL-10",
        exact_risks,
        lambda e: (linear_predictors(e),),
        lambda e: (biased_gd(linear_predictors(e)),),
        slow=True,
    ),
    Check("C-ICL-46", estimator_losses, estimators, head_for_pair, slow=True),
    Check(
        "C-ICL-25",
        head_count,
        lambda e: _counting(e, TRAINED),
        lambda e: _counting(e, rolled(e, 1, 2, 4)),
        slow=True,
    ),
    Check(
        "C-ICL-29",
        length_generalisation,
        lambda e: _all_lengths(e, SEVERAL),
        lambda e: _all_lengths(e, rolled(e, 2, 4)),
        slow=True,
    ),
)
