"""What a check decides about, as JSON and the datasets that it speaks of."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray


def put(value: Any, datasets: dict[str, xarray.Dataset]) -> Any:
    """`value` as JSON, its arrays moved to `datasets`.

    Raises:
        TypeError: it holds something else than arrays, plain values and containers of these.
    """
    if isinstance(value, xarray.Dataset):
        return {"dataset": _pooled(_storable(value), datasets)}
    if isinstance(value, xarray.DataArray):
        data = value.rename("value").to_dataset(promote_attrs=True)
        return {"array": _pooled(_storable(data), datasets)}
    if isinstance(value, np.ndarray):
        dims = [f"axis_{axis}" for axis in range(value.ndim)]
        return {"numpy": _pooled(xarray.Dataset({"value": (dims, value)}), datasets)}
    if isinstance(value, dict):
        return {"dict": [[put(k, datasets), put(v, datasets)] for k, v in value.items()]}
    if isinstance(value, tuple | list):
        kind, inner = type(value), [put(part, datasets) for part in value]
        if hasattr(kind, "_fields"):
            return {"named": [kind.__module__, kind.__qualname__, inner]}
        return {kind.__name__: inner}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"findings of a kept falsifier hold a {type(value).__name__}")


def got(form: Any, datasets: Mapping[str, xarray.Dataset]) -> Any:
    """What `put` was given."""
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
        return {got(k, datasets): got(v, datasets) for k, v in inner}
    if kind == "named":
        module, name, parts = inner
        return getattr(importlib.import_module(module), name)(*(got(p, datasets) for p in parts))
    return (tuple if kind == "tuple" else list)(got(part, datasets) for part in inner)


def _pooled(data: xarray.Dataset, datasets: dict[str, xarray.Dataset]) -> str:
    """The name of a dataset among `datasets`, where it stands once."""
    for name, other in datasets.items():
        if data.identical(other):
            return name
    name = str(len(datasets))
    datasets[name] = data
    return name


def _storable(data: xarray.Dataset) -> xarray.Dataset:
    attrs = {
        key: int(value) if isinstance(value, bool) else value
        for key, value in data.attrs.items()
        if key not in ("provenance", "class")
    }
    return (
        data.reset_index([n for n in data.indexes if data[n].ndim != 1])
        .drop_encoding()
        .drop_attrs()
        .assign_attrs(attrs)
    )
