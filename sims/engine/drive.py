"""One batch, from its start or its checkpoint to its end, chunk by chunk."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int, PyTree

from sims.engine import interrupt
from sims.engine.checkpoint import Checkpoints
from sims.engine.compaction import fitting, put, take, travellers
from sims.engine.devices import numerics
from sims.engine.errors import Incomplete, UserError
from sims.engine.program import Carry, Program, stack
from sims.engine.progress import Progress
from sims.engine.results import Results
from sims.engine.sweep import Run

_STOPPED = (
    "interrupted at step {step} of {steps}; nothing is lost: the same command resumes from here"
)


class Log:
    """What a batch logs, a row at every log point.

    Args:
        shapes: of a row, leading axis `run`.
        count: number of rows.

    Raises:
        UserError: they do not fit into memory.
    """

    def __init__(self, shapes: Mapping[str, jax.ShapeDtypeStruct], count: int) -> None:
        size = count * sum(a.size * a.dtype.itemsize for a in shapes.values())
        if size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
            raise UserError(
                f"{count} log points take {size / 2**30:.0f} GiB a batch, more than there is "
                "memory: expected a larger log_every"
            )
        self.rows = {n: np.empty((count, *a.shape), a.dtype) for n, a in shapes.items()}

    def begin(self, first: Mapping[str, jax.Array]) -> None:
        """The row before the first step: metrics are means over the steps before a log point, and
        there are none."""
        for name, values in self.rows.items():
            values[0] = np.nan if name not in first else np.asarray(first[name])

    def resume(self, kept: Mapping[str, np.ndarray]) -> None:
        """The rows of a checkpoint."""
        for name, values in kept.items():
            self.rows[name][: len(values)] = values

    def upto(self, count: int) -> dict[str, np.ndarray]:
        """The first rows."""
        return {name: values[:count] for name, values in self.rows.items()}

    def write(
        self,
        at: int,
        row: Mapping[str, np.ndarray],
        members: Int[np.ndarray, " slot"],
        going: Bool[np.ndarray, " slot"],
    ) -> None:
        """Row `at` of the runs at `members` that are `going`; the others keep their last one."""
        for name, values in row.items():
            self.rows[name][at] = self.rows[name][at - 1]
            self.rows[name][at][members[going]] = values[going]

    def finish(self, at: int) -> None:
        """All runs have ended: the rows after `at` repeat it."""
        for values in self.rows.values():
            values[at + 1 :] = values[at]


@dataclasses.dataclass
class Drive:
    """How batches are driven.

    Attributes:
        progress: told of every chunk.
        checkpoint_every: seconds between two checkpoints.
        part: the program for what is left of a batch, by size.
    """

    progress: Progress
    checkpoint_every: float
    part: Callable[[int], Program]

    def __call__(
        self, program: Program, runs: Sequence[Run], starts: PyTree, checkpoints: Checkpoints
    ) -> Results:
        """The results of a batch.

        Args:
            starts: what its runs start from, leaves (run, ...); None where they do not.
            checkpoints: its own, to go on from and to keep.

        Raises:
            Incomplete: interrupted; the checkpoint holds what is done.
        """
        size, steps = program.batch_size, runs[0].experiment.steps
        every = runs[0].experiment.log_every
        # The last batch may be short: its last run fills it up.
        fill = np.minimum(np.arange(size), len(runs) - 1)
        padded = [(runs[slot].experiment, runs[slot].seed) for slot in fill]
        batch = program.place(stack(padded))
        log = Log(program.row, steps // every + 1)
        step, carry, kept = checkpoints.restore(
            program.carry, lambda step: log.upto(step // every + 1)
        )
        if step < 0:
            begins = program.place(jax.tree.map(lambda leaf: leaf[fill], starts))
            step, (carry, first) = 0, program.init(*batch, begins)
            log.begin(first)
        else:
            log.resume(kept)
            with numerics(program.precision):  # copies: what a chunk is given, it consumes
                carry = program.place(jax.tree.map(jnp.array, carry))
        self.progress.advance(len(runs) * step / max(steps, 1), resumed=True)
        last = self._loop(program, batch, carry, log, step, runs, checkpoints)
        if not steps:
            self.progress.advance(float(len(runs)))
        return _results(log, last, runs)

    def _loop(
        self,
        program: Program,
        everything: PyTree,
        carry: Carry,
        log: Log,
        step: int,
        runs: Sequence[Run],
        checkpoints: Checkpoints,
    ) -> Carry:
        """Advance a batch to its end; the carry there."""
        experiment = runs[0].experiment
        steps, every = experiment.steps, experiment.log_every
        share = len(runs) / max(steps, 1)
        ended, diverged = np.array(carry.ended), np.array(carry.diverged)
        whole, part, members = carry, program, np.arange(program.batch_size)
        batch, saved = everything, time.monotonic()

        def merged() -> Carry:
            with numerics(program.precision):
                return carry if part is program else put(whole, members, carry)

        while step < steps:
            # A diverged run travels on: one that ends by accident must not move its neighbours.
            travels = (ended < 0) | (diverged >= 0)
            size = fitting(program.batch_size, int(travels.sum()), program.mesh.size)
            if size < part.batch_size:
                whole, members = merged(), travellers(travels, size)
                part = self.part(size)
                with numerics(program.precision):
                    batch, carry = part.place(take((everything, whole), members))
            going = ended[members] < 0
            assert part.chunk is not None
            carry, row = part.chunk(*batch, carry, np.int32(step))
            step += every
            at = step // every
            log.write(at, jax.device_get(row), members, going)
            ended[members], diverged[members] = carry.ended, carry.diverged
            self.progress.advance(share * every)
            if (ended >= 0).all():
                log.finish(at)
                self.progress.advance(share * (steps - step))
                break
            stop = interrupt.requested() and step < steps
            if stop or time.monotonic() - saved >= self.checkpoint_every:
                checkpoints.save(step, merged(), log.upto(at + 1))
                saved = time.monotonic()
            if stop:
                raise Incomplete(_STOPPED.format(step=step, steps=steps))
        return merged()


def _results(log: Log, carry: Carry, runs: Sequence[Run]) -> Results:
    """What the runs come to, without those that filled up the batch."""
    experiment, count = runs[0].experiment, len(runs)
    last = jax.tree.map(lambda leaf: leaf[:count], carry)
    state = jax.tree.map(_plain, last.state) if experiment.keep_state else None
    last = jax.device_get(last._replace(state=None))
    return Results(
        {name: values[:, :count] for name, values in log.rows.items()},
        last.diverged,
        np.where(last.ended < 0, experiment.steps, last.ended),
        {name: np.array(values) for name, values in last.stages.items()},
        state,
    )


def _plain(leaf: jax.Array) -> np.ndarray:
    """On the host, of keys their data."""
    keys = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(leaf) if keys else leaf)
