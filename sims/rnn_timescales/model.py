"""Leaky recurrent nets whose units learn their time constants.

With a_i = dt/tau_i, effective input u = W h + b_h + w_in x + b_in and f = LeakyReLU of slope .01:

    outside ("Stack"): h <- f((1 - a) h + a u)        inside ("Mod"): h <- (1 - a) h + a f(u)

Equations: [rnn-2.1], [rnn-2.2]; the authors' RNN_Stack.py and RNN_modified.py. With bits that are
held for several steps [rnn-2.3]: their RNN_Continuous.py.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sims.engine.experiment import batch_max, draw, named_key
from sims.engine.optimisers import Scalar

SLOPE = 0.01
CLASSES = 2

Activity = Float[Array, "sequence unit"]
Logits = Float[Array, "head sequence class"]


class Dynamics(NamedTuple):
    """What kind of unit a net is made of.

    Attributes:
        inside: whether the nonlinearity acts on the input alone (Mod) or on the sum (Stack).
        hold: steps for which each bit is held, so that dt = 1/hold bits.
        smooth: time constants dt + softplus(raw) in place of max(raw, dt), whose gradient
            vanishes below dt: there a clamped unit stays, tau = dt is absorbing [rnn-2.5].
    """

    inside: bool = False
    hold: int = 1
    smooth: bool = False


class Cell(NamedTuple):
    """One step's parameters: leaks dt/tau, W, w_in, and b_h + b_in."""

    leak: Float[Array, " unit"]
    weights: Float[Array, "unit unit"]
    input_weight: Float[Array, " unit"]
    bias: Float[Array, " unit"]


def relax(
    leak: Float[Array, "..."], dynamics: Dynamics, state: Float[Array, "a b"], inputs: Array
) -> Float[Array, "a b"]:
    """The state one step later, given the effective input u; `leak` is laid along the units."""
    if dynamics.inside:
        return (1 - leak) * state + leak * jax.nn.leaky_relu(inputs, SLOPE)
    return jax.nn.leaky_relu((1 - leak) * state + leak * inputs, SLOPE)


def effective_input(cell: Cell, state: Activity, bits: Float[Array, " sequence"]) -> Activity:
    """u = W h + w_in x + b_h + b_in."""
    return state @ cell.weights.T + bits[:, None] * cell.input_weight + cell.bias


class LeakyRNN(eqx.Module):
    """Paper's symbols: tau `raw_timescale`, W `recurrent`, w_in `input_weight`, readouts W_k.

    The diagonal of W is never used (the authors set it to zero before every pass).
    """

    raw_timescale: Float[Array, " unit"]
    input_weight: Float[Array, " unit"]
    input_bias: Float[Array, " unit"]
    recurrent: Float[Array, "unit unit"]
    recurrent_bias: Float[Array, " unit"]
    readout: Float[Array, "head class unit"]
    readout_bias: Float[Array, "head class"]
    dynamics: Dynamics = eqx.field(static=True, default=Dynamics())

    def timescale(self) -> Float[Array, " unit"]:
        """tau in bits: at least dt."""
        dt = 1 / self.dynamics.hold
        if self.dynamics.smooth:
            return dt + jax.nn.softplus(self.raw_timescale)
        # not jnp.maximum: its gradient is split where both are equal
        return jnp.where(self.raw_timescale >= dt, self.raw_timescale, dt)

    def weights(self) -> Float[Array, "unit unit"]:
        """W with its diagonal at zero.

        Of the values alone: gradients reach the diagonal, so that they count in a norm as they do
        where the authors overwrite the values [rnn-2.1].
        """
        diagonal = jnp.diag(jnp.diagonal(self.recurrent))
        return self.recurrent - jax.lax.stop_gradient(diagonal)

    def cell(self) -> Cell:
        """What moves the state."""
        leak = 1 / (self.dynamics.hold * self.timescale())
        bias = self.input_bias + self.recurrent_bias
        return Cell(leak, self.weights(), self.input_weight, bias)

    def read(self, state: Activity) -> Logits:
        """Logits of every head."""
        return jnp.einsum("su,hcu->hsc", state, self.readout) + self.readout_bias[:, None]


def raw_timescale(timescale: Float[Array, " unit"], dynamics: Dynamics) -> Float[Array, " unit"]:
    """The parameter of units with these time constants, in bits."""
    if not dynamics.smooth:
        return timescale
    # the inverse of softplus; a constant tau = dt has none
    return jnp.log(jnp.expm1(jnp.maximum(timescale - 1 / dynamics.hold, 1e-3)))


def initial_net(
    key: Key[Array, ""],
    *,
    units: int,
    heads: int,
    lowest: Scalar,
    spread: Scalar,
    dynamics: Dynamics,
) -> LeakyRNN:
    """PyTorch's default for linear layers: uniform on +-1/sqrt(fan in) [rnn-2.4].

    Args:
        units: H.
        heads: readouts of two classes.
        lowest: smallest initial time constant, in bits.
        spread: initial time constants are uniform on [lowest, lowest + spread].
    """

    def uniform(name: str, shape: tuple[int, ...], fan_in: int) -> Array:
        bound = fan_in**-0.5
        return draw(jax.random.uniform, named_key(key, name), shape, "float32", -bound, bound)

    share = jax.random.uniform(named_key(key, "timescale"), (units,), "float32")
    return LeakyRNN(
        raw_timescale=raw_timescale(lowest + spread * share, dynamics),
        input_weight=uniform("input_weight", (units,), 1),
        input_bias=uniform("input_bias", (units,), 1),
        recurrent=uniform("recurrent", (units, units), units) * (1 - jnp.eye(units)),
        recurrent_bias=uniform("recurrent_bias", (units,), units),
        readout=uniform("readout", (heads, CLASSES, units), units),
        readout_bias=uniform("readout_bias", (heads, CLASSES), units),
        dynamics=dynamics,
    )


# h_0 ~ U(0, 0.1), afresh for every sequence and unit.
INITIAL_SCALE = 0.1


def initial_activity(key: Key[Array, ""], sequences: int, units: int) -> Activity:
    """States to start from, h_0 ~ U(0, 0.1)."""
    return INITIAL_SCALE * draw(jax.random.uniform, key, (sequences, units), "float32")


def last_activity(
    net: LeakyRNN,
    start: Activity,
    bits: Float[Array, "time sequence"],
    length: Int[Array, ""],
) -> Activity:
    """The state after the last `length` bits of right-aligned streams.

    Earlier bits do not count, and steps that no run of the batch needs are not taken. It has a
    gradient with respect to the net and the start, not to the bits.
    """
    return _unrolled(net.dynamics, net.cell(), start, bits, length, batch_max(length))


def activity(
    net: LeakyRNN, start: Activity, bits: Float[Array, "time sequence"]
) -> Float[Array, "time sequence unit"]:
    """The states after every bit."""
    cell = net.cell()

    def step(state: Activity, now: Array) -> tuple[Activity, Activity]:
        for _ in range(net.dynamics.hold):
            state = relax(cell.leak, net.dynamics, state, effective_input(cell, state, now))
        return state, state

    return jax.lax.scan(step, start, bits)[1]


# Reverse mode by hand: a loop whose bounds are data has no derivative of its own, and a scan over
# the longest stream would take, and store, steps that are not needed. States are (unit, sequence)
# here: on a CPU W h then takes a third less time than h W^T at 32 units.
@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _unrolled(
    dynamics: Dynamics,
    cell: Cell,
    start: Activity,
    bits: Float[Array, "time sequence"],
    length: Int[Array, ""],
    longest: Int[Array, ""],
) -> Activity:
    return _forward(dynamics, cell, start, bits, length, longest)[0]


def _forward(
    dynamics: Dynamics, cell: Cell, start: Activity, bits: Array, length: Array, longest: Array
) -> tuple[Activity, tuple]:
    inside, hold, _ = dynamics
    time, first = hold * len(bits), start.T
    leak, input_weight, bias = (part[:, None] for part in (cell.leak, *cell[2:]))

    def step(t: Array, carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        state, states, inputs = carry
        u = cell.weights @ state + input_weight * bits[t // hold] + bias
        new = jnp.where(time - t <= hold * length, relax(leak, dynamics, state, u), state)
        return new, states.at[t + 1].set(new), inputs.at[t].set(u) if inside else inputs

    # Outside, the new state has the sign of f's argument, which is all that f' needs.
    inputs = jnp.zeros((time if inside else 0, *first.shape), first.dtype)
    states = jnp.zeros((time + 1, *first.shape), first.dtype).at[time - hold * longest].set(first)
    last, states, inputs = jax.lax.fori_loop(
        time - hold * longest, time, step, (first, states, inputs)
    )
    return last.T, (cell, states, inputs, bits, length, longest)


def _backward(dynamics: Dynamics, kept: tuple, slope: Activity) -> tuple:
    cell, states, inputs, bits, length, longest = kept
    inside, hold, _ = dynamics
    time, leak = len(states) - 1, cell.leak[:, None]
    back_weights = (leak * cell.weights).T

    def step(back: Array, carry: tuple[Array, Cell]) -> tuple[Array, Cell]:
        slope, total = carry
        t, counts = time - 1 - back, back < hold * length
        state, argument = states[t], inputs[t] if inside else states[t + 1]
        # with respect to f's argument, and to (1 - a) h, which is a part of it or beside it
        own = jnp.where(counts, jnp.where(argument >= 0, slope, SLOPE * slope), 0)
        old = jnp.where(counts, slope, 0) if inside else own
        total = Cell(
            total.leak + jnp.sum(old * state, axis=1) if inside else total.leak,
            total.weights + own @ state.T,
            total.input_weight + own @ bits[t // hold],
            total.bias + own.sum(axis=1),
        )
        return jnp.where(counts, (1 - leak) * old + back_weights @ own, slope), total

    zero = jax.tree.map(jnp.zeros_like, cell)
    slope, total = jax.lax.fori_loop(0, hold * longest, step, (slope.T, zero))
    # The leak's gradient is the sum over time of own u - old h. As u is linear in the other
    # parameters, its first part follows from their gradients, without a pass over the states.
    own_u = (
        jnp.sum(cell.weights * total.weights, axis=1)
        + cell.input_weight * total.input_weight
        + cell.bias * total.bias
    )
    old_h = total.leak if inside else jnp.diagonal(total.weights)
    gradient = Cell(
        own_u - old_h,
        leak * total.weights,
        cell.leak * total.input_weight,
        cell.leak * total.bias,
    )
    return gradient, slope.T, jnp.zeros_like(bits), None, None


_unrolled.defvjp(_forward, _backward)
