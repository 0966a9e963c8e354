"""What running sweeps would do and take, measured before it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from sims.engine.devices import memory_limit, mesh, prepare
from sims.engine.plan import Group, plan
from sims.engine.program import compile_program, stack
from sims.engine.results import starts
from sims.engine.store import Store
from sims.engine.sweep import Sweep

# Seconds after which one chunk is enough to tell how long chunks take.
_LONG_CHUNK = 2.0


def forecast(sweeps: Sequence[Sweep], store: Store, *, quiet: bool = False) -> list[dict[str, Any]]:
    """What `run` would do, per group, from its compiled program and a chunk run and dropped.

    Args:
        quiet: do not say what is being measured.

    Returns:
        One dict per group: `experiment`, `runs`, `missing`, `batch_size`, `batches`,
        `compilations`, `bytes_per_device`, `seconds`.

    Raises:
        UserError: one run alone does not fit into the device's memory.
    """
    prepare()
    groups = []
    for group in plan(sweeps):
        missing = len(group.missing(store))
        entry = {"experiment": group.name, "runs": len(group.runs), "missing": missing}
        entry |= {"batch_size": group.batch_size, "batches": 0, "compilations": 0}
        entry |= {"bytes_per_device": 0, "seconds": 0.0}
        if missing:
            every = next(iter(group.runs.values())).experiment.log_every
            if not quiet:
                line = f"{group.name}: compiling, then timing a chunk of {every} steps"
                print(line, file=sys.stderr, flush=True)
            entry |= _measured(group, store)
        groups.append(entry)
    return groups


def _measured(group: Group, store: Store) -> dict[str, Any]:
    """In batches as large as fit, as running them would make them."""
    while True:
        try:
            found = _timed(group, store)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            group = group.fewer(0.5)
            continue
        limit = memory_limit(mesh().devices.flat[0])
        if found["bytes_per_device"] <= limit:
            return found
        group = group.fewer(limit / found["bytes_per_device"])


def _timed(group: Group, store: Store) -> dict[str, Any]:
    """What a group takes as it is; where its batches do not fit, only how much memory."""
    runs = list(group.runs.values())
    start = starts(store, runs[:1]) if runs[0].start else None
    begun = time.monotonic()
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), start)
    program = compile_program(runs[0].experiment, group.batch_size, shapes)
    compiled = time.monotonic() - begun
    if program.bytes > memory_limit(mesh().devices.flat[0]):
        return {"bytes_per_device": program.bytes}
    padded = [(run.experiment, run.seed) for run in runs * group.batch_size][: group.batch_size]
    batch = program.place(stack(padded))
    fill = np.zeros(group.batch_size, int)
    begins = program.place(jax.tree.map(lambda leaf: leaf[fill], start))
    begun = time.monotonic()
    carry, _ = jax.block_until_ready(program.init(*batch, begins))
    took = time.monotonic() - begun
    for _ in range(2 if program.chunk else 0):  # the first warms up, which long ones do not need
        assert program.chunk is not None
        begun = time.monotonic()
        carry, _ = jax.block_until_ready(program.chunk(*batch, carry, np.int32(0)))
        took = time.monotonic() - begun
        if took > _LONG_CHUNK:
            break
    batches = len(group.batches(store))
    chunks = batches * max(1, runs[0].experiment.steps // runs[0].experiment.log_every)
    return {
        "batch_size": group.batch_size,
        "batches": batches,
        "compilations": 1,
        "bytes_per_device": program.bytes,
        "seconds": compiled + took * chunks,
    }
