"""Figure `units`: autocorrelations of isolated units, and of units of a linear network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales import broken
from figures.rnn_timescales.identities import within
from figures.rnn_timescales.measured import networks
from figures.rnn_timescales.measured import units as measured
from figures.rnn_timescales.measured.nets import LAGS, TRIALS
from figures.statistics import largest
from figures.style import BLUE, GREEN, GREY, ORANGE, PAGE, PURPLE, SKY, THEORY, VERMILLION
from theory.claims import Claim, Verdict
from theory.rnn_timescales import linear, units
from theory.rnn_timescales.setting import HELD, ISOLATED, LAST_LAG

# Steps of a trial of isolated units; the linear network's units, spectral radius and steps.
STEPS = 100_000
UNITS, RADIUS, NETWORK_STEPS = 20, 0.8, 50_000
_COLORS = (SKY, GREEN, ORANGE, VERMILLION, PURPLE)


def alone(evidence: Evidence) -> Mapping[int, xarray.Dataset]:
    """Isolated units, by the steps for which each bit is held."""
    return {
        hold: evidence.table(measured.isolated, taus=list(ISOLATED), hold=hold, steps=STEPS)
        for hold in HELD
    }


def together(evidence: Evidence) -> xarray.Dataset:
    """A linear network."""
    return evidence.table(networks.network, units=UNITS, radius=RADIUS, steps=NETWORK_STEPS)


def isolated_unit(
    claim: Claim,
    found: Mapping[int, xarray.Dataset],
    form: Callable = units.held_autocorrelation,
) -> Verdict:
    """C-RNN-21: measured against (1 - 1/(k tau))^(k l), each bit held k steps."""
    lags = np.arange(LAST_LAG + 1)[:, None]
    errors = {
        f"error, held {hold}": largest(
            np.abs(data.rho.values[: LAST_LAG + 1] - form(data.tau.values, hold, lags))
        )
        for hold, data in found.items()
    }
    return within(claim, errors, [float(data.lowest) for data in found.values()])


def lyapunov(
    claim: Claim, found: xarray.Dataset, system: Callable = linear.linear_network
) -> Verdict:
    """C-RNN-22: units' and the population's autocorrelations, and the mixture of modes."""
    it = system(found.recurrent.values, found.drive.values, found.tau.values)
    lagged = linear.lagged_covariances(it, linear.stationary_covariance(it), LAGS)
    own = linear.unit_autocorrelation(lagged)
    population = linear.population_autocorrelation(lagged)
    errors = {
        "units": largest(np.abs(found.rho.values - own)),
        "population": largest(np.abs(found.population.values - population)),
        "modes": largest(np.abs(linear.modal_autocorrelation(it, LAGS) - own)),
    }
    return within(claim, errors, [float(found.lowest)])


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Isolated units; units of a network; their sum, and the modes."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.5), sharey=True)
    found, net = alone(evidence)[1], together(evidence)
    _isolated(left, found)
    system = linear.linear_network(net.recurrent.values, net.drive.values, net.tau.values)
    covariances = linear.lagged_covariances(system, linear.stationary_covariance(system), LAGS)
    own, modal = linear.unit_autocorrelation(covariances), linear.modal_autocorrelation(system)
    order = np.argsort(own[1])
    for unit, color in zip(order[[0, 5, 10, 15, 19]], _COLORS, strict=True):
        label = f"{net.tau.values[unit]:.1f}"
        middle.plot(net.rho.values[:, unit], "o", ms=2.5, color=color, label=label)
        middle.plot(own[:, unit], color=color, **THEORY)
    middle.legend(title=r"$\tau$ of the unit", loc="upper right", ncols=2)
    middle.set(title="units of a linear network")
    right.plot(net.population.values, "o", ms=2.5, color=BLUE, label="sum of all units")
    right.plot(linear.population_autocorrelation(covariances), color=BLUE, **THEORY)
    slowest = linear.spectral_radius(system.matrix) ** np.arange(LAGS + 1)
    right.plot(slowest, color=GREY, label="slowest mode", **THEORY)
    right.plot(-slowest, color=GREY, **THEORY)
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


def _isolated(axes: Axes, found: xarray.Dataset) -> None:
    lags, fine = np.arange(13), np.linspace(0, 12, 121)
    for tau, color in zip(ISOLATED, _COLORS, strict=False):
        axes.plot(lags, found.rho.sel(tau=tau)[:13], "o", ms=3, color=color, label=f"{tau:g}")
        axes.plot(fine, units.autocorrelation(tau, fine), color=color, **THEORY)
        axes.plot(fine, np.exp(-fine / tau), color=GREY, linestyle="--", linewidth=0.7)
    axes.legend(title=r"$\tau$, steps", loc="upper right")
    axes.set(title="isolated units", ylabel="autocorrelation", xticks=range(0, 13, 3))


FIGURE = Figure(
    "units",
    "A unit's autocorrelation is (1 - 1/tau)^l alone, and Lyapunov's in a linear network",
    f"Left, isolated leaky units under fair bits: points, simulated ({TRIALS} trials of {STEPS:,} "
    f"steps); dashed, (1 - 1/tau)^l; grey, exp(-l/tau), which it is not. Middle, five of the "
    f"{UNITS} units of a random linear network: points, simulated ({TRIALS} trials of "
    f"{NETWORK_STEPS:,} steps); dashed, Lyapunov's equation. Right, the sum of its units, "
    "likewise; one unit's autocorrelation as a mixture of the modes' (crosses), and the decay of "
    "the slowest mode (grey).",
    draw,
    ("C-RNN-21", "C-RNN-22"),
)
CHECKS = (
    Check(
        "C-RNN-21",
        isolated_unit,
        findings=lambda evidence: (alone(evidence),),
        broken=lambda evidence: (alone(evidence), broken.exponential),
    ),
    Check(
        "C-RNN-22",
        lyapunov,
        findings=lambda evidence: (together(evidence),),
        broken=lambda evidence: (together(evidence), broken.without_rates),
    ),
)
