"""Numbers, statements and alternative texts as a reader meets them."""

from __future__ import annotations

import functools
import html
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

import figures
from figures.report.entries import FigureEntry, group
from figures.statistics import bound_of
from theory.claims import Bound, Claim, Outcome, in_words

_NAMES = (
    "alpha beta gamma delta epsilon eta theta kappa lambda mu nu xi rho sigma tau omega Sigma Omega"
)
_GREEK: dict[str, str] = dict(zip(_NAMES.split(), "αβγδεηθκλμνξρστωΣΩ", strict=True))
_LETTER = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(_GREEK)})(?![A-Za-z])")
# After one or two letters: a longer word with an underscore is a name in code.
_LOWERED = re.compile(
    r"(?<![A-Za-z]{3})(?<=[A-Za-zα-ωΣΩ|])_(?:\(([^()]*)\)|(\+|-(?!\w)|[A-Za-z0-9α-ω]+))"
)
_RAISED = re.compile(r"\^(?:\(([^()]*)\)|(-\d+/\d+|-?\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z])))")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# What every check gave under its falsifier, as `python -m tests.figures.falsifiers` measured it.
FALSIFIERS = Path(figures.__file__).with_name("falsifiers.json")
# What the statistic of a share calls itself.
_SHARE = "Clopper-Pearson"
# How many of a figure's series its alternative text tells of.
_TOLD = 8


def number(value: Any) -> str:
    """A number with four significant digits, small and large ones as a power of ten."""
    if value is None:
        return "–"
    if isinstance(value, str) or isinstance(value, int) or value == 0:
        return str(value)
    if not math.isfinite(value):
        return str(value).replace("inf", "∞")
    exponent = math.floor(math.log10(abs(value)))
    if -4 < exponent < 5:
        return f"{value:.4g}"
    return f"{value / 10**exponent:.2f} × 10{str(exponent).translate(_SUPERSCRIPT)}"


def interval(outcome: Outcome) -> str:
    """`[low, high]`, or nothing where the number is exact."""
    found = outcome.verdict.interval
    return f"[{number(found[0])}, {number(found[1])}]" if found else ""


def typeset(text: str) -> Markup:
    """A statement of the register in the typography of its symbols: `mu^2 <= s2` as μ² ≤ s².

    Only what a symbol looks like changes: spelled Greek letters, subscripts after `_`, powers, and
    the signs of order.
    """
    out = html.escape(text, quote=False)
    out = out.replace("&lt;=", "≤").replace("&gt;=", "≥").replace(" +- ", " ± ")
    out = _LETTER.sub(lambda match: _GREEK[match[0]], out)
    out = _LOWERED.sub(lambda match: f"<sub>{match[1] or match[2]}</sub>", out)
    out = re.sub(r"\bs2\b", "s²", out)
    return Markup(_RAISED.sub(lambda match: f"<sup>{match[1] or match[2]}</sup>", out))


def decisive(outcome: Outcome) -> tuple[str, Bound | None]:
    """The part of a check that the verdict's estimate is of, and the range that it may have."""
    detail = outcome.verdict.detail
    bounds = outcome.claim.at(outcome.preset).bounds
    name = str(detail.get("estimate of") or detail.get("decided by") or "")
    if not name and len(bounds) == 1:
        name = next(iter(bounds))
    return name, _allowed(outcome.claim.at(outcome.preset), name)


def _allowed(claim: Claim, part: str) -> Bound | None:
    """The range of a part of a check; None of a condition, or of a number that is only told."""
    try:
        return bound_of(claim, part)
    except KeyError:
        return None


def others(outcome: Outcome) -> Iterator[tuple[str, Any, str]]:
    """The further numbers of a verdict: name, value, and what is allowed, in words."""
    claim = outcome.claim.at(outcome.preset)
    for name, value in outcome.verdict.detail.items():
        if name not in ("estimate of", "decided by"):
            bound = _allowed(claim, name)
            yield name, value, in_words(bound) if bound else ""


def caught(outcome: Outcome) -> str:
    """How large an effect the check would have called a failure, at the scatter it found.

    Nothing is said of a share, whose interval widens as it moves, nor of an exact number.
    """
    verdict, (_, bound) = outcome.verdict, decisive(outcome)
    if verdict.estimate is None or not verdict.interval or bound is None:
        return ""
    below, above = bound[0] - verdict.interval[1], bound[1] - verdict.interval[0]
    below, above = below + verdict.estimate, above + verdict.estimate
    ends = [f"below {number(below)}"] if math.isfinite(below) else []
    ends += [f"above {number(above)}"] if math.isfinite(above) else []
    return " or ".join(ends) if _SHARE not in verdict.method else ""


@functools.cache
def _falsifiers() -> Mapping[str, Mapping[str, Any]]:
    return json.loads(FALSIFIERS.read_text(encoding="utf-8"))


def falsified(outcome: Outcome) -> Mapping[str, Any] | None:
    """What the check gave under the claim's falsifier, `broken`, and on the same data, `whole`.

    Each has `of` (a part of the check), `estimate` and `interval`. None where nothing was measured:
    of a claim in a user's own room.
    """
    found = _falsifiers().get(outcome.claim.id)
    if found is None or found["broken"]["estimate"] is None:
        return None
    return found


def crossed(outcome: Outcome, bound: Bound) -> float | None:
    """The estimate under the falsifier, where it is of what `bound` allows."""
    found, (name, _) = falsified(outcome), decisive(outcome)
    if found is None:
        return None
    allowed = _allowed(outcome.claim.at(outcome.preset), found["broken"]["of"] or name)
    return found["broken"]["estimate"] if allowed == bound else None


def apart(outcome: Outcome) -> str:
    """The value under the falsifier, and on the same data without it, in words."""
    found = falsified(outcome)
    if found is None:
        return ""
    one, two = found["broken"], found["whole"]
    words = f"There {'it' if not one['of'] else repr(one['of'])} is {_between(one)}"
    other = "" if two["of"] == one["of"] else f"{two['of'] or 'the estimate'} "
    return f"{words}; {other}{_between(two)} on the same data without that"


def _between(said: Mapping[str, Any]) -> str:
    if not said["interval"]:
        return number(said["estimate"])
    low, high = said["interval"]  # JSON has no infinity
    low, high = (-math.inf if low is None else low), (math.inf if high is None else high)
    return f"{number(said['estimate'])} [{number(low)}, {number(high)}]"


def chance(outcomes: Sequence[Outcome]) -> tuple[int, float]:
    """How many verdicts rest on an interval, and how many of these chance may turn, on average.

    The part that decides is wrong in at most 2.5 % of cases, 5 % for a share
    (`figures.statistics.decide`).
    """
    methods = [outcome.verdict.method for outcome in outcomes if outcome.verdict.interval]
    wrong = [0.05 if _SHARE in method else 0.025 for method in methods]
    return len(methods), math.fsum(wrong)


def told(outcome: Outcome) -> str:
    """A verdict in one sentence without mark-up, for those who do not see its chart."""
    verdict = outcome.verdict
    if verdict.estimate is None:
        return f"{outcome.claim.id}: {group(outcome)}"
    name, bound = decisive(outcome)
    words = f"{outcome.claim.id} {group(outcome)}: {name or 'estimate'} {number(verdict.estimate)}"
    if verdict.interval:
        low, high = map(number, verdict.interval)
        words += f", interval {low} to {high}"
    return words + (f", allowed {in_words(bound)}" if bound else "")


def seen(entry: FigureEntry, outcomes: Sequence[Outcome]) -> str:
    """A figure for those who do not see it: what it decides, and the ranges of its numbers.

    Args:
        outcomes: of the claims that it shows.
    """
    decided = "; ".join(told(outcome) for outcome in outcomes)
    series = list(_series(entry.data))
    ranges = "; ".join(
        f"{name} from {number(values[0])} to {number(values[-1])}, between {number(min(values))} "
        f"and {number(max(values))}"
        for name, values in series[:_TOLD]
    )
    rest = f"; {len(series) - _TOLD} more series in the numbers" if len(series) > _TOLD else ""
    parts = [f"Plot {entry.name} at preset {entry.preset}."]
    parts += [f"It shows {decided}."] if decided else []
    parts += [f"Drawn: {ranges}{rest}."] if ranges else []
    return " ".join(parts)


def _series(data: Any, name: str = "") -> Iterator[tuple[str, list[float]]]:
    """Every list of numbers in a figure's data, with where it stands."""
    if isinstance(data, Mapping):
        for key, inner in data.items():
            yield from _series(inner, f"{name}, {key}" if name else str(key))
    elif isinstance(data, list):
        numbers = [v for v in data if isinstance(v, int | float) and not isinstance(v, bool)]
        if numbers:
            yield name, [float(value) for value in numbers]
