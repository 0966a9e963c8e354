"""One head decides a conflict: the rule, and what cutting the right head does."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.associative_recall.broken import planted_late
from figures.associative_recall.readings import (
    CONFLICT,
    learned,
    most_learned,
    sides,
    told,
)
from figures.evidence import Check, Evidence, Figure
from figures.statistics import judge, mean, median
from figures.style import BLUE, GREEN, LIMIT, PAGE, VERMILLION
from theory.associative_recall.claims.shared import LONG
from theory.associative_recall.conflict import FAR, after_cutting
from theory.claims import Claim, Verdict

MARKS = {"answers": (VERMILLION, "o"), "context": (BLUE, "s"), "memory": (GREEN, "^")}


def every(*found: xarray.Dataset) -> xarray.Dataset:
    """Late heads of all nets that learned, at every c, as one dimension of nets.

    Returns:
        `direct`, `cut_favours`, ... (seed, head), and `difference` (seed).
    """
    rows = [learned(nets.sel(follows=c, drop=True)) for nets in found for c in nets.follows.values]
    counts = {name: sum(row.attrs[name] for row in rows) for name in ("learned", "nets")}
    rows = [row.drop_vars("seed", errors="ignore") for row in rows]
    nets = xarray.concat(rows, "seed").isel(layer=-1)
    return nets.assign_attrs(counts)


def foretold(nets: xarray.Dataset) -> Float[np.ndarray, "net head"]:
    """Delta - D_h of every late head."""
    direct = nets.direct.transpose("seed", "head").values
    return np.asarray(after_cutting(nets.difference.values[:, None], direct))


def follows_the_rule(claim: Claim, nets: xarray.Dataset) -> Verdict:
    """C-AR-15: late heads whose majority has the sign of Delta - D_h.

    Args:
        nets: `difference` (seed), `direct` and `cut_favours` (seed, head) of late heads.
    """
    law = foretold(nets)
    right = (nets.cut_favours.transpose("seed", "head").values > 0.5) == (law > 0)
    far = np.abs(law) > FAR
    shares = [row[chosen].mean() for row, chosen in zip(right, far, strict=True) if chosen.any()]
    parts = {"share": mean(right.mean(axis=1)), "share, far": mean(np.array(shares))}
    counts = {"heads": right.size, "right": int(right.sum()), "far": int(far.sum())}
    counts["right, far"] = int((right & far).sum())
    return judge(claim, parts | most_learned(nets), detail=counts | told(nets))


def picked(nets: xarray.Dataset, most: bool) -> xarray.Dataset:
    """Each net's late head of the largest or smallest contribution."""
    order = nets.direct.argmax("head") if most else nets.direct.argmin("head")
    return nets.isel(head=order)


def one_head(claim: Claim, nets: xarray.Dataset) -> Verdict:
    """C-AR-16: what is left without one late head.

    Args:
        nets: `cut_answers`, `cut_context`, `cut_memory` (seed).
    """
    names = {"conflict": "answers", "context": "context", "memory": "memory"}
    parts = {part: median(nets[f"cut_{name}"].values) for part, name in names.items()}
    return judge(claim, parts | most_learned(nets), detail=told(nets))


def everywhere(evidence: Evidence) -> xarray.Dataset:
    """Late heads of all nets that learned, at every c that the preset has."""
    more = (sides(evidence, CONFLICT),) if evidence.preset in LONG else ()
    return every(sides(evidence), *more)


def _rule(panel: Axes, nets: xarray.Dataset) -> None:
    law = foretold(nets).ravel()
    favours = nets.cut_favours.transpose("seed", "head").values.ravel()
    right = (favours > 0.5) == (law > 0)
    panel.plot(law[right], favours[right], "o", ms=3, color=BLUE, mfc="none", label="as foretold")
    panel.plot(law[~right], favours[~right], "x", ms=4, color=VERMILLION, label="not")
    panel.axvline(0, **LIMIT)
    panel.axhline(0.5, **LIMIT)
    panel.set(xlabel=r"foretold margin $\Delta - D_h$ (nats)")
    panel.set(ylabel="conflicts that favour the context", ylim=(-0.04, 1.04))
    panel.legend(loc="lower right")


def costs(panel: Axes, nets: xarray.Dataset, title: str) -> dict[str, Any]:
    """Conflicts, context and memory of the whole net, and without either extreme head."""
    numbers: dict[str, Any] = {}
    parts = {"whole\nnet": nets, "most\ncontext-like\ncut": picked(nets, True)}
    parts["most\nmemory-like\ncut"] = picked(nets, False)
    for at, (name, part) in enumerate(parts.items()):
        for shift, (kind, (color, mark)) in enumerate(MARKS.items()):
            values = part[kind if at == 0 else f"cut_{kind}"].values
            place = at + 0.22 * (shift - 1) + np.linspace(-0.06, 0.06, len(values))
            panel.plot(place, values, mark, ms=2.5, color=color, mfc="none")
            numbers[f"{kind}, {title}, {name}".replace("\n", " ")] = values
    panel.set_xticks(range(3), list(parts))
    panel.set_title(title)
    panel.set(ylim=(-0.04, 1.04))
    return numbers


def told_apart(drawing: Drawing, panel: Axes) -> None:
    """A legend below for the marks of `costs`."""
    handles = [panel.plot([], [], m, ms=3, color=c, mfc="none")[0] for c, m in MARKS.values()]
    names = ["conflicts: context's share", "context: accuracy", "memory: accuracy"]
    drawing.legend(handles, names, loc="outside lower right", ncols=3)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """The rule over all late heads; what one cut costs."""
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.9))
    nets, alone = everywhere(evidence), sides(evidence)
    _rule(left, nets)
    numbers: dict[str, Any] = {"foretold": foretold(nets), "favours": nets.cut_favours.values}
    numbers |= costs(right, every(alone), f"c = {alone.follows.item():g}")
    right.set_ylabel("share")
    told_apart(drawing, right)
    return drawing, numbers


FIGURE = Figure(
    "flipping",
    "One head of the last layer decides conflicts, and its contribution foretells that",
    "Left: share of conflicts that favour the context once a late head is cut, against the mean "
    "margin that its direct contribution foretells, over all nets and heads; the rule says right "
    "of 0 above one half, left of 0 below. Right: conflicts, and accuracy on context and memory "
    "prompts, of whole nets and without their most context-like or most memory-like late head (a "
    "mark a net).",
    draw,
    ("C-AR-15", "C-AR-16"),
)
CHECKS = (
    Check(
        "C-AR-15",
        follows_the_rule,
        lambda e: (everywhere(e),),
        lambda _: (planted_late(another=True),),
        lambda _: (planted_late(another=False),),
    ),
    Check(
        "C-AR-16",
        one_head,
        lambda e: (picked(every(sides(e)), most=True),),
        lambda e: (picked(every(sides(e)), most=False),),
        slow=True,
    ),
)
