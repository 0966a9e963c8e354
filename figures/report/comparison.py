"""Two results folders side by side: another commit, device or version of JAX.

An estimate has moved where it lies outside of the other's interval. Numbers without an interval,
and those behind figures, have where they differ by more than `CLOSE` of their size; a number whose
range ends far above it, as a round-off error's does, by more than `CLOSE` of that end.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from figures.report.entries import FigureEntry, Report, gather, group
from figures.report.moved import outside
from figures.report.words import decisive, number
from sims.engine.errors import UserError
from theory.claims import Outcome

CLOSE = 1e-6


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What differs between the results here and there.

    Attributes:
        states: claims whose state changed, id -> (here, there).
        estimates: claims whose estimate moved, likewise.
        figures: series that differ, by figure; `not drawn there` and the like where one is missing.
        compared: how many claims and figures were compared.
    """

    states: Mapping[str, tuple[str, str]]
    estimates: Mapping[str, tuple[float, float]]
    figures: Mapping[str, list[str]]
    compared: int

    def lines(self) -> Iterator[str]:
        """One line for each difference, and one that says how many there are."""
        for id, (here, there) in self.states.items():
            yield f"{id}: {here}, {there} there"
        for id, (here, there) in self.estimates.items():
            yield f"{id}: estimate {number(here)}, {number(there)} there"
        for name, series in self.figures.items():
            yield f"figure {name}: {', '.join(series)}"
        found = len(self.states.keys() | self.estimates.keys()) + len(self.figures)
        yield f"{found} of {self.compared} claims and figures differ"


def both(results: Path, other: Path, preset: str) -> tuple[Report, Report]:
    """What two folders hold.

    Raises:
        UserError: one of them holds nothing.
    """
    found = []
    for folder in (results, other):
        report = gather(folder, preset, "")
        if not report.papers:
            raise UserError(f"{folder} holds no claims and no figures; expected a results folder")
        found.append(report)
    return found[0], found[1]


def compare(here: Report, there: Report) -> Comparison:
    """Every claim that either decided, and every figure that either drew."""
    ours, theirs = ({o.claim.id: o for o in report.outcomes} for report in (here, there))
    states, estimates = {}, {}
    decided = [id for id in {**ours, **theirs} if _decided(ours, id) or _decided(theirs, id)]
    for id in decided:
        one, two = (group(found[id]) if id in found else "not there" for found in (ours, theirs))
        if one != two:
            states[id] = (one, two)
        elif moved(ours[id], theirs[id]):
            estimates[id] = (ours[id].verdict.estimate, theirs[id].verdict.estimate)
    names = {**here.figures, **there.figures}
    figures = {name: _figure(here.figures.get(name), there.figures.get(name)) for name in names}
    figures = {name: series for name, series in figures.items() if series}
    return Comparison(states, estimates, figures, len(decided) + len(names))


def moved(one: Outcome, two: Outcome) -> bool:
    """Whether the estimates of a claim differ by more than their intervals."""
    a, b = one.verdict, two.verdict
    if a.estimate is None or b.estimate is None:
        return a.estimate is not b.estimate
    if a.interval and b.interval:
        return outside(a.estimate, b.interval) or outside(b.estimate, a.interval)
    _, bound = decisive(one)
    ends = [abs(end) for end in bound or () if math.isfinite(end)]
    return abs(a.estimate - b.estimate) > CLOSE * max(abs(a.estimate), abs(b.estimate), *ends)


def _decided(outcomes: Mapping[str, Outcome], id: str) -> bool:
    return id in outcomes and bool(outcomes[id].decided)


def _figure(here: FigureEntry | None, there: FigureEntry | None) -> list[str]:
    if here is None or there is None:
        return [f"not drawn {'here' if here is None else 'there'}"]
    return list(differing(here.data, there.data))


def differing(here: Any, there: Any, name: str = "") -> Iterator[str]:
    """Where two trees of numbers differ, by the names that lead there."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in {**here, **there}:
            inner = f"{name}, {key}" if name else str(key)
            if key in here and key in there:
                yield from differing(here[key], there[key], inner)
            else:
                yield inner
    elif not _close(here, there):
        yield name or "all"


def _close(here: Any, there: Any) -> bool:
    if isinstance(here, list) and isinstance(there, list):
        return len(here) == len(there) and all(map(_close, here, there))
    if isinstance(here, int | float) and isinstance(there, int | float):
        return math.isclose(here, there, rel_tol=CLOSE)
    return here == there


def pictures(comparison: Comparison, here: Report, there: Report, root: Path) -> None:
    """Put the figures that differ side by side below `root`/comparison."""
    shutil.rmtree(root / "comparison", ignore_errors=True)
    for side, report in (("here", here), ("there", there)):
        for name in comparison.figures:
            if entry := report.figures.get(name):
                path = root / "comparison" / side / f"{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(entry.png, path)
