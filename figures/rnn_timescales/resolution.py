"""Figure `resolution`: nets trained at one resolution in time, read at others."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.palette import COLORS, MARKERS
from figures.rnn_timescales.readings.stages import NAMES, by_n, last_n
from figures.style import LIMIT, PAGE
from sims.rnn_timescales import robustness

SWEEP = "rnn_timescales.held_parity"
# The N that is drawn beside the last, and the steps for which bits are held.
EARLY, HOLDS = 3, (1, 2, 3, 4, 6, 10, 20, 50)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Accuracy of nets trained at one resolution in time, read at others."""
    sweep = evidence.sweep(SWEEP)
    stages = [EARLY, last_n(by_n(sweep))]
    table = evidence.table(robustness.resolution, SWEEP, stages=stages, holds=list(HOLDS))
    found = table.accuracy
    drawing, axes = plt.subplots(figsize=(PAGE / 2, 2.5))
    numbers: dict[str, Any] = {"hold": HOLDS}
    for n, filled in zip(stages, (False, True), strict=True):
        for forget, name in NAMES.items():
            mean = found.sel(n=n, forget=forget).mean("seed")
            label = f"{name}, N = {n}"
            color = COLORS["parity", forget]
            look = {"color": color, "marker": MARKERS[forget], "ms": 4}
            look |= {"mfc": color if filled else "white", "label": label}
            axes.plot(1 / found.hold, mean, **look)
            numbers[label] = found.sel(n=n, forget=forget)
    axes.axvline(1 / sweep.attrs["hold"], **LIMIT)
    axes.axhline(0.5, **LIMIT)
    axes.set(xscale="log", xlabel="step dt (bits)", ylabel="accuracy", title="N-parity")
    drawing.legend(loc="outside right center")
    return drawing, numbers


FIGURE = Figure(
    "resolution",
    "Nets trained at one resolution in time, read at others",
    "Accuracy at N of nets with the nonlinearity inside whose bits are held for 1/dt steps "
    "(time constants as they are, in bits); dotted, the dt of training, and chance. Filled, the "
    "last N; mean over "
    "seeds.",
    draw,
    (),
    ("standard", "paper"),
)
CHECKS: tuple[Check, ...] = ()
