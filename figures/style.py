"""One look for every figure: column width, colour-blind-safe, theory dashed, experiment solid."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float, Real
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

# It remarks on the dates inside Matplotlib's own fonts each time that a PDF is written.
logging.getLogger("fontTools").setLevel(logging.ERROR)

# Inches: one column and the full width of a two-column page.
COLUMN, PAGE = 3.4, 7.0

# Okabe & Ito (2008), distinct under the common colour-vision deficiencies.
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, GREY = "#CC79A7", "#56B4E9", "#666666"
DIVERGING = "RdBu_r"

THEORY = {"linestyle": "--", "linewidth": 1.1}

_SETTINGS: dict[str, Any] = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "savefig.dpi": 220,
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.3,
    "image.cmap": DIVERGING,
    "pdf.fonttype": 42,
}


def plain_ticks(panel: Axes, ticks: Sequence[float] | np.ndarray) -> None:
    """Numbers without powers of ten on logarithmic axes, one tick per value of x."""
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.xaxis.set_minor_locator(NullLocator())
    low, high = panel.get_ylim()
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high > 4 * low else range(1, 10)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.tick_params(axis="x", labelrotation=45)


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Matplotlib settings of the house within the block, whatever the user's own are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)  # pyright: ignore
        yield


def band(
    axes: Axes,
    x: Real[np.ndarray, " point"],
    values: Float[np.ndarray, "seed point"],
    color: str,
    label: str | None = None,
) -> None:
    """Mean over seeds as a solid line, its 95 % interval as a band.

    The interval is 1.96 standard errors, a guide for the eye: claims are decided by
    `figures.statistics`, not from a band.
    """
    mean = np.nanmean(values, axis=0)
    count = np.isfinite(values).sum(axis=0)
    half = 1.96 * np.nanstd(values, axis=0, ddof=1) / np.sqrt(np.maximum(count, 1))
    axes.plot(x, mean, color=color, label=label)
    axes.fill_between(x, mean - half, mean + half, color=color, alpha=0.25, linewidth=0)
