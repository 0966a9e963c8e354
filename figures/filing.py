"""A verdict and a figure, made and filed with what they rest on."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt

from figures.evidence import Check, Evidence, Figure
from figures.standing import check_made_by, figure_made_by, filed_verdicts, marked
from figures.style import finish, style
from sims.engine.provenance import provenance
from sims.engine.store import write_json, writing
from theory.claims import Outcome


def decided(paper: str, check: Check, figure: str, evidence: Evidence) -> Outcome:
    """Decide a claim and file what was found under `results/claims/`."""
    with evidence.noted() as used:
        verdict = check.verdict(evidence)
    outcome = Outcome(
        paper=paper,
        claim=check.claim,
        verdict=verdict,
        preset=evidence.preset,
        decided=_now(),
        figure=f"{paper}.{figure}" if figure else "",
        sources=[source.summary() for source in used.values()],
        provenance=provenance(),
    )
    path = evidence.store.folder("claims") / f"{check.id}.json"
    stored = filed_verdicts(evidence.store, check.id)
    made_by = check_made_by(check, figure, evidence)
    filed = marked(outcome.filed(), paper, used.values(), evidence, made_by)
    write_json(path, {**stored, evidence.preset: filed})
    return outcome


def drawn(
    paper: str, figure: Figure, evidence: Evidence, outcomes: Sequence[Outcome]
) -> list[dict[str, Any]]:
    """Draw a figure and write its PNG, PDF and numbers; returns what it rests on."""
    folder = evidence.store.folder("figures", paper)
    paths = {suffix: folder / f"{figure.name}.{suffix}" for suffix in ("png", "pdf", "json")}
    with evidence.noted() as used, style():
        drawing, numbers = figure.draw(evidence)
        finish(drawing, evidence.preset, [source.settings for source in used.values()])
        for suffix, date in (("png", {}), ("pdf", {"CreationDate": None})):
            with writing(paths[suffix]) as temporary:
                drawing.savefig(temporary, format=suffix, metadata=date)
    plt.close(drawing)
    sources = list(used.values())
    about = {"figure": f"{paper}.{figure.name}", "title": figure.title}
    about |= {"caption": figure.told(numbers), "preset": evidence.preset, "drawn": _now()}
    about |= {"settings": {source.name: source.settings for source in sources}}
    about |= {"provenance": [made for source in sources for made in source.provenance]}
    summaries = [source.summary() for source in sources]
    about |= {"sources": summaries}
    about |= {"data": numbers, "claims": [outcome.row() for outcome in outcomes]}
    write_json(paths["json"], marked(about, paper, sources, evidence, figure_made_by(figure)))
    return summaries


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
