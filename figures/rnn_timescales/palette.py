"""Colours, marks and labels that figures of the room share."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from figures.rnn_timescales.readings.stages import MULTI, SINGLE
from figures.style import BLUE, ORANGE, SKY, VERMILLION

# Warm for single-head and cool for multi-head, pale for parity: the authors' browns and greens are
# one colour to many a reader.
COLORS = {
    ("parity", SINGLE): ORANGE,
    ("parity", MULTI): SKY,
    ("dms", SINGLE): VERMILLION,
    ("dms", MULTI): BLUE,
}
MARKERS = {SINGLE: "o", MULTI: "s"}
# Of units of short and of long tau, the authors' own.
SIDES = {"short": "#AA9C39", "long": "#8C7AAE"}
TITLES = {"parity": "N-parity", "dms": "N-DMS"}


def whole_numbers(*grid: Axes) -> None:
    """Ticks at whole N."""
    for axes in grid:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
