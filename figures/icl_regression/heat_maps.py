"""Heat-maps of KQ and OV: what training finds, and how it comes about."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from figures.evidence import Evidence, Figure
from figures.icl_regression.patterns import OFF_ENERGY, TRAINED, counted
from figures.style import BLUE, GREY, ORANGE, PAGE, SKY, THEORY
from sims.icl_regression.metrics import pattern

Numbers = dict[str, Any]

# Numbers of heads whose nets are shown one by one.
SHOWN = (1, 2, 4)
# Parts of training after which a net is shown; the paper's steps 1 to 500,000.
MOMENTS = (0.0, 0.02, 0.05, 0.2, 0.5, 1.0)


def circuits(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F1, F2: KQ and OV of a typical net for each number of heads, off-diagonal energy of all."""
    drawing = plt.figure(figsize=(PAGE, 3.3))
    grid = drawing.add_gridspec(2, 5, width_ratios=[1, 1, 1, 1, 0.06])
    cells = {1: [(0, 0)], 2: [(0, 1), (0, 2)], 4: [(1, column) for column in range(4)]}
    share = drawing.add_subplot(grid[0, 3])
    numbers: Numbers = {}
    image = None
    for heads, color in zip(SHOWN, (SKY, BLUE, ORANGE), strict=True):
        data = evidence.sweep(TRAINED[heads]).isel(step=-1)
        final = pattern(data)
        typical = _typical(heads, final)
        net = data.sel(seed=typical)
        kq = net.kq.transpose("head", "key", "query").values
        ov = net.ov.transpose("head", "key").values
        numbers[f"H={heads}"] = {
            "seed": typical,
            "kq": kq,
            "ov": ov,
            "off_energy": final.weighted_off_energy.values,
            "two_signed": final.two_signed.values,
        }
        limit = np.abs(kq[..., :-1]).max()
        for head, cell in enumerate(cells[heads]):
            panel = drawing.add_subplot(grid[cell])
            image = heat_map(panel, kq[head] / limit, ov[head] / np.abs(ov).max())
            title = f"H = {heads}" + (f", head {head + 1}" if heads > 1 else "")
            panel.set_title(f"{title} (max {limit:.2f})" if head == 0 else title, pad=3)
        _energies(share, final, heads, color)
    assert image is not None
    axes = drawing.add_subplot(grid[1, 4])
    drawing.colorbar(image, cax=axes, ticks=[-1, 0, 1], label="relative to max")
    share.set(xscale="log", xlim=(1e-4, 0.1), ylim=(0, 1.65), yticks=[0, 0.5, 1])
    share.set_ylabel("share of seeds", y=0.3)
    share.set_xlabel("off-diagonal energy of KQ", labelpad=1)
    share.legend(fontsize=6, loc="upper left", handlelength=1.2, borderaxespad=0)
    return drawing, numbers


def _typical(heads: int, final: xarray.Dataset) -> int:
    """The seed of median off-diagonal energy among those that count, or among all if none do."""
    chosen = counted(heads, final)
    energy = final.weighted_off_energy.isel(seed=chosen if chosen.any() else slice(None))
    return int(energy.seed[int(np.argsort(energy.values)[energy.size // 2])])


def heat_map(panel: Axes, kq: np.ndarray, ov: np.ndarray) -> AxesImage:
    """A head's KQ with its OV as columns beside it, both relative to their net's largest.

    Args:
        kq: (key, query).
        ov: (key,), or (key, task) where there are several labels.
    """
    width = len(kq)
    ov = ov.reshape(width, -1)
    labels = ov.shape[1]
    dimension = width - labels
    shown = np.full((width, width + 1 + labels), np.nan)
    shown[:, :dimension], shown[:, width + 1 :] = kq[:, :dimension], ov
    image = panel.imshow(shown, vmin=-1, vmax=1)
    # The label columns of KQ meet zeros and never act: hatched, not coloured.
    corner = (dimension - 0.5, -0.5)
    panel.add_patch(Rectangle(corner, labels, width, fill=False, hatch="////", ec=GREY, lw=0))
    end = width / (width + 1 + labels)
    panel.axhline(dimension - 0.5, color=GREY, lw=0.6, ls=":", xmax=end)
    names = ["$y$"] if labels == 1 else [f"$y_{n + 1}$" for n in range(labels)]
    at = [0, dimension - 1, *range(dimension, width)]
    panel.set_yticks(at, ["$x_1$", "$x_d$", *names])
    middle = width + (1 + labels) / 2
    panel.set_xticks([0, dimension - 1, middle], ["$x_1$", "$x_d$", "OV"])
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    return image


def _energies(axes: Axes, final: xarray.Dataset, heads: int, color: str) -> None:
    """Off-diagonal energy of every seed that counts as a cumulative share, and the limit."""
    chosen = counted(heads, final)
    values = np.sort(final.weighted_off_energy.values[chosen])
    height = np.arange(1, len(values) + 1) / max(1, len(values))
    label = f"H = {heads}: {len(values)}/{len(chosen)}"
    axes.step(values, height, color, where="post", label=label)
    axes.axvline(OFF_ENERGY[heads], ymax=1 / 1.65, color=color, **THEORY)


def formation(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """F7: KQ and OV of one four-headed net along its training."""
    data = evidence.sweep(TRAINED[4])
    typical = _typical(4, pattern(data.isel(step=-1)))
    net = data.sel(seed=typical)
    path = pattern(net)
    steps = [round(part * (net.sizes["step"] - 1)) for part in MOMENTS]
    kq = net.kq.isel(step=steps).transpose("step", "head", "key", "query").values
    ov = net.ov.isel(step=steps).transpose("step", "head", "key").values
    drawing, axes = plt.subplots(4, len(steps), figsize=(PAGE, 3.7))
    drawing.set_layout_engine("constrained", wspace=0.12)
    image = None
    for column, index in enumerate(steps):
        sizes = np.abs(kq[column, ..., :-1]).max(), np.abs(ov[column]).max()
        for head in range(4):
            panel = axes[head, column]
            image = heat_map(panel, kq[column, head] / sizes[0], ov[column, head] / sizes[1])
            panel.set(xticks=[], yticks=[])
            if column == 0:
                panel.set_ylabel(f"head {head + 1}")
        energy = float(path.weighted_off_energy.isel(step=index))
        axes[0, column].set_title(f"step {int(net.step[index])}\noff {energy:.1%}", pad=3)
    assert image is not None
    drawing.colorbar(image, ax=axes, ticks=[-1, 0, 1], label="relative to max", fraction=0.02)
    numbers = {"seed": typical, "step": net.step.values[steps], "kq": kq, "ov": ov}
    numbers["off_energy"] = path.weighted_off_energy.isel(step=steps).values
    return drawing, numbers


FIGURES = (
    Figure(
        "circuits",
        "Training finds diagonal KQ and label-only OV",
        "KQ of each head on covariates x and label y, and beside it OV, of the net of median "
        "off-diagonal energy; colours relative to the largest entry of the net's KQ (given) and of "
        "its OV. The hatched column meets the query token's zero and never acts. Upper right: "
        "mu^2-weighted off-diagonal energy of every seed that counts, as a cumulative share "
        "(counted/all: for H > 1 the two-signed ones, the others being a single head in disguise); "
        "dashed, the limits of C-ICL-18. Our quick preset trains at a larger rate than the paper, "
        "which sets the size of the diagonal (.2 instead of .13), not the pattern.",
        circuits,
        ("C-ICL-18", "C-ICL-19", "C-ICL-27", "C-ICL-44"),
    ),
    Figure(
        "formation",
        "The pattern comes first, the valley after",
        "KQ and OV of the four heads of one net (the one of median off-diagonal energy at the end) "
        "at 0, 2, 5, 20, 50 and 100 % of its training, each relative to the largest entry at that "
        "moment. The random start has its energy off the diagonal; a twentieth of the training "
        "later the heads that act are nearly diagonal. Heads of small mu (dummies) keep a noisy "
        "KQ, which their mu weighs down.",
        formation,
        ("C-ICL-18", "C-ICL-19", "C-ICL-45"),
    ),
)
