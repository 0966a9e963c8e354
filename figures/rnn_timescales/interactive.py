"""Time constants against N by curriculum, and the memory of a unit that has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures.report.interactive import Control, Interactive, numbers_of

if TYPE_CHECKING:
    from figures.report.entries import PaperEntry

CURRICULA, TASKS = ("single-head", "multi-head"), ("N-DMS", "N-parity")
STATISTICS = ("mean", "std", "max")


def data(paper: PaperEntry) -> dict[str, Any]:
    """What the figure of time constants measured, by task, curriculum and statistic."""
    numbers = numbers_of(paper, "timescales")
    names = [f"{task}, {curriculum}" for task in TASKS for curriculum in CURRICULA]
    return {
        "measured": {
            name: {statistic: numbers[f"{name}, {statistic}"] for statistic in STATISTICS}
            for name in names
            if f"{name}, mean" in numbers
        }
    }


INTERACTIVE = Interactive(
    "Time constants of trained nets, and what a unit with them remembers",
    "Left, mean trained tau over nets that solved N, as measured here, the chosen curriculum in "
    "bold; right, the autocorrelation (1 - 1/tau)^l of a linear unit by itself [rnn-4.1] at the "
    "mean and at the largest tau of that N.",
    (
        Control("N", "N", tuple(range(2, 13)), start=6),
        Control("curriculum", "curriculum", CURRICULA),
        Control("task", "task", TASKS),
    ),
    data,
    Path(__file__).with_suffix(".js"),
)
