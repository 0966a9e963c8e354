"""The report page: figures, verdicts, settings, provenance, in one file that needs no other.

The page is made from what a results folder holds, so that drawing one figure again changes that
figure and its claims on it and leaves the rest as it was.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

import figures
from figures.evidence import Figure
from sims.engine.errors import UserError
from sims.engine.rooms import rooms
from sims.engine.store import read_json, writing
from theory.claims import Outcome, in_words, measured, register

ORDER = ("fails", "undecided", "not run at this preset", "holds")
TYPES = {".png": "image/png", ".pdf": "application/pdf", ".json": "application/json"}


@dataclasses.dataclass(frozen=True)
class FigureEntry:
    """A drawn figure: its files, and what they rest on.

    Attributes:
        preset: where it was drawn.
        png, pdf, numbers: the figure and the numbers behind it.
        sources: the sweeps and tables behind it, as an `Outcome` has them.
        claims: ids of the claims that it shows.
    """

    name: str
    title: str
    caption: str
    preset: str
    png: Path
    pdf: Path
    numbers: Path
    sources: Sequence[Mapping[str, Any]]
    claims: Sequence[str]

    @property
    def mixed(self) -> str:
        """In words, what its sources do not share: commits, versions, devices; else empty."""
        return mixture(self.sources)


@dataclasses.dataclass(frozen=True)
class PaperSection:
    """A paper's figures and what was found of its claims."""

    key: str
    title: str
    figures: Sequence[FigureEntry]
    outcomes: Sequence[Outcome]


@dataclasses.dataclass(frozen=True)
class Page:
    """All that the page shows."""

    title: str
    preset: str
    written: str
    papers: Sequence[PaperSection]
    coming: Sequence[str] = ()


def write_report(results: Path, preset: str, coming: Sequence[str] = ()) -> Path:
    """Write `results/report/index.html` from what `results` holds; returns its path.

    Args:
        preset: the one to show of a claim that was decided at several.
        coming: figures that are still to be drawn; the page then loads itself again.
    """
    sections = []
    for paper, here in rooms(figures, figures.NOT_ROOMS).items():
        entries = [entry for figure in here.FIGURES if (entry := stored(results, paper, figure))]
        outcomes = []
        for _, claim in register(paper).values():
            found = measured(results, paper, claim)
            latest = sorted(found.values(), key=lambda outcome: outcome.decided)[-1:]
            outcomes += [found[preset]] if preset in found else latest
        if entries or outcomes:
            sections.append(PaperSection(paper, here.TITLE, entries, outcomes))
    written = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    path = results / "report" / "index.html"
    write_page(Page("Lemmax", preset, written, sections, coming), path)
    return path


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
            name=figure.name,
            title=about["title"],
            caption=about["caption"],
            preset=about["preset"],
            png=files[0],
            pdf=files[1],
            numbers=files[2],
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


def write_page(page: Page, path: Path) -> None:
    """Write `page` as one HTML file, whole or not at all; images and downloads are inside it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"inline": _inline, "number": number, "kind": _kind, "bound": in_words}
    outcomes = [outcome for paper in page.papers for outcome in paper.outcomes]
    text = environment.get_template("report.html.jinja").render(
        page=page,
        outcomes=ordered(outcomes),
        states={state: sum(o.state == state for o in outcomes) for state in ORDER},
        unexpected=sum(outcome.unexpected for outcome in outcomes),
        open=sum(outcome.open for outcome in outcomes),
    )
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def ordered(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """As a reader needs them: unexpected states first, then failures, the open, the rest."""
    return sorted(outcomes, key=lambda o: (not o.unexpected, ORDER.index(o.state)))


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


def number(value: Any) -> str:
    """A number with four significant digits, small and large ones as a power of ten."""
    if value is None:
        return "–"
    if isinstance(value, str) or isinstance(value, int) or value == 0:
        return str(value)
    if not math.isfinite(value):
        return str(value)
    exponent = math.floor(math.log10(abs(value)))
    if -4 < exponent < 5:
        return f"{value:.4g}"
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value / 10**exponent:.2f} × 10{digits}"


def _kind(outcome: Outcome) -> str:
    """The style class of an outcome's state."""
    return "unexpected" if outcome.unexpected else outcome.state.split()[0]


def _inline(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f"data:{TYPES[path.suffix]};base64,{data}"
