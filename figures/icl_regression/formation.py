"""KQ and OV of one net along its training: when the pattern forms, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.broken import reversed_steps
from figures.icl_regression.palette import heat_map
from figures.icl_regression.readings import (
    SEVERAL,
    TRAINED,
    Nets,
    counted,
    paths_of,
    typical_seed,
)
from figures.statistics import judge, mean, median
from figures.style import PAGE
from sims.icl_regression.metrics import pattern
from theory.claims import Claim, Verdict

# Number of heads of the net that is shown, and parts of training after which it is; the paper's
# steps 1, 1,000, 2,000, 10,000, 100,000 and 500,000.
HEADS = 4
MOMENTS = (0.0, 0.02, 0.05, 0.2, 0.5, 1.0)


def moments(nets: Nets) -> dict[int, xarray.Dataset]:
    """Paths at their start, after a quarter and at their end."""
    return {
        heads: path.isel(step=[0, round(0.25 * (path.sizes["step"] - 1)), -1])
        for heads, path in nets.items()
    }


def forms(claim: Claim, found: Nets) -> Verdict:
    """C-ICL-45: off-diagonal energy over training, up to four heads; the mu of dropped heads.

    Args:
        found: `moments` of paths, by number of heads.
    """
    parts: dict[str, Any] = {}
    dropped = []
    for heads, path in found.items():
        size = np.abs(path.mu.isel(step=-1))
        dropped.append((size / size.max("head")).values[~path.active.isel(step=-1).values])
        if heads > 4:
            continue
        for at, name in enumerate(("start", "quarter", "end")):
            energy = path.weighted_off_energy.isel(step=at).values
            parts[f"{name}, H = {heads}"] = mean(energy)
    dummies = np.concatenate(dropped)
    quarters = [name for name in parts if name.startswith("quarter")]
    # Where no head drops out there is nothing to hold.
    parts["dropped heads"] = median(dummies) if len(dummies) else True
    detail: dict[str, float | int | str] = {"dropped": len(dummies)}
    if len(dummies):
        limit = claim.bound("dropped heads")[1]
        detail["below the limit"] = float((dummies < limit).mean())
    slowest = max(quarters, key=lambda name: parts[name].value)
    return judge(claim, parts, shown=slowest, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Heat maps of every head at several moments."""
    data = evidence.sweep(TRAINED[HEADS])
    final = pattern(data.isel(step=-1))
    seed = typical_seed(final.weighted_off_energy, counted(HEADS, final))
    net = data.sel(seed=seed)
    path = pattern(net)
    steps = [round(part * (net.sizes["step"] - 1)) for part in MOMENTS]
    kq = net.kq.isel(step=steps).transpose("step", "head", "key", "query").values
    ov = net.ov.isel(step=steps).transpose("step", "head", "key").values
    drawing, axes = plt.subplots(HEADS, len(steps), figsize=(PAGE, 3.7))
    drawing.set_layout_engine("constrained", wspace=0.12)
    image = None
    for column, index in enumerate(steps):
        sizes = np.abs(kq[column, ..., :-1]).max(), np.abs(ov[column]).max()
        for head in range(HEADS):
            panel = axes[head, column]
            image = heat_map(panel, kq[column, head] / sizes[0], ov[column, head] / sizes[1])
            panel.set(xticks=[])
            if column:
                panel.set(yticks=[])
            else:
                panel.set_ylabel(f"head {head + 1}")
        width = kq.shape[-1]
        panel.set_xticks([(width - 1) / 2, width + 1], ["KQ", "OV"])
        energy = float(path.weighted_off_energy.isel(step=index))
        axes[0, column].set_title(f"step {int(net.step[index])}\noff-diag. {energy:.1%}", pad=3)
    assert image is not None
    drawing.colorbar(image, ax=axes, ticks=[-1, 0, 1], label="relative to max", fraction=0.02)
    numbers = {"seed": seed, "step": net.step.values[steps], "kq": kq, "ov": ov}
    numbers["off_energy"] = path.weighted_off_energy.isel(step=steps).values
    return drawing, numbers


FIGURE = Figure(
    "formation",
    "The pattern comes first, the valley after",
    "KQ and OV of the four heads of one net (the one of median off-diagonal energy at the end) at "
    "0, 2, 5, 20, 50 and 100 % of its training, each relative to the largest entry at that moment; "
    "above, the share of KQ's energy off the diagonal. "
    "The random start has its energy off the diagonal; a twentieth of the training later the heads "
    "that act are nearly diagonal. Heads of small mu (dummies) keep a noisy KQ, which their mu "
    "weighs down.",
    draw,
    ("C-ICL-18", "C-ICL-19", "C-ICL-45"),
)
CHECKS = (
    Check(
        "C-ICL-45",
        forms,
        lambda e: (moments(paths_of(e, SEVERAL)),),
        lambda e: (moments(reversed_steps(paths_of(e, SEVERAL))),),
        slow=True,
    ),
)
