"""Figure `recall`: what one unit recalls, what networks do, and nets that are written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.identities import within
from figures.rnn_timescales.measured.by_hand import by_hand
from figures.rnn_timescales.measured.networks import echoes
from figures.rnn_timescales.measured.units import impulse
from figures.statistics import exact, judge, largest
from figures.style import BLUE, GREEN, ORANGE, PAGE, PURPLE, SKY, THEORY, VERMILLION
from sims.rnn_timescales.robustness import DECISIONS, STREAMS
from theory.claims import Claim, Verdict
from theory.rnn_timescales import constructive, linear, units
from theory.rnn_timescales.setting import DELAYS, FAIR, GRID_STEP, MEMORIES

# The grid of tau reaches past the best one of the largest delay.
GRID = np.arange(1.0, 50.01, GRID_STEP).round(2)
# Steps for which responses to one bit are followed: of one unit, and of networks.
UNIT_STEPS, NETWORK_STEPS = 1000, 400
# N of nets written down: with one head, with all up to N, and for DMS.
PARITIES, ALL_PARITIES, MATCHES = (2, 3, 5, 8, 12, 20), (3, 6, 12), (2, 5, 20)
_COLORS = (SKY, GREEN, ORANGE, VERMILLION, PURPLE)


def one_unit(evidence: Evidence) -> xarray.Dataset:
    """Recall by one unit on the grid of tau."""
    return evidence.table(impulse, taus=GRID.tolist(), delays=list(DELAYS), steps=UNIT_STEPS)


def networks(
    evidence: Evidence, counts: Sequence[int] = MEMORIES, reached: int | None = None
) -> list[xarray.Dataset]:
    """Responses of networks of several sizes, of which the input reaches so many units or all."""
    return [
        evidence.table(echoes, units=count, reached=reached or count, steps=NETWORK_STEPS)
        for count in counts
    ]


def written(evidence: Evidence) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Nets for parity and for DMS."""
    parity = {"single": list(PARITIES), "together": list(ALL_PARITIES)}
    return (
        evidence.table(by_hand, task="parity", **parity, cut=False),
        evidence.table(by_hand, task="dms", single=list(MATCHES), together=[], cut=False),
    )


def small(evidence: Evidence, cut: bool) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Small nets; cut, without the last unit of their delay line: the break."""
    nets: dict[str, Any] = {"single": [2, 3], "together": [], "cut": cut}
    return (
        evidence.table(by_hand, task="parity", **nets),
        evidence.table(by_hand, task="dms", **nets),
    )


def best_time_constant(
    claim: Claim, found: xarray.Dataset, formula: Callable = units.best_time_constant
) -> Verdict:
    """C-RNN-24: where on a grid of tau each delay's recall is largest."""
    wanted = np.array([formula(int(k)) for k in found.delay.values])
    return within(claim, {"error": largest(np.abs(best(found) - wanted), "delays' errors")})


def best(found: xarray.Dataset) -> Float[np.ndarray, " delay"]:
    """The tau of the grid at which each delay is recalled best."""
    return found.tau.values[found.recall.argmax("tau").values]


def capacity(claim: Claim, found: Sequence[xarray.Dataset]) -> Verdict:
    """C-RNN-25: sum over k of r_k' S^-1 r_k var x, r the simulated response to a bit."""
    errors = [abs(float(np.sum(recalled(data))) / data.sizes["unit"] - 1) for data in found]
    sums = {"error": largest(np.array(errors), "networks' errors")}
    return within(claim, sums, [float(data.lowest) for data in found])


def recalled(found: xarray.Dataset) -> Float[np.ndarray, " lag"]:
    """R^2_k of the best reading of x_{t-k}: simulated response, covariance from Lyapunov."""
    system = linear.linear_network(*(found[name].values for name in ("recurrent", "drive", "tau")))
    covariance = linear.stationary_covariance(system)
    inverse = np.linalg.pinv(covariance, hermitian=True)
    response = found.response.values
    return FAIR * np.einsum("ki,ij,kj->k", response, inverse, response)


def by_hand_solves(claim: Claim, parity: xarray.Dataset, dms: xarray.Dataset) -> Verdict:
    """C-RNN-26: the worst accuracy of all nets, and their numbers of units."""
    alone = parity.heads.values == 1
    one, every = (parity.n.values[rows] for rows in (alone, ~alone))
    sized = (
        [constructive.parity_units(int(n)) for n in one] == parity.units.values[alone].tolist(),
        [constructive.all_parities_units(int(n)) for n in every]
        == parity.units.values[~alone].tolist(),
        [constructive.dms_units(int(n)) for n in dms.n.values] == dms.units.values.tolist(),
    )
    # Heads of smaller nets are their last one over again: they say nothing of their own.
    count = int(parity.heads.sum() + dms.heads.sum()) * DECISIONS * STREAMS
    least = exact(_least(parity, dms), f"smallest accuracy, {count} answers")
    return judge(claim, {"accuracy": least, "sizes as claimed": all(sized)})


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Recall by one unit, memory of networks, and units that suffice."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.6))
    found, nets = one_unit(evidence), networks(evidence)
    for k, color in zip(DELAYS, _COLORS, strict=True):
        left.plot(found.tau, found.recall.sel(delay=k), color=color, label=f"{k}")
        left.plot(found.tau, units.recall(found.tau.values, k), "k--", lw=0.7)
        left.plot(units.best_time_constant(k), units.best_recall(k), "v", ms=4, color=color)
    left.set(xscale="log", yscale="log", ylim=(3e-3, 6), xlabel=r"$\tau$, steps",
             ylabel="recall $R^2_k$", title="one unit")  # fmt: skip
    left.legend(title="delay k", ncols=2, loc="upper right")
    for net, color in zip(nets, _COLORS, strict=False):
        count = net.sizes["unit"]
        middle.plot(np.cumsum(recalled(net)), color=color, label=f"{count}")
        middle.axhline(count, color=color, **THEORY)
    middle.set(xlim=(0, 60), ylim=(0, 16), xlabel="delay k", ylabel="summed recall",
               title="linear networks")  # fmt: skip
    middle.legend(title="units", ncols=4, loc="upper center", columnspacing=0.8)
    return drawing, {
        "best tau": dict(zip(DELAYS, best(found), strict=True)),
        "capacity": {net.sizes["unit"]: recalled(net).sum() for net in nets},
        "written down": _written_down(right, *written(evidence)),
    }


def _written_down(axes: Axes, parity: xarray.Dataset, dms: xarray.Dataset) -> dict[str, Any]:
    """Units of the nets and by the formulas; returns the numbers."""
    n = np.arange(2, 21)
    alone = parity.heads.values == 1
    several = constructive.all_parities_units
    solved = {
        "parity, one head": (parity.isel(net=alone), constructive.parity_units, BLUE, "o"),
        "all parities to N": (
            parity.isel(net=~alone),
            several,
            ORANGE,
            "s",
        ),
        "DMS": (dms, constructive.dms_units, GREEN, "^"),
    }
    for name, (data, formula, color, mark) in solved.items():
        axes.plot(n, [formula(int(each)) for each in n], color=color, **THEORY)
        axes.plot(data.n, data.units, mark, ms=3.5, color=color, label=name)
    axes.set(yscale="log", xlabel="N", ylabel=r"units, every $\tau = 1$",
             title=f"written down, accuracy {_least(parity, dms):g}")  # fmt: skip
    axes.set_xticks((2, 5, 10, 15, 20))
    axes.legend(loc="upper left")
    return {
        name: {"N": data.n, "units": data.units, "accuracy": data.accuracy}
        for name, (data, *_) in solved.items()
    }


def _least(*found: xarray.Dataset) -> float:
    return min(float(data.accuracy.min()) for data in found)


FIGURE = Figure(
    "recall",
    "Long memory wants long tau of one unit, and none of a network",
    "Left, R^2 of the best linear reading of the bit k steps ago from one unit, from the "
    "simulated response to a bit (solid) and in closed form (dashed); triangles, tau*(k) and "
    "the recall there. Middle, recall summed up to delay k, by networks of n units (solid): it "
    "reaches n (dashed). Right, units of the nets with every tau = 1 that were written down "
    "and run (points) and the formulas (dashed).",
    draw,
    ("C-RNN-24", "C-RNN-25", "C-RNN-26"),
)
CHECKS = (
    Check(
        "C-RNN-24",
        best_time_constant,
        findings=lambda evidence: (one_unit(evidence),),
        broken=lambda evidence: (one_unit(evidence), lambda k: 2 * k),
    ),
    Check(
        "C-RNN-25",
        capacity,
        findings=lambda evidence: (networks(evidence),),
        broken=lambda evidence: (networks(evidence, [8], 4),),
        whole=lambda evidence: (networks(evidence, [8]),),
    ),
    Check(
        "C-RNN-26",
        by_hand_solves,
        findings=written,
        broken=lambda evidence: small(evidence, cut=True),
        whole=lambda evidence: small(evidence, cut=False),
    ),
)
