"""Labelled results: a batch as it is filed, a sweep as it is read, a table as it is cached."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sims.engine.errors import Incomplete
from sims.engine.experiment import traced_names
from sims.engine.identity import digest, settings, table_id
from sims.engine.program import KEPT
from sims.engine.provenance import provenance
from sims.engine.store import Store, read_json
from sims.engine.sweep import Run, Sweep

if TYPE_CHECKING:
    import xarray

Rows = Mapping[str, np.ndarray]


class Results(NamedTuple):
    """What a batch comes to, as arrays.

    Attributes:
        rows: what was logged, name -> (step, run, *own dimensions).
        diverged: step of divergence per run, -1 if none.
        ended: last step per run.
        stages: what was kept, name -> (run, stage, *own dimensions), and under `KEPT` the step
            at which it was, -1 for never.
    """

    rows: Rows
    diverged: np.ndarray
    ended: np.ndarray
    stages: Rows


def label(runs: Sequence[Run], found: Results) -> xarray.Dataset:
    """The results of a batch as an xarray Dataset.

    Args:
        runs: the runs, all of one structure.

    Returns:
        Dataset with dimensions `run`, `step` or `stage`, and the arrays' own; settings as
        coordinates. Floats that were not kept are NaN.

    Raises:
        ValueError: declared dimensions do not fit an array's shape, or a name is used twice.
    """
    import xarray

    experiment = runs[0].experiment
    variables: dict[str, Any] = {}

    def add(name: str, values: np.ndarray, shared: str) -> None:
        own = experiment.dims.get(name, ())
        if name in variables:
            raise ValueError(f"{name} is both logged and kept")
        if len(own) != values.ndim - 2:
            raise ValueError(
                f"{name} has {values.ndim - 2} dimensions of its own and dims declares {own}"
            )
        variables[name] = (("run", shared, *own), values)

    for name, values in found.rows.items():
        add(name, np.moveaxis(values, 1, 0), "step")
    for name, values in found.stages.items():
        if np.issubdtype(values.dtype, np.inexact):
            never = found.stages[KEPT] < 0
            values[never] = np.nan
        add(name, values, "stage")
    count = len(next(iter(found.rows.values()))) if found.rows else 0
    coordinates: dict[str, Any] = {
        "run": [run.id for run in runs],
        "step": np.arange(count) * experiment.log_every,
        "seed": ("run", np.asarray([run.seed for run in runs])),
        "diverged": ("run", found.diverged),
        "ended": ("run", found.ended),
    }
    for name in settings(experiment):
        coordinates[name] = ("run", [settings(run.experiment)[name] for run in runs])
    data = xarray.Dataset(variables, coordinates)
    sizes = {str(name): size for name, size in data.sizes.items() if name not in coordinates}
    return data.assign_coords({name: np.arange(size) for name, size in sizes.items()})


def index(store: Store, name: str) -> dict[str, tuple[Path, int, int]]:
    """Finished runs of an experiment: id -> (record, position in its batch, diverged step)."""
    found = {}
    for path, record in store.records("runs", name):
        for slot, run in enumerate(record["runs"]):
            found[run["id"]] = (path, slot, run["diverged"])
    return found


def load(store: Store, sweep: Sweep) -> xarray.Dataset:
    """A finished sweep: dimensions are its axes, `seed`, `step` and the observables' own.

    Where an axis changes an observable's shape, the smaller ones are padded with NaN. Settings that
    do not vary are attributes; the attribute `provenance` is that of every batch, a JSON list.

    Raises:
        Incomplete: some runs are missing.
        UserError: a file is damaged.
    """
    import xarray

    runs, known = sweep.runs(), index(store, sweep.name)
    missing = sum(run.id not in known for run in runs)
    if missing:
        raise Incomplete(
            f"{missing} of {len(runs)} runs of {sweep.name} are not in {store.root}; "
            f"run: python -m sims run {sweep.name}"
        )
    parts: dict[Path, list[Run]] = {}
    for run in runs:
        parts.setdefault(known[run.id][0], []).append(run)
    groups: dict[str, list] = {}
    for path, members in parts.items():
        slots = [known[run.id][1] for run in members]
        groups.setdefault(_structure(members[0]), []).append(store.read(path).isel(run=slots))
    whole = [xarray.concat(group, "run", join="exact") for group in groups.values()]
    data = xarray.concat(whole, "run", join="outer").sel(run=[run.id for run in runs])
    varying = [*sweep.axes, "seed"]
    fixed = {n: v for n, v in settings(sweep.base).items() if n not in varying}
    data = data.drop_vars([*fixed, "run"]).set_index(run=varying)
    data = data.unstack("run") if sweep.axes else data.rename(run="seed")
    data = data.transpose(*varying, ...)
    sources = [read_json(path)["provenance"] for path in parts]
    return data.assign_attrs(fixed, experiment=sweep.name, provenance=json.dumps(sources))


def open_results(name: str, preset: str = "quick", results: str = "results") -> xarray.Dataset:
    """A finished sweep by its name, `paper.sweep`; see `load`.

    Raises:
        UserError: unknown name, preset or folder.
        Incomplete: some of its runs are missing.
    """
    from sims.engine.rooms import find_sweep

    return load(Store(results), find_sweep(name, preset))


def table(
    store: Store, function: Callable[..., Rows | xarray.Dataset], *parents: Sweep, **values: Any
) -> xarray.Dataset:
    """`function(*results of parents, **values)`, computed once and cached in the store.

    Args:
        function: a pure function at module level, returning a Dataset.
        parents: finished sweeps whose results it takes as positional arguments.
        **values: its settings, JSON values.
    """
    name = f"{function.__module__}.{function.__qualname__}"
    id = table_id(function, values, [sweep.id for sweep in parents])
    path = store.folder("tables", name) / f"{id}.json"
    if not path.exists():
        data = function(*(load(store, sweep) for sweep in parents), **values)
        record = {"table": name, "settings": values, "provenance": provenance()}
        store.write("tables", name, id, data, record)  # pyright: ignore[reportArgumentType]
    return store.read(path)


def _structure(run: Run) -> str:
    leaves = traced_names(type(run.experiment))
    values = settings(run.experiment)
    return digest({name: value for name, value in values.items() if name not in leaves})
