"""The source of every module as it was when it was imported, and what is installed.

A result is named by the code that ran, which is the code that was imported: a file edited since is
not it. So sources are read at import, by a finder that finds nothing and only takes notes, and
again at each reload. What was imported before this module is read when this module is.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

# Our own layers are followed wherever they lie, in a wheel as in a checkout.
LAYERS = ("theory", "sims", "figures")


class Source(NamedTuple):
    """The file behind a module.

    Attributes:
        path: the file.
        text: its content when it was imported.
        package: the name that relative imports in it start from.
    """

    path: str
    text: str
    package: str


_noted: dict[str, Source] = {}


class _Notes:
    """A finder on `sys.meta_path` that notes sources and leaves the finding to the others."""

    def find_spec(
        self, name: str, path: Iterable[str] | None, target: ModuleType | None = None
    ) -> None:
        ours = name.partition(".")[0] in LAYERS
        if path is not None and not ours and _foreign(next(iter(path), "")):
            return
        found = PathFinder.find_spec(name, path, target)  # pyright: ignore[reportArgumentType]
        _note(name, found)


def _note(name: str, spec: ModuleSpec | None) -> None:
    origin = spec.origin if spec is not None else None
    if spec is None or origin is None or not origin.endswith(".py"):
        return
    if _foreign(origin) and name.partition(".")[0] not in LAYERS:
        return
    package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
    try:
        _noted[name] = Source(origin, Path(origin).read_text(encoding="utf-8"), package)
    except (OSError, UnicodeDecodeError):
        _noted.pop(name, None)


def source(module: str) -> Source | None:
    """The source of a module; None where it is installed, compiled, built in, or typed at a prompt.

    A module that is not imported yet (an import inside a function) is read as it is now.
    """
    if module not in _noted:
        loaded = sys.modules.get(module)
        file = getattr(loaded, "__file__", None)
        if loaded is not None and (file is None or not file.endswith(".py")):
            return None
        if file is not None:  # a script run as __main__ has a file but often no spec
            named = getattr(loaded, "__spec__", None)
            own = (loaded.__package__ or "") if loaded is not None else ""
            place = [os.path.dirname(file)] if hasattr(loaded, "__path__") else None
            spec = ModuleSpec(named.name if named else module, None, origin=file)
            spec.submodule_search_locations = place
            _note(module, spec)
            if module in _noted:
                _noted[module] = _noted[module]._replace(package=own)
        elif exists(module):
            _note(module, importlib.util.find_spec(module))
    return _noted.get(module)


def exists(module: str) -> bool:
    """Whether there is a module of this name."""
    if module in sys.modules:
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, AttributeError, ValueError):  # a name inside what is no package
        return False


def version(module: str) -> str | None:
    """What stands for a module without a source of its own: of an installed one `name version`.

    None for Python's own modules; the content's hash of a compiled one that is not installed.
    """
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return None
    if (known := _installed(top)) is not None:
        return known
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is not None and os.path.exists(file):
        import hashlib

        return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
    return None


@functools.cache
def _installed(top: str) -> str | None:
    """`name version` of the distributions that offer the package `top`; None where none does."""
    import importlib.metadata  # a fifth of the time in which a command answers --help

    try:  # most distributions are called what they offer, and to look at all of them is slow
        return f"{top} {importlib.metadata.version(top)}"
    except importlib.metadata.PackageNotFoundError:
        names = set(importlib.metadata.packages_distributions().get(top, ()))
    return ", ".join(sorted(f"{name} {importlib.metadata.version(name)}" for name in names)) or None


@functools.cache
def _places() -> tuple[str, ...]:
    names = ("purelib", "platlib", "stdlib", "platstdlib")
    paths = {sysconfig.get_path(name) for name in names}
    return tuple(os.path.join(path, "") for path in paths if path)


def _foreign(path: str) -> bool:
    """Whether a file or folder belongs to Python or to an installed distribution."""
    return os.path.join(path, "").startswith(_places()) or "site-packages" in path


def start() -> None:
    """Begin to take notes; what is imported by now is read as it is."""
    if any(isinstance(finder, _Notes) for finder in sys.meta_path):
        return
    _places()  # it may import, and must not while it is asked where an import comes from
    sys.meta_path.insert(0, _Notes())  # pyright: ignore[reportArgumentType]
    for name in list(sys.modules):
        file = getattr(sys.modules[name], "__file__", None)
        top = name.partition(".")[0]
        if file is not None and file.endswith(".py") and (top in LAYERS or not _foreign(file)):
            source(name)
