"""`python -m figures`: run what is missing, draw, decide every claim, write the report page."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sims.engine.cli import AMISS, FINISHED, Parser, guarded, shared_options
from sims.engine.errors import UserError, unknown

if TYPE_CHECKING:  # imported when a command needs them, so that --help is quick
    from figures.evidence import Evidence, Figure
    from figures.report import FigureEntry

PROG = "python -m figures"
NOT_ROOMS = ("__main__", "evidence", "report", "statistics", "style")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    return guarded(PROG, lambda: _figures(options))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=PROG,
        parents=[shared_options()],
        description="Run the sweeps that are missing, draw every figure with its numbers, decide "
        "every claim, and write the report page DIR/report/index.html.",
        epilog="Exit code 0: finished; 1: a claim is in a state that the register does not expect, "
        "or a run diverged that should not; 2: usage.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a paper or paper.figure; default: everything"
    )
    parser.add_argument("--preset", default="quick", help="quick (default), paper, ...")
    return parser


def _figures(options: argparse.Namespace) -> int:
    from figures.evidence import Evidence
    from figures.report import Page, write_report
    from sims.engine.devices import prepare
    from sims.engine.store import Store

    chosen = _chosen(options.names)
    _known_preset(options.preset, chosen)
    prepare(options.device)
    evidence = Evidence(Store(options.results), options.preset, options.quiet or options.json)
    sections = [_section(paper, names, evidence) for paper, names in chosen.items()]
    page = Page("Lemmax", options.preset, _now(), sections)
    path = evidence.store.root / "report" / "index.html"
    write_report(page, path)
    rows = [row for section in sections for row in section.verdicts]
    unexpected = [row for row in rows if not _as_expected(row)]
    diverged = sum(len(report.unexpected) for report in evidence.reports)
    if options.json:
        print(json.dumps({"report": str(path), "verdicts": rows, "diverged": diverged}, indent=1))
    else:
        for row in rows:
            print(_line(row))
        print(f"report: {path}")
        if diverged:
            print(f"{diverged} runs diverged that should not")
    return AMISS if unexpected or diverged else FINISHED


def _chosen(names: list[str]) -> dict[str, list[str] | None]:
    """Papers to draw, each with its figures by name, or None for the whole paper."""
    import figures
    from sims.engine.rooms import papers, room

    known = papers(figures, NOT_ROOMS)
    chosen: dict[str, list[str] | None] = {}
    for name in names or known:
        paper, _, figure = name.partition(".")
        if paper not in known:
            raise unknown("figure", name, known)
        drawn = [drawing.name for drawing in room(figures, paper).FIGURES]
        if figure and figure not in drawn:
            raise unknown("figure", name, [f"{paper}.{other}" for other in drawn])
        before = chosen.setdefault(paper, [] if figure else None)
        if before is not None:
            chosen[paper] = [*before, figure] if figure else None
    return chosen


def _known_preset(preset: str, papers: Mapping[str, Any]) -> None:
    from sims.engine.rooms import sweeps

    found = [presets for name, presets in sweeps().items() if name.split(".")[0] in papers]
    presets = {"quick"}.union(*found)
    if preset not in presets:
        raise unknown("preset", preset, presets)


def _section(paper: str, names: list[str] | None, evidence: Evidence) -> Any:
    import figures
    from figures.report import PaperSection
    from sims.engine.rooms import room

    here = room(figures, paper)
    drawings = [drawing for drawing in here.FIGURES if names is None or drawing.name in names]
    shown = {claim for drawing in drawings for claim in drawing.claims}
    for drawing in drawings:
        if not _drawable(drawing, evidence.preset):
            where = f"{paper}.{drawing.name} is drawn at preset {', '.join(drawing.presets)}"
            if names is not None:
                raise UserError(f"{where}, not at {evidence.preset}")
            if not evidence.quiet:
                print(f"  {where}")
    verdicts = [
        _decided(paper, check, evidence)
        for check in here.CHECKS
        if names is None or check.claim in shown
    ]
    drawings = [drawing for drawing in drawings if _drawable(drawing, evidence.preset)]
    entries = [_drawn(paper, drawing, evidence, verdicts) for drawing in drawings]
    return PaperSection(paper, here.TITLE, entries, verdicts)


def _drawable(drawing: Figure, preset: str) -> bool:
    return not drawing.presets or preset in drawing.presets


def _decided(paper: str, check: Any, evidence: Evidence) -> dict[str, Any]:
    """Decide a claim, file the verdict under `results/claims/`, and return the report's row."""
    from sims.engine.provenance import provenance
    from sims.engine.store import read_json, write_json
    from theory.claims import register

    claim = register(paper)[check.claim][1]
    verdict = dataclasses.asdict(check.verdict(evidence))
    verdict = _plain({**verdict, "paper": paper, "preset": evidence.preset, "decided": _now()})
    path = evidence.store.folder("claims") / f"{claim.id}.json"
    stored = read_json(path) if path.exists() else {}
    filed = {**verdict, "provenance": provenance()}
    write_json(path, {**stored, evidence.preset: filed})
    row = {**dataclasses.asdict(claim), **verdict}
    return {**row, "id": claim.id, "expected_state": claim.expects(evidence.preset)}


def _drawn(paper: str, figure: Figure, evidence: Evidence, rows: list[dict]) -> FigureEntry:
    """Draw a figure and write its PNG, PDF and numbers."""
    import matplotlib.pyplot as plt

    from figures.report import FigureEntry
    from figures.style import style
    from sims.engine.store import write_json, writing

    evidence.used.clear()
    folder = evidence.store.folder("figures", paper)
    paths = {suffix: folder / f"{figure.name}.{suffix}" for suffix in ("png", "pdf", "json")}
    with style():
        drawing, numbers = figure.draw(evidence)
        # Lay out once; each format would do it again, which is most of the time of drawing.
        drawing.draw_without_rendering()
        drawing.set_layout_engine("none")
        for suffix, date in (("png", {}), ("pdf", {"CreationDate": None})):
            with writing(paths[suffix]) as temporary:
                drawing.savefig(temporary, format=suffix, metadata=date)
    plt.close(drawing)
    settings = {name: used["settings"] for name, used in evidence.used.items()}
    sources = [source for used in evidence.used.values() for source in used["provenance"]]
    about = {"figure": f"{paper}.{figure.name}", "title": figure.title, "caption": figure.caption}
    verdicts = [row for row in rows if row["id"] in figure.claims]
    about |= {"preset": evidence.preset, "settings": settings, "provenance": sources}
    write_json(paths["json"], _plain({**about, "data": numbers, "claims": verdicts}))
    return FigureEntry(
        figure.name,
        figure.title,
        figure.caption,
        paths["png"],
        paths["pdf"],
        paths["json"],
        settings,
        sources,
        figure.claims,
    )


def _as_expected(row: Mapping[str, Any]) -> bool:
    return row["state"] in (row["expected_state"], "undecided", "not run at this preset")


def _line(row: Mapping[str, Any]) -> str:
    mark = " " if _as_expected(row) else "!"
    if row["estimate"] is None:
        return f"{mark} {row['id']:9} {row['state']:22} {row['expected']}"
    interval = row["interval"]
    between = f" [{interval[0]:.4g}, {interval[1]:.4g}]" if interval else ""
    estimate = f"{row['estimate']:.4g}{between}"
    return f"{mark} {row['id']:9} {row['state']:10} {estimate:30} expected {row['expected']}"


def _plain(value: Any) -> Any:
    """`value` as JSON: arrays as lists, numbers as Python's, what is not finite as null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if hasattr(value, "__array__"):
        value = value.__array__().tolist()
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main())
