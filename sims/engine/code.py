"""The code that decides a result: a definition, and every definition that it reaches.

Definitions are followed by name through modules, packages and relative imports into everything that
is not an installed distribution; an installed one enters by its version. What nobody reaches (a
figure's caption, an unused helper, the list of sweeps beside an experiment) does not enter.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sims.engine import live
from sims.engine.sources import exists, source, version
from sims.engine.syntax import names, plain

# What says how an experiment is declared and used, and decides no number.
SILENT = {
    "sims.engine.experiment": {"Experiment", "static", "traced", "settings_of", "with_settings"},
    "sims.engine.program": {"Program", "_bytes"},
    "sims.engine.errors": {"UserError", "Incomplete", "unknown"},
}

Code = Mapping[str, str]


def digest(value: Any) -> str:
    """Hash of a JSON value, 16 hex digits; the order of keys does not count."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_of(thing: Any, *more: str) -> dict[str, str]:
    """The code behind a class or a function, module -> hash of what is reached in it.

    Args:
        more: further definitions that enter, as dotted names.

    Returns:
        Of an installed distribution, name -> version.

    Raises:
        UserError: it uses something that has no source and no plain value (see `live`).
    """
    reach = _reach(more)
    _follow(reach, thing)
    return reach.digests()


def reached(*definitions: str) -> dict[str, str]:
    """The code behind definitions by their dotted names, as `code_of` gives it."""
    return _reach(definitions).digests()


def _reach(definitions: Iterable[str]) -> _Reach:
    reach = _Reach()
    for dotted in definitions:
        module, _, name = dotted.rpartition(".")
        reach.attribute(module, name, [])
    return reach


def _follow(reach: _Reach, thing: Any) -> None:
    root = thing.__qualname__.partition(".")[0]
    known = source(thing.__module__) is not None
    if known:
        reach.attribute(thing.__module__, root, [])
    if known and "<" not in thing.__qualname__:
        return
    # Typed at a prompt or in a notebook's cell, or made by a function that gave it values.
    for kind in thing.__mro__[:-1] if isinstance(thing, type) else [thing]:
        if kind.__name__ in SILENT.get(kind.__module__, ()):
            break
        if kind is not thing and source(kind.__module__) and "<" not in kind.__qualname__:
            reach.attribute(kind.__module__, kind.__qualname__.partition(".")[0], [])
            continue
        found = live.Live(known=lambda other: source(other.__module__) is not None)
        reach.typed.setdefault(kind.__module__, []).append(found.plain(kind))
        for other in found.defined:
            reach.attribute(other.__module__, other.__qualname__.partition(".")[0], [])
        for module, names_ in found.modules.items():
            for name in names_ or [""]:
                reach.module(module, [name] if name else [])


@dataclasses.dataclass
class _Reach:
    """Definitions found so far, by module and name."""

    found: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    installed: dict[str, str] = dataclasses.field(default_factory=dict)
    typed: dict[str, list[Any]] = dataclasses.field(default_factory=dict)

    def digests(self) -> dict[str, str]:
        """Module -> hash of what was found in it."""
        code = {module: digest(found) for module, found in self.found.items() if found}
        for module, typed in self.typed.items():
            # A lambda in a file reaches definitions of that file as well.
            both = [code[module], digest(typed)] if module in code else typed
            code[module] = digest(both)
        return code | self.installed

    def module(self, module: str, rest: list[str]) -> None:
        """Follow `module.rest`; the whole module where nothing of it is named."""
        if (here := _module(module)) is None:
            if (stands := version(module)) is not None:
                self.installed[module.partition(".")[0]] = stands
        elif rest:
            self.attribute(module, rest[0], rest[1:])
        else:
            for name in [*here.bound, *here.imported]:
                self.definition(here, name, [])

    def attribute(self, module: str, name: str, rest: list[str]) -> None:
        """Follow `from module import name` and the attributes asked of it."""
        if name in SILENT.get(module, ()):
            return
        here = _module(module)
        if here is None:
            self.module(module, [])
        elif name in here.bound or name in here.imported:
            self.definition(here, name, rest)
        elif exists(f"{module}.{name}"):
            self.module(f"{module}.{name}", rest)
        else:
            self.elsewhere(here, name, rest)

    def elsewhere(self, here: _Module, name: str, rest: list[str]) -> None:
        """A name that its module does not bind in so many words."""
        for star in here.stars:
            self.module(star, [name, *rest])
        thing = getattr(sys.modules.get(here.name), name, None)
        home = getattr(thing, "__module__", None)
        if not here.stars and thing is not None and home not in (None, here.name):
            self.attribute(home, thing.__qualname__.partition(".")[0], rest)

    def definition(self, here: _Module, name: str, rest: list[str]) -> None:
        """Follow a name that a module binds, and all that its definition uses."""
        if name in here.imported:
            for target, attribute in here.imported[name]:
                if attribute is None:
                    self.module(target, rest)
                else:
                    self.attribute(target, attribute, rest)
        if name in SILENT.get(here.name, ()) or name not in here.bound:
            return
        known = self.found.setdefault(here.name, {})
        if name in known:
            return
        statements = [_read(statement, here.package) for statement in here.bound[name]]
        known[name] = [form for form, _, _ in statements]
        for _, uses, imports in statements:
            for used in uses:
                first, *others = used.split(".")
                if first in here.bound or first in here.imported:
                    self.definition(here, first, others)
                elif here.stars:
                    self.elsewhere(here, first, others)
            for target, attribute in imports:
                if attribute is None:
                    self.module(target, [])
                else:
                    self.attribute(target, attribute, [])


@dataclasses.dataclass(frozen=True)
class _Module:
    """A module's top level.

    Attributes:
        bound: name -> the statements that define or change it.
        imported: name -> (module, attribute); the attribute is None for a module itself.
        stars: modules of which every name is imported.
    """

    name: str
    package: str
    bound: Mapping[str, list[ast.stmt]]
    imported: Mapping[str, list[tuple[str, str | None]]]
    stars: tuple[str, ...]


def _module(module: str) -> _Module | None:
    found = source(module)
    return None if found is None else _parsed(module, found.text, found.package)


@functools.lru_cache(maxsize=1024)
def _parsed(module: str, text: str, package: str) -> _Module:
    bound: dict[str, list[ast.stmt]] = {}
    imported: dict[str, list[tuple[str, str | None]]] = {}
    stars: list[str] = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            stars += _import(statement, package, imported)
        elif not _aside(statement):
            for name in _targets(statement):
                bound.setdefault(name, []).append(statement)
            for inner in ast.walk(statement) if isinstance(statement, ast.If | ast.Try) else ():
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    stars += _import(inner, package, imported)
    return _Module(module, package, bound, imported, tuple(stars))


def _import(statement: ast.Import | ast.ImportFrom, package: str, imported: dict) -> list[str]:
    """Note what an import binds; returns the modules of which it imports every name."""
    stars = []
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            imported.setdefault(alias.asname or whole, []).append((whole, None))
        elif alias.name == "*":
            stars.append(_absolute(statement, package))
        else:
            target = (_absolute(statement, package), alias.name)
            imported.setdefault(alias.asname or alias.name, []).append(target)
    return stars


@functools.cache
def _read(statement: ast.stmt, package: str) -> tuple[Any, tuple[str, ...], tuple]:
    """Of a statement: what decides numbers, the names it uses, what it imports for itself.

    Ids are asked for hundreds of times in a command, and statements do not change: an edited module
    has new ones.
    """
    return plain(statement), tuple(names(statement)), tuple(_imports(statement, package))


def _imports(statement: ast.stmt, package: str) -> Iterator[tuple[str, str | None]]:
    """What a definition imports for itself."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            yield from ((base, None if a.name == "*" else a.name) for a in node.names)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    relative = "." * node.level + (node.module or "")
    return importlib.util.resolve_name(relative, package) if node.level else relative


def _aside(statement: ast.stmt) -> bool:
    """Whether a statement is what only a type checker or a script run by itself does."""
    test = statement.test if isinstance(statement, ast.If) else None
    if isinstance(test, ast.Name):
        return test.id == "TYPE_CHECKING"
    if isinstance(test, ast.Attribute):
        return test.attr == "TYPE_CHECKING"
    return isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__"


def _targets(node: ast.AST) -> set[str]:
    """The top-level names that a statement defines or changes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Expr):
        return _changed(node.value)
    found: set[str] = set()
    for target in _assigned(node):
        for inner in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            while isinstance(inner, ast.Attribute | ast.Subscript | ast.Starred):
                inner = inner.value
            if isinstance(inner, ast.Name):
                found.add(inner.id)
    for field in ("body", "orelse", "finalbody", "handlers"):
        for child in getattr(node, field, ()) or ():
            found |= _targets(child)
    return found


def _assigned(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign | ast.Delete):
        return node.targets
    if isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        return [node.target]
    if isinstance(node, ast.With):
        return [item.optional_vars for item in node.items if item.optional_vars]
    return []


def _changed(call: ast.expr) -> set[str]:
    """The name that a bare call may change: `TABLE.update(...)`, `setattr(Net, ...)`."""
    if not isinstance(call, ast.Call):
        return set()
    if isinstance(call.func, ast.Name) and call.func.id in ("setattr", "delattr") and call.args:
        return {call.args[0].id} if isinstance(call.args[0], ast.Name) else set()
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return {owner.id} if isinstance(owner, ast.Name) else set()
