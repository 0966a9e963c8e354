"""The report as a site of many files, or as one file that needs no other.

The site links files in its own folder only, so that the folder can be copied; a file is written
only where its content changed, each whole or not at all.
"""

from __future__ import annotations

import base64
import datetime
import functools
import io
import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from figures.report.comparison import Comparison, both, compare, pictures
from figures.report.derivations import derivations
from figures.report.entries import FigureEntry, Report, gather
from figures.report.moved import moved_since
from figures.report.pages import HERE, MOVING, SCRIPT, Fragment, compared, fragments, framed
from sims.engine.store import writing

STYLE = "style.css"
TYPES = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
    ".json": "application/json",
}
# Pixels of the figure on a paper's card, twice what it takes there.
THUMBNAIL = 640
_LINK = re.compile(r'(href|src)="(label|claim|card|figure|paper|front|file):([^"]*)"')
# What shows or offers a picture once more; left out where it would be in the same file twice.
_AGAIN = re.compile(r"<img [^>]*data-again[^>]*>|<a [^>]*data-again[^>]*>.*?</a>", re.DOTALL)


def write_report(results: Path, preset: str, coming: Sequence[str] = ()) -> Path:
    """Write the site `results/report/` from what `results` holds; returns its front page.

    Args:
        preset: the one to show of a claim that was decided at several.
        coming: figures that are still to be drawn; the pages then load themselves again.

    Raises:
        UserError: a figure's numbers are damaged.
        Incomplete: the disk is full.
    """
    root = results / "report"
    report = gather(results, preset, _now(), coming)
    pages = fragments(report, moved_since(root, report))
    files = {path: source.read_bytes() for path, source in _assets(report).items()}
    files |= {entry_path(e, "webp"): thumbnail(e.png) for e in _first_figures(report)}
    where = places(report, pages)
    for page in pages:
        linked = functools.partial(_relative, page=page.path, where=where)
        text = _LINK.sub(linked, framed(report, page))
        files[page.path] = text.encode()
    for path, content in files.items():
        _write(root / path, content)
    _sweep(root, files)
    return root / "index.html"


def write_single_file(results: Path, preset: str) -> Path:
    """Write `results/report.html`: every page of the report, images and downloads inside it.

    Raises:
        UserError: a figure's numbers are damaged.
        Incomplete: the disk is full.
    """
    report = gather(results, preset, _now())
    pages = fragments(report, moved_since(results / "report", report))
    where = places(report, pages)
    body = "".join(
        f'<section class="page" id="{page.anchor}">{_AGAIN.sub("", page.html)}</section>'
        for page in pages
    )
    assets = _assets(report)
    files = {path: source.read_bytes() for path, source in assets.items()}
    files |= {entry_path(e, "webp"): thumbnail(e.png) for e in _first_figures(report)}
    whole = Fragment("report.html", "front", pages[0].title, "", body)
    scripts = [files[path].decode() for path in assets if path.endswith(".js")]
    text = framed(report, whole, style=files[STYLE].decode(), scripts=scripts)
    path = results / "report.html"
    _write(path, _LINK.sub(lambda match: _inside(match, where, files), text).encode())
    return path


def write_comparison(results: Path, other: Path, preset: str) -> tuple[Path, Comparison]:
    """Write `results/report/comparison.html`, a page of the report; returns it and what differs.

    Raises:
        UserError: one of the folders holds nothing.
        Incomplete: the disk is full.
    """
    here, there = both(results, other, preset)
    found = compare(here, there)
    root = write_report(results, preset).parent
    pictures(found, here, there, root)
    page = compared(found, here, there, other.name)
    linked = functools.partial(_relative, page=page.path, where=places(here, fragments(here, ())))
    _write(root / page.path, _LINK.sub(linked, framed(here, page)).encode())
    return root / page.path, found


def places(report: Report, pages: Sequence[Fragment]) -> dict[tuple[str, str], tuple[str, str]]:
    """Where every target of a link is: (kind, name) -> (page, anchor on it)."""
    found = {("front", ""): ("index.html", "")}
    for page in pages:
        kind = page.path.split("/")[0].removesuffix("s")
        name = page.path.split("/")[-1].removesuffix(".html")
        found[kind, name] = (page.path, "")
    for paper in report.papers:
        path = f"papers/{paper.key}.html"
        found |= {("label", part.label): (path, part.label) for part in derivations(paper.key)}
        found |= {("card", o.claim.id): (path, o.claim.id) for o in paper.outcomes}
        found |= {("figure", entry.id): (path, entry.id) for entry in paper.figures}
    return found


def entry_path(entry: FigureEntry, suffix: str) -> str:
    """Where a figure's file is in the site."""
    return f"figures/{entry.paper}/{entry.name}.{suffix}"


def thumbnail(png: Path) -> bytes:
    """A figure as small as a card needs it."""
    with Image.open(png) as image:
        small = image.convert("RGB")
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        out = io.BytesIO()
        small.save(out, "WEBP", quality=70)
    return out.getvalue()


def _first_figures(report: Report) -> list[FigureEntry]:
    return [paper.figures[0] for paper in report.papers if paper.figures]


def _assets(report: Report) -> dict[str, Path]:
    """What pages load or offer: path in the site -> the file that it is a copy of."""
    found = {name: HERE / name for name in (STYLE, SCRIPT, MOVING)}
    for paper in report.papers:
        if paper.interactive:
            found[f"{paper.key}.js"] = paper.interactive.script
    for entry in report.figures.values():
        for file in (entry.png, entry.pdf, entry.numbers):
            found[entry_path(entry, file.suffix[1:])] = file
    return found


def _relative(
    match: re.Match[str], page: str, where: Mapping[tuple[str, str], tuple[str, str]]
) -> str:
    """A link as it stands on a page of the site; without a target where there is none."""
    attribute, kind, name = match.groups()
    if kind == "file":
        path, anchor = name, ""
    elif (kind, name) in where:
        path, anchor = where[kind, name]
    else:
        return ""
    path = "" if path == page and anchor else posixpath.relpath(path, posixpath.dirname(page))
    return f'{attribute}="{path}{"#" if anchor else ""}{anchor}"'


def _inside(
    match: re.Match[str],
    where: Mapping[tuple[str, str], tuple[str, str]],
    files: Mapping[str, bytes],
) -> str:
    """A link as it stands where all pages and files are in one."""
    attribute, kind, name = match.groups()
    if kind == "file":
        data = base64.b64encode(files[name]).decode()
        return f'{attribute}="data:{TYPES[posixpath.splitext(name)[1]]};base64,{data}"'
    if (kind, name) not in where:
        return ""
    anchors = {"claim": f"claim.{name}", "paper": name, "front": "front"}
    return f'{attribute}="#{anchors.get(kind, name)}"'


def _write(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        with writing(path) as temporary:
            temporary.write_bytes(content)


def _sweep(root: Path, files: Mapping[str, bytes]) -> None:
    """Remove pages and figures of what is no longer there."""
    for folder in ("papers", "claims", "figures"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.relative_to(root).as_posix() not in files:
                path.unlink()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
