"""Runs of the room's own model and tasks whose outcome theory gives exactly."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Float, Real

from sims.engine.experiment import draw, named_key
from sims.engine.program import run_key
from sims.rnn_timescales.model import Dynamics, LeakyRNN, activity
from sims.rnn_timescales.robustness import accuracy
from sims.rnn_timescales.tasks import SMALLEST, fair_bits, labels, training_bits
from sims.rnn_timescales.timescales import autocorrelation
from theory.rnn_timescales import constructive
from theory.rnn_timescales.linear import linear_network, spectral_radius

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
    """The room's own model with these weights, in the precision of the session, and no readout."""
    own, weights, taus, offset = (jnp.asarray(a, float) for a in (drive, recurrent, tau, bias))
    readout = jnp.zeros((1, 2, len(taus)))
    return LeakyRNN(taus, own, offset, weights, 0 * offset, readout, readout[..., 0], dynamics)


def isolated(taus: Sequence[float], hold: int, steps: int) -> xarray.Dataset:
    """Autocorrelations of isolated units, 10 trials of fair bits.

    With an input weight of 1 and no bias states are never negative, where leaky ReLU is the
    identity; `lowest` is the smallest state seen.
    """
    count = len(taus)
    net = leaky_net(
        np.ones(count), np.zeros((count, count)), np.asarray(taus), np.zeros(count),
        Dynamics(hold=hold),
    )  # fmt: skip
    rho, lowest = _streamed(net, np.zeros(count), steps)
    return xarray.Dataset(
        {"rho": (("lag", "tau"), rho[:, :count]), "lowest": ((), lowest)}, {"tau": list(taus)}
    )


def network(units: int, radius: float, steps: int) -> xarray.Dataset:
    """Autocorrelations of a random network that runs in leaky ReLU's linear range.

    A constant bias carries every state by more than the input can ever move it, so that no state
    is negative; `lowest` is the smallest state seen.

    Args:
        radius: spectral radius of A.
    """
    recurrent, drive, tau = random_network(units, radius)
    rest = _reach(recurrent, drive, tau)
    net = leaky_net(drive, recurrent, tau, (np.eye(units) - recurrent) @ rest)
    rho, lowest = _streamed(net, rest, steps)
    return xarray.Dataset(
        {
            "rho": (("lag", "unit"), rho[:, :-1]),
            "population": ("lag", rho[:, -1]),
            "lowest": ((), lowest),
            "recurrent": (("unit", "source"), recurrent),
            "drive": ("unit", drive),
            "tau": ("unit", tau),
        }
    )


def impulse(taus: Sequence[float], delays: Sequence[int], steps: int) -> xarray.Dataset:
    """R^2_k of one unit's best linear reading of x_{t-k}, from its response r to one bit.

    For independent bits it is r_k^2 / sum_j r_j^2. One net of one unit for each tau, in float64.
    """
    with jax.enable_x64(True):
        one, zero = jnp.ones(1), jnp.zeros(1)
        nets = jax.vmap(lambda tau: leaky_net(one, jnp.zeros((1, 1)), tau[None], zero))
        bits = jnp.zeros((steps, 1)).at[0].set(1)
        run = jax.jit(jax.vmap(lambda net: activity(net, jnp.zeros((1, 1)), bits)[:, 0, 0]))
        response = np.asarray(run(nets(jnp.asarray(taus))))
    recall = response[:, list(delays)] ** 2 / (response**2).sum(axis=1, keepdims=True)
    return xarray.Dataset(
        {"recall": (("tau", "delay"), recall)}, {"tau": list(taus), "delay": list(delays)}
    )


def echoes(units: int, reached: int, steps: int) -> xarray.Dataset:
    """A network's response to one bit over what it does without, in float64.

    Args:
        reached: units that the input reaches; the others hear neither it nor those it reaches.
    """
    recurrent, drive, tau = random_network(units, 0.8)
    drive[reached:] = 0
    recurrent[reached:, :reached] = 0
    rest = _reach(recurrent, drive, tau)
    with jax.enable_x64(True):
        net = leaky_net(drive, recurrent, tau, (np.eye(units) - recurrent) @ rest)
        start = jnp.broadcast_to(jnp.asarray(rest), (2, units))
        bits = jnp.zeros((steps, 2)).at[0, 0].set(1)
        states = np.asarray(jax.jit(activity)(net, start, bits))
    return xarray.Dataset(
        {
            "response": (("lag", "unit"), states[:, 0] - states[:, 1]),
            "lowest": ((), states.min()),
            "recurrent": (("unit", "source"), recurrent),
            "drive": ("unit", drive),
            "tau": ("unit", tau),
        }
    )


def by_hand(task: str, single: Sequence[int], together: Sequence[int], cut: bool) -> xarray.Dataset:
    """Accuracy in time of nets written down, 10 fair streams of 1,000 decisions.

    Args:
        single: N of nets with one head.
        together: N of nets with all heads up to it, for parity.
        cut: remove the last unit of the delay line.
    """
    build = {"parity": constructive.parity, "dms": constructive.dms}[task]
    nets = [(build(n), [n]) for n in single]
    nets += [(constructive.all_parities(n), list(range(2, n + 1))) for n in together]
    largest = max(*single, *together, 2)
    width = max(len(net.tau) for net, _ in nets)
    count = [len(net.tau) for net, _ in nets]
    if cut:
        for net, asked in nets:
            line = max(asked) - 2
            net.drive[line] = net.recurrent[line] = net.recurrent[:, line] = 0
    # One compilation for all: silent units fill the smaller nets, their last head the others.
    padded = [_padded(net, width, largest - 1) for net, _ in nets]
    heads = [list(range(len(asked))) for _, asked in nets]
    heads, asked = (
        jnp.asarray([row + row[-1:] * (largest - 1 - len(row)) for row in rows])
        for rows in (heads, [asked for _, asked in nets])
    )
    one = functools.partial(accuracy, task=task, largest=largest, key=run_key(jnp.asarray(0)))

    @jax.jit
    def every(nets: LeakyRNN, heads: jax.Array, asked: jax.Array) -> jax.Array:
        return jax.lax.map(lambda each: one(each[0], each[1], each[2]), (nets, heads, asked))

    with jax.default_matmul_precision("highest"):
        found = every(jax.tree.map(lambda *parts: jnp.stack(parts), *padded), heads, asked)
    return xarray.Dataset(
        {"accuracy": (("net", "head"), np.asarray(found)), "units": ("net", count)},
        {"n": ("net", [*single, *together]), "heads": ("net", [len(a) for _, a in nets])},
    )


def shares(largest: int, sequences: int, fair: bool) -> xarray.Dataset:
    """Parity's labels on training streams, N and D = 1 .. `largest`.

    Args:
        fair: p = 1/2 in every stream, in place of p ~ U(0, 1).

    Returns:
        `odd`, `known` (right answers of a reader that knows p alone) and `agree` (of 2-parity with
        (2 + D)-parity): shares of the sequences.
    """
    key = run_key(jnp.asarray(0))
    uniform = draw(jax.random.uniform, named_key(key, "bits"), (largest + 2, sequences))
    chance = jax.random.uniform(named_key(key, "chance"), (sequences,))
    chance = jnp.where(fair, 0.5, chance)
    odd = np.asarray(labels("parity", training_bits("parity", uniform, chance), largest + 2))
    n = np.arange(SMALLEST, largest + 1)
    # An odd number of bits, more often 1 than not, is more often odd.
    likely = (n[:, None] % 2 == 1) & (np.asarray(chance) > 0.5)
    return xarray.Dataset(
        {
            "odd": ("n", odd[: len(n)].mean(axis=1)),
            "known": ("n", (odd[: len(n)] == likely).mean(axis=1)),
            "agree": ("further", (odd[1:] == odd[0]).mean(axis=1)),
            "sequences": ((), sequences),
        },
        {"n": n, "further": np.arange(1, largest + 1)},
    )


def random_network(count: int, radius: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(W with zero diagonal, w_in, tau on [1, 3]) with A at the given spectral radius."""
    rng = np.random.default_rng(count)
    recurrent = rng.normal(size=(count, count)) * (1 - np.eye(count)) / count**0.5
    drive, tau = rng.uniform(-1, 1, count), rng.uniform(1, 3, count)
    low, high = 0.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        below = spectral_radius(linear_network(middle * recurrent, drive, tau).matrix) < radius
        low, high = (middle, high) if below else (low, middle)
    return low * recurrent, drive, tau


def _streamed(net: LeakyRNN, rest: Vector, steps: int) -> tuple[np.ndarray, float]:
    """rho(l) of every unit and, last, of their sum, over trials of fair bits; the lowest state."""
    bits = fair_bits(run_key(jnp.asarray(0)), steps + WARM_UP, TRIALS)
    start = jnp.broadcast_to(jnp.asarray(rest, "float32"), (TRIALS, len(rest)))
    states = np.asarray(jax.jit(activity)(net, start, bits))[WARM_UP:].swapaxes(0, 1)
    whole = np.concatenate([states, states.sum(axis=2, keepdims=True)], axis=2)
    with jax.enable_x64(True):
        rho = np.asarray(autocorrelation(jnp.asarray(whole, "float64"), LAGS))
    return rho, float(states.min())


def _reach(recurrent: Matrix, drive: Vector, tau: Vector) -> Vector:
    """Twice the farthest that bits in {0, 1} can move each state: 2 sum_k |A^k b|."""
    system = linear_network(recurrent, drive, tau)
    echo, total = system.drive, np.zeros(len(tau))
    for _ in range(2000):
        total += np.abs(echo)
        echo = system.matrix @ echo
    return 2 * total + 0.1


def _padded(net: constructive.Network, width: int, heads: int) -> LeakyRNN:
    """The model with these weights; further units are silent, further heads say nothing."""
    units, own = width - len(net.tau), heads - len(net.readout)
    recurrent = np.pad(net.recurrent, ((0, units), (0, units)))
    line = leaky_net(
        np.pad(net.drive, (0, units)), recurrent,
        np.pad(net.tau, (0, units), constant_values=1), np.pad(net.bias, (0, units)),
    )  # fmt: skip
    readout = jnp.asarray(np.pad(net.readout, ((0, own), (0, 0), (0, units))), "float32")
    offset = jnp.asarray(np.pad(net.readout_bias, ((0, own), (0, 0))), "float32")
    return dataclasses.replace(line, readout=readout, readout_bias=offset)
