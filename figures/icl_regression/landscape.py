"""The approximate loss against the true one: landscapes, attention noise, finite size."""

from __future__ import annotations

from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.identities import SETTING
from figures.icl_regression.reduced_model import NORMS
from figures.statistics import mean
from figures.style import BLUE, COLUMN, GREEN, ORANGE, PAGE, PURPLE, THEORY
from sims.icl_regression.softmax_pairs import pair_moments, ridge_risks, softmax_norms
from theory.claims import State, Verdict
from theory.icl_regression import risks
from theory.icl_regression.reduced import two_head_loss
from theory.icl_regression.setting import Setting

Numbers = dict[str, Any]

OMEGAS = tuple(float(omega) for omega in np.linspace(0.01, 0.2, 20))
MUS = np.linspace(0.0, 6.0, 21)
# Finite size at xi = d/L = .2 and s2 = 3, the authors' table; theirs is L = 100.
XI, NOISE = 0.2, 3.0
LENGTHS = (25, 50, 100, 200)


def moments(evidence: Evidence, blocks: int) -> xarray.Dataset:
    """Moments of pairs over the grid of omega, from 5,000 prompts a block."""
    size = {"dimension": 5, "length": 40, "blocks": blocks, "prompts": 5000}
    return evidence.table(pair_moments, gammas=OMEGAS, **size)


def true_losses(found: xarray.Dataset) -> np.ndarray:
    """True loss of the pair (omega, mu)."""
    average, noise = found.mean("block"), SETTING.noise_variance
    power = (average.square + noise * average.noise).values[:, None]
    return 1 + noise - 2 * MUS * average.signal.values[:, None] + MUS**2 * power


def lowest(loss: np.ndarray) -> tuple[int, int]:
    """Cell of the grid with the lowest loss."""
    omega, mu = np.unravel_index(loss.argmin(), loss.shape)
    return int(omega), int(mu)


def agreement(true: np.ndarray, approximate: np.ndarray) -> Verdict:
    """C-ICL-47: range and sign of true minus approximate loss on the grid, and both minima."""
    difference = true - approximate
    low, high = float(difference.min()), float(difference.max())
    omega, mu = np.unravel_index(difference.argmin(), difference.shape)
    corner = (omega, mu) == (len(OMEGAS) - 1, len(MUS) - 1)
    middle = difference[len(OMEGAS) // 2, len(MUS) // 2]
    apart = max(abs(a - b) for a, b in zip(lowest(true), lowest(approximate), strict=True))
    good = -0.12 <= low < 0 < high <= 0.03 and corner and middle > 0 and apart <= 1
    detail = {"lowest": low, "highest": high, "in the middle": float(middle)}
    detail |= {"steps between the minima": apart}
    method = f"extreme difference on {difference.size} grid points"
    expected = "in [-.12, .03], - in the corner, + in the middle; minima within a step"
    state: State = "holds" if good else "fails"
    return Verdict("C-ICL-47", low, None, method, expected, state, detail)


def _losses(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    omega = np.asarray(OMEGAS)[:, None]
    approximate = np.asarray(two_head_loss(omega, MUS, SETTING))
    return true_losses(moments(evidence, 100)), approximate


def _noiseless(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """The approximate loss as it would be if attention made no noise, c = 0."""
    signal = (1 - 2 * MUS * np.asarray(OMEGAS)[:, None]) ** 2
    return true_losses(moments(evidence, 4)), np.asarray(SETTING.noise_variance + signal)


def landscapes(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F9, F10: both losses of the pair over (omega, mu), and their difference."""
    omega = np.asarray(OMEGAS)[:, None]
    true, approximate = _losses(evidence)
    difference = true - approximate
    drawing = plt.figure(figsize=(PAGE, 2.8))
    grid = drawing.add_gridspec(1, 3, width_ratios=[1, 1, 1.2])
    best = {}
    for index, (name, loss) in enumerate({"true": true, "approximate": approximate}.items()):
        panel: Any = drawing.add_subplot(grid[index], projection="3d")
        panel.plot_surface(omega, MUS[None], loss, cmap="viridis", linewidth=0, alpha=0.95)
        panel.set_xlabel(r"$\omega$", labelpad=-6)
        panel.set_ylabel(r"$\mu$", labelpad=-6)
        panel.set_title(f"{name} loss", pad=0)
        panel.tick_params(pad=-3, labelsize=5)
        panel.view_init(30, -130)
        best[name] = lowest(loss)
        panel.computed_zorder = False
        at = OMEGAS[best[name][0]], MUS[best[name][1]], loss.min()
        panel.plot(*[[v] for v in at], "o", color="white", mec="black", ms=4, zorder=10)
    flat = drawing.add_subplot(grid[2])
    limit = np.abs(difference).max()
    image = flat.pcolormesh(omega[:, 0], MUS, difference.T, vmin=-limit, vmax=limit,
                            shading="nearest", cmap="RdBu_r", rasterized=True)  # fmt: skip
    flat.contour(omega[:, 0], MUS, difference.T, levels=[0], colors="black", linewidths=0.8)
    flat.set(xlabel=r"$\omega$", ylabel=r"$\mu$", title="true minus approximate loss")
    drawing.colorbar(image, ax=flat)
    numbers = {"omega": OMEGAS, "mu": MUS, "true": true, "approximate": approximate}
    numbers["range"] = [difference.min(), difference.max()]
    numbers["argmin"] = {name: [OMEGAS[at[0]], MUS[at[1]]] for name, at in best.items()}
    return drawing, numbers


def attention_noise(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F16: how |softmax(omega X x_q)| is distributed, by length and dimension."""
    omegas, shapes = [omega for omega, *_ in NORMS], [shape for _, shape, _ in NORMS]
    found = evidence.table(softmax_norms, omegas=omegas, shapes=shapes, draws=10_000)
    drawing, axes = plt.subplots(1, 3, figsize=(PAGE, 2.3), sharey=True)
    panels = ((0, 1, 2), (0, 3, 4), (5, 6, 7))
    titles = (r"$d$ fixed, $\omega=.5$", r"$L=8d$, $\omega=.5$", r"$L=8d$, $\omega=.35$")
    numbers: Numbers = {}
    for panel, cases, title in zip(axes, panels, titles, strict=True):
        for case, color in zip(cases, (BLUE, ORANGE, GREEN), strict=True):
            omega, (length, dimension), published = NORMS[case]
            values = found.norm.isel(case=case).values
            label = f"L={length}, d={dimension}: {values.mean():.3f}"
            panel.hist(values, bins=60, range=(0, 1), density=True, histtype="step", color=color,
                       label=label)  # fmt: skip
            panel.axvline(values.mean(), color=color, lw=0.8)
            taken = length**-0.5 * np.exp(dimension * omega**2 / 2)
            if taken < 1:
                panel.axvline(taken, color=color, **THEORY)
            name = f"omega={omega}, L={length}, d={dimension}"
            numbers[name] = {"mean": values.mean(), "published": published}
        panel.set(title=title, xlabel=r"$|\mathrm{softmax}(\omega X x_q)|$", yscale="log")
        panel.set(xlim=(0, 1), ylim=(0.05, 200))
        panel.legend(fontsize=6, title="mean", title_fontsize=6, frameon=True, edgecolor="none")
    axes[0].set_ylabel("density of draws")
    return drawing, numbers


def finite_size(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F17: gradient descent and ridge at finite size against their common limit."""
    drawing, axes = plt.subplots(figsize=(COLUMN, 2.6))
    lengths = np.asarray(LENGTHS, float)
    at = Setting(XI * lengths, lengths, NOISE)
    limit = Setting(XI, 1.0, NOISE)
    eta = at.eta_star
    gd = np.asarray(risks.gd_risk(eta, at))
    debiased = np.asarray(risks.debiased_gd_risk(eta, at))
    ridge = []
    for length in LENGTHS:
        dimension = int(XI * length)
        table = evidence.table(
            ridge_risks,
            dimension=dimension,
            length=length,
            noise_variance=NOISE,
            penalty=NOISE * dimension,
            draws=2000,
        )
        ridge.append(mean(table.risk.values))
    values = np.array([part[:3] for part in ridge])
    axes.plot(lengths, gd, "o-", color=ORANGE, ms=3, label="GD, exact")
    axes.plot(lengths, debiased, "s-", color=GREEN, ms=3, label="debiased GD, exact")
    spread = np.abs(values[:, 1:] - values[:, :1]).T
    axes.errorbar(lengths, values[:, 0], spread, color=PURPLE, fmt="v-", ms=3,
                  label="ridge, simulated")  # fmt: skip
    with jax.enable_x64(True):
        ends = {
            "gd": float(risks.debiased_gd_risk_limit(limit)),
            "bayes": float(risks.bayes_risk_limit(limit)),
        }
    axes.axhline(ends["gd"], color=ORANGE, **THEORY)
    axes.axhline(ends["bayes"], color=PURPLE, **THEORY)
    for low, high in ((3.442, 3.452), (3.404, 3.414)):
        axes.plot([100, 100], [low, high], color="black", lw=3, alpha=0.35, solid_capstyle="butt")
    axes.plot([], [], color="black", lw=3, alpha=0.35, label="authors' range, L = 100")
    axes.set(xscale="log", xlabel="prompt length L, d = L/5", ylabel=r"risk at $\sigma^2=3$")
    axes.set_xticks(lengths, [f"{length:.0f}" for length in lengths])
    axes.minorticks_off()
    axes.legend(fontsize=6)
    numbers = {"length": lengths, "gd": gd, "debiased_gd": debiased, "limit": ends}
    numbers["ridge"] = values
    return drawing, numbers


FIGURES = (
    Figure(
        "landscapes",
        "The approximate loss is right to a tenth where training goes",
        "Loss of the pair omega = (omega, -omega), mu = (mu, -mu): the true one from 500,000 "
        "prompts with labels integrated out, the approximate one, and their difference; black, "
        "where they agree. The approximation is low by up to .022 in the middle (C-ICL-9 says why) "
        "and high by a tenth in the corner of large omega and mu. The authors' contour plot has "
        "its mu axis upside down; this is the right way up.",
        landscapes,
        ("C-ICL-9", "C-ICL-39", "C-ICL-47"),
    ),
    Figure(
        "attention_noise",
        "Attention weights spread over many pairs only while omega stays small",
        "Norm of the attention weights over 10,000 draws; full lines, means (given); dashed, "
        "exp(d omega^2/2)/sqrt(L), what the approximate loss takes them for, where below 1. At "
        "fixed d the norm falls as 1/sqrt(L); at fixed d/L and omega it does not, so omega must "
        "shrink as sqrt(log L/d). The authors' value for omega = .35, L = 800, d = 100 (.443) is "
        "not reproduced (C-ICL-40).",
        attention_noise,
        ("C-ICL-40", "C-ICL-49"),
    ),
    Figure(
        "finite_size",
        "At the authors' size both estimators are at their limit",
        "Risk at d/L = .2, s2 = 3: one step of GD and of debiased GD (exact) and ridge (simulated, "
        "2,000 draws, 95 % interval), with their limits (dashed) and what the authors' runs gave "
        "at L = 100.",
        finite_size,
        ("C-ICL-10", "C-ICL-12"),
    ),
)
CHECKS = (Check("C-ICL-47", agreement, _losses, _noiseless),)
