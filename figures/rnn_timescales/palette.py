"""Colours and labels that figures of the room share."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from figures.rnn_timescales.readings.stages import MULTI, SINGLE

# The authors' own colours, by task and curriculum (their plotting scripts).
COLORS = {
    ("parity", SINGLE): "#D48A6A",
    ("parity", MULTI): "#489174",
    ("dms", SINGLE): "#803515",
    ("dms", MULTI): "#0E573A",
}
# Likewise of units of short and of long tau.
SIDES = {"short": "#AA9C39", "long": "#8C7AAE"}
TITLES = {"parity": "N-parity", "dms": "N-DMS"}


def whole_numbers(*grid: Axes) -> None:
    """Ticks at whole N."""
    for axes in grid:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
