"""Sweeps from a script, a notebook or a prompt: store, progress and resume of the commands.

Offered as `sims.run` and `sims.load`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sims.engine.experiment import Experiment, with_settings
from sims.engine.results import load as load_sweep
from sims.engine.rooms import find_sweep
from sims.engine.store import Store
from sims.engine.sweep import Sweep

if TYPE_CHECKING:
    import xarray

What = str | Experiment | Sweep
Folder = str | os.PathLike[str]


def run(
    what: What,
    *,
    preset: str = "quick",
    seeds: int | None = None,
    results: Folder = "results",
    quiet: bool = False,
    **settings: Any,
) -> xarray.Dataset:
    """Compute what is missing of a sweep and return it whole.

    Args:
        what: a named sweep (`"icl_regression.training_h2"`), an experiment, or a `Sweep`.
        preset: of a named sweep.
        seeds: 0 .. seeds - 1 instead.
        results: the results folder, made when missing.
        quiet: show no progress.
        **settings: instead of its own; a list or a tuple is an axis.

    Returns:
        As `sims.load` reads it: a Dataset with dimensions the axes, `seed`, `step` or `stage`, and
        the observables' own.

    Raises:
        UserError: an unknown name, setting or folder, or a value that does not fit.
        Incomplete: interrupted; what is done is kept and the same call goes on from there.
    """
    from sims.engine.check import check_sweep
    from sims.engine.execute import run as execute

    sweep = varied(find(what, preset), seeds, settings)
    check_sweep(sweep)
    store = Store(results)
    execute([sweep], store, quiet=quiet)
    return load_sweep(store, sweep)


def load(
    what: What,
    *,
    preset: str = "quick",
    seeds: int | None = None,
    results: Folder = "results",
    **settings: Any,
) -> xarray.Dataset:
    """A finished sweep, computing nothing; arguments as for `sims.run`.

    Raises:
        UserError: an unknown name, setting or folder, or a value that does not fit.
        Incomplete: some of its runs are missing; the message says what computes them.
    """
    sweep = varied(find(what, preset), seeds, settings)
    command = "sims.run with the same arguments"
    if isinstance(what, str):
        command = in_words(what, preset, seeds, settings, "command")
    return load_sweep(Store(results, create=False), sweep, command)


def find(what: What, preset: str = "quick") -> Sweep:
    """The sweep that is meant.

    Raises:
        UserError: unknown name or preset, naming the nearest; or none of the three kinds.
    """
    if isinstance(what, str):
        return find_sweep(what, preset)
    return Sweep(what) if isinstance(what, Experiment) else what


def varied(sweep: Sweep, seeds: int | None, settings: Mapping[str, Any]) -> Sweep:
    """`sweep` with other seeds and settings; a list or a tuple of values is an axis.

    Raises:
        UserError: unknown setting, or a value that does not fit.
    """
    axes = {name: values for name, values in sweep.axes.items() if name not in settings}
    fixed = {}
    for name, value in settings.items():
        if isinstance(value, list | tuple | np.ndarray):
            axes[name] = tuple(np.asarray(value).tolist())
        else:
            fixed[name] = value
    count = sweep.seeds if seeds is None else seeds
    return Sweep(with_settings(sweep.base, **fixed), axes, count, sweep.start)


def in_words(
    name: str, preset: str, seeds: int | None, settings: Mapping[str, Any], form: str
) -> str:
    """What computes a varied sweep, or reads it.

    Args:
        form: `"command"` or `"python"`.
    """
    python = form == "python"
    words = [repr(name)] if python else ["python -m sims run", name]
    if preset != "quick":
        words.append(f"preset={preset!r}" if python else f"--preset {preset}")
    if seeds is not None:
        words.append(f"seeds={seeds}" if python else f"--seeds {seeds}")
    pairs = settings.items()
    if python:
        words += [f"{key}={list(v) if isinstance(v, tuple) else v!r}" for key, v in pairs]
        return f"load({', '.join(words)})"
    texts = [
        f"{key}={','.join(map(str, v)) if isinstance(v, list | tuple) else v}" for key, v in pairs
    ]
    return " ".join([*words, *(["--set", *texts] if texts else [])])
