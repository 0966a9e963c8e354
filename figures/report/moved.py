"""What is new or has moved since the last finished report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figures.plain import plain
from figures.report.entries import Report, group
from figures.report.words import number
from sims.engine.store import read_json, write_json
from theory.claims import Outcome

FILE = "verdicts.json"


def moved_since(root: Path, report: Report) -> list[str]:
    """One line for each claim that is new, changed its state, or left its old interval.

    What is compared with is kept in `root/verdicts.json`: of a finished report, and of the last one
    before it that differed, so that writing the same report twice says the same.
    """
    path = root / FILE
    filed = read_json(path) if path.exists() else {}
    now = plain({o.claim.id: _summary(o) for o in report.outcomes if o.decided})
    kept = filed.get("now", {})
    before = filed.get("before", {}) if kept == now else kept
    if not report.coming and kept != now:
        write_json(path, {"written": report.written, "now": now, "before": before})
    return differences(before, now)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In words, what two sets of verdicts differ in: states, and estimates that left the interval.

    Args:
        before, now: by claim: `group`, `estimate`, `interval`, `preset`.
    """
    found: list[str] = []
    for id, verdict in now.items() if before else ():
        old = before.get(id)
        if old is None:
            found.append(f"{id} is new: {verdict['group']}")
        elif old["group"] != verdict["group"]:
            found.append(f"{id}: {verdict['group']}, was {old['group']}")
        elif outside(verdict["estimate"], old["interval"]):
            moved = f"{number(old['estimate'])} to {number(verdict['estimate'])}"
            found.append(f"{id}: its estimate moved from {moved}")
    return found + [f"{id} is gone" for id in before if id not in now]


def outside(value: float | None, interval: Sequence[float | None] | None) -> bool:
    """Whether a number lies outside an interval whose open ends are None."""
    if value is None or interval is None:
        return False
    low, high = interval
    return (low is not None and value < low) or (high is not None and value > high)


def _summary(outcome: Outcome) -> dict[str, Any]:
    verdict = outcome.verdict
    return {
        "group": group(outcome),
        "estimate": verdict.estimate,
        "interval": verdict.interval,
        "preset": outcome.preset,
    }
