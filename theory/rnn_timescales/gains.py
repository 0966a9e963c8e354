"""Trained networks as linear ones: each unit's slope replaced by its mean, its gain.

Leaky ReLU f(z) = max(z, .01 z) has slope 1 on positive pre-activations and .01 on others, so that
its gain is g = .01 + .99 P(z > 0) [rnn-6.1]. The gains come from a run, or, beyond the paper, from
the weights alone through a Gaussian closure of the network's moments [rnn-6.2].
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import scipy.linalg
import scipy.special

from theory.rnn_timescales.linear import (
    Matrix,
    System,
    Vector,
    linear_network,
    rates,
    stationary_covariance,
)
from theory.rnn_timescales.setting import FAIR, SLOPE

# Where the nonlinearity is: h = f((1 - a) h + a u) is the paper's default (its code's Stack), and
# h = (1 - a) h + a f(u) its modified model (Mod), with u = W h + b + w_in x [rnn-2.1], [rnn-2.2].
Form = Literal["outside", "inside"]
# Largest moment at which the closure is still iterated: beyond it the activity is not bounded.
_UNBOUNDED = 1e12


class Closure(NamedTuple):
    """Stationary moments of a network under the Gaussian closure, and its linearisation.

    Attributes:
        mean: of h.
        covariance: of h.
        gains: mean slope of each unit.
        system: the gain-weighted linear network, which carries covariances on in time.
    """

    mean: Vector
    covariance: Matrix
    gains: Vector
    system: System


class _Map(NamedTuple):
    """What takes the moments of h at one step to those at the next.

    The pre-activations are z = before.matrix @ h + offset + noise of covariance `noise`, and the
    next state is leak h + scale f(z), entry by entry.
    """

    before: System
    offset: Vector
    noise: Matrix
    leak: Vector
    scale: Vector


def gain_weighted(
    recurrent: Matrix, drive: Vector, tau: Vector, gains: Vector, form: Form = "outside"
) -> System:
    """A_g = D_g A, b_g = D_g b outside; A_g = I - D_a + D_a D_g W, b_g = D_a D_g w_in inside.

    Source: [rnn-6.1].

    Args:
        recurrent: W.
        drive: w_in.
        tau: time constants in steps, at least 1.
        gains: mean slope of each unit, in [.01, 1].

    Raises:
        ValueError: a tau below 1.
    """
    if form == "inside":
        return linear_network(gains[:, None] * recurrent, gains * drive, tau)
    bare = linear_network(recurrent, drive, tau)
    return System(gains[:, None] * bare.matrix, gains * bare.drive)


def covariance_change(
    recurrent: Matrix,
    drive: Vector,
    tau: Vector,
    gains: Vector,
    change: Vector,
    variance: float = FAIR,
) -> Matrix:
    """dS to first order in a change dtau of the time constants, gains kept (outside).

    dA_g = D_g diag(dtau/tau^2) (I - W), db_g = -D_g diag(dtau/tau^2) w_in and dS = A dS A' +
    dA S A' + A S dA' + var x (db b' + b db'). A change counts 1/tau^2: fast units move most. Gains
    of 1 are those of the linear network. Source: [rnn-5.4].

    Args:
        change: dtau in steps.

    Raises:
        ValueError: a tau below 1, or the spectral radius is not below 1.
    """
    system = gain_weighted(recurrent, drive, tau, gains)
    covariance = stationary_covariance(system, variance)
    weight = gains * change * rates(tau) ** 2
    moved = weight[:, None] * (np.eye(len(tau)) - recurrent)
    source = moved @ covariance @ system.matrix.T
    source -= variance * np.outer(weight * drive, system.drive)
    return scipy.linalg.solve_discrete_lyapunov(system.matrix, source + source.T)


def typical_lengthening(tau: Vector) -> Vector:
    """The mean lengthening |tau| E|z_i|/|z| per unit of strength, alike for all units, in steps.

    Noise of strength eps lengthens tau by eps |tau| |z_i|/|z| with z Gaussian [rnn-8.6]; for many
    units E|z_i| = sqrt(2/pi) and |z| = sqrt(n). Source: [rnn-5.5].
    """
    return np.full(len(tau), np.linalg.norm(tau) * (2 / (np.pi * len(tau))) ** 0.5)


def relative_move(recurrent: Matrix, drive: Vector, bias: Vector, tau: Vector) -> float:
    """|dS|/|S| (Frobenius) per relative lengthening of every tau, from the weights alone.

    The covariance S and its first-order change are those of the gain-weighted network of
    `mean_field`, the lengthening is `typical_lengthening`. Source: [rnn-5.5].

    Raises:
        ValueError: a tau below 1, or the closure has no stationary state.
    """
    closure = mean_field(recurrent, drive, bias, tau)
    moved = covariance_change(recurrent, drive, tau, closure.gains, typical_lengthening(tau))
    still = stationary_covariance(closure.system)
    return float(np.linalg.norm(moved) / np.linalg.norm(still))


def mean_field(
    recurrent: Matrix,
    drive: Vector,
    bias: Vector,
    tau: Vector,
    form: Form = "outside",
    probability: float = 0.5,
    tolerance: float = 1e-9,
    iterations: int = 5000,
) -> Closure:
    """The network's stationary moments where pre-activations z are Gaussian, from weights alone.

    Independent bits of mean p enter. With mean mu and standard deviation s of each z, k = mu/s,

        g = .01 + .99 Phi(k),   E f(z) = g mu + .99 s phi(k),
        cov(f(z), y) = D_g cov(z, y)                                (Stein),
        cov(f(z_i), f(z_j)) = sum_{n >= 1} c_n(i) c_n(j) r_ij^n/n!  (Mehler),

    y Gaussian with z, c_1 = g s, c_n = .99 s phi(k) He_{n-2}(-k); the diagonal of the last is
    exact. The map from the moments at one step to those at the next is iterated, half of the way
    each time. Stein's line also carries covariances on in time: at lag l they are
    `lagged_covariances(system, covariance)`. Source: [rnn-6.2].

    Args:
        bias: b_h + b_in.
        probability: p.
        tolerance: largest change of a moment at which the iteration ends.

    Raises:
        ValueError: a tau below 1, or no convergence.
    """
    units = len(tau)
    step = _map(recurrent, drive, bias, tau, form, probability)
    mean, covariance = np.zeros(units), np.zeros((units, units))
    for _ in range(iterations):
        new_mean, new, gains = _advanced(step, mean, covariance)
        change = max(np.abs(new_mean - mean).max(), np.abs(new - covariance).max())
        mean, covariance = (mean + new_mean) / 2, (covariance + new) / 2
        if change < tolerance:
            system = gain_weighted(recurrent, drive, tau, gains, form)
            return Closure(mean, covariance, gains, system)
        if change > _UNBOUNDED:
            break
    raise ValueError(f"expected bounded activity, but its moments have not converged: {change:.2g}")


def _map(
    recurrent: Matrix, drive: Vector, bias: Vector, tau: Vector, form: Form, probability: float
) -> _Map:
    rate = rates(tau)
    units = len(rate)
    if form == "outside":
        before, offset = linear_network(recurrent, drive, tau), rate * bias
        leak, scale = np.zeros(units), np.ones(units)
    else:
        before, offset, leak, scale = System(recurrent, drive), bias, 1 - rate, rate
    noise = probability * (1 - probability) * np.outer(before.drive, before.drive)
    return _Map(before, offset + probability * before.drive, noise, leak, scale)


def _advanced(step: _Map, mean: Vector, covariance: Matrix) -> tuple[Vector, Matrix, Vector]:
    """Mean and covariance of h one step later, and the gains on the way."""
    matrix, leak, scale = step.before.matrix, step.leak, step.scale
    carried = covariance @ matrix.T
    average, gains, spread = _leaky_relu(matrix @ mean + step.offset, matrix @ carried + step.noise)
    mixed = leak[:, None] * carried * (gains * scale)
    new = np.outer(leak, leak) * covariance + np.outer(scale, scale) * spread
    return leak * mean + scale * average, new + (mixed + mixed.T), gains


def _leaky_relu(mean: Vector, covariance: Matrix, terms: int = 8) -> tuple[Vector, Vector, Matrix]:
    """Mean, gain and covariance of f(z) for Gaussian z, the latter to `terms` of Mehler's series.

    Source: [rnn-6.2].
    """
    s = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    k = mean / s
    bend = (1 - SLOPE) * s * np.exp(-(k**2) / 2) / np.sqrt(2 * np.pi)
    share = scipy.special.ndtr(k)
    gains = SLOPE + (1 - SLOPE) * share
    average = gains * mean + bend
    r = np.clip(covariance / np.outer(s, s), -1, 1)
    spread = gains[:, None] * covariance * gains
    power = r
    for order in range(2, terms + 1):
        power = power * r
        c = bend * scipy.special.eval_hermitenorm(order - 2, -k)
        spread += np.outer(c, c) * power / scipy.special.factorial(order)
    positive = (mean**2 + s**2) * share + mean * bend / (1 - SLOPE)
    square = SLOPE**2 * (mean**2 + s**2) + (1 - SLOPE**2) * positive
    np.fill_diagonal(spread, np.maximum(square - average**2, 0))
    return average, gains, spread
