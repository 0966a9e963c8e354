"""Batches under way: one writer at a time, and a state to go on from after any end.

Checkpoints are Orbax's: it commits by rename, so a kill leaves the last whole one, and it keeps
typed PRNG keys and restores to whatever devices the reader has.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from sims.engine.errors import Incomplete, UserError

# A lock file has a byte for each run, and this one for the moment of taking several.
_TAKING = 0


@contextlib.contextmanager
def held(file: Path, runs: Sequence[str]) -> Iterator[set[str]]:
    """Hold those of `runs` that no other process holds, and yield them.

    Several are taken in one go: of two processes that ask for the same, one gets all. The kernel
    drops the locks when their holder ends, however it ends.

    Args:
        file: where the locks of an experiment are, made where it is missing.
        runs: ids.

    Raises:
        Incomplete: the disk has no room for the file, or no right to make it.
        UserError: the file system knows no locks.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        locks = file.open("w")
    except OSError as error:
        raise Incomplete(f"cannot write {file}: {error.strerror}") from None
    with locks:
        try:
            fcntl.lockf(locks, fcntl.LOCK_EX, 1, _TAKING)
            mine = {run for run in runs if _taken(locks, int(run[:15], 16) + 1)}
            fcntl.lockf(locks, fcntl.LOCK_UN, 1, _TAKING)
        except OSError as error:
            raise UserError(
                f"cannot lock {file} ({error.strerror}): expected a file system with locks; "
                "choose another with --results"
            ) from None
        yield mine


def _taken(locks: IO[str], byte: int) -> bool:
    try:
        fcntl.lockf(locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise
    return True


def latest(folder: Path) -> int:
    """Step of the latest checkpoint in a folder, -1 where there is none."""
    return max(_steps(folder), default=-1) if folder.is_dir() else -1


@dataclasses.dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one batch.

    Attributes:
        folders: one for the whole batch; or one for each run, where runs travel alone and may go
            on in other company. All are then at the same step.
    """

    folders: Sequence[Path]

    def save(self, step: int, carry: PyTree, rows: Mapping[str, np.ndarray]) -> None:
        """Keep `carry` and the rows logged so far as the state at `step`; drop older ones.

        Raises:
            Incomplete: the disk is full or not writable; the previous checkpoint stays.
        """
        if len(self.folders) == 1:
            _save(self.folders[0], step, carry, rows)
            return
        for slot, folder in enumerate(self.folders):
            own = jax.tree.map(lambda leaf, at=slot: leaf[at : at + 1], carry)
            _save(folder, step, own, {n: v[:, slot : slot + 1] for n, v in rows.items()})

    def restore(
        self, carry: PyTree, rows: Callable[[int], Mapping[str, np.ndarray]]
    ) -> tuple[int, Any, Any]:
        """The latest checkpoint as (step, carry, rows), or (-1, None, None) where there is none.

        Args:
            carry: shapes and shardings to restore to.
            rows: from a step, arrays of the shapes that were logged up to it.

        Raises:
            UserError: it is damaged.
        """
        step = min(map(latest, self.folders))
        if step < 0:
            return step, None, None
        if len(self.folders) == 1:
            return step, *_restore(self.folders[0], step, carry, rows(step))
        home = jax.sharding.SingleDeviceSharding(jax.devices()[0])
        one = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct((1, *leaf.shape[1:]), leaf.dtype, sharding=home),
            carry,
        )
        few = {name: values[:, :1] for name, values in rows(step).items()}
        parts = [_restore(folder, step, one, few) for folder in self.folders]
        size = jax.tree.leaves(carry)[0].shape[0]
        parts += parts[-1:] * (size - len(parts))
        whole = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *(part for part, _ in parts))
        shardings = jax.tree.map(lambda leaf: leaf.sharding, carry)
        kept = {name: np.concatenate([part[name] for _, part in parts], axis=1) for name in few}
        return step, jax.device_put(whole, shardings), kept


def _save(folder: Path, step: int, carry: PyTree, rows: PyTree) -> None:
    import orbax.checkpoint as ocp

    try:
        with ocp.StandardCheckpointer() as checkpointer:
            checkpointer.save(folder.absolute() / str(step), {"carry": carry, "rows": rows})
    except (OSError, ValueError) as error:  # tensorstore reports a full disk as ValueError
        raise Incomplete(f"cannot write a checkpoint in {folder}: {error}") from None
    for old in _steps(folder):
        if old != step:
            shutil.rmtree(folder / str(old), ignore_errors=True)


def _restore(folder: Path, step: int, carry: PyTree, rows: PyTree) -> tuple[Any, Any]:
    import orbax.checkpoint as ocp

    try:
        with ocp.StandardCheckpointer() as checkpointer:
            kept = checkpointer.restore(
                folder.absolute() / str(step), {"carry": carry, "rows": rows}
            )
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"the checkpoint {folder / str(step)} is damaged ({type(error).__name__}); delete "
            f"{folder} to start this batch again"
        ) from None
    return kept["carry"], kept["rows"]


def _steps(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
