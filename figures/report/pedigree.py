"""What a verdict follows from: the source of its check, its sweeps and tables, what made them."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from figures.evidence import Check
from sims.engine.progress import clock
from theory.claims import Outcome


@dataclasses.dataclass(frozen=True)
class Code:
    """A function as it stands in its file.

    Attributes:
        name: dotted.
        file: from the root of the tree, with its first line: `figures/toy.py:12`.
    """

    name: str
    file: str
    text: str


def code(function: Callable[..., Any]) -> Code | None:
    """The source of a function; None where Python does not have it."""
    while isinstance(function, functools.partial):
        function = function.func
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return None
    module = function.__module__
    folder = "/".join(module.split(".")[:-1])
    file = Path(inspect.getfile(function)).name
    return Code(f"{module}.{function.__qualname__}", f"{folder}/{file}:{first}", "".join(lines))


def check_code(check: Check | None) -> Code | None:
    """The source of what decides a claim."""
    return code(check.decide) if check else None


@dataclasses.dataclass(frozen=True)
class Origin:
    """A sweep or a table that a verdict rests on, as a reader asks for it.

    Attributes:
        parents: names of the sweeps that a table reads.
        took: of one core, in words.
        command: what computes it, where there is one.
    """

    name: str
    kind: str
    id: str
    settings: Mapping[str, Any]
    parents: Sequence[str]
    took: str
    commits: Sequence[str]
    devices: Sequence[str]
    versions: Sequence[str]
    command: str


def origins(outcome: Outcome) -> list[Origin]:
    """The sweeps and tables of a verdict, parents first."""
    names = {source["id"]: source["name"] for source in outcome.sources}
    return [
        Origin(
            name=source["name"],
            kind=source["kind"],
            id=source["id"],
            settings={name: _plainly(value) for name, value in source["settings"].items()},
            parents=[names.get(parent, parent) for parent in source["parents"]],
            took=clock(source["seconds"]) if source.get("seconds") else "",
            commits=_named(source["made"]["commit"]),
            devices=_named(source["made"]["device"]),
            versions=[_versions(found) for found in source["made"]["versions"]],
            command=_command(source),
        )
        for source in outcome.sources
    ]


def when_and_where(outcomes: Iterable[Outcome]) -> str:
    """First and last decision, devices and commits of some outcomes, in words."""
    decided = [outcome for outcome in outcomes if outcome.decided]
    if not decided:
        return "never run"
    days = sorted(outcome.decided[:16].replace("T", " ") for outcome in decided)
    made = [source["made"] for outcome in decided for source in outcome.sources]
    devices = {str(device) for part in made for device in part["device"]}
    devices |= {str(outcome.provenance.get("device")) for outcome in decided}
    commits = {str(outcome.provenance.get("commit"))[:12] for outcome in decided}
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    return f"decided {when} on {', '.join(sorted(devices))}, commit {', '.join(sorted(commits))}"


def _command(source: Mapping[str, Any]) -> str:
    if source["kind"] != "sweep":
        return ""
    preset = source["settings"].get("preset", "quick")
    return f"python -m sims run {source['name']} --preset {preset}"


def _plainly(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plainly, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _named(values: Iterable[Any]) -> list[str]:
    return [str(value)[:12] for value in values if value is not None]


def _versions(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in found.items())
