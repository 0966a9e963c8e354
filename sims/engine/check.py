"""An experiment's functions, looked at by their shapes before the first step: what cannot be
carried from step to step or filed afterwards is said in one line, not found out after training."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from sims.engine.devices import numerics
from sims.engine.errors import UserError
from sims.engine.experiment import Experiment, settings_of
from sims.engine.sweep import Sweep

# Names of what is filed beside an experiment's own arrays.
TAKEN = ("run", "seed", "step", "stage", "kept", "diverged", "ended")


def check_sweep(sweep: Sweep) -> None:
    """`check` one run of each structure of a sweep, if its runs start by themselves."""
    points = {jax.tree.structure(point): point for point in reversed(sweep.points())}
    for point in points.values() if sweep.start is None else ():
        check(point)


def check(experiment: Experiment, start: PyTree = None) -> None:
    """Look at what an experiment's functions return; once, where a run starts by itself.

    Args:
        start: shapes of what one run starts from, where it starts from another.

    Raises:
        UserError: what is wrong, where, and what was expected.
    """
    if start is None:
        _once(experiment)
    else:
        _check(experiment, start)


@functools.lru_cache(maxsize=64)
def _once(experiment: Experiment) -> None:
    _check(experiment, None)


def _check(experiment: Experiment, start: PyTree) -> None:
    name = type(experiment).__name__
    if clash := sorted(set(TAKEN) & settings_of(type(experiment)).keys()):
        raise UserError(
            f"{name} has a setting {clash[0]!r}: expected another name, since that of the "
            f"{clash[0]} of a result is the same"
        )
    with numerics(experiment.precision):
        key = jax.eval_shape(lambda: jax.random.key(0, impl="threefry2x32"))
        begin = "init" if start is None else "begin"
        args = (key,) if start is None else (key, start)
        state = _shapes(experiment, begin, *args)
        _arrays(state, f"{name}.{begin}", "state")
        observed = _shapes(experiment, "observe", state, key)
        _named(observed, experiment, f"{name}.observe")
        if experiment.steps:
            _step(experiment, state, observed, key)
        if experiment.stages:
            kept = _shapes(experiment, "keep", state, observed)
            if not (isinstance(kept, tuple) and len(kept) == 2):
                raise UserError(f"{name}.keep returns {_kind(kept)}: expected (stage, arrays)")
            _named(kept[1], experiment, f"{name}.keep")


def _step(experiment: Experiment, state: PyTree, observed: Mapping, key: Any) -> None:
    name = type(experiment).__name__
    found = _shapes(experiment, "step", state, key)
    if not (isinstance(found, tuple) and len(found) == 2):
        raise UserError(f"{name}.step returns {_kind(found)}: expected (state, metrics)")
    after, metrics = found
    _named(metrics, experiment, f"{name}.step")
    if jax.tree.structure(after) != jax.tree.structure(state):
        raise UserError(
            f"{name}.step returns a state of another structure than it is given: expected "
            f"{jax.tree.structure(state)}, got {jax.tree.structure(after)}"
        )
    befores = jax.tree_util.tree_leaves_with_path(state)
    for (path, old), new in zip(befores, jax.tree.leaves(after), strict=True):
        if (old.shape, old.dtype) != (new.shape, new.dtype):
            where = jax.tree_util.keystr(path) or "its one leaf"
            raise UserError(
                f"{name}.step turns the state's {where} from {_told(old)} into {_told(new)}: "
                "expected the same shape and dtype"
            )
    for clash in sorted(metrics.keys() & observed.keys()):
        raise UserError(f"{name} has a metric and an observable {clash!r}: expected two names")


def _shapes(experiment: Experiment, function: str, *args: Any) -> Any:
    """Shapes of what a function returns; Python's numbers as the arrays that they become."""
    where = f"{type(experiment).__name__}.{function}"

    def call(experiment: Experiment, *given: Any) -> Any:
        returned = getattr(experiment, function)(*given)
        for path, leaf in jax.tree_util.tree_leaves_with_path(returned):
            if not isinstance(
                leaf, jax.Array | np.ndarray | np.generic | bool | int | float | complex
            ):
                at = jax.tree_util.keystr(path)
                raise UserError(
                    f"{where} returns {_kind(leaf)} at {at or 'its root'}: expected arrays; keep "
                    "what is no array in the experiment, as eqx.partition does"
                )
        return jax.tree.map(jnp.asarray, returned)

    # The experiment is an argument, so that its traced settings are as they will be.
    try:
        return jax.eval_shape(call, experiment, *args)
    except jax.errors.ConcretizationTypeError as error:
        raise UserError(
            f"{where} asks for the value of what is traced ({_place(error)}): expected jnp.where "
            "or lax.cond in place of Python's if, and static() for a setting that shapes depend on"
        ) from error


def _arrays(tree: PyTree, where: str, what: str) -> None:
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        if 0 in leaf.shape:
            at = jax.tree_util.keystr(path) or "its one leaf"
            raise UserError(
                f"{where} returns a {what} with nothing in {at} (shape {leaf.shape}): expected at "
                "least one number in every array"
            )


def _named(arrays: Any, experiment: Experiment, where: str) -> None:
    """Named arrays that can be filed: their names are free, their dimensions declared."""
    if not isinstance(arrays, Mapping):
        raise UserError(f"{where} returns {_kind(arrays)}: expected named arrays, {{}} for none")
    for name, leaf in arrays.items():
        taken = (*TAKEN, *settings_of(type(experiment)))
        if not isinstance(name, str) or name in taken:
            kind = "setting" if name in settings_of(type(experiment)) else "coordinate"
            raise UserError(
                f"{where} names an array {name!r}, which is a {kind}'s name: expected another"
            )
        if not hasattr(leaf, "ndim"):
            raise UserError(f"{where} returns {_kind(leaf)} as {name}: expected an array")
        own = experiment.dims.get(name, ())
        if len(own) != leaf.ndim:
            raise UserError(
                f"{where} returns {name} of shape {leaf.shape} and dims declares {tuple(own)} for "
                f"it: expected dims = {{{name!r}: ({'...,' * leaf.ndim})}} a name for each axis"
            )
    _arrays(arrays, where, "named array")


def _place(error: Exception) -> str:
    """File and line of the last code on an error's way that is no installed package's."""
    frames = traceback.extract_tb(error.__traceback__)
    last = [frame for frame in frames if "site-packages" not in frame.filename][-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _told(leaf: Any) -> str:
    return f"{leaf.dtype}{list(leaf.shape)}"


def _kind(thing: Any) -> str:
    if thing is None:
        return "nothing"
    return f"a {type(thing).__name__}" if not callable(thing) else "a function"
