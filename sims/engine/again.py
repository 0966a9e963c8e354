"""Filed runs computed again, to see whether they come to the same.

A run is made anew from what its record says, and computed in batches of the size that it was filed
with: on like devices, with like versions, every bit has to be the same.
"""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sims.engine.code import digest
from sims.engine.devices import mesh
from sims.engine.errors import UserError
from sims.engine.execute import compute
from sims.engine.experiment import Experiment
from sims.engine.identity import changed, experiment_code, experiment_name
from sims.engine.plan import Group
from sims.engine.results import index
from sims.engine.rooms import sweeps
from sims.engine.store import Store, read_json
from sims.engine.sweep import Run
from sims.engine.work import Tell, Work

if TYPE_CHECKING:
    import xarray

Kinds = Mapping[str, type[Experiment]]


class Filed(NamedTuple):
    """Where a run is filed.

    Attributes:
        name: `paper.Experiment`.
        id: that it is filed under.
        record: of the batches that it is among.
    """

    name: str
    id: str
    record: Path


def kinds() -> dict[str, type[Experiment]]:
    """Every experiment that a named sweep has, by `paper.Experiment`."""
    found = (type(sweep.base) for presets in sweeps().values() for sweep in presets.values())
    return {experiment_name(kind): kind for kind in found}


def filed(store: Store) -> dict[str, Filed]:
    """Every run that a store holds, by id."""
    names = sorted(path.name for path in store.folder("runs").glob("*") if path.is_dir())
    return {
        id: Filed(name, id, path) for name in names for id, (path, *_) in index(store, name).items()
    }


def anew(run: Filed, shelf: Mapping[str, Filed], known: Kinds) -> Run:
    """A filed run as the code of today computes it.

    Raises:
        UserError: there is no such experiment any more, or it takes other settings.
    """
    if run.name not in known:
        raise UserError(f"{run.name}: there is no such experiment here")
    (said,) = [each for each in read_json(run.record)["runs"] if each["id"] == run.id]
    try:
        experiment = known[run.name](**said["settings"])
    except (TypeError, UserError) as error:
        raise UserError(f"{run.name} takes other settings now ({error})") from None
    if "start" not in said:
        return Run(experiment, said["seed"])
    if said["start"] not in shelf:
        raise UserError(f"{run.name}: the run that one starts from is not there")
    return Run(experiment, said["seed"], anew(shelf[said["start"]], shelf, known), said["stage"])


def latest(
    shelf: Mapping[str, Filed], known: Kinds
) -> tuple[dict[str, Filed], collections.Counter[str]]:
    """What of a store can be computed again, and how many runs cannot, by the reason.

    A run that was computed again after its code changed is filed twice; the last one counts.
    """
    found: dict[str, tuple[str, Filed]] = {}
    unknown: collections.Counter[str] = collections.Counter()
    for run in shelf.values():
        try:
            id = anew(run, shelf, known).id
        except UserError as error:
            unknown[str(error)] += 1
            continue
        when = read_json(run.record)["provenance"]["finished"]
        if id not in found or found[id][0] < when:
            found[id] = (when, run)
    return {run.id: run for _, run in found.values()}, unknown


def differs(run: Filed, known: Kinds) -> str:
    """In words, what of the code behind a run is not as it was; empty where all is."""
    return changed(read_json(run.record)["code"], experiment_code(known[run.name]))


class Part(NamedTuple):
    """Runs that were filed in batches of one size."""

    runs: tuple[Run, ...]
    batch_size: int


@dataclasses.dataclass(frozen=True)
class Again(Work):
    """Some runs of one record, to be computed in another store.

    Attributes:
        filed: where they are.
        parts: what is computed, one after the other: last these runs, as the code of today
            computes them, before them those that they start from.
    """

    filed: tuple[Filed, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """As the code of today computes them."""
        return self.parts[-1].runs

    @property
    def id(self) -> str:
        return digest([run.id for run in self.runs])

    def missing(self, store: Store) -> bool:
        return not {run.id for run in self.runs} <= index(store, self.runs[0].name).keys()

    def shares(self) -> int:
        return 1

    def do(
        self, store: Store, *, quiet: bool = False, wait: bool = True, tell: Tell | None = None
    ) -> None:
        told = tell and (lambda before, done: tell(self.id, before, done))
        devices = mesh().size
        for runs, batch_size in self.parts:
            size = math.ceil(batch_size / devices) * devices
            group = Group(runs[0].name, {run.id: run for run in runs}, size)
            compute([group], store, quiet=quiet, wait=wait, told=told)

    def distances(self, there: Store, here: Store) -> list[float]:
        """How far the arrays of each run are from what was filed of it.

        Args:
            there: where they were filed.
            here: where they were computed again.

        Returns:
            The largest difference in any variable, over that variable's largest value; 0 where
            every bit is the same, infinity where shapes, or what is missing, differ.

        Raises:
            Damaged: what was filed is not what was written.
        """
        before = there.read(self.filed[0].record)
        known = index(here, self.runs[0].name)
        now = {path: here.read(path) for path in {known[run.id][0] for run in self.runs}}
        return [
            _distance(_one(before, run.id), _one(now[known[again.id][0]], again.id))
            for run, again in zip(self.filed, self.runs, strict=True)
        ]


def works(chosen: Sequence[Filed], shelf: Mapping[str, Filed], known: Kinds) -> list[Again]:
    """What computes some filed runs again, those of one record together.

    Raises:
        UserError: as `anew`.
    """
    together: dict[Path, list[Filed]] = {}
    for run in chosen:
        together.setdefault(run.record, []).append(run)
    found = []
    for record, runs in together.items():
        about = read_json(record)
        said = {each["id"]: each for each in about["runs"]}
        origins = {said[run.id]["start"] for run in runs if "start" in said[run.id]}
        there = [shelf[id] for id in sorted(origins & shelf.keys())]
        before = [part for work in works(there, shelf, known) for part in work.parts]
        part = Part(
            tuple(anew(run, shelf, known) for run in runs), about["provenance"]["batch_size"]
        )
        name = f"{runs[0].name} {record.stem}"
        found.append(Again(name, (), filed=tuple(runs), parts=(*before, part)))
    return found


def _one(data: xarray.Dataset, id: str) -> xarray.Dataset:
    return data.isel(run=data.run.values.tolist().index(id))


def _distance(before: xarray.Dataset, now: xarray.Dataset) -> float:
    if before.data_vars.keys() != now.data_vars.keys():
        return math.inf
    names = [*before.data_vars, "diverged", "ended"]
    return max(_apart(before[name].values, now[name].values) for name in names)


def _apart(before: np.ndarray, now: np.ndarray) -> float:
    if before.shape != now.shape or before.dtype != now.dtype:
        return math.inf
    if before.tobytes() == now.tobytes():
        return 0.0
    if not np.issubdtype(before.dtype, np.inexact):
        return math.inf
    finite = np.isfinite(before)
    if not np.array_equal(before[~finite], now[~finite], equal_nan=True):
        return math.inf
    largest = np.abs(before[finite]).max(initial=0.0)
    apart = np.abs(before[finite].astype(float) - now[finite]).max(initial=0.0)
    return float(apart / largest) if largest else math.inf
