"""Several tasks at once: KQ and OV of a typical net for each number of heads."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.image import AxesImage

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.broken import own_betas, tasks_alike, two_that_share
from figures.icl_regression.palette import heat_map, scale
from figures.icl_regression.readings import (
    TASKS,
    TASKS_SHARED,
    Nets,
    balanced,
    setting_of,
    task_nets,
    task_nets_of,
)
from figures.statistics import Estimate, judge, mean, median, share
from figures.style import PAGE
from sims.icl_regression.data import supports
from theory.claims import Claim, Verdict
from theory.icl_regression.setting import SUPPORT
from theory.icl_regression.setting import TASKS as PROBLEM
from theory.icl_regression.task_head import optimum
from theory.icl_regression.tasks import losses, optimal_steps

Masks = Bool[np.ndarray, "task dimension"]
Detail = dict[str, float | int | str]

# Supports of the two tasks.
WINDOWS = supports(2, int(PROBLEM.dimension), SUPPORT)
# Row and columns of the heads of each net that is shown.
# Two rows of five heads each.
PLACES = {
    1: [(0, 0)],
    2: [(1, 0), (1, 1)],
    3: [(1, 2), (1, 3), (1, 4)],
    4: [(0, column) for column in range(1, 5)],
}


def combined_steps(claim: Claim, nets: Nets, masks: Masks) -> Verdict:
    """C-ICL-33: M'W and the loss against theory, for each number of heads.

    Args:
        masks: the supports that theory assumes.
    """
    steps: dict[str, Estimate] = {}
    others: dict[str, Estimate] = {}
    detail: Detail = {}
    for heads, every in nets.items():
        if heads == 1:
            others |= _one_head(every, masks)
            continue
        final = every.isel(seed=balanced(every))
        detail[f"balanced, H = {heads}"] = f"{final.sizes['seed']} of {every.sizes['seed']}"
        found, leaks, whole = _many_heads(heads, final, masks)
        steps |= found
        others |= leaks | whole
    farthest = max(steps, key=lambda name: abs(steps[name].value))
    return judge(claim, {**steps, **others}, shown=farthest, detail=detail)


def _many_heads(
    heads: int, final: xarray.Dataset, masks: Masks
) -> tuple[dict[str, Estimate], dict[str, Estimate], dict[str, Estimate]]:
    """Every entry of M'W minus target, on the supports and off them; then OV and the loss."""
    setting = setting_of(final)
    target = optimal_steps(heads, masks, setting)
    errors = final.steps.transpose("seed", "task", "coordinate").values - target
    parts: dict[str, dict[str, Estimate]] = {"M'W - target": {}, "leak": {}}
    for (task, coordinate), wanted in np.ndenumerate(np.asarray(target)):
        kind = "M'W - target" if wanted > 0 else "leak"
        name = f"{kind}, H = {heads}, task {task + 1}, coordinate {coordinate + 1}"
        parts[kind][name] = median(errors[:, task, coordinate])
    cross = final.cross_label / abs(final.mu).max(("head", "task"))
    risk = float(losses(target, masks, setting).mean())
    whole = {
        f"OV off its diagonal, H = {heads}": median(cross.values),
        f"loss over theory's, H = {heads}": median(final.risk.values / risk),
    }
    return parts["M'W - target"], parts["leak"], whole


def _one_head(nets: xarray.Dataset, masks: Masks) -> dict[str, Estimate]:
    """omega by kind of coordinate, which the same tasks read, mu and the loss, over theory's."""
    theory = optimum(masks, setting_of(nets))
    omega = np.abs(nets.omega.isel(head=0)).transpose("seed", "coordinate").values
    mu = np.abs(nets.mu.isel(head=0)).transpose("seed", "task").values
    parts = {}
    for kind in np.unique(masks, axis=1).T:
        at = (masks.T == kind).all(axis=1)
        readers = " and ".join(f"task {task + 1}" for task in np.flatnonzero(kind))
        values = (omega[:, at] / theory.omega[at]).mean(axis=1)
        parts[f"omega over theory's, {readers}"] = mean(values)
    parts["mu over theory's"] = mean((mu / theory.mu).mean(axis=1))
    parts["loss over theory's, H = 1"] = median(nets.risk.values / theory.loss)
    return parts


def specialisation(claim: Claim, nets: xarray.Dataset) -> Verdict:
    """C-ICL-35: how much of a head's mu belongs to one task, at H = 4."""
    clear = share(int((nets.specialisation >= 0.9).sum()), nets.sizes["seed"])
    parts = {"specialisation": median(nets.specialisation.values)}
    return judge(claim, parts, detail={"share of seeds above .9": clear.value})


def cross_reading(claim: Claim, nets: xarray.Dataset) -> Verdict:
    """C-ICL-36: with one beta for both tasks, heads read the other task's label."""
    parts = {"largest entry off OV's diagonal": median(nets.cross_label.values)}
    detail = {"smallest": float(nets.cross_label.min()), "loss": float(nets.risk.median())}
    return judge(claim, parts, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """The net of median loss among those that count, for each number of heads.

    The paper's "diagonal mean" of the dynamics includes one label coordinate; ours does not. Its
    losses are for a signal of variance 4.
    """
    drawing = plt.figure(figsize=(PAGE, 2.9))
    grid = drawing.add_gridspec(2, 6, width_ratios=[1, 1, 1, 1, 1, 0.06])
    numbers: dict[str, Any] = {}
    image = None
    for heads, places in PLACES.items():
        training = evidence.sweep(TASKS[heads])
        final = task_nets(training)
        pool = final.isel(seed=balanced(final)) if heads > 1 else final
        order = pool.risk.sortby(pool.risk)
        seed = int(order.seed[order.sizes["seed"] // 2])
        panels = [drawing.add_subplot(grid[place]) for place in places]
        image, circuits = _net(panels, training.isel(step=-1).sel(seed=seed), heads)
        numbers[f"H={heads}"] = {
            "seed": seed,
            **circuits,
            "steps": final.steps.transpose("seed", "task", "coordinate").values,
            "cross_label": final.cross_label.values,
            "risk": final.risk.values,
            "balanced": balanced(final),
        }
    assert image is not None
    scale(drawing, image, drawing.add_subplot(grid[:, 5]))
    return drawing, numbers


def _net(panels: list[Axes], net: xarray.Dataset, heads: int) -> tuple[AxesImage, dict[str, Any]]:
    kq = net.kq.transpose("head", "key", "query").values
    ov = net.ov.transpose("head", "key", "task").values
    # Heads of small mu keep a large and noisy KQ; colours are for the others.
    active = np.abs(ov).max((1, 2)) >= 0.1 * np.abs(ov).max()
    limit = np.abs(kq[active][..., :-2]).max()
    images = []
    for head, panel in enumerate(panels):
        images.append(heat_map(panel, kq[head] / limit, ov[head] / np.abs(ov).max()))
        name = f"H = {heads}" + (f", head {head + 1}" if heads > 1 else "")
        panel.set_title(f"{name}\nmax {limit:.2f}" if head == 0 else name, pad=3)
    return images[-1], {"kq": kq, "ov": ov}


FIGURE = Figure(
    "tasks",
    "Two tasks: heads share them, and OV stays diagonal",
    "KQ of each head on covariates x and labels y_1, y_2, and beside it OV for the two outputs, of "
    "the net of median loss among those whose mu cancel. Task 1 reads coordinates 1 to 4, task 2 "
    "coordinates 3 to 6. Colours relative to the largest entry of the net's KQ (of heads that act, "
    "given) and of its OV. OV is diagonal: no head carries one task's label to the other.",
    draw,
    ("C-ICL-33", "C-ICL-35", "C-ICL-36"),
)
CHECKS = (
    Check(
        "C-ICL-33",
        combined_steps,
        lambda e: (task_nets_of(e, TASKS), WINDOWS),
        lambda e: (tasks_alike(e, 2, 3), WINDOWS),
        slow=True,
    ),
    Check(
        "C-ICL-35",
        specialisation,
        lambda e: (task_nets(e.sweep(TASKS[4])),),
        lambda e: (two_that_share(e),),
        slow=True,
    ),
    Check(
        "C-ICL-36",
        cross_reading,
        lambda e: (task_nets(e.sweep(TASKS_SHARED)),),
        lambda e: (own_betas(e),),
        slow=True,
    ),
)
