"""Correlated covariates: what two heads add up to, and the matrices that it might be."""

from __future__ import annotations

from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.image import AxesImage

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.broken import uncorrelated
from figures.icl_regression.palette import heat_map, scale
from figures.icl_regression.readings import CORRELATED, balanced, final_risk, setting_of
from figures.statistics import bound_of, exact, judge, mean, median, share
from figures.style import BLUE, LIMIT, PAGE
from sims.engine.sweep import Sweep
from sims.icl_regression.metrics import pattern
from theory.claims import Claim, Verdict, claim
from theory.icl_regression import anisotropic
from theory.icl_regression.setting import CORRELATION

NAMES = {"debiased": "$\\Omega^*$", "linear": "linear", "inverse": "$\\Sigma^{-1}$",
         "identity": "$I$"}  # fmt: skip

Matrices = Float[np.ndarray, "*seed key query"]


def preconditioners(training: xarray.Dataset) -> xarray.Dataset:
    """What a net does to the covariates: sum_h mu_h KQ_h, with its loss and balance.

    Returns:
        `whole` (seed, key, query), `risk` and `imbalance` (seed).
    """
    final = training.isel(step=-1)
    mu = final.ov.isel(key=-1, drop=True)
    covariates = final.kq.isel(key=slice(-1), query=slice(-1))
    data = {"whole": (mu * covariates).sum("head").transpose("seed", "key", "query")}
    data |= {"risk": final_risk(training), "imbalance": pattern(final).imbalance}
    return xarray.Dataset(data).assign_attrs(setting_of(training)._asdict())


def candidates(found: xarray.Dataset, correlation: float) -> dict[str, np.ndarray]:
    """Matrices that a net might have learnt, for the covariance that theory assumes, by name.

    Under `risk` the loss of the first of them.
    """
    setting = setting_of(found)
    with jax.enable_x64(True):
        sigma = anisotropic.covariance(correlation, found.sizes["key"])
        matrices = {
            "debiased": anisotropic.optimal_preconditioner(sigma, setting),
            "linear": anisotropic.linear_attention_preconditioner(sigma, setting),
            "inverse": np.linalg.inv(np.asarray(sigma)),
            "identity": np.eye(len(sigma)),
        }
        risk = anisotropic.risk(matrices["debiased"], sigma, setting)
    return {**{k: np.asarray(v) for k, v in matrices.items()}, "risk": np.asarray(risk)}


def preconditioning(claim: Claim, every: xarray.Dataset, correlation: float) -> Verdict:
    """C-ICL-32: sum_h mu_h KQ_h against Omega*, Sigma^-1 and the identity.

    Args:
        every: `preconditioners` of all nets.
        correlation: that theory assumes.
    """
    found = every.isel(seed=balanced(every))
    known = candidates(found, correlation)
    whole = found.whole.values
    error = apart(whole, known["debiased"])
    limit = bound_of(claim, "distance, upper quartile")[1]
    cosines = {name: cosine(whole, known[name]) for name in ("debiased", "inverse", "identity")}
    parts = {
        "distance": median(error),
        "distance, upper quartile": exact(np.quantile(error, 0.75), f"of {len(error)} seeds"),
        "share": share(int((error <= limit).sum()), len(error)),
        "closer, than to Sigma^-1": median(cosines["debiased"] - cosines["inverse"]),
        "closer, than to I": median(cosines["debiased"] - cosines["identity"]),
        "cosine": median(cosines["debiased"]),
        "loss over the optimum's": mean(found.risk.values / float(known["risk"])),
    }
    linear = float(np.median(apart(whole, known["linear"])))
    detail: dict[str, float | int | str] = {"distance to linear attention's": linear}
    detail |= {"loss": float(found.risk.mean())}
    detail["balanced"] = f"{len(error)} of {every.sizes['seed']}"
    detail |= {f"cosine, {name}": float(np.median(value)) for name, value in cosines.items()}
    return judge(claim, parts, detail=detail)


def apart(
    whole: Matrices, matrix: Float[np.ndarray, "*other key query"]
) -> Float[np.ndarray, "*seed"]:
    """Frobenius distance, relative to `matrix`."""
    return np.linalg.norm(whole - matrix, axis=(-2, -1)) / np.linalg.norm(matrix, axis=(-2, -1))


def cosine(
    whole: Matrices, matrix: Float[np.ndarray, "*other key query"]
) -> Float[np.ndarray, "*seed"]:
    """Cosine of the angle between matrices as vectors."""
    product = np.sum(whole * matrix, axis=(-2, -1))
    return product / np.linalg.norm(whole, axis=(-2, -1)) / np.linalg.norm(matrix)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Heads of a typical net, what they add up to, and the matrices it might be."""
    training = evidence.sweep(CORRELATED)
    every = preconditioners(training)
    good = balanced(every)
    found = every.isel(seed=good)
    known = candidates(found, float(training.attrs["correlation"]))
    error = apart(found.whole.values, known["debiased"])
    middle = int(np.argsort(error)[len(error) // 2])
    seed = int(found.seed[middle])
    drawing = plt.figure(figsize=(PAGE, 3.6))
    grid = drawing.add_gridspec(2, 5, width_ratios=[1, 1, 1, 0.06, 1.1])
    panels = [drawing.add_subplot(grid[0, head]) for head in range(2)]
    image = _heads(panels, training.isel(step=-1).sel(seed=seed))
    titles = {
        (0, 2): (r"net, $\sum\mu_h$KQ$_h$", found.whole.values[middle]),
        (1, 0): ("theory: $\\Omega^*$", known["debiased"]),
        (1, 1): ("linear attention's", known["linear"]),
        (1, 2): ("$\\Sigma^{-1}$", known["inverse"]),
    }
    for place, (title, matrix) in titles.items():
        _matrix(drawing.add_subplot(grid[place]), matrix, title)
    scale(drawing, image, drawing.add_subplot(grid[:, 3]))
    side = drawing.add_subplot(grid[:, 4])
    side.set_title(f"{good.sum()} of {len(good)} seeds balanced")
    numbers: dict[str, Any] = {"seed": seed, "whole": found.whole.values, "risk": every.risk.values}
    numbers["linear from debiased"] = float(apart(known["linear"], known["debiased"]))
    return drawing, numbers | _distances(side, found.whole.values, known)


def _heads(panels: list[Axes], net: xarray.Dataset) -> AxesImage:
    kq = net.kq.transpose("head", "key", "query").values
    ov = net.ov.transpose("head", "key").values
    limit = np.abs(kq[..., :-1]).max()
    images = []
    for head, panel in enumerate(panels):
        images.append(heat_map(panel, kq[head] / limit, ov[head] / np.abs(ov).max()))
        panel.set_title(f"head {head + 1} (max {limit:.2f})", pad=3)
    return images[-1]


def _matrix(panel: Axes, matrix: np.ndarray, title: str) -> None:
    panel.imshow(matrix / np.abs(matrix).max(), vmin=-1, vmax=1)
    for at, value in np.ndenumerate(matrix):
        shade = "white" if abs(value) > 0.6 * np.abs(matrix).max() else "black"
        short = f"{value:z.2f}".replace("0.", ".")
        panel.text(at[1], at[0], short, ha="center", va="center", fontsize=7, color=shade)
    panel.set(xticks=[], yticks=[])
    panel.set_title(title, pad=3)


def _distances(side: Axes, whole: np.ndarray, known: dict[str, np.ndarray]) -> dict[str, Any]:
    """Distance of every net from each matrix."""
    numbers = {}
    for index, (name, label) in enumerate(NAMES.items()):
        fitted = np.sum(whole * known[name], (1, 2)) / np.sum(known[name] ** 2)
        # Sigma^-1 and I leave a scale free, which is fitted to each net; the others have none.
        factor = fitted[:, None, None] if name in ("inverse", "identity") else 1.0
        values = apart(whole, factor * known[name])
        side.plot(index + np.linspace(-0.25, 0.25, len(values)), values, ".", color=BLUE, ms=4)
        numbers[f"distance, {label}"] = values
    limit = claim("C-ICL-32").bound("distance, upper quartile")[1]
    side.axhline(limit, **LIMIT)
    side.set(yscale="log", xticks=range(len(NAMES)), ylim=(0.008, 1))
    side.set_xticklabels(NAMES.values())
    side.set_ylabel("relative distance of the net's matrix")
    return numbers


def _found(evidence: Evidence, sweep: str | Sweep) -> tuple[xarray.Dataset, float]:
    return preconditioners(evidence.sweep(sweep)), CORRELATION


FIGURE = Figure(
    "correlated",
    "Correlated covariates: heads add up to a ridge preconditioner",
    f"Covariates with Sigma_ij = {CORRELATION:g}^|i-j|. KQ of the two heads of the net of median "
    "distance, with OV beside it; what they add up to, sum_h mu_h KQ_h; theory's Omega* = (Sigma + "
    "((tr Sigma + d s2)/L) I)^-1; linear attention's optimum; and Sigma^-1. Right, relative "
    "Frobenius distance of every balanced net (sum mu = 0) from each, Sigma^-1 and I with "
    "their best scale; dotted, the tolerance of C-ICL-32. Linear attention's optimum is close to "
    "Omega* itself (`linear from debiased` in the numbers); C-ICL-32 does not tell them apart.",
    draw,
    ("C-ICL-32",),
)
CHECKS = (
    Check(
        "C-ICL-32",
        preconditioning,
        lambda e: _found(e, CORRELATED),
        lambda e: _found(e, uncorrelated(e)),
        slow=True,
    ),
)
