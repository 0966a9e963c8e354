"""Every page as a fragment of HTML, with links by what they lead to.

A link is written `href="label:icl-4.2"`, `claim:`, `card:` (the claim beside its derivation),
`figure:`, `paper:`, `front:` or `file:`. `figures.report.site` knows where that is.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from figures.report.charts import chart
from figures.report.comparison import Comparison
from figures.report.derivations import Section, derivations, linked
from figures.report.entries import FigureEntry, PaperEntry, Report, group, score
from figures.report.pedigree import check_code, origins, when_and_where
from figures.report.words import apart, caught, chance, interval, number, others, seen, typeset
from theory.claims import Outcome, in_words

HERE = Path(__file__).parent
# What every page loads, and what those with an interactive figure do before the figure's own.
SCRIPT, MOVING = "script.js", "interactive.js"
KINDS = ("identity", "bound", "asymptotic", "empirical")


@dataclasses.dataclass(frozen=True)
class Fragment:
    """One page without its frame.

    Attributes:
        path: in the site's folder.
        anchor: its id where all pages are one file.
        section: of the site, which the navigation marks: a paper's key, or empty.
        scripts: files that it loads.
    """

    path: str
    anchor: str
    title: str
    section: str
    html: str
    scripts: Sequence[str] = (SCRIPT,)


@dataclasses.dataclass(frozen=True)
class Result:
    """A part of the derivations with what the report knows of it.

    Attributes:
        claims: that are shown in full here, since they cite it first.
        also: that cite it and are shown elsewhere.
        figures: that show a claim of `claims` and were not shown before.
    """

    section: Section
    claims: Sequence[Outcome] = ()
    also: Sequence[Outcome] = ()
    figures: Sequence[FigureEntry] = ()


def fragments(report: Report, moved: Sequence[str]) -> list[Fragment]:
    """Every page of the report; the front page first.

    Args:
        moved: what changed since the last report, one line each.
    """
    templates = _templates()
    front = templates.get_template("front.html.jinja").render(
        report=report, moved=moved, kinds=KINDS, groups=score(report.outcomes)
    )
    title = f"Lemmax: {report.preset}"
    found = [Fragment("index.html", "front", title, "", front)]
    for paper in report.papers:
        found.append(_paper(templates, report, paper))
        found += [_claim(templates, report, paper, outcome) for outcome in paper.outcomes]
    return found


def framed(report: Report, fragment: Fragment, **assets: Any) -> str:
    """A fragment as a whole HTML document.

    Args:
        assets: `style` and `scripts` as text where they are to stand in the document itself.
    """
    template = _templates().get_template("page.html.jinja")
    return template.render(report=report, page=fragment, **assets)


def compared(comparison: Comparison, here: Report, there: Report, other: str) -> Fragment:
    """What differs from another results folder, called `other`."""
    html = (
        _templates()
        .get_template("comparison.html.jinja")
        .render(comparison=comparison, here=here, there=there, other=other)
    )
    return Fragment("comparison.html", "comparison", f"Compared with {other}", "", html)


def _paper(templates: jinja2.Environment, report: Report, paper: PaperEntry) -> Fragment:
    results, loose, rest = placed(paper)
    html = templates.get_template("paper.html.jinja").render(
        report=report,
        paper=paper,
        results=results,
        loose=loose,
        rest=rest,
        attention=[o for o in paper.outcomes if o.unexpected or o.open or o.state == "fails"],
        outcomes={outcome.claim.id: outcome for outcome in paper.outcomes},
    )
    scripts = (SCRIPT, MOVING, f"{paper.key}.js") if paper.interactive else (SCRIPT,)
    return Fragment(f"papers/{paper.key}.html", paper.key, paper.title, paper.key, html, scripts)


def _claim(
    templates: jinja2.Environment, report: Report, paper: PaperEntry, outcome: Outcome
) -> Fragment:
    id = outcome.claim.id
    parts = {part.label: part for part in derivations(paper.key)}
    shown = [entry for entry in paper.figures if id in entry.claims]
    html = templates.get_template("claim.html.jinja").render(
        report=report,
        paper=paper,
        outcome=outcome,
        cited=[parts[label] for label in outcome.claim.labels if label in parts],
        code=check_code(paper.checks.get(id)),
        origins=origins(outcome),
        figure=next((entry for entry in shown if entry.id == outcome.figure), None),
        shown=shown,
        outcomes={outcome.claim.id: outcome for outcome in paper.outcomes},
    )
    return Fragment(f"claims/{id}.html", f"claim.{id}", id, paper.key, html)


def placed(paper: PaperEntry) -> tuple[list[Result], list[Outcome], list[FigureEntry]]:
    """The derivations with claims and figures where they belong, and what belongs nowhere.

    A claim stands in full below the first result that it cites, a figure below the first claim that
    it shows.
    """
    parts = derivations(paper.key)
    known = {part.label for part in parts if part.label}
    first = {}
    for outcome in paper.outcomes:
        cited = [label for label in outcome.claim.labels if label in known]
        first[outcome.claim.id] = cited[0] if cited else ""
    left = {entry.id: entry for entry in paper.figures}
    results = []
    for part in parts:
        citing = [o for o in paper.outcomes if part.label and part.label in o.claim.labels]
        here = [o for o in citing if first[o.claim.id] == part.label]
        shown = [e for e in left.values() if any(o.claim.id in e.claims for o in here)]
        for entry in shown:
            del left[entry.id]
        also = [outcome for outcome in citing if outcome not in here]
        results.append(Result(part, here, also, shown))
    loose = [outcome for outcome in paper.outcomes if not first[outcome.claim.id]]
    return results, loose, list(left.values())


def _alternative(entry: FigureEntry, outcomes: Mapping[str, Outcome]) -> str:
    return seen(entry, [outcomes[id] for id in entry.claims if id in outcomes])


def _kind(outcome: Outcome) -> str:
    """The style class of an outcome's state."""
    return group(outcome).split()[0]


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "alternative": _alternative,
        "apart": apart,
        "bound": in_words,
        "chart": chart,
        "caught": caught,
        "chance": chance,
        "cited": linked,
        "group": group,
        "interval": interval,
        "kind": _kind,
        "number": number,
        "others": others,
        "score": score,
        "typeset": typeset,
        "where": when_and_where,
    }
    return environment
