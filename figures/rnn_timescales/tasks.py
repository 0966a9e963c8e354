"""Figure `tasks`: both tasks on one stream, and the head lists of the curricula."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Real
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.palette import COLORS, MARKERS, TITLES, whole_numbers
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE
from figures.style import GREY, PAGE, PURPLE
from sims.rnn_timescales.tasks import SMALLEST, TASKS, fair_bits, sliding_labels
from sims.rnn_timescales.training import Curriculum

TIME, LARGEST = 16, 5
CURRICULA = {
    NAMES[SINGLE]: (COLORS["parity", SINGLE], MARKERS[SINGLE], {"forget": 1}),
    NAMES[MULTI]: (COLORS["parity", MULTI], MARKERS[MULTI], {"forget": 0}),
    "sliding window": (PURPLE, "^", {"window": 3, "forget": 1}),
}


def head_lists(stages: int, **settings: int) -> list[tuple[int, int]]:
    """Smallest and largest N of the head list at each stage, as the experiment's own rule moves.

    Args:
        stages: how many.
        **settings: of the curriculum [rnn-3.2].
    """
    experiment = Curriculum(last=stages + 4, **settings)  # pyright: ignore[reportArgumentType]
    state = experiment.init(jax.random.key(0))
    found = []
    for _ in range(stages):
        found.append((int(state.smallest), int(state.largest)))
        active = jnp.arange(experiment.heads) <= state.largest - state.smallest
        state, _ = experiment.advance(state, {"accuracy": jnp.where(active, 1.0, 0.0)})
    return found


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """A stream with both tasks' answers; which N are asked at which stage."""
    drawing = plt.figure(figsize=(PAGE, 2.6))
    left, *others = drawing.subplots(1, 4, width_ratios=(2.6, 1, 1, 1))
    bits = fair_bits(jax.random.key(3), TIME, 1)
    numbers: dict[str, Any] = {"bits": bits[:, 0]}
    rows = ["bit"]
    _cells(left, 0, np.asarray(bits[:, 0]), "black")
    for task in TASKS:
        answers = np.asarray(sliding_labels(task, bits, LARGEST))[:, :, 0]
        for n in (2, LARGEST):
            values = np.where(np.arange(TIME) >= n - 1, answers[:, n - SMALLEST], np.nan)
            _cells(left, len(rows), values, GREY)
            rows.append(TITLES[task].replace("N", str(n), 1))
            numbers[rows[-1]] = values
    left.set_yticks(range(len(rows)), rows)
    whole_numbers(left)
    left.set(xlim=(-0.6, TIME - 0.4), ylim=(len(rows) - 0.4, -0.6), xlabel="time (bits)",
             title="answers after every bit, filled where 1")  # fmt: skip
    for axes, (name, (color, mark, settings)) in zip(others, CURRICULA.items(), strict=True):
        lists = head_lists(6, **settings)
        for stage, (low, high) in enumerate(lists, 1):
            asked = np.arange(low, high + 1)
            axes.plot(np.full(len(asked), stage), asked, mark, ms=4, color=color)
        axes.set(title=name, xlabel="stage", ylim=(1.4, 9.6), xlim=(0.5, 6.5))
        whole_numbers(axes)
        axes.grid(axis="y", color=GREY, lw=0.3, alpha=0.4)
        numbers[name] = lists
    others[0].set_ylabel("N asked")
    return drawing, numbers


def _cells(axes: Axes, row: int, values: Real[np.ndarray, " time"], color: str) -> None:
    known = np.flatnonzero(np.isfinite(values))
    fill = [color if values[time] else "none" for time in known]
    axes.scatter(
        known, np.full(len(known), row), s=26, marker="s", c=fill, edgecolors=color, lw=0.7
    )


FIGURE = Figure(
    "tasks",
    "The tasks, and what each curriculum asks",
    "Left, a stream of fair bits and the answers to N-parity (the last N bits' sum modulo 2) "
    "and N-DMS (whether the present bit equals that of N - 1 steps ago) for two N. Right, the "
    "N that are asked at each stage, by the rule that training itself follows.",
    draw,
)
CHECKS: tuple[Check, ...] = ()
