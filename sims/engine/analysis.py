"""From stored results back to nets, and one function over all of them.

Offered as `sims.experiment_of`, `sims.state_of` and `sims.over_runs`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, PyTree

from sims.engine.devices import numerics, pinned
from sims.engine.errors import UserError
from sims.engine.experiment import Experiment, settings_of, traced_names
from sims.engine.program import state_shape
from sims.engine.results import restored, state_names

if TYPE_CHECKING:
    import xarray


def experiment_of(data: xarray.Dataset) -> Experiment:
    """The experiment whose results these are, with their settings.

    A setting that varies along an axis keeps its default; select one value of it to have that.

    Raises:
        UserError: `data` is no sweep, or its experiment is not defined here.
    """
    where = data.attrs.get("class", "")
    module, _, name = where.partition(":")
    try:
        kind: Any = importlib.import_module(module)
        for part in name.split("."):
            kind = getattr(kind, part)
    except (ImportError, AttributeError, ValueError):
        raise UserError(
            f"no experiment {where or 'is named in these data'}: expected results as sims.run and "
            "sims.load return them, and the module of their experiment on the path"
        ) from None
    values = {}
    for setting, field in settings_of(kind).items():
        found = data.attrs.get(setting)
        if found is None and setting in data.coords and not data[setting].ndim:
            found = data[setting].item()
        if found is not None:
            to: Any = field.type
            values[setting] = to(found)
    return kind(**values)


def lead(data: xarray.Dataset) -> tuple[str, ...]:
    """The dimensions that tell runs apart: the sweep's axes, and `seed`."""
    return tuple(str(name) for name in data.diverged.dims)


def state_of(data: xarray.Dataset) -> PyTree:
    """The final states of a sweep, as its experiment's `init` makes them.

    Returns:
        Leaves with the leading axes of `lead(data)`.

    Raises:
        UserError: the sweep files no states, or a static setting varies along an axis.
    """
    experiment = experiment_of(data)
    if not experiment.keep_state:
        raise UserError(
            f"{data.attrs.get('experiment')} files no final states: expected keep_state=True, as "
            "in sims.run(..., keep_state=True)"
        )
    first = lead(data)
    traced = traced_names(type(experiment))
    if shaping := [name for name in first if name != "seed" and name not in traced]:
        raise UserError(
            f"states differ in kind along {', '.join(shaping)}: expected data of one value of "
            f"each, as data.sel({shaping[0]}={data[shaping[0]].values[0]})"
        )
    shape = state_shape(experiment)
    leaves = [data[name].transpose(*first, ...).values for name in state_names(shape)]
    return restored(shape, leaves)


def over_runs(
    function: Callable[..., Mapping[str, Array]],
    data: xarray.Dataset,
    *trees: PyTree,
    dims: Mapping[str, Sequence[str]] | None = None,
    coords: Mapping[str, Sequence[Any]] | None = None,
    together: int = 1,
) -> xarray.Dataset:
    """One function of every run of a sweep, compiled once, its axes kept.

    Args:
        function: from one run's trees to named arrays.
        data: the sweep, whose axes the results have.
        trees: its arguments, leaves with the leading axes of `lead(data)`: nets, stages, numbers.
        dims: names of the dimensions of each array that is not a scalar.
        coords: their coordinates.
        together: runs vmapped at once; the rest waits, so that memory does not grow with their
            number.

    Returns:
        Dataset with the dimensions of `lead(data)`, and `dims` by name.
    """
    import xarray

    first = lead(data)
    shape = tuple(data.sizes[name] for name in first)

    def flat(leaf: Any) -> Any:
        return leaf.reshape(-1, *leaf.shape[len(shape) :])

    arrays, others = eqx.partition(trees, lambda leaf: isinstance(leaf, np.ndarray | jax.Array))

    @jax.jit
    def every(arrays: PyTree) -> Mapping[str, Array]:
        def one(part: PyTree) -> Mapping[str, Array]:
            return function(*eqx.combine(part, others))

        return jax.lax.map(one, arrays, batch_size=together if together > 1 else None)

    with pinned(), numerics(experiment_of(data).precision):
        found = jax.device_get(every(jax.tree.map(flat, arrays)))
    own = dims or {}
    parts = {
        name: ((*first, *own.get(name, ())), np.reshape(values, shape + values.shape[1:]))
        for name, values in found.items()
    }
    at = {name: data[name].values for name in first}
    return xarray.Dataset(parts, {**at, **(coords or {})})
