"""Labelled results: a batch as it is filed, a sweep as it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from sims.engine.code import digest
from sims.engine.errors import Damaged, Incomplete
from sims.engine.experiment import traced_names
from sims.engine.identity import changed, experiment_code, settings
from sims.engine.program import KEPT, state_shape
from sims.engine.store import Index, Store, read_json
from sims.engine.sweep import Run, Sweep

if TYPE_CHECKING:
    import xarray

Rows = Mapping[str, np.ndarray]

# Leaves of a run's final state are filed under their path with this in front.
STATE = "state."


class Results(NamedTuple):
    """What a batch comes to, as arrays.

    Attributes:
        rows: what was logged, name -> (step, run, *own dimensions).
        diverged: step of divergence per run, -1 if none.
        ended: last step per run.
        stages: what was kept, name -> (run, stage, *own dimensions), and under `KEPT` the step
            at which it was, -1 for never.
        state: final states, leaves (run, ...), of keys their data; None where they are not filed.
    """

    rows: Rows
    diverged: np.ndarray
    ended: np.ndarray
    stages: Rows
    state: PyTree = None


def together(parts: Sequence[Results]) -> Results:
    """The results of some batches as those of one."""
    rows, *others = (
        jax.tree.map(lambda *leaves, axis=axis: np.concatenate(leaves, axis), *columns)
        for axis, columns in zip((1, 0, 0, 0, 0), zip(*parts, strict=True), strict=True)
    )
    return Results(rows, *others)


def state_names(state: PyTree) -> list[str]:
    """The names that the leaves of a state are filed under, in their order."""
    paths = [path for path, _ in jax.tree_util.tree_leaves_with_path(state)]
    return [STATE + jax.tree_util.keystr(path, simple=True, separator=".") for path in paths]


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
        variables[name] = (("run", shared, *own), _storable(values))

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
    data = xarray.Dataset(variables | dict(_filed(found.state)), coordinates)
    sizes = {str(name): size for name, size in data.sizes.items() if name not in coordinates}
    return data.assign_coords({name: np.arange(size) for name, size in sizes.items()})


def _filed(state: PyTree) -> Iterator[tuple[str, Any]]:
    for name, leaf in zip(state_names(state), jax.tree.leaves(state), strict=True):
        values = _storable(leaf)
        yield name, (("run", *(f"{name}.{axis}" for axis in range(values.ndim - 1))), values)


def _storable(values: np.ndarray) -> np.ndarray:
    """NetCDF knows no bfloat16; float32 holds every one of its values."""
    return values.astype("float32") if values.dtype == jnp.bfloat16 else values


def index(store: Store, name: str) -> Mapping[str, tuple[Path, int, int]]:
    """Finished runs of an experiment: id -> (record, position in its file, diverged step).

    What is damaged counts as missing (see `Store.record`).
    """
    known = store.indices.setdefault(name, Index({}, {}))
    stamps = store.stamps("runs", name)
    if any(stamps.get(path) != stamp for path, stamp in known.stamps.items()):  # gone, or new
        known.stamps.clear()
        known.runs.clear()
    for path in sorted(stamps.keys() - known.stamps.keys()):
        if (record := store.record(path)) is None:
            continue
        for slot, run in enumerate(record["runs"]):
            known.runs[run["id"]] = (path, slot, run["diverged"])
        known.stamps[path] = stamps[path]
    return known.runs


def outdated(store: Store, name: str, missing: Sequence[Run]) -> str:
    """Why runs stored for the same settings and seed do not serve; empty where there are none."""
    if not missing:
        return ""
    wanted = {digest([settings(run.experiment), run.seed]) for run in missing}
    now = experiment_code(type(missing[0].experiment))
    reason = ""
    for _, record in store.records("runs", name):
        for run in record["runs"]:
            if digest([run["settings"], run["seed"]]) in wanted:
                reason = changed(record["code"], now) or "what it starts from is new"
    return reason


def load(store: Store, sweep: Sweep, command: str = "") -> xarray.Dataset:
    """A finished sweep: dimensions are its axes, `seed`, `step` and the observables' own.

    Where an axis changes an observable's shape, the smaller ones are padded with NaN. Settings that
    do not vary are attributes; the attribute `provenance` is that of every batch, a JSON list.

    Args:
        command: what computes it, for the error.

    Raises:
        Incomplete: some runs are missing.
        Damaged: what was stored of some is not what was filed, and counts as missing from now on.
    """
    import xarray

    runs, known = sweep.runs(), index(store, sweep.name)
    missing = sum(run.id not in known for run in runs)
    if missing:
        hint = f"; run: {command}" if command else ""
        raise Incomplete(
            f"{missing} of {len(runs)} runs of {sweep.name} are not in {store.root}{hint}"
        )
    parts: dict[Path, list[Run]] = {}
    for run in runs:
        parts.setdefault(known[run.id][0], []).append(run)
    groups: dict[str, list] = {}
    for path, members in parts.items():
        slots = [known[run.id][1] for run in members]
        part = store.read(path).isel(run=slots)
        if part.run.values.tolist() != [run.id for run in members]:
            store.drop(damage := Damaged(path, "its data are those of other runs"))
            raise damage
        groups.setdefault(_structure(members[0]), []).append(part)
    whole = [xarray.concat(group, "run", join="exact") for group in groups.values()]
    data = xarray.concat(whole, "run", join="outer").sel(run=[run.id for run in runs])
    varying = [*sweep.axes, "seed"]
    fixed = {n: v for n, v in settings(sweep.base).items() if n not in varying}
    data = data.drop_vars([*fixed, "run"]).set_index(run=varying)
    data = data.unstack("run") if sweep.axes else data.rename(run="seed")
    data = data.transpose(*varying, ...)
    sources = [read_json(path)["provenance"] for path in parts]
    kind = type(sweep.base)
    about = {"experiment": sweep.name, "class": f"{kind.__module__}:{kind.__qualname__}"}
    return data.assign_attrs(fixed, **about, provenance=json.dumps(sources))


def starts(store: Store, runs: Sequence[Run]) -> PyTree:
    """What runs start from: leaves (run, ...) of final states, or named arrays of a stage.

    Args:
        runs: all with a `start`, and of one structure.

    Raises:
        Incomplete: a run that one of them starts from is missing.
    """
    others = [run.start for run in runs if run.start is not None]
    known = index(store, others[0].name)
    if missing := sum(other.id not in known for other in others):
        raise Incomplete(f"{missing} runs of {others[0].name}, where others start, are missing")
    whole = {path: store.read(path) for path in {known[other.id][0] for other in others}}
    found = [whole[known[other.id][0]].isel(run=known[other.id][1]) for other in others]
    if (stage := runs[0].stage) is not None:
        names = [name for name in found[0].data_vars if "stage" in found[0][name].dims]
        at = [part.isel(stage=stage) for part in found]
        return {str(n): np.stack([part[n].values for part in at]) for n in names if n != KEPT}
    shape = state_shape(others[0].experiment)
    leaves = [np.stack([part[name].values for part in found]) for name in state_names(shape)]
    return restored(shape, leaves)


def restored(shape: PyTree, leaves: Sequence[np.ndarray]) -> PyTree:
    """A state as it was before it was filed: its structure, dtypes, and keys as keys.

    Args:
        shape: of one run, as `state_shape` gives it.
        leaves: with further leading axes, in the order of `state_names`.
    """

    def one(leaf: Any, values: np.ndarray) -> Any:
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            data = jnp.asarray(values.astype("uint32"))
            return jax.random.wrap_key_data(data, impl=_implementation(leaf))
        # Where other runs of a sweep have larger states, what is too much is padding.
        own = tuple(slice(size) for size in leaf.shape)
        return values[(..., *own)].astype(leaf.dtype)

    kinds, structure = jax.tree.flatten(shape)
    return structure.unflatten([one(*pair) for pair in zip(kinds, leaves, strict=True)])


def _implementation(key: jax.ShapeDtypeStruct) -> str:
    """The generator that a key of this dtype is for."""
    for name in ("threefry2x32", "rbg", "unsafe_rbg"):
        if jax.eval_shape(lambda name=name: jax.random.key(0, impl=name)).dtype == key.dtype:
            return name
    raise ValueError(f"a key of an unknown generator: {key.dtype}")


def _structure(run: Run) -> str:
    leaves = traced_names(type(run.experiment))
    values = settings(run.experiment)
    return digest({name: value for name, value in values.items() if name not in leaves})
