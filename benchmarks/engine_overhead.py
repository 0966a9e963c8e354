"""What the engine adds to a run: planning, keys, checks, log points, and filing the results.

The work: many short runs of a toy, a few steps of about 1 ms per batch, in a temporary store,
against the bare compiled loop over the same steps in batches of the same size; compilation counts
on both sides.
"""

from __future__ import annotations

import tempfile
import time

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from benchmarks.measure import Row, alternate
from sims.engine.execute import run
from sims.engine.experiment import Arrays, Experiment, static
from sims.engine.plan import even
from sims.engine.store import Store
from sims.engine.sweep import Sweep

# Runs, steps of each, and rounds.
SETTINGS = ((10_000, 10, 1), (1_000, 10, 3), (1_000, 100, 2))


class Toy(Experiment):
    """Repeated products of a matrix with a block of vectors."""

    dims = {"norm": ()}

    steps: int = static(default=10, help="number of steps", ge=1)
    log_every: int = static(default=10, help="steps between two log points", ge=1)
    size: int = static(default=112, help="rows of the block, and its columns", ge=1)

    def init(self, key: Key[Array, ""]) -> Float[Array, "size size"]:
        return jax.random.normal(key, (self.size, self.size))

    def step(
        self, state: Float[Array, "size size"], key: Key[Array, ""]
    ) -> tuple[Float[Array, "size size"], Arrays]:
        new = state @ state
        return new / jnp.sqrt(jnp.mean(new**2)), {"mean": new.mean()}

    def observe(self, state: Float[Array, "size size"], key: Key[Array, ""]) -> Arrays:
        return {"norm": jnp.sqrt(jnp.mean(state**2))}


def rows() -> list[Row]:
    """Milliseconds per run, for each number of runs and of steps."""
    return [row(*sizes) for sizes in SETTINGS]


def row(runs: int, steps: int, rounds: int) -> Row:
    """One number of runs and of steps."""
    toy = Toy(steps=steps, log_every=steps)
    sides = {"ours": lambda: ours(toy, runs), "bare": lambda: bare(toy, runs)}
    times = alternate(sides, rounds, warm=False)
    mine, least, batch = min(times["ours"]), min(times["bare"]), even(runs)
    remark = (
        f"{runs} runs of {steps} steps: a step of a batch of {batch} takes "
        f"{least * batch / steps:.2f} ms, its share of compilation included; "
        f"the engine adds {100 * (mine / least - 1):.0f} %, "
        f"{(mine - least) * batch:.0f} ms a batch; each side draws from keys of its own"
    )
    name = f"engine_overhead: a run of {steps} steps, {runs} runs"
    return Row(name, times["ours"], "bare scan", times["bare"], None, remark)


def ours(toy: Toy, runs: int) -> float:
    """Seconds per run of the engine, from nothing to results on disk."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        report = run([Sweep(toy, seeds=runs)], Store(f"{folder}/results"), quiet=True)
        took = time.perf_counter() - begun
    assert report.computed == runs
    return took / runs


def bare(toy: Toy, runs: int) -> float:
    """Seconds per run of the same steps alone."""

    def whole(key: Array) -> tuple[Array, Arrays]:
        keys = jax.random.split(key, toy.steps)
        state, metrics = jax.lax.scan(toy.step, toy.init(key), keys)
        return state, jax.tree.map(lambda values: values.mean(axis=0), metrics)

    begun, batch = time.perf_counter(), even(runs)
    together = jax.jit(jax.vmap(whole))
    keys = jax.random.split(jax.random.key(0), runs)
    for cut in range(0, runs, batch):
        jax.block_until_ready(together(keys[cut : cut + batch]))
    return (time.perf_counter() - begun) / runs
