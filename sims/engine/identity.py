"""Names that cannot lie: a result is filed under everything that determines it.

A run is named by a hash of its experiment, settings, seed, precision and the code it imports. The
code enters as syntax, so a comment, a docstring or a blank line changes no name.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sims.engine.experiment import Experiment, settings_of

LAYERS = ("theory", "sims", "figures")
NUMERICS = "sims.engine.program"


def digest(value: Any) -> str:
    """Hash of a JSON value, 16 hex digits; the order of keys does not count."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def experiment_name(kind: type[Experiment]) -> str:
    """`paper.ClassName`: the room's key and the class, wherever in the room it is defined."""
    return f"{room_of(kind.__module__)}.{kind.__name__}"


def room_of(module: str) -> str:
    """The paper's key in a module path: `sims.icl_regression.training` -> `icl_regression`."""
    parts = module.split(".")
    return parts[1] if parts[0] in LAYERS and len(parts) > 1 else parts[0]


def settings(experiment: Experiment) -> dict[str, Any]:
    """All settings of an experiment, by name, as JSON values."""
    return {name: getattr(experiment, name) for name in settings_of(type(experiment))}


def run_id(experiment: Experiment, seed: int) -> str:
    """The name of one run's result."""
    kind = type(experiment)
    return digest(
        {
            "experiment": experiment_name(kind),
            "settings": settings(experiment),
            "seed": seed,
            "precision": kind.precision,
            "code": code_digest(kind.__module__, NUMERICS),
        }
    )


def table_id(function: Any, settings: Mapping[str, Any], parents: list[str]) -> str:
    """The name of a table: its function, settings, code and the runs that it reads."""
    return digest(
        {
            "table": f"{function.__module__}.{function.__qualname__}",
            "settings": dict(settings),
            "parents": parents,
            "code": code_digest(function.__module__),
        }
    )


@functools.cache
def code_digest(*modules: str) -> str:
    """Hash of the syntax of `modules` and of all that they import from the three layers."""
    found: dict[str, str] = {}
    for module in modules:
        _collect(module, found)
    return digest(found)


def _collect(module: str, found: dict[str, str]) -> None:
    if module in found:
        return
    source = _source(module)
    if source is None:
        return
    tree = ast.parse(source.read_text())
    found[module] = _syntax(tree)
    for name in _imports(tree, module):
        _collect(name, found)


def _source(module: str) -> Path | None:
    loaded = sys.modules.get(module)  # a script run as __main__ has a file but no spec
    origin = getattr(loaded, "__file__", None)
    if loaded is None and (spec := importlib.util.find_spec(module)) is not None:
        origin = spec.origin
    return Path(origin) if origin and origin.endswith(".py") else None


def _imports(tree: ast.Module, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), module)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.split(".")[0] in LAYERS and _exists(name):
                yield name


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a name inside a module that is no package
        return False


def _syntax(tree: ast.Module) -> str:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(tree)
