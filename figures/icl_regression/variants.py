"""What stays of the pattern with correlated covariates, and with other activations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure, override
from figures.icl_regression.broken import rolled_activation
from figures.icl_regression.heat_maps import heat_map
from figures.icl_regression.patterns import final_nets, final_risk, setting_of
from figures.statistics import decide, mean, median, share, verdict, worst
from figures.style import BLUE, GREEN, GREY, ORANGE, PAGE, PURPLE, THEORY, band
from sims.engine.sweep import Sweep
from sims.icl_regression.metrics import pattern
from sims.icl_regression.model import ACTIVATIONS
from theory.claims import State, Verdict
from theory.icl_regression import anisotropic

ANISOTROPIC = "icl_regression.anisotropic"
NETS = {name: f"icl_regression.activation_{name}" for name in ACTIVATIONS}
FORMULAS = {"linear": "1 + s", "square": "(1 + s/2)^2", "tanh": r"1 + \tanh s"}
# The theory's own condition: the heads' mu cancel, to this share of sum |mu|.
BALANCED = 0.1


def preconditioners(training: xarray.Dataset) -> xarray.Dataset:
    """What a net does to the covariates: sum_h mu_h KQ_h, with its loss and balance."""
    final = training.isel(step=-1)
    mu = final.ov.isel(key=-1, drop=True)
    covariates = final.kq.isel(key=slice(-1), query=slice(-1))
    data = {"whole": (mu * covariates).sum("head").transpose("seed", "key", "query")}
    data |= {"risk": final_risk(training), "imbalance": pattern(final).imbalance}
    return xarray.Dataset(data).assign_attrs(setting_of(training)._asdict())


def candidates(found: xarray.Dataset, correlation: float) -> dict[str, np.ndarray]:
    """Matrices that a net might have learnt, for the covariance that theory assumes."""
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


def preconditioning(every: xarray.Dataset, correlation: float) -> Verdict:
    """C-ICL-32: sum_h mu_h KQ_h against Omega*, Sigma^-1 and the identity."""
    found = every.isel(seed=(every.imbalance <= BALANCED).values)
    known = candidates(found, correlation)
    whole = found.whole.values
    error = _apart(whole, known["debiased"])
    near = share(int((error <= 0.06).sum()), len(error))
    typical, loss = median(error), mean(found.risk.values)
    angles = {name: _cosine(whole, known[name]) for name in ("debiased", "inverse", "identity")}
    gains = [median(angles["debiased"] - angles[name]) for name in ("inverse", "identity")]
    states: list[State] = [decide(typical, high=0.03), decide(near, low=0.75)]
    states.extend(decide(gain, low=0.0) for gain in gains)
    states.append(decide(median(angles["debiased"]), low=0.998))
    states.append(decide(loss, high=0.245))
    detail: dict[str, float | int | str] = {
        "within 6 %": near.value,
        "loss": loss.value,
        "distance to linear attention's": float(np.median(_apart(whole, known["linear"]))),
        "balanced": f"{len(error)} of {every.sizes['seed']}",
    }
    detail |= {f"cosine, {name}": float(np.median(value)) for name, value in angles.items()}
    expected = "median <= .03, 3 of 4 within .06; cosine >= .998, the closest; loss <= .245"
    return verdict("C-ICL-32", typical, expected, worst(*states), detail)


def activations(nets: Mapping[str, xarray.Dataset]) -> Verdict:
    """C-ICL-38: the two-signed pattern for each activation."""
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    energies = {}
    for name, every in nets.items():
        final = every.isel(seed=every.two_signed.values)
        energies[name] = mean(final.weighted_off_energy.values)
        imbalance, label = mean(final.imbalance.values), mean(final.weighted_label_ratio.values)
        matched = (np.sign(final.omega) == np.sign(final.mu)) | ~final.active
        states.append(decide(energies[name], high=0.01))
        states.append(decide(imbalance, high=0.02))
        states.append(decide(label, low=0.99))
        states.append("holds" if bool(matched.all()) else "fails")
        detail |= {
            f"off-diagonal, {name}": energies[name].value,
            f"imbalance, {name}": imbalance.value,
            f"eta, {name}": float(final.eta.mean()),
            f"two-signed, {name}": f"{final.sizes['seed']} of {every.sizes['seed']}",
        }
    largest = max(energies.values(), key=lambda energy: energy.value)
    expected = "each: off-diagonal <= .01, imbalance <= .02, label's part >= .99, signs match"
    return verdict("C-ICL-38", largest, expected, worst(*states), detail)


def correlated(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F18: heads of a typical net, what they add up to, and the matrices it might be."""
    training = evidence.sweep(ANISOTROPIC)
    correlation = float(training.attrs["correlation"])
    every = preconditioners(training)
    good = (every.imbalance <= BALANCED).values
    found = every.isel(seed=good)
    known = candidates(found, correlation)
    error = _apart(found.whole.values, known["debiased"])
    middle = int(np.argsort(error)[len(error) // 2])
    seed = int(found.seed[middle])
    net = training.isel(step=-1).sel(seed=seed)
    kq = net.kq.transpose("head", "key", "query").values
    ov = net.ov.transpose("head", "key").values
    drawing = plt.figure(figsize=(PAGE, 3.3))
    grid = drawing.add_gridspec(2, 5, width_ratios=[1, 1, 1, 0.06, 1.5])
    limit = np.abs(kq[..., :-1]).max()
    image = None
    for head in range(2):
        panel = drawing.add_subplot(grid[0, head])
        image = heat_map(panel, kq[head] / limit, ov[head] / np.abs(ov).max())
        panel.set_title(f"head {head + 1} (max {limit:.2f})", pad=3)
    titles = {
        (0, 2): (r"net, $\sum\mu_h$KQ$_h$", found.whole.values[middle]),
        (1, 0): ("theory: $\\Omega^*$", known["debiased"]),
        (1, 1): ("linear attention's", known["linear"]),
        (1, 2): ("$\\Sigma^{-1}$", known["inverse"]),
    }
    for place, (title, matrix) in titles.items():
        panel = drawing.add_subplot(grid[place])
        panel.imshow(matrix / np.abs(matrix).max(), vmin=-1, vmax=1)
        for at, value in np.ndenumerate(matrix):
            shade = "white" if abs(value) > 0.6 * np.abs(matrix).max() else "black"
            panel.text(at[1], at[0], f"{value:z.2f}", ha="center", va="center", fontsize=4.5,
                       color=shade)  # fmt: skip
        panel.set(xticks=[], yticks=[])
        panel.set_title(title, pad=3)
    assert image is not None
    colorbar = drawing.add_subplot(grid[:, 3])
    drawing.colorbar(image, cax=colorbar, ticks=[-1, 0, 1], label="relative to max")
    side = drawing.add_subplot(grid[:, 4])
    names = {"debiased": "$\\Omega^*$", "linear": "linear", "inverse": "$\\Sigma^{-1}$",
             "identity": "$I$"}  # fmt: skip
    numbers: dict[str, Any] = {"seed": seed, "whole": found.whole.values, "risk": every.risk.values}
    numbers["linear from debiased"] = float(_apart(known["linear"], known["debiased"]))
    for index, (name, label) in enumerate(names.items()):
        scale = np.sum(found.whole.values * known[name], (1, 2)) / np.sum(known[name] ** 2)
        # Sigma^-1 and I leave a scale free, which is fitted to each net; the others have none.
        factor = scale[:, None, None] if name in ("inverse", "identity") else 1.0
        values = _apart(found.whole.values, factor * known[name])
        side.plot(index + np.linspace(-0.25, 0.25, len(values)), values, ".", color=BLUE, ms=4)
        numbers[f"distance, {label}"] = values
    side.axhline(0.06, color=GREY, **THEORY)
    side.set(yscale="log", xticks=range(4), ylim=(0.008, 1))
    side.set_xticklabels(names.values())
    side.set_ylabel("relative distance of the net's matrix")
    side.set_title(f"{good.sum()} of {len(good)} seeds balanced")
    return drawing, numbers


def other_activations(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F21: circuits and dynamics for each activation."""
    drawing = plt.figure(figsize=(PAGE, 5.2))
    grid = drawing.add_gridspec(3, 5, width_ratios=[1, 1, 1.5, 1.5, 0.07])
    numbers: dict[str, Any] = {}
    image = None
    for row, (name, sweep) in enumerate(NETS.items()):
        training = evidence.sweep(sweep)
        path = pattern(training)
        final = path.isel(step=-1)
        good = final.two_signed.values
        chosen = final.isel(seed=good) if good.any() else final
        order = chosen.weighted_off_energy.sortby(chosen.weighted_off_energy)
        seed = int(order.seed[order.sizes["seed"] // 2])
        net = training.isel(step=-1).sel(seed=seed)
        kq = net.kq.transpose("head", "key", "query").values
        ov = net.ov.transpose("head", "key").values
        limit = np.abs(kq[..., :-1]).max()
        for head in range(2):
            panel = drawing.add_subplot(grid[row, head])
            image = heat_map(panel, kq[head] / limit, ov[head] / np.abs(ov).max())
            if head == 0:
                panel.set_ylabel(f"$f = {FORMULAS[name]}$")
            panel.set_title(f"head {head + 1}" + (f" (max {limit:.2f})" if head == 0 else ""))
        lines = path.isel(seed=good if good.any() else slice(None))
        steps = training.step.values
        circuits, sums = (drawing.add_subplot(grid[row, column]) for column in (2, 3))
        gamma = lines.gamma.transpose("seed", "step").values
        for sign, color, part in ((1, BLUE, "mu_plus"), (-1, ORANGE, "mu_minus")):
            band(circuits, steps, sign * gamma, color)
            band(sums, steps, lines[part].transpose("seed", "step").values, color)
        eta = lines.eta.transpose("seed", "step").values
        band(sums, steps, eta, GREEN)
        total = (lines.mu_plus + lines.mu_minus).transpose("seed", "step").values
        band(sums, steps, total, PURPLE)
        circuits.set(ylabel=r"$\pm\gamma$", title=f"{good.sum()} of {len(good)} seeds two-signed")
        sums.set(ylabel=r"$\mu_\pm$, $\eta$, $\sum\mu$")
        if row == 2:
            circuits.set_xlabel("training step")
            sums.set_xlabel("training step")
        numbers[name] = {"seed": seed, "kq": kq, "ov": ov, "step": steps, "two_signed": good}
        numbers[name] |= {"gamma": gamma.mean(axis=0), "eta": eta.mean(axis=0)}
    assert image is not None
    colorbar = drawing.add_subplot(grid[:, 4])
    drawing.colorbar(image, cax=colorbar, ticks=[-1, 0, 1], label="relative to max")
    labels = {BLUE: r"$\gamma$, $\mu_+$", ORANGE: r"$-\gamma$, $\mu_-$"}
    labels |= {GREEN: r"$\eta$", PURPLE: r"$\sum\mu$"}
    handles = [Line2D([], [], color=color, label=label) for color, label in labels.items()]
    drawing.legend(handles=handles, loc="outside lower center", ncols=4)
    return drawing, numbers


def _apart(whole: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return np.linalg.norm(whole - matrix, axis=(-2, -1)) / np.linalg.norm(matrix, axis=(-2, -1))


def _cosine(whole: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    product = np.sum(whole * matrix, axis=(-2, -1))
    return product / np.linalg.norm(whole, axis=(-2, -1)) / np.linalg.norm(matrix)


def _found(evidence: Evidence, sweep: str | Sweep) -> tuple[xarray.Dataset, float]:
    return preconditioners(evidence.sweep(sweep)), 0.5


def _isotropic(evidence: Evidence) -> Sweep:
    sweep = evidence.find(ANISOTROPIC)
    return override(sweep, correlation=0.0, steps=2000, log_every=100, seeds=8)


def _activation_nets(
    evidence: Evidence, sweeps: Mapping[str, str | Sweep]
) -> tuple[dict[str, xarray.Dataset]]:
    data = {name: evidence.sweep(sweep) for name, sweep in sweeps.items()}
    return ({name: final_nets({2: nets}, every=True)[2] for name, nets in data.items()},)


_PRESETS = ("quick", "paper")

FIGURES = (
    Figure(
        "correlated",
        "Correlated covariates: heads add up to a ridge preconditioner",
        "Covariates with Sigma_ij = .5^|i-j|. KQ of the two heads of the net of median distance, "
        "with OV beside it; what they add up to, sum_h mu_h KQ_h; theory's Omega* = (Sigma + "
        "((tr Sigma + d s2)/L) I)^-1; linear attention's optimum; and Sigma^-1. Right, relative "
        "Frobenius distance of every balanced net (sum mu = 0) from each, Sigma^-1 and I with "
        "their best scale; grey, the tolerance of C-ICL-32. Linear attention's optimum is close to "
        "Omega* itself (`linear from debiased` in the numbers); C-ICL-32 does not tell them apart.",
        correlated,
        ("C-ICL-32",),
    ),
    Figure(
        "activations",
        "The pattern does not need the exponential",
        "Two heads with f(s)/sum f(s) in place of the softmax, C_f = f'(0)/f(0) = 1. Left, KQ and "
        "OV of a typical net; right, gamma, mu_+, mu_-, eta = sum mu omega and sum mu over "
        "training, mean and 95 % band over two-signed seeds. The paper's plots give omega divided "
        "by sqrt(7) where the model divides by sqrt(6): .20, .29, .15 there are .22, .31, .16; "
        "they trained fifty times longer, and our gamma is larger for 1 + s and 1 + tanh s.",
        other_activations,
        ("C-ICL-38",),
    ),
)
CHECKS = (
    Check(
        "C-ICL-32",
        preconditioning,
        lambda evidence: _found(evidence, ANISOTROPIC),
        lambda evidence: _found(evidence, _isotropic(evidence)),
        _PRESETS,
    ),
    Check(
        "C-ICL-38",
        activations,
        lambda evidence: _activation_nets(evidence, NETS),
        lambda evidence: _activation_nets(evidence, {"linear": rolled_activation("linear")}),
        _PRESETS,
    ),
)
