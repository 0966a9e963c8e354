"""Single faults of the kinds that this field makes, planted in a module's source one at a time.

A sign, a factor of 2, an exponent, off by one, a dropped term, branches of a mask swapped, a
comparison turned, a mean for a sum, a key reused, half the precision. What only speaks (messages,
annotations, helps of settings, docstrings) is left alone; so are defaults of settings, which claims
name themselves.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

BINARY = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
# Functions taken one for the other, by their last name.
CALLED = {
    "mean": "sum",
    "sum": "mean",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "argmin": "argmax",
    "std": "var",
    "var": "std",
    "all": "any",
    "any": "all",
    "zeros": "ones",
    "zeros_like": "ones_like",
}
# Calls of which the first argument is left: an absolute value, a bound, a key that is used again.
DROPPED = (
    "abs", "sqrt", "exp", "log", "clip", "cumsum", "roll", "swapaxes", "stop_gradient", "where",
    "named_key", "fold_in", "sorted", "permutation", "expm1", "log1p",
)  # fmt: skip
SPOKEN = ("static", "traced", "UserError", "ValueError", "KeyError", "Incomplete", "unknown")
UNSAID = ("annotation", "returns", "decorator_list", "bases", "type_params")


class Fault(NamedTuple):
    """One fault.

    Attributes:
        where: qualified name of the function or class that it is in; empty for the module.
        was, becomes: the expression before and after.
        source: the module with it.
    """

    where: str
    was: str
    becomes: str
    source: str


def faults(source: str) -> Iterator[Fault]:
    """Every fault of a module, in the order of its source."""
    tree, seen = ast.parse(source), set()
    for where, parent, field, index in list(_sites(tree, "")):
        node = getattr(parent, field) if index is None else getattr(parent, field)[index]
        before = ast.unparse(tree)
        for new in _replacements(node):
            _put(parent, field, index, new)
            after = ast.unparse(tree)
            _put(parent, field, index, node)
            if after != before and after not in seen:
                seen.add(after)
                yield Fault(where, _text(node), _text(new), after)


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _sites(node: ast.AST, where: str) -> Iterator[tuple[str, ast.AST, str, int | None]]:
    """Where an expression hangs: the function around it, its parent, and its place there."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        where = f"{where}.{node.name}".lstrip(".")
    for field, value in ast.iter_fields(node):
        if field in UNSAID:
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.AST) and not _speaks(child):
                yield where, node, field, index if isinstance(value, list) else None
                yield from _sites(child, where)


def _speaks(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Call):
        return _name(node.func) in SPOKEN
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.Assert | ast.JoinedStr)


def _name(function: ast.AST) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        yield from _operated(node)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield ast.BoolOp(other, node.values)
        yield from node.values
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for kind in COMPARED[type(node.ops[0])]:
            yield ast.Compare(node.left, [kind()], node.comparators)
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    elif isinstance(node, ast.Call):
        yield from _called(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.If | ast.While):
        new = copy.copy(node)
        new.test = ast.UnaryOp(ast.Not(), node.test)
        yield new
    elif isinstance(node, ast.Slice):
        for bound in ("lower", "upper"):
            if getattr(node, bound) is not None:
                new = copy.copy(node)
                setattr(new, bound, None)
                yield new
    elif isinstance(node, ast.AugAssign) and type(node.op) in BINARY:
        yield ast.AugAssign(node.target, BINARY[type(node.op)](), node.value)


def _operated(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in BINARY:
        yield ast.BinOp(node.left, BINARY[type(node.op)](), node.right)
    if isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow | ast.Mod):
        yield node.left
    if isinstance(node.op, ast.Add | ast.Mult):
        yield node.right


def _other_constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        if value > 1:
            yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(2 * value if value else 1.0)
    elif value == "float64":
        yield ast.Constant("float32")


def _called(node: ast.Call) -> Iterator[ast.AST]:
    name = _name(node.func)
    if name in CALLED:
        function = copy.copy(node.func)
        setattr(function, "attr" if isinstance(function, ast.Attribute) else "id", CALLED[name])
        yield ast.Call(function, node.args, node.keywords)
    if name == "where" and len(node.args) == 3:
        yield ast.Call(node.func, [node.args[0], *node.args[:0:-1]], node.keywords)
        yield from node.args[1:]
    elif name in DROPPED and node.args:
        yield node.args[0]
