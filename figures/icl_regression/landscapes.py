"""The approximate loss of a pair against the true one, over omega and mu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.statistics import exact, judge
from figures.style import DIVERGING, PAGE
from sims.icl_regression.softmax_pairs import pair_moments
from theory.claims import Claim, Verdict
from theory.icl_regression.reduced import two_head_loss
from theory.icl_regression.setting import SETTING

OMEGAS = tuple(float(omega) for omega in np.linspace(0.01, 0.2, 20))
MUS = np.linspace(0.0, 6.0, 21)

Surface = Float[np.ndarray, "omega mu"]


def moments(evidence: Evidence, blocks: int) -> xarray.Dataset:
    """Moments of pairs over the grid of omega, from 5,000 prompts a block."""
    size = {"dimension": 5, "length": 40, "blocks": blocks, "prompts": 5000}
    return evidence.table(pair_moments, gammas=OMEGAS, **size)


def true_losses(found: xarray.Dataset) -> Surface:
    """True loss of the pair (omega, mu)."""
    average, noise = found.mean("block"), SETTING.noise_variance
    power = (average.square + noise * average.noise).values[:, None]
    return 1 + noise - 2 * MUS * average.signal.values[:, None] + MUS**2 * power


def lowest(loss: Surface) -> tuple[int, int]:
    """Cell of the grid with the lowest loss."""
    omega, mu = np.unravel_index(loss.argmin(), loss.shape)
    return int(omega), int(mu)


def agreement(claim: Claim, true: Surface, approximate: Surface) -> Verdict:
    """C-ICL-47: range and sign of true minus approximate loss on the grid, and both minima."""
    difference = true - approximate
    low, high = float(difference.min()), float(difference.max())
    corner = lowest(difference) == (len(OMEGAS) - 1, len(MUS) - 1)
    apart = max(abs(a - b) for a, b in zip(lowest(true), lowest(approximate), strict=True))
    method = f"extreme difference on {difference.size} grid points"
    parts = {
        "difference, lowest": exact(low, method),
        "difference, highest": exact(high, method),
        "of both signs": low < 0 < high,
        "least in the corner": corner,
        "in the middle": exact(difference[len(OMEGAS) // 2, len(MUS) // 2], "one grid point"),
        "steps between the minima": exact(apart, "grid steps"),
    }
    return judge(claim, parts)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Both losses of the pair over (omega, mu), and their difference."""
    omega = np.asarray(OMEGAS)[:, None]
    true, approximate = _losses(evidence)
    difference = true - approximate
    drawing = plt.figure(figsize=(PAGE, 3.0))
    grid = drawing.add_gridspec(1, 3, width_ratios=[1, 1, 1.2])
    best = {}
    for index, (name, loss) in enumerate({"true": true, "approximate": approximate}.items()):
        best[name] = lowest(loss)
        _surface(drawing.add_subplot(grid[index], projection="3d"), loss, f"{name} loss")
    flat = drawing.add_subplot(grid[2])
    limit = np.abs(difference).max()
    image = flat.pcolormesh(omega[:, 0], MUS, difference.T, vmin=-limit, vmax=limit,
                            shading="nearest", cmap=DIVERGING, rasterized=True)  # fmt: skip
    flat.contour(omega[:, 0], MUS, difference.T, levels=[0], colors="black", linewidths=0.8)
    flat.set(xlabel=r"$\omega$", ylabel=r"$\mu$", title="true minus approximate loss")
    drawing.colorbar(image, ax=flat, label="difference of losses")
    numbers = {"omega": OMEGAS, "mu": MUS, "true": true, "approximate": approximate}
    numbers["range"] = [difference.min(), difference.max()]
    numbers["argmin"] = {name: [OMEGAS[at[0]], MUS[at[1]]] for name, at in best.items()}
    return drawing, numbers


def _surface(panel: Any, loss: Surface, title: str) -> None:
    """A loss over the grid, with its lowest point."""
    omega = np.asarray(OMEGAS)[:, None]
    panel.plot_surface(omega, MUS[None], loss, cmap="viridis", linewidth=0, alpha=0.95)
    panel.set_xlabel(r"$\omega$", labelpad=-6)
    panel.set_ylabel(r"$\mu$", labelpad=-6)
    panel.text2D(0.14, 0.72, "loss", transform=panel.transAxes, ha="center", fontsize=7)
    panel.set_title(title, pad=0)
    panel.tick_params(pad=-3, labelsize=7)
    panel.set(xticks=[0, 0.1, 0.2], yticks=[0, 2, 4, 6], zticks=[1, 2])
    panel.set_box_aspect(None, zoom=0.85)
    panel.view_init(30, -130)
    panel.computed_zorder = False
    at = lowest(loss)
    point = OMEGAS[at[0]], MUS[at[1]], loss.min()
    panel.plot(*[[value] for value in point], "o", color="white", mec="black", ms=4, zorder=10)


def _losses(evidence: Evidence) -> tuple[Surface, Surface]:
    omega = np.asarray(OMEGAS)[:, None]
    approximate = np.asarray(two_head_loss(omega, MUS, SETTING))
    return true_losses(moments(evidence, 100)), approximate


def _noiseless(evidence: Evidence) -> tuple[Surface, Surface]:
    """The approximate loss as it would be if attention made no noise, c = 0."""
    signal = (1 - 2 * MUS * np.asarray(OMEGAS)[:, None]) ** 2
    return true_losses(moments(evidence, 4)), np.asarray(SETTING.noise_variance + signal)


def caption(numbers: Mapping[str, Any]) -> str:
    """What is drawn, with how far the approximation is off."""
    low, high = numbers["range"]
    return (
        "Loss of the pair omega = (omega, -omega), mu = (mu, -mu): the true one from 500,000 "
        "prompts with labels integrated out, the approximate one, and their difference; rings, "
        f"the lowest point; black, where they agree. The approximation is low by up to {high:.3f} "
        "in the middle (C-ICL-9 "
        f"says why) and high by {-low:.2f} in the corner of large omega and mu. The authors' "
        "contour plot has its mu axis upside down; this is the right way up."
    )


FIGURE = Figure(
    "landscapes",
    "The approximate loss is right to a tenth where training goes",
    caption,
    draw,
    ("C-ICL-9", "C-ICL-39", "C-ICL-47"),
)
CHECKS = (Check("C-ICL-47", agreement, _losses, _noiseless, slow=True),)
