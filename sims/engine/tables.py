"""Tables: pure functions of settings and of finished sweeps, computed once and cached."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sims.engine import forms
from sims.engine.devices import pinned, prepare
from sims.engine.errors import Damaged
from sims.engine.identity import changed, function_code, table_id
from sims.engine.provenance import provenance
from sims.engine.results import load
from sims.engine.store import Store, read_json
from sims.engine.sweep import Sweep

if TYPE_CHECKING:
    import xarray


def table(
    store: Store,
    function: Callable[..., Any],
    *parents: Sweep,
    quiet: bool = False,
    **values: Any,
) -> xarray.Dataset:
    """`function(*results of parents, **values)`, computed once and cached in the store.

    Args:
        function: a pure function at module level, returning a Dataset.
        parents: finished sweeps whose results it takes as positional arguments.
        quiet: do not say why a table of the same settings is computed again.
        **values: its settings, JSON values.

    Raises:
        UserError: `function` is none at module level.
    """
    path, code = _place(store, function, parents, values)
    name, ids = path.parent.name, [sweep.id for sweep in parents]
    about = {"table": name, "settings": _plain(values), "parents": ids, "code": code}
    record = store.record(path)
    if record is not None and any(record[key] != value for key, value in about.items()):
        store.drop(Damaged(path, "it is the record of another table"))
        record = None
    if record is not None:
        with contextlib.suppress(Damaged):
            return store.read(path)
    prepare()
    if not quiet and (reason := _outdated(store, name, values, ids, code)):
        print(f"{name} is computed again: {reason}", file=sys.stderr)
    begun = time.monotonic()
    with pinned():
        data = function(*(load(store, sweep) for sweep in parents), **values)
    made = provenance(function.__module__, wall_s=time.monotonic() - begun)
    store.write("tables", name, path.stem, data, {**about, "provenance": made})
    return store.read(path)


def table_path(store: Store, function: Callable[..., Any], *parents: Sweep, **values: Any) -> Path:
    """Where the record of a table is, once it is computed."""
    return _place(store, function, parents, values)[0]


def table_record(
    store: Store, function: Callable[..., Any], *parents: Sweep, **values: Any
) -> tuple[str, dict[str, Any]]:
    """The id and the record of a table that is in the store: its name, settings, provenance."""
    path = table_path(store, function, *parents, **values)
    return path.stem, read_json(path, forms.RECORDS["tables"])


def _place(
    store: Store, function: Callable[..., Any], parents: Sequence[Sweep], values: Mapping[str, Any]
) -> tuple[Path, dict[str, str]]:
    code = function_code(function)
    name = f"{function.__module__}.{function.__qualname__}"
    id = table_id(function, values, [sweep.id for sweep in parents], code)
    return store.folder("tables", name) / f"{id}.json", code


def _outdated(
    store: Store, name: str, values: Mapping[str, Any], parents: list[str], code: Mapping[str, str]
) -> str:
    """Why a table that is stored for the same settings does not serve; empty where none is."""
    reasons = []
    for _, record in store.records("tables", name):
        if record["settings"] == _plain(values):
            reasons.append(changed(record["code"], code) or "a sweep that it reads is new")
    return reasons[-1] if reasons else ""


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they are read from a record."""
    return json.loads(json.dumps(dict(values)))
