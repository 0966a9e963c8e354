"""Falsifiers that train are kept: what they found, small, beside the digest of the code behind it.

`python -m tests.figures.falsifiers` makes again what is stale; `pytest -m slow` makes all of them
and asks the same. A kept file holds the findings that its check decides about, not the verdict: the
check itself runs each time.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import xarray

import figures
from figures.evidence import Check, Evidence
from sims.engine.code import digest, reached
from sims.engine.rooms import papers, room
from sims.engine.store import Store
from sims.engine.syntax import names, plain
from tests.sims.engine import NUMERIC

FOLDER = Path(__file__).parent / "kept"
PRESET = "quick"


class Stale(Exception):
    """What is kept was made by other code, or nothing is."""


def checks() -> dict[str, Check]:
    """Every check by its claim's id."""
    rooms = [room(figures, paper) for paper in papers(figures, figures.NOT_ROOMS)]
    return {check.id: check for here in rooms for check in here.CHECKS}


def source(check: Check) -> str:
    """Digest of the code behind what a falsifier finds.

    Versions of packages do not count here, nor what only says how work is done and kept: the
    evidence, and all of the engine but what makes numbers. It is read where the check is written
    down: most falsifiers are a lambda, which has no name to be found by.
    """
    module, broken = written(check)
    used = {name.partition(".")[0] for name in names(broken)}
    found = reached(*(f"{module.__name__}.{name}" for name in used if hasattr(module, name)))
    return digest([plain(broken), {k: v for k, v in found.items() if _counts(k, v)}])


def _counts(module: str, code: str) -> bool:
    if module.startswith("sims.engine."):
        return module.rpartition(".")[2] in NUMERIC
    return " " not in code and module != "figures.evidence"


def written(check: Check) -> tuple[ModuleType, ast.expr]:
    """The module that lists a check, and the expression of its falsifier there."""
    room = check.decide.__module__.rpartition(".")[0]
    for name in sorted(name for name in sys.modules if name.rpartition(".")[0] == room):
        module = sys.modules[name]
        if check not in getattr(module, "CHECKS", ()):
            continue
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Check":
                given = dict(zip(("id", "decide", "findings", "broken"), node.args, strict=False))
                given |= {keyword.arg or "": keyword.value for keyword in node.keywords}
                if ast.unparse(given["id"]) == repr(check.id):
                    return module, given["broken"]
    raise LookupError(f"{check.id} is written down nowhere in {room}")


def keep(check: Check, findings: Sequence[Any]) -> Path:
    """Write the findings of a falsifier, as far as its check reads them."""
    datasets: dict[str, xarray.Dataset] = {}
    form = _put(list(findings), datasets)
    _drop_unread(check, form, datasets)
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
            datasets = {name: node.to_dataset() for name, node in tree.children.items()}
            return _got(json.loads(tree.attrs["form"]), datasets)
    raise Stale(
        f"{check.id}: its falsifier changed; make it again: python -m tests.figures.falsifiers"
    )


def _drop_unread(check: Check, form: Any, datasets: dict[str, xarray.Dataset]) -> None:
    """Drop every variable without which the verdict is the same: whole nets would be megabytes."""
    verdict = check.decide(check.claim.at(PRESET), *_got(form, datasets))
    for name, data in list(datasets.items()):
        for variable in data.variables:
            before = datasets[name]
            datasets[name] = before.drop_vars(variable)
            try:
                same = check.decide(check.claim.at(PRESET), *_got(form, datasets)) == verdict
            except Exception:
                same = False
            if not same:
                datasets[name] = before


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


def _got(form: Any, datasets: Mapping[str, xarray.Dataset]) -> Any:
    if not isinstance(form, dict):
        return form
    ((kind, inner),) = form.items()
    if kind in ("dataset", "array", "numpy"):
        data = datasets[inner]
        if kind == "dataset":
            return data
        array = data["value"].assign_attrs(data.attrs)
        return array if kind == "array" else array.values
    if kind == "dict":
        return {_got(k, datasets): _got(v, datasets) for k, v in inner}
    return (tuple if kind == "tuple" else list)(_got(part, datasets) for part in inner)


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
        evidence = Evidence(Store(Path(folder) / "results"), PRESET)
        for count, id in enumerate(left, start=1):
            begun = time.monotonic()
            path = keep(slow[id], slow[id].broken(evidence))
            took, size = time.monotonic() - begun, path.stat().st_size / 1024
            print(f"{count} of {len(left)}: {id}, {took:.0f} s, {size:.0f} KiB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
