"""What of a definition decides numbers, as plain data, and the names that it uses.

Left out, because they decide none: comments, docstrings, annotations, the words of errors and of
assertions, and all about a setting but its name and kind (its value is part of a run's name).
The form depends on no version of Python: `ast.dump` and `ast.unparse` differ from one to the next.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

_SILENT = {"ctx", "kind", "returns", "type_comment", "type_ignores", "type_params"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SETTINGS = ("static", "traced")


def plain(node: Any) -> Any:
    """A syntax tree as nested lists, equal for two that decide the same numbers."""
    if isinstance(node, list):
        return [plain(child) for child in node if not _words(child)]
    if isinstance(node, ast.Constant):
        return ["Constant", type(node.value).__name__, repr(node.value)]
    if not isinstance(node, ast.AST):
        return repr(node)
    found: list[Any] = [type(node).__name__]
    for field, value in _parts(node):
        inner = plain(value)
        if inner != []:
            found.append([field, inner])
    return found


def names(node: ast.AST) -> Iterator[str]:
    """The names that a definition uses, with the attributes asked of them: `jnp.linalg.solve`.

    What a function binds for itself (arguments, variables) is not among them.
    """
    if isinstance(node, ast.Attribute):
        chain, inner = [node.attr], node.value
        while isinstance(inner, ast.Attribute):
            chain.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield ".".join([inner.id, *reversed(chain)])
        else:
            yield from names(inner)
        return
    if isinstance(node, ast.Name):
        yield node.id
    used = (
        name
        for _, value in _parts(node)
        for child in (value if isinstance(value, list) else [value])
        if isinstance(child, ast.AST) and not _words(child)
        for name in names(child)
    )
    own = _bound(node) if isinstance(node, (*_FUNCTIONS, ast.Lambda)) else ()
    yield from (name for name in used if name.partition(".")[0] not in own)


def _bound(function: ast.AST) -> set[str]:
    """The names that a function binds in its own scope."""
    found, shared, left = set(), set(), [*ast.iter_child_nodes(function)]
    while left:
        node = left.pop()
        if isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            shared |= set(node.names)
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
            left += node.decorator_list
        elif not isinstance(node, ast.Lambda):
            left += ast.iter_child_nodes(node)
    return found - shared


def _parts(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """The fields of a node that decide numbers."""
    if isinstance(node, ast.Raise):
        kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        yield "exc", kind.id if isinstance(kind, ast.Name) else None
        return
    for field, value in ast.iter_fields(node):
        if field in _SILENT or value is None:
            continue
        if isinstance(node, ast.Assert) and field == "msg":
            continue
        if isinstance(node, ast.arg) and field == "annotation":
            continue
        if isinstance(node, ast.ClassDef) and field == "body":
            value = [_setting(statement) for statement in value]
        if isinstance(node, ast.AnnAssign) and field == "annotation":
            # The type of a variable decides nothing; whether a class has it as a field may.
            value = ast.Constant("ClassVar" in ast.unparse(node.annotation))
        yield field, value


def _words(node: Any) -> bool:
    """Whether a statement is a docstring, another stray string, or `pass`."""
    said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return said or isinstance(node, ast.Pass)


def _setting(node: ast.stmt) -> ast.stmt:
    """A setting's declaration without its help, limits and default."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
        kind = node.value.func
        if isinstance(kind, ast.Name) and kind.id in _SETTINGS:
            return ast.AnnAssign(node.target, node.annotation, kind, node.simple)
    return node
