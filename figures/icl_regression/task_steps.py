"""Steps M'W of each task on each coordinate, and losses, against theory."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.broken import tasks_alike
from figures.icl_regression.identities import small
from figures.icl_regression.measured.identities import minimal_heads
from figures.icl_regression.readings import (
    TASKS,
    Nets,
    balanced,
    masks_of,
    setting_of,
    task_nets_of,
)
from figures.statistics import judge, ratio, share
from figures.style import BLUE, GREY, ORANGE, PAGE, THEORY
from theory.claims import Claim, Verdict
from theory.icl_regression.tasks import losses, optimal_steps

# Numbers of heads of which theory speaks.
MANY = {heads: sweep for heads, sweep in TASKS.items() if heads > 1}
# A net has reached theory's loss where its own is at most so many times that.
REACHED = 1.1


def superposition(claim: Claim, nets: Nets) -> Verdict:
    """C-ICL-34: three heads do as well as four by sharing one, two do not."""
    reached = {heads: final.isel(seed=balanced(final)) for heads, final in nets.items()}
    three = reached[3]
    near = (three.risk <= REACHED * _best_loss(3, three)).values
    reached[3] = three.isel(seed=near)
    found = {heads: final.risk.values for heads, final in reached.items()}
    serving = (reached[3].sharing >= 1).values
    parts = {
        "three heads over four": ratio(found[3], found[4]),
        "two heads over four": ratio(found[2], found[4]),
        "share": share(int(serving.sum()), len(serving)),
        "every one": bool(serving.all()),
    }
    detail = {"three heads that reach the target": f"{len(serving)} of {nets[3].sizes['seed']}"}
    return judge(claim, parts, detail=detail)


def _best_loss(heads: int, nets: xarray.Dataset) -> float:
    masks, setting = masks_of(nets), setting_of(nets)
    return float(losses(optimal_steps(heads, masks, setting), masks, setting).mean())


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """A panel of steps for each number of heads, and one of losses."""
    drawing, axes = plt.subplots(1, 4, figsize=(PAGE, 2.6), width_ratios=[1, 1, 1, 0.9])
    numbers: dict[str, Any] = {}
    found = task_nets_of(evidence, TASKS)
    for panel, heads in zip(axes, MANY, strict=False):
        numbers[f"H={heads}"] = _steps(panel, heads, found[heads])
    axes[0].set_ylabel("step $(M^\\top W)_{n,i}$")
    _losses(axes[3], found)
    handles = [
        Line2D([], [], color=color, ls="none", marker=mark, ms=4, mew=0.8, label=label)
        for color, mark, label in (
            (BLUE, "o", "task 1"),
            (ORANGE, "s", "task 2"),
            (GREY, "x", r"net whose $\mu$ do not cancel"),
        )
    ]
    handles.append(Line2D([], [], color="black", label="theory, by task", **THEORY))
    drawing.legend(handles=handles, loc="outside lower center", ncols=4)
    return drawing, numbers


def _steps(panel: Axes, heads: int, every: xarray.Dataset) -> dict[str, Any]:
    """Steps of every seed, crosses where the mu do not cancel, and theory's."""
    setting, masks = setting_of(every), masks_of(every)
    target = optimal_steps(heads, masks, setting)
    at = 1 + np.arange(masks.shape[1])
    good = balanced(every)
    steps = every.steps.transpose("seed", "task", "coordinate").values
    for task, (color, shift, mark) in enumerate(((BLUE, -0.12, "o"), (ORANGE, 0.12, "s"))):
        for ok, marker in ((good, mark), (~good, "x")):
            xs = np.repeat(at[None] + shift, ok.sum(), axis=0)
            panel.plot(xs, steps[ok, task], marker, color=color, ms=2.5, alpha=0.5, mew=0.7)
        panel.step([*(at - 0.5), at[-1] + 0.5], [*target[task], target[task, -1]], where="post",
                   color=color, lw=1, ls=(4 * task, (4, 4)))  # fmt: skip
    panel.set(title=f"H = {heads}: {good.sum()} of {len(good)} balanced", ylim=(-0.15, 1.1))
    panel.set(xlabel="coordinate", xticks=at)
    risk = _best_loss(heads, every)
    return {"steps": steps, "target": target, "risk": risk, "balanced": good}


def _losses(panel: Axes, found: Nets) -> None:
    """Loss of every seed; a single head counts whole and has no gradient steps."""
    for heads, every in found.items():
        values = every.risk.values
        good = balanced(every) if heads > 1 else np.ones(len(values), bool)
        jitter = heads + np.linspace(-0.2, 0.2, len(values))
        panel.plot(jitter[good], values[good], ".", color=GREY, ms=3)
        panel.plot(jitter[~good], values[~good], "x", color=GREY, ms=3, mew=0.7)
        if heads > 1:
            risk = _best_loss(heads, every)
            panel.plot([heads - 0.35, heads + 0.35], [risk, risk], "k--", lw=1)
    panel.set(xlabel="number of heads H", xticks=list(found), ylim=(0.08, 0.32))
    panel.set_ylabel("loss per unit of signal")


FIGURE = Figure(
    "task_steps",
    "Three heads are enough for two tasks",
    "Steps (M'W) of each task on each coordinate, one mark per seed, against theory (dashed): two "
    "heads share one row of steps, from three on each task has its own. Crosses: nets whose mu do "
    "not cancel, one kernel regressor per task. Right, losses against theory, which is the limit "
    "of small gamma.",
    draw,
    ("C-ICL-33", "C-ICL-34", "C-ICL-37"),
)
CHECKS = (
    Check(
        "C-ICL-34",
        superposition,
        lambda e: (task_nets_of(e, MANY),),
        lambda e: (tasks_alike(e, 2, 3, 4),),
        slow=True,
    ),
    Check(
        "C-ICL-37",
        small,
        lambda e: (e.table(minimal_heads, extra=1),),
        lambda e: (e.table(minimal_heads, extra=0),),
    ),
)
