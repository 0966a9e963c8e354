"""The same training step with other generators of random numbers, and with none.

JAX's philox4x32 keeps one word of the four that it makes, so that it draws slower than the
threefry2x32 of the engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from unittest import mock

import jax
import jax.numpy as jnp
from jaxtyping import Array

from benchmarks.icl_training import DIMENSION, LENGTH, ROUNDS, SEEDS, engine, training, work
from benchmarks.measure import Round, Row, alternate

# Words of a key.
GENERATORS = {"threefry2x32": 2, "philox4x32": 2, "threefry4x32": 4}
REMARK = "the other side is the engine's own generator, the row above"


def rows() -> list[Row]:
    """A row for each generator and number of heads."""
    return [row for heads in (4, 1) for row in _rows(heads)]


def _rows(heads: int) -> list[Row]:
    experiment = training(heads=heads, prompts=256)
    sides: dict[str, Round | None] = {}
    for name, words in GENERATORS.items():
        with mock.patch("sims.engine.program.run_key", keyed(name, words)):
            sides[name] = engine(experiment, SEEDS)
    with mock.patch("sims.icl_regression.data.draw", undrawn):
        sides["no generator"] = engine(experiment, SEEDS)
    times = alternate(sides, ROUNDS)
    whole = work(heads, 256, LENGTH, DIMENSION)
    # Normals are counted where they are drawn as the ceiling draws them.
    counted = {"threefry2x32": whole, "no generator": whole._replace(normals=0)}
    own = times.pop("threefry2x32")
    others = [
        Row(_title(name, heads), found, "threefry2x32", own, counted.get(name), REMARK)
        for name, found in times.items()
    ]
    return [Row(_title("threefry2x32", heads), own, work=whole), *others]


def _title(name: str, heads: int) -> str:
    return f"generators: {name}, H = {heads}"


def keyed(name: str, words: int) -> Callable[[Array], Array]:
    """The engine's `run_key` with another generator: the seed is the last word of the key."""

    def run_key(seed: Array) -> Array:
        data = jnp.stack([*[jnp.zeros_like(seed)] * (words - 1), seed]).astype("uint32")
        return jax.random.wrap_key_data(data, impl=name)

    return run_key


def undrawn(
    sampler: Callable[..., Array], key: Array, shape: tuple[int, ...], *settings: object
) -> Array:
    """In place of `draw`: a multiply-add of the counter, of about unit variance.

    The key enters, so that a step's data are not the same at each step and made only once.
    """
    offset = jax.random.key_data(key)[-1].astype("float32") * 2.0**-32
    size = math.prod(shape)
    return (jnp.arange(size, dtype="float32") * (3.0 / size) + (offset - 2.0)).reshape(shape)
