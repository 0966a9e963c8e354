"""The reduced loss's valley, with sliders for gamma and L."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures.report.interactive import Control, Interactive, numbers_of
from theory.icl_regression.setting import SETTING

if TYPE_CHECKING:
    from figures.report.entries import PaperEntry


def data(paper: PaperEntry) -> dict[str, Any]:
    """The problem, and where trained nets end on its valley."""
    ends = [
        {"heads": name, "gamma": found["gamma"][-1], "mu": _height(found)}
        for name, found in numbers_of(paper, "dynamics").items()
        if isinstance(found, Mapping) and "mu_plus" in found
    ]
    problem = {"d": SETTING.dimension, "s2": SETTING.noise_variance, "trained_at": SETTING.length}
    return {**problem, "trained": ends}


def _height(found: Mapping[str, Any]) -> float:
    return (found["mu_plus"][-1] - found["mu_minus"][-1]) / 2


INTERACTIVE = Interactive(
    "The valley that heads climb",
    "Left, the approximate loss of a pair of heads against mu at the gamma chosen; right, its "
    "least value along the valley mu = mu_gamma, whose floor falls towards gamma = 0, both by "
    "[icl-3.4]. Circles, where trained nets end, at the length that they were trained on.",
    (
        Control("gamma", "gamma", [round(0.01 * step, 2) for step in range(2, 61)], start=20),
        Control("L", "pairs in a prompt, L", (5, 10, 20, 40, 80, 160, 320), start=3),
    ),
    data,
    Path(__file__).with_suffix(".js"),
)
