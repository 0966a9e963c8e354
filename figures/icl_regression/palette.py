"""How the figures of the room look: marks by number of heads, and heat maps of circuits."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from figures.style import GREY

MARKERS = {1: "o", 2: "v", 3: "^", 4: "s", 8: "D"}


def heat_map(
    panel: Axes, kq: Float[np.ndarray, "key query"], ov: Float[np.ndarray, "key *task"]
) -> AxesImage:
    """A head's KQ with its OV as columns beside it, both relative to their net's largest."""
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


def scale(drawing: Drawing, image: AxesImage, axes: Axes) -> None:
    """The colour bar that all heat maps of a figure share."""
    axes.set_label("<colorbar>")
    drawing.colorbar(image, cax=axes, ticks=[-1, 0, 1], label="relative to max")
