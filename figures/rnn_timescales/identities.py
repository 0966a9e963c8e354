"""Exact statements held against the model itself: autocorrelation, recall, nets by hand, chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import exact
from figures.style import BLUE, GREEN, GREY, ORANGE, PAGE, PURPLE, SKY, THEORY, VERMILLION
from theory.claims import State, Verdict
from theory.rnn_timescales import limits, linear, units

TAUS, HOLDS = (1.5, 2.0, 3.0, 5.0), (1, 4)
# Delays k whose best tau is looked for, and the grid where: it reaches past k = 20's 41.5.
DELAYS, GRID = (1, 2, 5, 10, 20), np.arange(1.0, 50.01, 0.05).round(2)
SIZES = (2, 4, 8, 12)
# N of nets written down: with one head, with all up to N, and for DMS.
PARITIES, ALL_PARITIES, MATCHES = (2, 3, 5, 8, 12, 20), (3, 6, 12), (2, 5, 20)
COLORS = (SKY, GREEN, ORANGE, VERMILLION, PURPLE)


def isolated_unit(
    found: Mapping[int, xarray.Dataset], form: Callable = units.held_autocorrelation
) -> Verdict:
    """C-RNN-21: measured against (1 - 1/(k tau))^(k l), each bit held k steps, l <= 5."""
    lags = np.arange(6)[:, None]
    errors, floor = {}, []
    for hold, data in found.items():
        wanted = form(data.tau.values, hold, lags)
        errors[f"held {hold}"] = float(np.abs(data.rho.values[:6] - wanted).max())
        floor.append(data.lowest)
    return _largest("C-RNN-21", errors, dict.fromkeys(errors, 0.01), floor)


def lyapunov(found: xarray.Dataset, system: Callable = linear.linear_network) -> Verdict:
    """C-RNN-22: units' and the population's autocorrelations, and the mixture of modes."""
    it = system(found.recurrent.values, found.drive.values, found.tau.values)
    lagged = linear.lagged_covariances(it, linear.stationary_covariance(it), exact.LAGS)
    own = linear.unit_autocorrelation(lagged)
    errors = {
        "units": np.abs(found.rho.values - own).max(),
        "population": np.abs(found.population - linear.population_autocorrelation(lagged)).max(),
        "modes": np.abs(linear.modal_autocorrelation(it, exact.LAGS) - own).max(),
    }
    return _largest("C-RNN-22", errors, {"units": 0.01, "population": 0.01, "modes": 1e-9},
                    [found.lowest])  # fmt: skip


def without_rates(*weights: np.ndarray) -> linear.System:
    """The linear network with w_in in place of b = D_a w_in."""
    return linear.linear_network(*weights)._replace(drive=weights[1])


def best_time_constant(
    found: xarray.Dataset, formula: Callable = units.best_time_constant
) -> Verdict:
    """C-RNN-24: where on a grid of tau each delay's recall is largest."""
    best = found.tau.values[found.recall.argmax("tau").values]
    step = float(np.diff(found.tau.values).max())
    errors = {
        f"k = {k}": abs(b - formula(int(k))) for k, b in zip(found.delay.values, best, strict=True)
    }
    return _largest("C-RNN-24", errors, dict.fromkeys(errors, step))


def capacity(found: Sequence[xarray.Dataset]) -> Verdict:
    """C-RNN-25: sum over k of r_k' S^-1 r_k var x, r the simulated response to a bit."""
    errors = {}
    for data in found:
        count = data.sizes["unit"]
        errors[f"n = {count}"] = abs(float(np.sum(recalled(data))) / count - 1)
    return _largest("C-RNN-25", errors, dict.fromkeys(errors, 1e-3), [d.lowest for d in found])


def recalled(found: xarray.Dataset) -> Float[np.ndarray, " lag"]:
    """R^2_k of the best reading of x_{t-k}: simulated response, covariance from Lyapunov."""
    system = linear.linear_network(*(found[name].values for name in ("recurrent", "drive", "tau")))
    covariance = linear.stationary_covariance(system)
    inverse = np.linalg.pinv(covariance, hermitian=True)
    response = found.response.values
    return linear.FAIR * np.einsum("ki,ij,kj->k", response, inverse, response)


def by_hand_solves(found: Sequence[xarray.Dataset]) -> Verdict:
    """C-RNN-26: the worst accuracy of all nets, and their numbers of units."""
    parity, dms = found
    n, heads = parity.n.values, parity.heads.values
    wanted = [np.where(heads == 1, 2 * n - 1, (n**2 + 3 * n - 4) // 2), dms.n.values + 1]
    sized = all((d.units.values == w).all() for d, w in zip(found, wanted, strict=True))
    worst = min(float(data.accuracy.min()) for data in found)
    answers = sum(data.accuracy.size for data in found) * 10_000
    state: State = "holds" if worst == 1 and sized else "fails"
    return Verdict("C-RNN-26", worst, None, f"smallest accuracy, {answers} answers", "1", state,
                   {"sizes as claimed": str(sized)})  # fmt: skip


def chance(found: xarray.Dataset) -> Verdict:
    """C-RNN-27: shares on training streams against their expectations, in standard errors."""
    count = float(found.sequences)

    def off(share: xarray.DataArray, expected: Callable, at: xarray.DataArray) -> float:
        wanted = np.array([expected(int(n)) for n in at])
        return float(np.max(np.abs(share.values - wanted) / np.sqrt(wanted * (1 - wanted) / count)))

    errors = {
        "odd": off(found.odd, limits.odd_share, found.n),
        "reader of p": off(found.known, limits.majority_accuracy, found.n),
        "agreement": off(found.agree, limits.parity_agreement, found.further),
    }
    return _largest("C-RNN-27", errors, dict.fromkeys(errors, 4.0))


def units_data(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Isolated units, by the steps for which each bit is held."""
    return {
        hold: evidence.table(exact.isolated, taus=list(TAUS), hold=hold, steps=100_000)
        for hold in HOLDS
    }


def network_data(evidence: Evidence) -> xarray.Dataset:
    """A network of 20 units."""
    return evidence.table(exact.network, units=20, radius=0.8, steps=50_000)


def recall_data(evidence: Evidence) -> xarray.Dataset:
    """Recall on the grid of tau."""
    return evidence.table(exact.impulse, taus=GRID.tolist(), delays=list(DELAYS), steps=1000)


def echo_data(evidence: Evidence) -> list[xarray.Dataset]:
    """Networks of several sizes."""
    return [evidence.table(exact.echoes, units=n, reached=n, steps=400) for n in SIZES]


def hand_data(evidence: Evidence) -> list[xarray.Dataset]:
    """Nets for parity and for DMS."""
    parity = {"single": list(PARITIES), "together": list(ALL_PARITIES)}
    return [
        evidence.table(exact.by_hand, task="parity", **parity, cut=False),
        evidence.table(exact.by_hand, task="dms", single=list(MATCHES), together=[], cut=False),
    ]


def cut_data(evidence: Evidence) -> list[xarray.Dataset]:
    """Small nets without the last unit of their delay line."""
    return [
        evidence.table(exact.by_hand, task=task, single=[2, 3], together=[], cut=True)
        for task in ("parity", "dms")
    ]


def units_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F1: autocorrelations of isolated units, and of units of a linear network."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.5), sharey=True)
    found, net = units_data(evidence)[1], network_data(evidence)
    lags, fine = np.arange(13), np.linspace(0, 12, 121)
    for tau, color in zip(TAUS, COLORS, strict=False):
        left.plot(lags, found.rho.sel(tau=tau)[:13], "o", ms=3, color=color, label=f"{tau:g}")
        left.plot(fine, units.autocorrelation(tau, fine), color=color, **THEORY)
        left.plot(fine, np.exp(-fine / tau), ":", color=color, lw=0.9)
    left.legend(title=r"$\tau$, steps", loc="upper right")
    left.set(title="isolated units", ylabel="autocorrelation")
    system = linear.linear_network(net.recurrent.values, net.drive.values, net.tau.values)
    covariances = linear.lagged_covariances(
        system, linear.stationary_covariance(system), exact.LAGS
    )
    own, modal = linear.unit_autocorrelation(covariances), linear.modal_autocorrelation(system)
    order = np.argsort(own[1])
    for unit, color in zip(order[[0, 5, 10, 15, 19]], COLORS, strict=True):
        label = f"{net.tau.values[unit]:.1f}"
        middle.plot(net.rho.values[:, unit], "o", ms=2.5, color=color, label=label)
        middle.plot(own[:, unit], color=color, **THEORY)
    middle.legend(title=r"$\tau$ of the unit", loc="upper right", ncols=2)
    middle.set(title="units of a linear network")
    right.plot(net.population.values, "o", ms=2.5, color=BLUE, label="sum of all units")
    right.plot(linear.population_autocorrelation(covariances), color=BLUE, **THEORY)
    slowest = linear.spectral_radius(system.matrix) ** np.arange(exact.LAGS + 1)
    right.plot(slowest, "-.", color=GREY, lw=1, label="slowest mode")
    right.plot(-slowest, "-.", color=GREY, lw=1)
    right.plot(own[:, order[0]], color=SKY, label="a unit: Lyapunov", **THEORY)
    right.plot(modal[:, order[0]], "x", ms=3.5, color=SKY, label="and mixture of modes")
    right.legend(loc="upper right")
    right.set(title="sum, and modes", ylim=(-0.75, 1.05))
    for axes in (left, middle, right):
        axes.axhline(0, color=GREY, lw=0.5)
        axes.set_xlabel("lag, steps")
    numbers = {
        "isolated": {"tau": found.tau, "rho": found.rho},
        "network": {"tau": net.tau, "measured": net.rho, "Lyapunov": own, "modes": modal},
        "population": net.population,
    }
    return drawing, numbers


def recall_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """T4, T5, T7: recall by one unit, memory of networks, and units that suffice."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.6))
    found, nets, hands = recall_data(evidence), echo_data(evidence), hand_data(evidence)
    for k, color in zip(DELAYS, COLORS, strict=True):
        left.plot(found.tau, found.recall.sel(delay=k), color=color, label=f"{k}")
        left.plot(found.tau, units.recall(found.tau.values, k), "k--", lw=0.7)
        left.plot(units.best_time_constant(k), units.best_recall(k), "v", ms=4, color=color)
    left.set(xscale="log", yscale="log", ylim=(3e-3, 1.5), xlabel=r"$\tau$, steps",
             ylabel="recall $R^2_k$", title="one unit")  # fmt: skip
    left.legend(title="delay k", ncols=2, loc="upper right")
    for net, color in zip(nets, COLORS, strict=False):
        count = net.sizes["unit"]
        middle.plot(np.cumsum(recalled(net)), color=color, label=f"{count}")
        middle.axhline(count, color=color, **THEORY)
    middle.set(xlim=(0, 60), ylim=(0, 16), xlabel="delay k", ylabel="summed recall",
               title="linear networks")  # fmt: skip
    middle.legend(title="units", ncols=4, loc="upper center", columnspacing=0.8)
    parity, dms = hands
    n = np.arange(2, 21)
    solved = {
        "parity, one head": (parity.isel(net=parity.heads.values == 1), 2 * n - 1, BLUE),
        "all parities to N": (
            parity.isel(net=parity.heads.values > 1), (n**2 + 3 * n - 4) / 2, ORANGE,
        ),
        "DMS": (dms, n + 1, GREEN),
    }  # fmt: skip
    for name, (data, formula, color) in solved.items():
        right.plot(n, formula, color=color, **THEORY)
        right.plot(data.n, data.units, "o", ms=3.5, color=color, label=name)
    worst = min(float(data.accuracy.min()) for data in hands)
    right.set(yscale="log", xlabel="N", ylabel=r"units, every $\tau = 1$",
              title=f"written down, accuracy {worst:g}")  # fmt: skip
    right.set_xticks((2, 5, 10, 15, 20))
    right.legend(loc="upper left")
    best = found.tau.values[found.recall.argmax("tau").values]
    numbers = {
        "best tau": dict(zip(DELAYS, best, strict=True)),
        "capacity": {net.sizes["unit"]: recalled(net).sum() for net in nets},
        "written down": {name: {"N": data.n, "units": data.units, "accuracy": data.accuracy}
                         for name, (data, _, _) in solved.items()},
    }  # fmt: skip
    return drawing, numbers


def _largest(
    claim: str,
    errors: Mapping[str, float],
    limits: Mapping[str, float],
    lowest: Sequence[xarray.DataArray | float] = (),
) -> Verdict:
    """Decides by every error being within its limit; reports the one that is nearest to it.

    Args:
        lowest: smallest states of the runs, which must not be negative: there the model is linear.
    """
    near = max(errors, key=lambda name: errors[name] / limits[name])
    linear_range = all(float(low) >= 0 for low in lowest)
    within = all(errors[name] <= limits[name] for name in errors) and linear_range
    detail: dict[str, float | int | str] = {name: float(value) for name, value in errors.items()}
    if lowest:
        detail["smallest state"] = min(float(low) for low in lowest)
    method = f"{near}, largest of {len(errors)} errors by their limits"
    state: State = "holds" if within else "fails"
    return Verdict(claim, float(errors[near]), None, method, f"<= {limits[near]:g}", state, detail)


FIGURES = (
    Figure(
        "units",
        "A unit's autocorrelation is (1 - 1/tau)^l alone, and Lyapunov's in a linear network",
        "Left, isolated leaky units under fair bits: points, simulated (10 trials of 1e5 steps); "
        "dashed, (1 - 1/tau)^l; dotted, exp(-l/tau), which it is not. Middle, five of the 20 units "
        "of a random linear network: points, simulated (10 trials of 5e4 steps); dashed, "
        "Lyapunov's equation. Right, the sum of its units, likewise; one unit's autocorrelation as "
        "a mixture of the modes' (crosses), and the decay of the slowest mode.",
        units_figure,
        ("C-RNN-21", "C-RNN-22"),
    ),
    Figure(
        "recall",
        "Long memory wants long tau of one unit, and none of a network",
        "Left, R^2 of the best linear reading of the bit k steps ago from one unit, from the "
        "simulated response to a bit (solid) and in closed form (dashed); triangles, tau*(k) and "
        "the recall there. Middle, recall summed up to delay k, by networks of n units (solid): it "
        "reaches n (dashed). Right, units of the nets with every tau = 1 that were written down "
        "and run (points) and the formulas (dashed).",
        recall_figure,
        ("C-RNN-24", "C-RNN-25", "C-RNN-26"),
    ),
)
CHECKS = (
    Check(
        "C-RNN-21",
        isolated_unit,
        lambda e: (units_data(e),),
        lambda e: (units_data(e), lambda tau, hold, lag: np.exp(-lag / tau)),
    ),
    Check(
        "C-RNN-22",
        lyapunov,
        lambda e: (network_data(e),),
        lambda e: (network_data(e), without_rates),
    ),
    Check(
        "C-RNN-24",
        best_time_constant,
        lambda e: (recall_data(e),),
        lambda e: (recall_data(e), lambda k: 2 * k),
    ),
    Check(
        "C-RNN-25",
        capacity,
        lambda e: (echo_data(e),),
        lambda e: ([e.table(exact.echoes, units=8, reached=4, steps=400)],),
    ),
    Check("C-RNN-26", by_hand_solves, lambda e: (hand_data(e),), lambda e: (cut_data(e),)),
    Check(
        "C-RNN-27",
        chance,
        lambda e: (e.table(exact.shares, largest=10, sequences=400_000, fair=False),),
        lambda e: (e.table(exact.shares, largest=10, sequences=400_000, fair=True),),
    ),
)
