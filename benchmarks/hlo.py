"""Kernels in an optimised program: what a device launches, counted in XLA's own text."""

from __future__ import annotations

import re
from typing import NamedTuple

# What names, views or waits for a buffer, and what only says which computation comes next.
FREE = {
    "parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all", "opt-barrier",
    "add-dependency", "partition-id", "replica-id", "iota", "copy-done", "async-done", "call-done",
    "slice-done", "dynamic-slice-done", "while", "call", "conditional",
}  # fmt: skip
_COMPUTATION = re.compile(r"^(ENTRY )?%?([\w.\-]+) (?:\(.*\) -> .* )?{$")
# A type is one word, or a tuple in brackets; the operation's name follows it.
_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?[\w.\-]+ = (?:\(.*?\) |\S+ )([a-z][\w\-]*)\(")
_CALLED = re.compile(r"(?:to_apply|calls|body|true_computation|false_computation)=%?([\w.\-]+)")
_BRANCHES = re.compile(r"branch_computations={([^}]*)}")
_CONDITION = re.compile(r"condition=%?([\w.\-]+)")
_TRIPS = re.compile(r'"known_trip_count":{"n":"(\d+)"}')
_LIMIT = re.compile(r"= s32\[\]\S* constant\((\d+)\)")


class Count(NamedTuple):
    """Launches of a program.

    Attributes:
        kernels: how many, loops counted as often as they turn.
        unknown: loops whose number of turns the text does not give; each is counted once.
    """

    kernels: int
    unknown: int


def count(text: str) -> Count:
    """Launches of a program's entry, from the text of its optimised module.

    Of a conditional's branches the longest counts; a fusion and a call into a library are one.

    Raises:
        ValueError: it has no entry.
    """
    computations, entry = _computations(text)
    known: dict[str, Count] = {}

    def of(name: str) -> Count:
        if name not in known:
            found = [_launches(line, of, computations) for line in computations.get(name, ())]
            known[name] = Count(sum(c.kernels for c in found), sum(c.unknown for c in found))
        return known[name]

    return of(entry)


def _computations(text: str) -> tuple[dict[str, list[str]], str]:
    found: dict[str, list[str]] = {}
    entry = here = ""
    for line in text.splitlines():
        if begin := _COMPUTATION.match(line):
            here = begin[2]
            found[here] = []
            entry = here if begin[1] else entry
        elif here and _INSTRUCTION.match(line):
            found[here].append(line)
    if not entry:
        raise ValueError("the text of an optimised module has an ENTRY; this has none")
    return found, entry


def _launches(line: str, of, computations: dict[str, list[str]]) -> Count:
    operation = _INSTRUCTION.match(line)
    assert operation
    if operation[1] not in FREE:
        return Count(1, 0)
    if operation[1] == "while":
        inner, turns = of(_CALLED.findall(line)[0]), _turns(line, computations)
        times = 1 if turns is None else turns
        return Count(times * inner.kernels, inner.unknown + (turns is None))
    called = _CALLED.findall(line)
    for branches in _BRANCHES.findall(line):
        called += [name.strip().lstrip("%") for name in branches.split(",")]
    return max((of(name) for name in called), default=Count(0, 0))


def _turns(line: str, computations: dict[str, list[str]]) -> int | None:
    """How often a loop turns; where XLA does not say, the one constant its condition holds."""
    if told := _TRIPS.search(line):
        return int(told[1])
    condition = _CONDITION.search(line)
    lines = computations.get(condition[1], []) if condition else []
    limits = {int(limit) for inner in lines for limit in _LIMIT.findall(inner)}
    return limits.pop() if len(limits) == 1 else None
