"""The room's own model with weights that we choose, and what is measured of its activity."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from sims.engine.program import run_key
from sims.rnn_timescales.model import Dynamics, LeakyRNN, activity
from sims.rnn_timescales.tasks import fair_bits
from sims.rnn_timescales.timescales import autocorrelation
from theory.rnn_timescales.linear import linear_network, spectral_radius

# Streams, steps before they count, and the largest lag.
TRIALS, WARM_UP, LAGS = 10, 500, 30

LINE = Dynamics()

Vector = Float[np.ndarray, " unit"]
Matrix = Float[np.ndarray, "unit source"]


def leaky_net(
    drive: Real[Array, " unit"] | Vector,
    recurrent: Real[Array, "unit source"] | Matrix,
    tau: Real[Array, " unit"] | Vector,
    bias: Real[Array, " unit"] | Vector,
    dynamics: Dynamics = LINE,
) -> LeakyRNN:
    """The room's own model with these weights, in the precision of the session, and no readout.

    Args:
        drive: w_in.
        recurrent: W.
        tau: in bits.
        bias: b_h + b_in.
        dynamics: one step a bit and the nonlinearity outside by default.
    """
    own, weights, taus, offset = (jnp.asarray(a, float) for a in (drive, recurrent, tau, bias))
    readout = jnp.zeros((1, 2, len(taus)))
    return LeakyRNN(taus, own, offset, weights, 0 * offset, readout, readout[..., 0], dynamics)


def random_network(count: int, radius: float) -> tuple[Matrix, Vector, Vector]:
    """(W with zero diagonal, w_in, tau on [1, 3]) with A at the given spectral radius.

    The draw is that of a generator seeded by `count`.
    """
    rng = np.random.default_rng(count)
    recurrent = rng.normal(size=(count, count)) * (1 - np.eye(count)) / count**0.5
    drive, tau = rng.uniform(-1, 1, count), rng.uniform(1, 3, count)
    low, high = 0.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        below = spectral_radius(linear_network(middle * recurrent, drive, tau).matrix) < radius
        low, high = (middle, high) if below else (low, middle)
    return low * recurrent, drive, tau


def streamed(net: LeakyRNN, rest: Vector, steps: int) -> tuple[Float[np.ndarray, "lag u"], float]:
    """rho(l) of every unit and, last, of their sum, over trials of fair bits; the lowest state.

    Args:
        rest: state to start from.
        steps: of each of `TRIALS` streams, after `WARM_UP` more.
    """
    bits = fair_bits(run_key(jnp.asarray(0)), steps + WARM_UP, TRIALS)
    start = jnp.broadcast_to(jnp.asarray(rest, "float32"), (TRIALS, len(rest)))
    states = np.asarray(jax.jit(activity)(net, start, bits))[WARM_UP:].swapaxes(0, 1)
    whole = np.concatenate([states, states.sum(axis=2, keepdims=True)], axis=2)
    with jax.enable_x64(True):
        rho = np.asarray(autocorrelation(jnp.asarray(whole, "float64"), LAGS))
    return rho, float(states.min())


def reach(recurrent: Matrix, drive: Vector, tau: Vector) -> Vector:
    """Twice the farthest that bits in {0, 1} can move each state, 2 sum_k |A^k b|, and .1.

    A bias that carries every state by so much keeps the net in leaky ReLU's linear range.
    """
    system = linear_network(recurrent, drive, tau)
    echo, total = system.drive, np.zeros(len(tau))
    for _ in range(2000):
        total += np.abs(echo)
        echo = system.matrix @ echo
    return 2 * total + 0.1
