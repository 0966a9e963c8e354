"""Other functions in place of the exponential: circuits and dynamics of two heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.gridspec import GridSpec
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.broken import rolled_activation
from figures.icl_regression.palette import heat_map, scale
from figures.icl_regression.readings import ACTIVATIONS, chosen, final_nets
from figures.statistics import judge, mean
from figures.style import BLUE, GREEN, ORANGE, PAGE, PURPLE, band
from sims.engine.sweep import Sweep
from sims.icl_regression.metrics import pattern
from theory.claims import Claim, Verdict
from theory.icl_regression import authors

FORMULAS = {"linear": "1 + s", "square": "(1 + s/2)^2", "tanh": r"1 + \tanh s"}


def activations(claim: Claim, nets: Mapping[str, xarray.Dataset]) -> Verdict:
    """C-ICL-38: the two-signed pattern for each activation.

    Args:
        nets: every net, by the name of the activation.
    """
    energies, others = {}, {}
    detail: dict[str, float | int | str] = {}
    for name, every in nets.items():
        final = every.isel(seed=every.two_signed.values)
        matched = (np.sign(final.omega) == np.sign(final.mu)) | ~final.active
        energies[f"off-diagonal energy, {name}"] = mean(final.weighted_off_energy.values)
        others[f"imbalance, {name}"] = mean(final.imbalance.values)
        others[f"label's part, {name}"] = mean(final.weighted_label_ratio.values)
        others[f"signs match, {name}"] = bool(matched.all())
        detail[f"eta, {name}"] = float(final.eta.mean())
        detail[f"two-signed, {name}"] = f"{final.sizes['seed']} of {every.sizes['seed']}"
    largest = max(energies, key=lambda name: energies[name].value)
    return judge(claim, {**energies, **others}, shown=largest, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """A row for each activation."""
    drawing = plt.figure(figsize=(PAGE, 5.2))
    grid = drawing.add_gridspec(len(ACTIVATIONS), 5, width_ratios=[1, 1, 1.5, 1.5, 0.07])
    numbers: dict[str, Any] = {}
    image = None
    for row, (name, sweep) in enumerate(ACTIVATIONS.items()):
        image, numbers[name] = _row(drawing, grid, row, name, evidence.sweep(sweep))
    assert image is not None
    for panel in drawing.axes[-2:]:
        panel.set_xlabel("training step")
    scale(drawing, image, drawing.add_subplot(grid[:, 4]))
    labels = {BLUE: r"$\gamma$, $\mu_+$", ORANGE: r"$-\gamma$, $\mu_-$"}
    labels |= {GREEN: r"$\eta$", PURPLE: r"$\sum\mu$"}
    handles = [Line2D([], [], color=color, label=label) for color, label in labels.items()]
    drawing.legend(handles=handles, loc="outside lower center", ncols=4)
    return drawing, numbers


def _row(
    drawing: Drawing, grid: GridSpec, row: int, name: str, training: xarray.Dataset
) -> tuple[AxesImage, dict[str, Any]]:
    """Circuits of the two-signed net of median off-diagonal energy; dynamics of all of them."""
    path = pattern(training)
    final = path.isel(step=-1)
    good = final.two_signed.values
    energies = final.weighted_off_energy.isel(seed=chosen(good))
    order = energies.sortby(energies)
    seed = int(order.seed[order.sizes["seed"] // 2])
    net = training.isel(step=-1).sel(seed=seed)
    kq = net.kq.transpose("head", "key", "query").values
    ov = net.ov.transpose("head", "key").values
    limit = np.abs(kq[..., :-1]).max()
    images = []
    for head in range(2):
        panel = drawing.add_subplot(grid[row, head])
        images.append(heat_map(panel, kq[head] / limit, ov[head] / np.abs(ov).max()))
        if head == 0:
            panel.set_ylabel(f"$f = {FORMULAS[name]}$")
        panel.set_title(f"head {head + 1}" + (f"\nmax {limit:.2f}" if head == 0 else ""))
    circuits, sums = (drawing.add_subplot(grid[row, column]) for column in (2, 3))
    lines = path.isel(seed=chosen(good)).transpose("seed", "step", ...)
    _dynamics(circuits, sums, training.step.values, lines)
    circuits.set_title(f"{good.sum()} of {len(good)} two-signed")
    numbers = {"seed": seed, "kq": kq, "ov": ov, "step": training.step.values, "two_signed": good}
    numbers |= {"gamma": lines.gamma.values.mean(axis=0), "eta": lines.eta.values.mean(axis=0)}
    return images[-1], numbers


def _dynamics(circuits: Axes, sums: Axes, steps: np.ndarray, lines: xarray.Dataset) -> None:
    for sign, color, part in ((1, BLUE, "mu_plus"), (-1, ORANGE, "mu_minus")):
        band(circuits, steps, sign * lines.gamma.values, color)
        band(sums, steps, lines[part].values, color)
    band(sums, steps, lines.eta.values, GREEN)
    band(sums, steps, (lines.mu_plus + lines.mu_minus).values, PURPLE)
    circuits.set(ylabel=r"$\pm\gamma$")
    sums.set(ylabel=r"$\mu_\pm$, $\eta$, $\sum\mu$")


def _nets(
    evidence: Evidence, sweeps: Mapping[str, str | Sweep]
) -> tuple[dict[str, xarray.Dataset]]:
    data = {name: evidence.sweep(sweep) for name, sweep in sweeps.items()}
    return ({name: final_nets({2: nets}, every=True)[2] for name, nets in data.items()},)


def caption(numbers: Mapping[str, Any]) -> str:
    """What is drawn, with the paper's sizes as plotted and as they are, and ours."""

    def listed(values: Any) -> str:
        return ", ".join(f"{value:.2f}".lstrip("0") for value in values)

    plotted = [authors.ACTIVATIONS[name][0] for name in FORMULAS]
    ours = [float(numbers[name]["gamma"][-1]) for name in FORMULAS]
    return (
        "Two heads with f(s)/sum f(s) in place of the softmax, C_f = f'(0)/f(0) = 1. Left, KQ and "
        "OV of a typical net; right, gamma, mu_+, mu_-, eta = sum mu omega and sum mu over "
        "training, mean and 95 % band over two-signed seeds. The paper's plots give omega divided "
        f"by sqrt(7) where the model divides by sqrt(6): {listed(plotted)} there are "
        f"{listed(value / authors.PLOTTED for value in plotted)}, where ours end at "
        f"{listed(ours)} after fewer steps at a larger rate."
    )


FIGURE = Figure(
    "activations", "The pattern does not need the exponential", caption, draw, ("C-ICL-38",)
)
CHECKS = (
    Check(
        "C-ICL-38",
        activations,
        lambda e: _nets(e, ACTIVATIONS),
        lambda e: _nets(e, rolled_activation(e, "linear", ACTIVATIONS["linear"])),
        slow=True,
    ),
)
