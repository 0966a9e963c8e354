"""An estimate, its interval and its falsifier's against what is allowed, as inline SVG.

The range is a tinted band with its ends written below it; where it is open it runs to the edge.
Positive numbers that lie orders of magnitude apart stand on a logarithmic axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from markupsafe import Markup, escape

from figures.report.words import crossed, decisive, number, told
from theory.claims import Bound, Outcome

WIDTH, HEIGHT, MARGIN = 220, 34, 14
# From this ratio of the largest to the smallest number on, the axis is logarithmic.
DECADES = 100.0


def chart(outcome: Outcome) -> Markup:
    """The verdict's estimate against its allowed range; empty where either is missing."""
    verdict, (_, bound) = outcome.verdict, decisive(outcome)
    if verdict.estimate is None or not math.isfinite(verdict.estimate) or bound is None:
        return Markup("")
    label, broken = told(outcome), crossed(outcome, bound)
    if broken is not None:
        label += f"; {number(broken)} under its falsifier"
    return drawing(bound, verdict.estimate, verdict.interval, label, broken)


def drawing(
    bound: Bound, estimate: float, interval: Bound | None, label: str, broken: float | None = None
) -> Markup:
    """Band, interval and point.

    Args:
        bound: what is allowed, infinite where open.
        interval: of the estimate; None where it is exact.
        label: the same in words, for a screen reader.
        broken: the estimate under the falsifier, as a cross; None where it is of something else.
    """
    crossed = () if broken is None or not math.isfinite(broken) else (broken,)
    marks = (*bound, estimate, *(interval or ()), *crossed)
    ends = [value for value in marks if math.isfinite(value)]
    place, log = _axis(ends, bound[0] == -math.inf)
    low, high = (place(value) for value in bound)
    parts = [f'<rect class="range" x="{low:.1f}" y="4" width="{high - low:.1f}" height="14"/>']
    for value, x in zip(bound, (low, high), strict=True):
        if math.isfinite(value):
            parts.append(f'<path class="edge" d="M{x:.1f} 2V20"/>')
    for value, x in _apart([(v, place(v)) for v in bound if math.isfinite(v)]):
        parts.append(f'<text x="{x:.1f}" y="31">{value:.4g}</text>')
    if interval:
        left, right = (place(value) for value in interval)
        parts.append(f'<path class="interval" d="M{left:.1f} 11H{right:.1f}"/>')
    for x in map(place, crossed):
        parts.append(f'<path class="broken" d="M{x - 3.5:.1f} 7.5l7 7m0 -7l-7 7"/>')
    parts.append(f'<circle cx="{place(estimate):.1f}" cy="11" r="3.5"/>')
    if log:
        edge = 'class="log" x="0"' if high == WIDTH - MARGIN else f'class="log end" x="{WIDTH}"'
        parts.append(f'<text {edge} y="31">log</text>')
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _axis(ends: list[float], floor: bool) -> tuple[Callable[[float], float], bool]:
    """Where numbers stand, and whether by their logarithms; infinite ones at the edges.

    Args:
        floor: begin at zero where nothing is below it.
    """
    low, high = min(ends), max(ends)
    log = low > 0 and high > DECADES * low
    if floor and not log:
        low = min(low, 0.0)
    scale = math.log10 if log else float
    first, last = scale(low), scale(high)
    if first == last:
        first, last = first - (abs(first) or 1.0), last + (abs(last) or 1.0)

    def place(value: float) -> float:
        if math.isinf(value):
            return float(WIDTH) if value > 0 else 0.0
        part = (scale(value) - first) / (last - first)
        return MARGIN + part * (WIDTH - 2 * MARGIN)

    return place, log


def _apart(marks: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Numbers below the axis, moved so that the two neither touch nor leave the drawing."""
    inside = [(value, min(max(x, 24.0), WIDTH - 24.0)) for value, x in marks]
    if len(inside) == 2 and inside[1][1] - inside[0][1] < 48:
        middle = min(max((inside[0][1] + inside[1][1]) / 2, 48.0), WIDTH - 48.0)
        inside = [(inside[0][0], middle - 24), (inside[1][0], middle + 24)]
    return inside
