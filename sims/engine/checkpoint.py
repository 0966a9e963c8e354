"""Batches under way: one writer at a time, and a state to go on from after any end.

Checkpoints are Orbax's: it commits by rename, so a kill leaves the last whole one, and it keeps
typed PRNG keys and restores to whatever devices the reader has.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jaxtyping import PyTree

from sims.engine.errors import Incomplete, UserError


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Hold `folder` for this process; yields False at once when another process holds it.

    The kernel drops the lock when its holder ends, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def save(folder: Path, step: int, carry: PyTree, rows: PyTree) -> None:
    """Keep `carry` and the rows logged so far as the state at `step`; drop older ones.

    Raises:
        Incomplete: the disk is full or not writable; the previous checkpoint stays.
    """
    import orbax.checkpoint as ocp

    try:
        with ocp.StandardCheckpointer() as checkpointer:
            checkpointer.save(folder.absolute() / str(step), {"carry": carry, "rows": rows})
    except (OSError, ValueError) as error:  # tensorstore reports a full disk as ValueError
        raise Incomplete(f"cannot write a checkpoint in {folder}: {error}") from None
    for old in _steps(folder):
        if old != step:
            shutil.rmtree(folder / str(old), ignore_errors=True)


def restore(folder: Path, carry: PyTree, rows: Callable[[int], PyTree]) -> tuple[int, Any, Any]:
    """The latest checkpoint as (step, carry, rows), or (-1, None, None) where there is none.

    Args:
        carry: shapes and shardings to restore to.
        rows: from a step, arrays of the shapes that were logged up to it.

    Raises:
        UserError: it is damaged.
    """
    import orbax.checkpoint as ocp

    step = max(_steps(folder), default=-1)
    if step < 0:
        return step, None, None
    target = {"carry": carry, "rows": rows(step)}
    try:
        with ocp.StandardCheckpointer() as checkpointer:
            kept = checkpointer.restore(folder.absolute() / str(step), target)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"the checkpoint {folder / str(step)} is damaged ({type(error).__name__}); delete "
            f"{folder} to start this batch again"
        ) from None
    return step, kept["carry"], kept["rows"]


def _steps(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
