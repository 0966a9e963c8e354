"""What is left of the random start: when the pattern forms, and what of a net it does not cover."""

from __future__ import annotations

import numpy as np

from figures.evidence import Check, Evidence
from figures.icl_regression.broken import short
from figures.icl_regression.patterns import TRAINED, Nets, final_nets, nets_of, paths
from figures.statistics import decide, mean, median, verdict, worst
from theory.claims import State, Verdict

# Number of heads -> mean off-diagonal energy at the end (section 7, F7, gives it for two).
END = {2: 0.02}
SHORT = (2, 4)


def nothing_else(nets: Nets) -> Verdict:
    """C-ICL-44: KQ has one value on the diagonal and no row for the keys' labels."""
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    rows = {}
    for heads, final in nets.items():
        rows[heads] = mean(final.label_row.values)
        variance = mean(final.diagonal_variance.values)
        ratio = mean(np.sqrt(1 - final.weighted_off_energy.values))
        states.append(decide(rows[heads], high=0.08))
        states.append(decide(variance, high=0.02))
        states.append(decide(ratio, low=0.97))
        detail |= {f"label row, H={heads}": rows[heads].value}
        detail |= {f"variance, H={heads}": variance.value, f"norms, H={heads}": ratio.value}
    largest = max(rows.values(), key=lambda row: row.value)
    expected = "label row <= 0.08 of gamma, diagonal's variance <= 0.02, norms' ratio >= 0.97"
    return verdict("C-ICL-44", largest, expected, worst(*states), detail)


def formation(found: Nets) -> Verdict:
    """C-ICL-45: off-diagonal energy over training, up to four heads; the mu of dropped heads."""
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    quarters, dropped = {}, []
    for heads, path in found.items():
        size = np.abs(path.mu.isel(step=-1))
        dropped.append((size / size.max("head")).values[~path.active.isel(step=-1).values])
        if heads > 4:
            continue
        steps = round(0.25 * (path.sizes["step"] - 1))
        first, quarters[heads], last = (
            mean(path.weighted_off_energy.isel(step=at).values) for at in (0, steps, -1)
        )
        states.append(decide(first, 0.7, 0.9))
        states.append(decide(quarters[heads], high=0.05))
        states.append(decide(last, high=END.get(heads, 0.05)))
        detail |= {f"start, H={heads}": first.value, f"quarter, H={heads}": quarters[heads].value}
        detail |= {f"end, H={heads}": last.value}
    dummies = np.concatenate(dropped)
    if len(dummies):
        typical = median(dummies)
        states.append(decide(typical, high=0.02))
        detail |= {"median of dropped heads' |mu|/max": typical.value, "dropped": len(dummies)}
        detail["below 2 %"] = float((dummies < 0.02).mean())
    largest = max(quarters.values(), key=lambda quarter: quarter.value)
    expected = "off-diagonal .8 +- .1, <= .05 after a quarter, end <= .02 (H = 2); dropped <= .02"
    return verdict("C-ICL-45", largest, expected, worst(*states), detail)


def _label_for_covariate(evidence: Evidence) -> tuple[Nets]:
    data = {heads: evidence.sweep(short(evidence, heads)) for heads in SHORT}
    return (final_nets({h: nets.assign(kq=nets.kq.roll(key=1)) for h, nets in data.items()}),)


def _reversed(evidence: Evidence) -> tuple[Nets]:
    return paths({heads: short(evidence, heads) for heads in SHORT}, False)(evidence)


_PRESETS = ("quick", "paper")

CHECKS = (
    Check(
        "C-ICL-44",
        nothing_else,
        lambda evidence: (nets_of(evidence, TRAINED),),
        _label_for_covariate,
        _PRESETS,
    ),
    Check("C-ICL-45", formation, paths(TRAINED, True), _reversed, _PRESETS),
)
