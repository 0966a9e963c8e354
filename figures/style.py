"""One look for every figure: column width, colour-blind-safe, theory dashed, experiment solid.

A line style means the same everywhere: dashed, theory; solid, what was simulated or trained;
dash-dotted, what was fitted to it; dotted grey, a limit, a tolerance, or another's number.
"""

from __future__ import annotations

import contextlib
import logging
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float, Real
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
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
FIT = {"linestyle": "-.", "linewidth": 1.0}
LIMIT = {"linestyle": ":", "linewidth": 1.0, "color": GREY}

# A grid of more panels is named by its rows and columns.
LETTERED = 12
# Settings that tell the scale of what is drawn, in the order in which they are told.
SCALE = ("units", "heads", "dimension", "keys", "length", "seeds")
# Points of the smallest text.
SMALL = 7

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
    marker: str = "",
    within: tuple[float, float] | None = None,
) -> None:
    """Mean over seeds as a solid line, its 95 % interval as a band.

    The interval is 1.96 standard errors, a guide for the eye: claims are decided by
    `figures.statistics`, not from a band.

    Args:
        within: the range of the values where they have one; the interval is Wilson's then, at the
            number of draws that would scatter the mean as much, and stays inside.
    """
    mean = np.nanmean(values, axis=0)
    count = np.isfinite(values).sum(axis=0)
    half = 1.96 * np.nanstd(values, axis=0, ddof=1) / np.sqrt(np.maximum(count, 1))
    middle = mean
    if within is not None:
        low, high = within
        room = (mean - low) * (high - mean)
        ratio = np.divide(half**2, room, out=np.zeros_like(mean), where=room > 0)
        middle = (mean + ratio * (low + high) / 2) / (1 + ratio)
        half = np.sqrt(half**2 + (ratio * (high - low) / 2) ** 2) / (1 + ratio)
    axes.plot(x, mean, color=color, label=label, marker=marker, ms=3)
    axes.fill_between(x, middle - half, middle + half, color=color, alpha=0.25, linewidth=0)


def finish(drawing: Drawing, preset: str, settings: Sequence[Mapping[str, Any]]) -> None:
    """Letter the panels, lay them out once, and tell preset and scale in a strip below them.

    Each format would lay them out again, which is most of the time of drawing.

    Args:
        settings: of every sweep and table that the figure rests on.
    """
    _letter(drawing)
    drawing.draw_without_rendering()
    drawing.set_layout_engine("none")
    width, height = drawing.get_size_inches()
    lines = textwrap.wrap(f"preset {preset}{scale(settings)}", int(19 * width))
    strip = (len(lines) + 0.3) * 1.2 * SMALL / 72
    share = strip / (height + strip)
    for panel in drawing.axes:
        place = panel.get_position(original=True)
        up, tall = share + (1 - share) * place.y0, (1 - share) * place.height
        panel.set_position((place.x0, up, place.width, tall))
    for legend in drawing.legends:
        legend.set_bbox_to_anchor((0, share, 1, 1 - share), drawing.transFigure)
    drawing.set_size_inches(width, height + strip)
    at = {"x": 0.05 / width, "y": 0.2 * share, "va": "bottom"}
    drawing.text(s="\n".join(lines), fontsize=SMALL, color=GREY, **at)


def _letter(drawing: Drawing) -> None:
    """(a), (b), ... at the upper left of the panels, row by row; none where there is only one."""
    panels = [panel for panel in drawing.axes if panel.get_label() != "<colorbar>"]
    # Three-dimensional panels are never "on".
    panels = [panel for panel in panels if panel.axison or panel.name == "3d"]
    places = {panel: panel.get_position(original=True) for panel in panels}
    panels.sort(key=lambda panel: (-round(places[panel].y1, 2), places[panel].x0))
    if not 1 < len(panels) <= LETTERED:
        return
    for panel, letter in zip(panels, "abcdefghijkl", strict=False):
        panel.annotate(
            f"({letter})", (0, 1), (-4, 5), xycoords="axes fraction", textcoords="offset points",
            ha="right", va="bottom", weight="bold",
        )  # fmt: skip


def scale(settings: Sequence[Mapping[str, Any]]) -> str:
    """The numbers of units, heads, ..., seeds among some settings, each from least to most."""
    told = ""
    for name in SCALE:
        # A number of heads of 0 stands for infinitely many.
        values = [np.ravel(some[name]) for some in settings if np.any(some.get(name, 0))]
        if values:
            every = np.concatenate(values)
            low, high = every.min(), every.max()
            told += f"; {name} {low:g}" + (f"\u2013{high:g}" if high > low else "")
    return told
