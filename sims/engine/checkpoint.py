"""Batches under way: one writer at a time, and a state to go on from after any end."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import functools
import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from sims.engine.errors import Incomplete, UserError
from sims.engine.results import restored
from sims.engine.store import sync, writing

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
    return max(_steps(folder), default=-1)


@dataclasses.dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one batch: a file for each of the last two steps at which there was one.

    A file begins with a digest of all that it holds, of its step and of its folder. One that does
    not agree with it is dropped, and the batch goes on from the one before, or from its start.

    Attributes:
        folders: one for the whole batch; or one for each run, where runs travel alone and may go
            on in other company. All are then at the same step.
        runs: how many, without those that fill up a short batch.
    """

    folders: Sequence[Path]
    runs: int

    def save(self, step: int, carry: PyTree, rows: Mapping[str, np.ndarray]) -> None:
        """Keep `carry` and the rows logged so far as the state at `step`.

        Raises:
            Incomplete: the disk is full or not writable; the previous checkpoint stays.
        """
        leaves = [_raw(leaf) for leaf in jax.tree.leaves(carry)]
        logged = {name: _raw(values) for name, values in rows.items()}
        share = self.runs // len(self.folders)
        for slot, folder in enumerate(self.folders):
            own = slice(slot * share, (slot + 1) * share)
            parts = {f"carry.{at}": leaf[own] for at, leaf in enumerate(leaves)}
            parts |= {f"rows.{name}": values[:, own] for name, values in logged.items()}
            with writing(_file(folder, step)) as temporary, temporary.open("wb+") as file:
                file.write(bytes(_DIGEST))
                np.savez(file, **parts)  # pyright: ignore[reportArgumentType]
                file.seek(_DIGEST)
                digest = _digest(file, folder, step)
                file.seek(0)
                file.write(digest)
            sync(folder.parent)  # made for what need not last
            for old in sorted(_steps(folder))[:-2]:
                with contextlib.suppress(OSError):
                    _file(folder, old).unlink()

    def restore(
        self, carry: PyTree, rows: Callable[[int], Mapping[str, np.ndarray]]
    ) -> tuple[int, Any, Any]:
        """The latest whole checkpoint as (step, carry, rows), or (-1, None, None) without one.

        Args:
            carry: shapes to restore to.
            rows: from a step, arrays of the shapes that were logged up to it.

        Returns:
            Arrays on the host, a short batch filled up by its last run.
        """
        shared = set.intersection(*(set(_steps(folder)) for folder in self.folders))
        for step in sorted(shared, reverse=True):
            parts = [_read(folder, step) for folder in self.folders]
            whole = [part for part in parts if part is not None]
            if len(whole) == len(parts):
                return step, *_joined(whole, carry, rows(step))
        return -1, None, None


Parts = Mapping[str, np.ndarray]


def _joined(parts: Sequence[Parts], carry: PyTree, rows: Parts) -> tuple[PyTree, Parts]:
    """What the files of a batch hold, as one."""
    shapes = jax.tree.leaves(carry)
    size = shapes[0].shape[0]

    def one(name: str, kind: Any, axis: int) -> np.ndarray:
        values = np.concatenate([part[name] for part in parts], axis)
        fill = np.minimum(np.arange(size), values.shape[axis] - 1)
        values = values.take(fill, axis)
        return values if jnp.issubdtype(kind, jax.dtypes.prng_key) else values.view(kind)

    leaves = [one(f"carry.{at}", leaf.dtype, 0) for at, leaf in enumerate(shapes)]
    logged = {name: one(f"rows.{name}", values.dtype, 1) for name, values in rows.items()}
    return restored(carry, leaves), logged


def _raw(leaf: Any) -> np.ndarray:
    """On the host, in one of NumPy's own dtypes."""
    keys = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    values = np.asarray(jax.random.key_data(leaf) if keys else leaf)
    return values.view(f"u{values.itemsize}") if values.dtype.kind == "V" else values


def _read(folder: Path, step: int) -> Parts | None:
    """What a checkpoint holds; None where it is damaged, which is said and mended."""
    path = _file(folder, step)
    try:
        with path.open("rb") as file:
            if file.read(_DIGEST) == _digest(file, folder, step):
                file.seek(_DIGEST)
                with np.load(file) as parts:
                    return dict(parts)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Incomplete(f"cannot read {path}: {error.strerror}") from None
    path.unlink(missing_ok=True)
    warnings.warn(f"{path} is damaged; going on from what is before it", stacklevel=2)
    return None


# Bytes in front of what a checkpoint holds.
_DIGEST = hashlib.sha256().digest_size


def _digest(file: IO[bytes], folder: Path, step: int) -> bytes:
    """Of the rest of a file, and of where it belongs."""
    begun = functools.partial(hashlib.sha256, f"{folder.name} {step} ".encode())
    return hashlib.file_digest(file, begun).digest()  # pyright: ignore[reportArgumentType]


def _file(folder: Path, step: int) -> Path:
    return folder / f"{step}.npz"


def _steps(folder: Path) -> list[int]:
    names = (path.stem for path in folder.glob("*.npz") if path.is_file())
    return [int(name) for name in names if name.isascii() and name.isdecimal()]
