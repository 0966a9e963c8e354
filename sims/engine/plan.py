"""Planning: which runs are missing, which travel together, and how many at once."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from sims.engine import forms
from sims.engine.checkpoint import latest
from sims.engine.code import digest
from sims.engine.devices import mesh, on_cpu
from sims.engine.errors import Damaged, UserError
from sims.engine.identity import experiment_name
from sims.engine.results import index
from sims.engine.store import Store, read_json, write_json
from sims.engine.sweep import Run, Sweep

# Runs per CPU device. Measured on the attention nets of icl_regression at 256 prompts: time per run
# is flat up to 16, where a step outgrows the cache, and a third more at 32.
CPU_WIDTH = 16


@dataclasses.dataclass(frozen=True)
class Group:
    """Runs of one structure: they share one compilation.

    Attributes:
        name: `paper.Experiment`.
        runs: all that were asked for, by id.
        batch_size: runs that travel together, a multiple of the number of devices.
    """

    name: str
    runs: dict[str, Run]
    batch_size: int

    def missing(self, store: Store) -> list[Run]:
        """The runs that the store does not hold yet."""
        known = index(store, self.name)
        return [run for id, run in self.runs.items() if id not in known]

    @property
    def alone(self) -> bool:
        """Whether its runs travel one on a device, each with a checkpoint of its own."""
        return next(iter(self.runs.values())).experiment.alone and on_cpu()

    def folders(self, store: Store, runs: Sequence[Run]) -> list[Path]:
        """Where the checkpoints of a batch are."""
        ids = [run.id for run in runs]
        names = ids if self.alone else [digest([self.batch_size, *ids])]
        return [store.folder("partial", self.name, name) for name in names]

    def locks(self, store: Store) -> Path:
        """The file that says which runs a process computes now."""
        return store.folder("partial", self.name) / "lock"

    def clear(self, store: Store) -> None:
        """Drop the checkpoints of batches whose every run is filed, in this batch or in others."""
        known = index(store, self.name).keys()
        for folder, kept in under_way(store, self.name):
            if known >= set(kept["runs"]):
                shutil.rmtree(folder, ignore_errors=True)

    def batches(self, store: Store) -> list[list[Run]]:
        """The missing runs as batches; the last may be short. Batches under way come first."""
        left = {run.id: run for run in self.missing(store)}
        if self.alone:
            return self._alone(store, list(left.values()))
        batches = []
        for _, kept in under_way(store, self.name):
            if kept["batch_size"] == self.batch_size and left.keys() >= set(kept["runs"]):
                batches.append([left.pop(id) for id in kept["runs"]])
        return batches + self._cut(list(left.values()))

    def _alone(self, store: Store, runs: list[Run]) -> list[list[Run]]:
        """Batches of runs at the same step, the furthest first."""
        steps = [latest(self.folders(store, [run])[0]) for run in runs]
        found = []
        for step in sorted(set(steps), reverse=True):
            found += self._cut([run for run, at in zip(runs, steps, strict=True) if at == step])
        return found

    def _cut(self, runs: list[Run]) -> list[list[Run]]:
        size = self.batch_size
        return [runs[cut : cut + size] for cut in range(0, len(runs), size)]

    def fewer(self, factor: float) -> Group:
        """The same runs in smaller batches, `factor` as large.

        Raises:
            UserError: not even one run a device would be left.
        """
        size = smaller(self.batch_size, factor)
        if size is None:
            raise UserError(
                f"{self.name}: one run needs more memory than the device has; choose smaller "
                "static settings or another --device"
            )
        return dataclasses.replace(self, batch_size=size)

    def resized(self, store: Store, batch_size: int) -> Group:
        """The same runs in batches of another size, from now on."""
        plan = {"experiment": self.name, "batch_size": batch_size}
        write_json(self._file(store), forms.sealed(plan))
        return dataclasses.replace(self, batch_size=batch_size)

    def planned(self, store: Store) -> Group:
        """This group with the batch size it was first planned with.

        A resumed sweep then travels in programs of the same shape and ends in the same bits,
        however much of it is done by now.
        """
        try:
            kept = read_json(self._file(store), forms.PLAN)
            if kept["experiment"] == self.name and kept["batch_size"] in self._sizes():
                return dataclasses.replace(self, batch_size=kept["batch_size"])
            warnings.warn(f"{self._file(store)} is of other runs; it is made again", stacklevel=2)
        except Damaged as damage:
            warnings.warn(f"{damage}; it is made again", stacklevel=2)
        except FileNotFoundError:
            pass
        return self.resized(store, self.batch_size) if self.missing(store) else self

    def _sizes(self) -> range:
        """The sizes that batches may have."""
        devices = mesh().size
        return range(devices, len(self.runs) + devices, devices)

    def _file(self, store: Store) -> Path:
        devices = f"{mesh().devices.flat[0].platform}{mesh().size}"
        return store.folder("plans") / f"{digest([devices, *sorted(self.runs)])}.json"


def under_way(store: Store, experiment: str) -> list[tuple[Path, dict[str, Any]]]:
    """Folders of an experiment's batches that are not filed yet, and what each is a batch of."""
    found = []
    for path in sorted(store.folder("partial", experiment).glob("*/batch.json")):
        # Another process may file the batch, and drop its folder, just now.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            try:
                found.append((path.parent, read_json(path, forms.BATCH)))
            except Damaged as damage:
                warnings.warn(f"{damage}; its runs are put into batches again", stacklevel=2)
    return found


def plan(sweeps: Sequence[Sweep], part: tuple[int, int] = (0, 1)) -> list[Group]:
    """Group the runs of `sweeps` by structure; equal runs of several sweeps count once.

    Args:
        part: (at, of) takes the runs at, at + of, ... of each group: the share of one job of
            several, which has plans and batches of its own.

    Raises:
        UserError: float64 is asked of a TPU.
    """
    structures: dict[object, dict[str, Run]] = {}
    for sweep in sweeps:
        for run in sweep.runs():
            start = run.start and jax.tree.structure(run.start.experiment)
            key = (sweep.name, jax.tree.structure(run.experiment), start, run.stage)
            structures.setdefault(key, {})[run.id] = run
    groups = []
    for whole in structures.values():
        at, of = part
        runs = dict(list(whole.items())[at::of])
        if not runs:
            continue
        kind = type(next(iter(runs.values())).experiment)
        if kind.precision == "float64" and mesh().devices.flat[0].platform == "tpu":
            # XLA makes it of pairs of float32, whose range it keeps, in programs that take many
            # minutes and gigabytes to compile.
            raise UserError(
                f"{experiment_name(kind)} computes in float64, which a TPU does not have; choose "
                "--device cpu or gpu"
            )
        size = mesh().size if kind.alone and on_cpu() else even(len(runs))
        groups.append(Group(experiment_name(kind), runs, size))
    return groups


def even(count: int) -> int:
    """The batch size for `count` runs: as few batches as fit, all of nearly the same size."""
    devices = mesh()
    batches = math.ceil(count / (CPU_WIDTH * devices.size)) if on_cpu() else 1
    return math.ceil(count / batches / devices.size) * devices.size


def smaller(batch_size: int, factor: float) -> int | None:
    """`batch_size` reduced by `factor`, or None where not even one run a device would be left."""
    devices = mesh().size
    size = math.floor(batch_size * factor / devices) * devices
    return size if 0 < size < batch_size else None
