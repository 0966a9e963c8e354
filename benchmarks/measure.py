"""How every benchmark measures: rounds A B A B on one core, and floors that are counted.

A floor is what the work asks of one core, operations, bytes and random numbers, over the ceilings
that the same process measures. It is the floor of an algorithm, as each module's `work` counts it;
another algorithm may lie below, as `moment_form` does below the token form.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Round = Callable[[], float]


class Work(NamedTuple):
    """What a unit of work asks of a core.

    Attributes:
        single: float32 operations; a product and its addition are two.
        double: float64 operations.
        bytes: what has to pass between core and memory; 0 where all of it fits the cache.
        normals: float32 normals drawn.
        words: further words of 32 random bits, for uniforms.
    """

    single: float = 0.0
    double: float = 0.0
    bytes: float = 0.0
    normals: float = 0.0
    words: float = 0.0


class Ceilings(NamedTuple):
    """What one core does at best.

    Attributes:
        single: float32 operations per nanosecond in a product of large matrices.
        double: the same in float64.
        bandwidth: bytes per nanosecond read and written by a large copy.
        word: nanoseconds for 32 random bits of threefry2x32, drawn in bulk.
        inverse: nanoseconds for one erf_inv in float32.
        normal: nanoseconds for one float32 normal of `jax.random`, drawn in bulk.
    """

    single: float
    double: float
    bandwidth: float
    word: float
    inverse: float
    normal: float


class Row(NamedTuple):
    """One piece of work.

    Attributes:
        name: what it is.
        ours: milliseconds, round by round.
        against: what the other side is; empty where there is none.
        theirs: its milliseconds; empty where it is not installed or there is none.
        work: what is counted for the floor; None where nothing is.
        remark: how the two sides were held against each other, or what the number means.
    """

    name: str
    ours: list[float]
    against: str = ""
    theirs: list[float] = []
    work: Work | None = None
    remark: str = ""

    def ratios(self) -> tuple[float, float, float] | None:
        """Theirs over ours: of the smallest times, and the smallest and largest of a round."""
        if not self.theirs:
            return None
        each = [b / a for a, b in zip(self.ours, self.theirs, strict=True)]
        return min(self.theirs) / min(self.ours), min(each), max(each)


def installed(module: str) -> bool:
    """Whether the other side can be run here."""
    return importlib.util.find_spec(module) is not None


def alternate(
    sides: Mapping[str, Round | None], rounds: int, warm: bool = True
) -> dict[str, list[float]]:
    """Milliseconds of each side over rounds that alternate between them; none for a missing side.

    Args:
        sides: a round each, which returns seconds per unit of work.
        warm: whether to begin with a round that does not count, for what the first call compiles.
    """
    present = {name: measure for name, measure in sides.items() if measure is not None}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for measure in present.values() if warm else ():
        measure()
    for _ in range(rounds):
        for name, measure in present.items():
            times[name].append(1e3 * measure())
    return times


def timed(function: Callable[..., Any], *arguments: Any, units: float = 1.0) -> Round:
    """A round that calls `function` once, waits for its arrays, and counts `units` of work."""

    def measure() -> float:
        begun = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        return (time.perf_counter() - begun) / units

    return measure


def floor(work: Work, ceilings: Ceilings) -> float:
    """Milliseconds: operations and random numbers share the core, memory works beside it."""
    core = work.single / ceilings.single + work.double / ceilings.double
    core += work.normals * ceilings.normal + work.words * ceilings.word
    return 1e-6 * max(core, work.bytes / ceilings.bandwidth)


def ceilings(size: int = 1024, count: int = 1 << 18, repeats: int = 9) -> Ceilings:
    """Measure them, each the best of a few.

    Args:
        size: rows of the matrices multiplied.
        count: random numbers drawn at once: enough that a call costs nothing, and few enough that
            they stay in the cache, without which a normal takes twice as long. The copy moves 128
            words for each of them.
    """

    def nanoseconds(function: Callable[..., Any], *arguments: Any) -> float:
        measure = timed(function, *arguments)
        measure()
        return 1e9 * min(measure() for _ in range(repeats))

    def product(dtype: str) -> float:
        square = np.random.default_rng(0).normal(size=(size, size)).astype(dtype)
        with jax.enable_x64(True):
            array = jnp.asarray(square)
            ours = nanoseconds(jax.jit(jnp.matmul), array, array)
        return 2 * size**3 / min(ours, nanoseconds(np.matmul, square, square))

    source = np.ones(128 * count, "float32")
    target = np.ones_like(source)
    copied = nanoseconds(np.copyto, target, source)
    key = jax.random.key(0, impl="threefry2x32")
    words = jax.jit(lambda key: jax.random.bits(key, (count,)))
    normals = jax.jit(lambda key: jax.random.normal(key, (count,)))
    uniforms = jax.random.uniform(key, (count,), minval=-1.0)
    return Ceilings(
        single=product("float32"),
        double=product("float64"),
        bandwidth=2 * source.nbytes / copied,
        word=nanoseconds(words, key) / count,
        inverse=nanoseconds(jax.jit(jax.scipy.special.erfinv), uniforms) / count,
        normal=nanoseconds(normals, key) / count,
    )
