"""Names that cannot lie: a result is filed under everything that determines it.

A run is named by a hash of its experiment, settings, seed, precision, of the run that it starts
from, and of the code that it reaches; see `code` for what of it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sims.engine import sources
from sims.engine.code import code_of, digest
from sims.engine.errors import UserError
from sims.engine.experiment import Experiment, settings_of

# What turns an experiment's functions into numbers, whatever the experiment.
NUMERICS = ("sims.engine.program.compile_program", "sims.engine.program.stack")


def experiment_name(kind: type[Experiment]) -> str:
    """`paper.ClassName`: the room's key and the class, wherever in the room it is defined."""
    return f"{room_of(kind.__module__)}.{kind.__name__}"


def room_of(module: str) -> str:
    """The paper's key in a module path: `sims.icl_regression.training` -> `icl_regression`."""
    parts = module.split(".")
    return parts[1] if parts[0] in sources.LAYERS and len(parts) > 1 else parts[0]


def settings(experiment: Experiment) -> dict[str, Any]:
    """All settings of an experiment, by name, as JSON values."""
    return {name: getattr(experiment, name) for name in settings_of(type(experiment))}


def experiment_code(kind: type[Experiment]) -> dict[str, str]:
    """The code that an experiment's runs depend on, module or distribution -> hash or version."""
    return code_of(kind, *NUMERICS)


def function_code(function: Any) -> dict[str, str]:
    """The code that a table depends on, module or distribution -> hash or version.

    Raises:
        UserError: it is no function at module level.
    """
    name = getattr(function, "__qualname__", repr(function))
    if "<" in name:
        raise UserError(f"{name} is no table: expected a function defined at the top of a module")
    return code_of(function)


def run_id(experiment: Experiment, seed: int, code: str, start: str = "") -> str:
    """The name of one run's result.

    Args:
        code: digest of `experiment_code`.
        start: name of the run and stage that it starts from.
    """
    kind = type(experiment)
    name = {"experiment": experiment_name(kind), "settings": settings(experiment), "seed": seed}
    name |= {"precision": kind.precision, "code": code}
    return digest({**name, "start": start} if start else name)


def table_id(
    function: Any, settings: Mapping[str, Any], parents: Sequence[str], code: Mapping[str, str]
) -> str:
    """The name of a table: its function, settings, code and the runs that it reads."""
    name = f"{function.__module__}.{function.__qualname__}"
    return digest(
        {"table": name, "settings": dict(settings), "parents": list(parents), "code": dict(code)}
    )


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """In words, what differs between the code of two results: modules, and versions of packages."""
    modules, packages = [], []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if " " in (old or "") + (new or ""):
            packages.append(f"{old or 'no ' + name} is now {new or 'not used'}")
        else:
            modules.append(name)
    words = [f"{', '.join(modules)} changed"] if modules else []
    return "; ".join(words + packages)
