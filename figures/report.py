"""The report page: figures, verdicts, settings, provenance, in one file that needs no other."""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from sims.engine.store import writing

ORDER = ("fails", "undecided", "not run at this preset", "holds")
TYPES = {".png": "image/png", ".pdf": "application/pdf", ".json": "application/json"}

Row = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class FigureEntry:
    """A drawn figure: its files, and what they rest on.

    Attributes:
        png, pdf, numbers: the figure and the numbers behind it.
        settings: by sweep or table.
        provenance: of every batch that it rests on.
        claims: ids of the claims that it shows.
    """

    name: str
    title: str
    caption: str
    png: Path
    pdf: Path
    numbers: Path
    settings: Mapping[str, Any]
    provenance: Sequence[Mapping[str, Any]]
    claims: Sequence[str]


@dataclasses.dataclass(frozen=True)
class PaperSection:
    """A paper's figures and verdicts; a verdict's row has its claim's fields and its own."""

    key: str
    title: str
    figures: Sequence[FigureEntry]
    verdicts: Sequence[Row]


@dataclasses.dataclass(frozen=True)
class Page:
    """All that the page shows."""

    title: str
    preset: str
    written: str
    papers: Sequence[PaperSection]


def write_report(page: Page, path: Path) -> None:
    """Write `page` as one HTML file, whole or not at all; images and downloads are inside it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"inline": _inline, "number": number, "kind": _kind}
    rows = [row for paper in page.papers for row in paper.verdicts]
    text = environment.get_template("report.html.jinja").render(
        page=page,
        rows=ordered(rows),
        states={state: sum(row["state"] == state for row in rows) for state in ORDER},
        unexpected=sum(_unexpected(row) for row in rows),
    )
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Rows as a reader needs them: unexpected states first, then failures, the open, the rest."""
    return sorted(rows, key=lambda row: (not _unexpected(row), ORDER.index(row["state"])))


def number(value: Any) -> str:
    """A number with four significant digits, small and large ones as a power of ten."""
    if value is None:
        return "–"
    if isinstance(value, str) or isinstance(value, int) or value == 0:
        return str(value)
    exponent = math.floor(math.log10(abs(value)))
    if -4 < exponent < 5:
        return f"{value:.4g}"
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value / 10**exponent:.2f} × 10{digits}"


def _unexpected(row: Row) -> bool:
    return row["state"] in ("holds", "fails") and row["state"] != row["expected_state"]


def _kind(row: Row) -> str:
    """The style class of a row's state."""
    return "unexpected" if _unexpected(row) else row["state"].split()[0]


def _inline(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f"data:{TYPES[path.suffix]};base64,{data}"
