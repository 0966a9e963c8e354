"""What the number of heads changes: how often nets are same-signed, and how clean they are."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.readings import SEVERAL, TRAINED, authors_heads, ends, nets_of
from figures.statistics import Estimate, bound_of, judge, largest, share
from figures.style import BLUE, GREEN, LIMIT, ORANGE, PAGE, PURPLE, THEORY
from theory.claims import Claim, Verdict, claim
from theory.icl_regression.reduced import single_head_optimum
from theory.icl_regression.setting import SETTING


def endings(claim: Claim, ends: xarray.Dataset, four: xarray.Dataset) -> Verdict:
    """C-ICL-17: every start ends two-signed on the manifold, or same-sign at one head's optimum.

    Args:
        ends: where starts end (heads, start).
        four: the path of the authors' four heads, which has to end on the manifold.
    """
    single = float(single_head_optimum(SETTING)[2]) / 2
    off = np.abs(ends.half_loss / single - 1)
    two, one = ends.two_signed, ~ends.two_signed
    each = {
        "imbalance": ends.imbalance.where(two, 0),
        "inhomogeneity": ends.inhomogeneity.where(two, 0),
        "omega off one head's": ends.off_single.where(one, 0),
        "loss off one head's": off.where(one, 0),
    }
    good = ends.matched.copy()
    for name, values in each.items():
        good &= values <= claim.bound(name)[1]
    size, mu = np.abs(four.omega.values[-1]), four.mu.values[-1]
    last = {
        "scatter of the authors' four heads": size.std() / size.mean(),
        "imbalance of the authors' four heads": abs(mu.sum()) / np.abs(mu).sum(),
    }
    parts: dict[str, Any] = {"share": share(int(good.sum()), good.size, "starts")}
    parts |= {"signs match": bool(ends.matched.all())}
    parts |= {name: largest(values.values, "starts") for name, values in each.items()}
    parts |= {name: largest(np.array([value]), "nets") for name, value in last.items()}
    same = one.mean("start")
    detail = {f"same-sign share, H = {int(h)}": float(same.sel(heads=h)) for h in ends.heads}
    return judge(claim, parts, detail=detail)


def same_sign_share(signs: Bool[np.ndarray, " net"]) -> Estimate:
    """Share of nets, or of starts of the flow, whose active heads all have one sign."""
    return share(int((~signs).sum()), signs.size)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Left, same-sign shares of nets and of the flow; right, pattern metrics of nets.

    The authors' printed variances of the diagonal are not divided by its squared mean, as their
    code and ours do.
    """
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.8))
    numbers = _shares(left, evidence) | _metrics(right, evidence)
    left.set(xscale="log", xlabel="number of heads H", ylabel="share of same-sign ends")
    left.set(xlim=(1.8, 9), ylim=(-0.02, 0.6))
    left.legend()
    right.set(xscale="log", yscale="log", xlabel="number of heads H", ylabel="metric")
    right.set_ylim(1e-5, 0.2)
    right.plot([], [], label="limits (open marks)", **LIMIT)
    drawing.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    for axes, shown in ((left, list(SEVERAL)), (right, list(TRAINED))):
        axes.set_xticks(shown, [str(heads) for heads in shown])
        axes.minorticks_off()
    return drawing, numbers


def _shares(left: Axes, evidence: Evidence) -> dict[str, Any]:
    nets = {
        heads: same_sign_share(final.two_signed.values)
        for heads, final in nets_of(evidence, SEVERAL, every=True).items()
    }
    found = ends(evidence)
    flow = {int(h): same_sign_share(found.two_signed.sel(heads=h).values) for h in found.heads}
    shown = ((nets, "trained nets", BLUE, {}), (flow, "reduced flow", ORANGE, THEORY))
    numbers: dict[str, Any] = {}
    for parts, label, color, style in shown:
        value, low, high = np.array([part[:3] for part in parts.values()]).T
        spread = [value - low, high - value]
        look = {"color": color, "marker": "o", "ms": 3, "linestyle": "-", **style}
        at = np.array(list(parts)) * (1.02 if style else 0.98)
        left.errorbar(at, value, spread, label=label, **look)
        numbers[label] = {h: list(part[:3]) for h, part in parts.items()}
    return numbers


def _limits() -> dict[str, dict[int, float]]:
    """What C-ICL-18, 44, 19 and 22 allow, by metric and number of heads, as the panel draws it."""
    energy, label, scatter = (claim(f"C-ICL-{number}") for number in (18, 19, 22))
    variance = claim("C-ICL-44").bound("diagonal's variance")[1]
    return {
        "weighted_off_energy": {
            h: bound_of(energy, f"off-diagonal energy, H = {h}")[1] for h in TRAINED
        },
        "diagonal_variance": dict.fromkeys(TRAINED, variance),
        "weighted_label_ratio": {
            h: 1 - bound_of(label, f"label's part, H = {h}")[0] for h in TRAINED
        },
        "inhomogeneity": {h: bound_of(scatter, f"scatter, H = {h}")[1] for h in SEVERAL},
    }


def _metrics(right: Axes, evidence: Evidence) -> dict[str, Any]:
    finals = nets_of(evidence, TRAINED)
    names = {
        "weighted_off_energy": ("off-diagonal energy of KQ", BLUE, "o"),
        "diagonal_variance": ("variance of KQ's diagonal", PURPLE, "D"),
        "weighted_label_ratio": ("1 - label's part of OV", GREEN, "^"),
        "inhomogeneity": (r"relative scatter of $|\omega|$", ORANGE, "s"),
    }
    allowed, numbers = _limits(), {}
    for name, (label, color, mark) in names.items():
        limits = allowed[name]
        samples = {heads: finals[heads][name].values for heads in limits}
        if name == "weighted_label_ratio":
            samples = {heads: 1 - values for heads, values in samples.items()}
        middle = np.array([np.median(values) for values in samples.values()])
        low, high = np.array([np.quantile(v, [0.1, 0.9]) for v in samples.values()]).T
        spread = [middle - low, high - middle]
        right.errorbar(
            list(samples), middle, spread, color=color, fmt=f"{mark}-", ms=3, label=label
        )
        look = {"marker": mark, "ms": 3.5, "mfc": "white", "mec": color, **LIMIT}
        right.plot(list(limits), list(limits.values()), **look)
        numbers[name] = dict(zip(samples, middle, strict=True))
    return numbers


FIGURE = Figure(
    "head_numbers",
    "More heads, fewer single heads in disguise",
    "Left: share of trained nets and of ends of the reduced flow (64 starts N(0, .1^2) each) "
    "whose active heads all have one sign, with one-sided 95 % Clopper-Pearson bounds; SGD's "
    "noise lets some nets escape that the flow holds. Right: pattern metrics of the nets that "
    "count, median and 10-90 % range over seeds; dotted, limits of C-ICL-18, 19, 22 and 44.",
    draw,
    ("C-ICL-17", "C-ICL-18", "C-ICL-19", "C-ICL-22", "C-ICL-27", "C-ICL-44"),
)
CHECKS = (
    Check(
        "C-ICL-17",
        endings,
        lambda e: (ends(e), authors_heads(e)),
        lambda e: (ends(e, 4.0), authors_heads(e)),
        slow=True,
    ),
)
