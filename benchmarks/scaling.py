"""How our cost grows with what a user turns: runs, heads, pairs, units, N, training size.

`python -m benchmarks scaling --figure FILE` also draws it. A slope is that of a straight line
through the logarithms of cost and size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.icl_training import engine, training
from benchmarks.measure import Round, Row, alternate, timed
from benchmarks.rf_ridge import PENALTIES, data
from benchmarks.rnn_training import ours as curriculum
from sims.rf_attention.ridge import ridge_path

ROUNDS = 3


class Axis(NamedTuple):
    """One thing that is turned.

    Attributes:
        name: what it is, with what the cost is of.
        sizes: its values.
        measure: a round at one of them, in seconds.
    """

    name: str
    sizes: Sequence[int]
    measure: Callable[[int], Round]


AXES = (
    Axis(
        "icl runs together, per run and step",
        (1, 4, 16, 64, 256),
        lambda runs: engine(training(heads=2, prompts=64), runs),
    ),
    Axis(
        "icl heads, per run and step",
        (1, 2, 4, 8, 16),
        lambda heads: engine(training(heads=heads, prompts=64), 8),
    ),
    Axis(
        "icl pairs, per run and step",
        (10, 20, 40, 80, 160),
        lambda length: engine(training(heads=2, prompts=64, length=length), 8),
    ),
    Axis(
        "rnn largest N, per step",
        (3, 6, 12, 24),
        lambda last: curriculum(64, 64, 100, last),
    ),
    Axis(
        "rnn units, per step",
        (16, 32, 64, 128, 256),
        lambda units: curriculum(units, 64, 60),
    ),
    Axis("rf training size, per path", (50, 100, 200, 400, 800), lambda size: path(size)),
)


def path(size: int) -> Round:
    """A round of one ridge path, Gram matrix given: chained to its products it is slower."""
    with jax.enable_x64(True):
        train, test, *values = [jnp.asarray(part) for part in data("attention", 0.0, size)]
        given = train @ train.T, test @ train.T, *values, jnp.asarray(PENALTIES)
        measure = timed(jax.jit(ridge_path), *given)

    def scoped() -> float:
        with jax.enable_x64(True):
            return measure()

    return scoped


def rows(figure: str | None = None) -> list[Row]:
    """A row per axis, its cost at the largest size, and the slope.

    Args:
        figure: file to draw the costs into.
    """
    found = {axis.name: costs(axis) for axis in AXES}
    if figure:
        draw(found, figure)
    return [
        Row(
            f"scaling: {axis.name}, at {axis.sizes[-1]}",
            [found[axis.name][-1]],
            remark=f"{axis.name}: slope {slope(axis.sizes, found[axis.name]):.2f}, of the "
            f"last two {slope(axis.sizes[-2:], found[axis.name][-2:]):.2f}; ms at "
            + ", ".join(
                f"{n}: {ms:.3g}" for n, ms in zip(axis.sizes, found[axis.name], strict=True)
            ),
        )
        for axis in AXES
    ]


def costs(axis: Axis) -> list[float]:
    """Milliseconds at each size, the smallest of rounds that alternate between them."""
    times = alternate({str(size): axis.measure(size) for size in axis.sizes}, ROUNDS)
    return [min(values) for values in times.values()]


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Of log cost against log size."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def draw(found: dict[str, list[float]], file: str) -> None:
    """A panel per axis, with its slope."""
    import matplotlib.pyplot as plt

    from figures.style import BLUE, PAGE, plain_ticks, style

    with style():
        whole, panels = plt.subplots(2, 3, figsize=(PAGE, 0.6 * PAGE))
        for axis, panel in zip(AXES, panels.flat, strict=True):
            values = found[axis.name]
            panel.loglog(axis.sizes, values, "o-", color=BLUE)
            size, _, per = axis.name.partition(", ")
            panel.set(xlabel=size, ylabel=f"ms {per}")
            panel.set_title(f"slope {slope(axis.sizes, values):.2f}")
            plain_ticks(panel, axis.sizes)
        whole.savefig(file)
        plt.close(whole)
