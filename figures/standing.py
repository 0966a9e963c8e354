"""Whether what was decided or drawn still stands, so that only what changed is done again.

A verdict and a figure follow from code, from a preset, and from stored results whose names follow
from code. They stand while the code that they reach is the same, that of their papers' sweeps
included, which are found by name, while the results that they rest on are there, and while what was
filed of them is as it was written.
"""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from figures.evidence import Check, Evidence, Figure, Source
from figures.plain import plain
from figures.report.entries import stored
from sims.engine.code import code_of, digest, reached
from sims.engine.errors import Damaged, UserError
from sims.engine.identity import NUMERICS
from sims.engine.store import Store, read_json
from theory.claims import Outcome, State, measured
from theory.filed import wrong

# What decides and what draws, whatever the claim or figure.
DECIDED_BY = "figures.filing.decided"
DRAWN_BY = "figures.filing.drawn"
# Under which name the mark of a verdict or a figure is filed with it.
STANDING = "standing"


class Made(NamedTuple):
    """What made a verdict or a figure.

    Attributes:
        by: dotted name of what decides or draws, whatever the claim or figure.
        of: functions and texts of this one.
    """

    by: str
    of: Sequence[Any]


def marked(
    content: Mapping[str, Any],
    paper: str,
    used: Collection[Source],
    evidence: Evidence,
    made: Made,
) -> dict[str, Any]:
    """A verdict or a figure as it is filed: with a mark that `stands` compares.

    Args:
        content: what is filed of it, as JSON values or arrays.
        used: what it rests on.
        made: what made it.
    """
    papers = {paper} | {source.name.split(".")[0] for source in used if source.kind == "sweep"}
    records = {record for source in used for record in source.records}
    written = plain(content)
    mark = {
        "papers": sorted(papers),
        "key": _key(sorted(papers), evidence.preset, made),
        "content": _content(written),
        "records": sorted(records),
    }
    return {**written, STANDING: mark}


def stands(filed: Any, evidence: Evidence, made: Made) -> bool:
    """Whether what was filed is of today's code, and all that it rests on is in the store."""
    try:
        content = {name: value for name, value in filed.items() if name != STANDING}
        mark = filed[STANDING]
        same = mark["key"] == _key(mark["papers"], evidence.preset, made)
        same = same and mark["content"] == _content(content)
        return same and all((evidence.store.root / path).exists() for path in mark["records"])
    except (AttributeError, KeyError, TypeError):  # filed by hand, or by an earlier version
        return False


def check_made_by(check: Check, figure: str, evidence: Evidence) -> Made:
    """What a verdict follows from; `figure` is the one that shows it."""
    held = check.claim.at(evidence.preset)
    expected = check.claim.expects(evidence.preset)
    return Made(DECIDED_BY, [check.decide, check.findings, repr(held), expected, figure])


def figure_made_by(figure: Figure) -> Made:
    """What a figure follows from."""
    return Made(DRAWN_BY, [figure.draw, figure.caption, figure.title])


def standing_verdict(paper: str, check: Check, figure: str, evidence: Evidence) -> Outcome | None:
    """A claim as it was decided, if that stands."""
    filed = filed_verdicts(evidence.store, check.id).get(evidence.preset)
    if not stands(filed, evidence, check_made_by(check, figure, evidence)):
        return None
    try:
        return measured(evidence.store.root, paper, check.claim)[evidence.preset]
    except ValueError as damage:  # of what was found at another preset
        warnings.warn(str(damage), stacklevel=2)
        return None


def filed_verdicts(store: Store, id: str) -> dict[str, Any]:
    """What is filed of a claim, by preset, without what is damaged or was edited."""
    try:
        filed = read_json(store.folder("claims") / f"{id}.json")
        return {at: one for at, one in filed.items() if not wrong(id, at, one, get_args(State))}
    except FileNotFoundError:
        return {}
    except Damaged as damage:
        warnings.warn(f"{damage}; the claim is decided again", stacklevel=2)
        return {}


def standing_figure(
    paper: str, figure: Figure, outcomes: Sequence[Outcome], evidence: Evidence
) -> Sequence[Mapping[str, Any]] | None:
    """The sources of a figure as it was drawn, if it stands and shows these outcomes."""
    try:
        entry = stored(evidence.store.root, paper, figure)
        about = {} if entry is None else read_json(entry.numbers)
    except UserError as damage:
        warnings.warn(f"{damage}; it is drawn again", stacklevel=2)
        return None
    if entry is None or entry.preset != evidence.preset:
        return None
    rows = json.loads(json.dumps(plain([outcome.row() for outcome in outcomes])))
    shows = about.get("claims") == rows and stands(about, evidence, figure_made_by(figure))
    return entry.sources if shows else None


def _key(papers: Sequence[str], preset: str, made: Made) -> str:
    parts = [code_of(thing) if callable(thing) else thing for thing in made.of]
    return digest([_shared(made.by, tuple(papers)), preset, parts])


def _content(written: Mapping[str, Any]) -> str:
    """Of JSON values, equal before they are written and after they are read."""
    return digest(json.loads(json.dumps(written)))


@functools.cache
def _shared(by: str, papers: tuple[str, ...]) -> dict[str, str]:
    """Code that is found by name: the papers' sweeps, how they are run, how all is filed."""
    sweeps = (f"sims.{paper}.SWEEPS" for paper in papers)
    return reached(*sweeps, *NUMERICS, by)
