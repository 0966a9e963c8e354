"""What a results folder holds, as the report shows it: figures as drawn, claims as decided.

Everything is read from the folder, so that drawing one figure again changes that figure and its
claims in the report and leaves the rest as it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import figures
from figures.evidence import Check, Figure
from sims.engine.errors import UserError
from sims.engine.rooms import rooms
from sims.engine.store import read_json
from theory.claims import Outcome, measured, register

if TYPE_CHECKING:
    from figures.report.interactive import Interactive

# As a reader needs them: surprises, failures, what is open, the rest.
GROUPS = (
    "unexpected",
    "fails as registered",
    "undecided",
    "holds",
    "not run at this preset",
    "never run",
)


@dataclasses.dataclass(frozen=True)
class FigureEntry:
    """A drawn figure: its files, and what they rest on.

    Attributes:
        paper, name: key of the room, and the figure's name in it.
        preset, drawn: where and when it was drawn.
        png, pdf, numbers: the figure and the numbers behind it.
        data: these numbers, by name.
        sources: the sweeps and tables behind it, as an `Outcome` has them.
        claims: ids of the claims that it shows.
    """

    paper: str
    name: str
    title: str
    caption: str
    preset: str
    drawn: str
    png: Path
    pdf: Path
    numbers: Path
    data: Mapping[str, Any]
    sources: Sequence[Mapping[str, Any]]
    claims: Sequence[str]

    @property
    def id(self) -> str:
        """`paper.name`, as commands know it."""
        return f"{self.paper}.{self.name}"

    @property
    def mixed(self) -> str:
        """In words, what its sources do not share: commits, versions, devices; else empty."""
        return mixture(self.sources)


@dataclasses.dataclass(frozen=True)
class PaperEntry:
    """A paper: its figures, what was found of each of its claims, and how each is checked.

    Attributes:
        missing: figures that were not drawn yet, name -> title.
        checks: by the claim's id.
        interactive: the figure that a reader moves, if the room has one.
    """

    key: str
    title: str
    figures: Sequence[FigureEntry]
    outcomes: Sequence[Outcome]
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    checks: Mapping[str, Check] = dataclasses.field(default_factory=dict)
    interactive: Interactive | None = None


@dataclasses.dataclass(frozen=True)
class Report:
    """All that the report shows.

    Attributes:
        preset: the one shown of a claim that was decided at several.
        written: when, ISO 8601.
        coming: figures that are still to be drawn.
    """

    preset: str
    written: str
    papers: Sequence[PaperEntry]
    coming: Sequence[str] = ()

    @property
    def outcomes(self) -> list[Outcome]:
        """Of all papers, as a reader needs them."""
        return ordered([outcome for paper in self.papers for outcome in paper.outcomes])

    @property
    def figures(self) -> dict[str, FigureEntry]:
        """Of all papers, by id."""
        return {entry.id: entry for paper in self.papers for entry in paper.figures}


def gather(results: Path, preset: str, written: str, coming: Sequence[str] = ()) -> Report:
    """What `results` holds; papers of which there is nothing are left out.

    Raises:
        UserError: a figure's numbers are damaged.
        ValueError: a claim's file is.
    """
    papers = []
    for paper, here in rooms(figures, figures.NOT_ROOMS).items():
        drawn = {figure.name: stored(results, paper, figure) for figure in here.FIGURES}
        outcomes = []
        for _, claim in register(paper).values():
            found = measured(results, paper, claim)
            latest = sorted(found.values(), key=lambda outcome: outcome.decided)[-1:]
            never = latest or [Outcome(paper=paper, claim=claim)]
            outcomes += [found[preset]] if preset in found else never
        entries = [entry for entry in drawn.values() if entry]
        if entries or any(outcome.decided for outcome in outcomes):
            missing = {figure.name: figure.title for figure in here.FIGURES}
            missing = {name: title for name, title in missing.items() if not drawn[name]}
            checks = {check.id: check for check in here.CHECKS}
            moving = getattr(here, "INTERACTIVE", None)
            papers.append(PaperEntry(paper, here.TITLE, entries, outcomes, missing, checks, moving))
    return Report(preset, written, papers, coming)


def stored(results: Path, paper: str, figure: Figure) -> FigureEntry | None:
    """A figure as it was last drawn; None where it was not.

    Raises:
        UserError: its numbers are damaged.
    """
    folder = results / "figures" / paper
    files = [folder / f"{figure.name}.{suffix}" for suffix in ("png", "pdf", "json")]
    if not all(path.exists() for path in files):
        return None
    about = read_json(files[-1])
    try:
        return FigureEntry(
            paper=paper,
            name=figure.name,
            title=about["title"],
            caption=about["caption"],
            preset=about["preset"],
            drawn=about["drawn"],
            png=files[0],
            pdf=files[1],
            numbers=files[2],
            data=about["data"],
            sources=about["sources"],
            claims=figure.claims,
        )
    except KeyError as error:
        raise UserError(f"{files[-1]} is damaged (no {error}); draw the figure again") from None


def mixture(sources: Sequence[Mapping[str, Any]]) -> str:
    """In words, what some sources do not share: commits, devices, versions; empty where all is."""
    words = []
    made = [source["made"] for source in sources]
    for what, plural in (("commit", "commits"), ("device", "devices")):
        values = {str(value) for part in made for value in part[what]}
        if len(values) > 1:
            words.append(f"{plural} {', '.join(sorted(value[:12] for value in values))}")
    versions = [version for part in made for version in part["versions"]]
    for name in sorted({name for version in versions for name in version}):
        values = {str(version.get(name)) for version in versions}
        if len(values) > 1:
            words.append(f"{name} {', '.join(sorted(values))}")
    return "; ".join(words)


def group(outcome: Outcome) -> str:
    """Under which of `GROUPS` an outcome is counted."""
    if outcome.unexpected:
        return "unexpected"
    return "fails as registered" if outcome.state == "fails" else outcome.state


def ordered(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """As a reader needs them: unexpected states first, then failures, the open, the rest."""
    return sorted(outcomes, key=lambda outcome: GROUPS.index(group(outcome)))


def score(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many outcomes are in each of `GROUPS`; groups of none are left out."""
    counts = {name: sum(group(outcome) == name for outcome in outcomes) for name in GROUPS}
    return {name: count for name, count in counts.items() if count}


def line(outcome: Outcome) -> str:
    """An outcome on one line of a terminal."""
    mark = "!" if outcome.unexpected else "?" if outcome.open else " "
    id, verdict, expected = outcome.claim.id, outcome.verdict, outcome.expectation
    if verdict.estimate is None:
        return f"{mark} {id:9} {verdict.state:22} {expected}"
    interval = verdict.interval
    between = f" [{interval[0]:.4g}, {interval[1]:.4g}]" if interval else ""
    estimate = f"{verdict.estimate:.4g}{between}"
    return f"{mark} {id:9} {verdict.state:10} {estimate:30} expected {expected}"
