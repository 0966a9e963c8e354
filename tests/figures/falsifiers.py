"""Falsifiers that train are kept: what they found, small, beside the digest of the code behind it.

`python -m tests.figures.falsifiers` makes again what is stale; `pytest -m slow` makes all of them
and asks the same. A kept file holds the findings that its check decides about, not the verdict: the
check itself runs each time.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray

import figures
from figures.evidence import Check, Evidence
from sims.engine.code import code_of, digest
from sims.engine.rooms import papers, room
from sims.engine.store import Store

FOLDER = Path(__file__).parent / "kept"


class Stale(Exception):
    """What is kept was made by other code, or nothing is."""


def checks() -> dict[str, Check]:
    """Every check by its claim's id."""
    rooms = [room(figures, paper) for paper in papers(figures, figures.NOT_ROOMS)]
    return {check.id: check for here in rooms for check in here.CHECKS}


def source(check: Check) -> str:
    """Digest of all code that a falsifier reaches; versions of packages do not count here.

    Raises:
        ValueError: it has no name to be found by, and its bytecode is another in each Python.
    """
    if "<" in check.broken.__qualname__:
        raise ValueError(f"{check.id}: a falsifier that trains is a named function of its module")
    return digest({k: v for k, v in code_of(check.broken).items() if " " not in v})


def keep(check: Check, findings: Sequence[Any]) -> Path:
    """Write the findings of a falsifier."""
    datasets: dict[str, xarray.Dataset] = {}
    form = _put(list(findings), datasets)
    about = {"form": json.dumps(form), "source": source(check)}
    tree = xarray.DataTree.from_dict({"/": xarray.Dataset(attrs=about), **datasets})
    path = FOLDER / f"{check.id}.nc"
    path.parent.mkdir(exist_ok=True)
    encoding = {
        f"/{name}": {key: {"zlib": True, "complevel": 9} for key in data.data_vars}
        for name, data in datasets.items()
    }
    tree.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return path


def kept(check: Check) -> list[Any]:
    """The findings of a falsifier as they were kept.

    Raises:
        Stale: they are those of other code, or there are none.
    """
    path = FOLDER / f"{check.id}.nc"
    if path.exists():
        with xarray.open_datatree(path, engine="h5netcdf") as tree:
            tree.load()
        if tree.attrs["source"] == source(check):
            return _got(json.loads(tree.attrs["form"]), tree)
    raise Stale(
        f"{check.id}: its falsifier changed; make it again: python -m tests.figures.falsifiers"
    )


def _put(value: Any, datasets: dict[str, xarray.Dataset]) -> Any:
    """`value` as JSON, its arrays moved to `datasets`."""
    name = str(len(datasets))
    if isinstance(value, xarray.Dataset):
        datasets[name] = _storable(value)
        return {"dataset": name}
    if isinstance(value, xarray.DataArray):
        datasets[name] = _storable(value.rename("value").to_dataset(promote_attrs=True))
        return {"array": name}
    if isinstance(value, np.ndarray):
        dims = [f"axis_{axis}" for axis in range(value.ndim)]
        datasets[name] = xarray.Dataset({"value": (dims, value)})
        return {"numpy": name}
    if isinstance(value, dict):
        return {"dict": [[_put(k, datasets), _put(v, datasets)] for k, v in value.items()]}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [_put(inner, datasets) for inner in value]}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"findings of a kept falsifier hold a {type(value).__name__}")


def _storable(data: xarray.Dataset) -> xarray.Dataset:
    attrs = {
        key: int(value) if isinstance(value, bool) else value
        for key, value in data.attrs.items()
        if key not in ("provenance", "class")
    }
    return (
        data.reset_index([n for n in data.indexes if data[n].ndim != 1])
        .drop_attrs()
        .assign_attrs(attrs)
    )


def _got(form: Any, tree: xarray.DataTree) -> Any:
    if not isinstance(form, dict):
        return form
    ((kind, inner),) = form.items()
    if kind in ("dataset", "array", "numpy"):
        data = tree[f"/{inner}"].to_dataset()
        if kind == "dataset":
            return data
        array = data["value"].assign_attrs(data.attrs)
        return array if kind == "array" else array.values
    if kind == "dict":
        return {_got(k, tree): _got(v, tree) for k, v in inner}
    return (tuple if kind == "tuple" else list)(_got(part, tree) for part in inner)


def main(ids: Sequence[str]) -> None:
    """Make again the falsifiers of these claims, or all that are stale."""
    slow = {id: check for id, check in checks().items() if check.slow}
    left = list(ids)
    for id, check in [] if ids else slow.items():
        try:
            kept(check)
        except Stale:
            left.append(id)
    with tempfile.TemporaryDirectory() as folder:
        evidence = Evidence(Store(Path(folder) / "results"), "quick")
        for count, id in enumerate(left, start=1):
            begun = time.monotonic()
            path = keep(slow[id], slow[id].broken(evidence))
            took, size = time.monotonic() - begun, path.stat().st_size / 1024
            print(f"{count} of {len(left)}: {id}, {took:.0f} s, {size:.0f} KiB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
