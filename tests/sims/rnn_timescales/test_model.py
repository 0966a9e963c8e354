"""Leaky nets against a NumPy recursion, and the hand-written reverse mode against autodiff."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.rnn_timescales.model import (
    Dynamics,
    activity,
    initial_activity,
    initial_net,
    last_activity,
)

KINDS = [
    Dynamics(),
    Dynamics(inside=True),
    Dynamics(inside=True, hold=3),
    Dynamics(hold=2),
    Dynamics(smooth=True),
]


def net_of(dynamics, units=7):
    return initial_net(
        jax.random.key(0), units=units, heads=3, lowest=1.0, spread=1.0, dynamics=dynamics
    )


def inputs(units=7):
    bits = jax.random.bernoulli(jax.random.key(1), 0.5, (13, 5)).astype("float32")
    return bits, initial_activity(jax.random.key(2), 5, units)


@pytest.mark.parametrize("dynamics", KINDS)
def test_states_are_those_of_the_recursion(dynamics):
    net, (bits, start) = net_of(dynamics), inputs()
    found = activity(net, start, bits)
    h, raw = np.asarray(start, "float64"), np.asarray(net.raw_timescale, "float64")
    tau = 1 / dynamics.hold + np.log1p(np.exp(raw)) if dynamics.smooth else np.maximum(raw, 1)
    a = 1 / (dynamics.hold * tau)
    weights = np.asarray(net.recurrent, "float64") * (1 - np.eye(7))
    bias = np.asarray(net.input_bias + net.recurrent_bias, "float64")
    for time, x in enumerate(np.asarray(bits)):
        for _ in range(dynamics.hold):
            u = h @ weights.T + bias + x[:, None] * np.asarray(net.input_weight)
            leaky = [np.where(z > 0, z, 0.01 * z) for z in (u, (1 - a) * h + a * u)]
            h = (1 - a) * h + a * leaky[0] if dynamics.inside else leaky[1]
        np.testing.assert_allclose(found[time], h, atol=2e-6)
    np.testing.assert_allclose(net.timescale(), tau, rtol=1e-6)


@pytest.mark.parametrize("dynamics", KINDS)
@pytest.mark.parametrize("taken", [4, 13])
def test_reverse_mode_is_autodiff_s(dynamics, taken):
    net, (bits, start) = net_of(dynamics), inputs()

    def by_hand(net, start):
        return jnp.sin(net.read(last_activity(net, start, bits, jnp.asarray(taken)))).sum()

    def automatic(net, start):
        return jnp.sin(net.read(activity(net, start, bits[-taken:])[-1])).sum()

    found, wanted = (jax.grad(f, (0, 1))(net, start) for f in (by_hand, automatic))
    assert float(jnp.abs(wanted[0].recurrent).max()) > 1e-2
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_earlier_bits_do_not_count():
    net, (bits, start) = net_of(Dynamics()), inputs()
    changed = bits.at[:8].set(1 - bits[:8])
    ends = [last_activity(net, start, b, jnp.asarray(5)) for b in (bits, changed)]
    np.testing.assert_array_equal(*ends)
    other = last_activity(net, start, changed, jnp.asarray(6))
    assert float(jnp.abs(other - ends[0]).max()) > 1e-3


def test_the_clamp_absorbs_and_softplus_does_not():
    """No gradient reaches a time constant below dt; at dt it does, whole."""
    bits, start = inputs()

    def slopes(dynamics, raw):
        net = dataclasses.replace(net_of(dynamics), raw_timescale=jnp.asarray(raw))
        return jax.grad(lambda net: jnp.sum(last_activity(net, start, bits, jnp.asarray(13)) ** 2))(
            net
        ).raw_timescale

    raw = np.array([0.9, 0.999, 1.0, 1.001, 1.5, 2.0, 3.0], "float32")
    found = np.abs(slopes(Dynamics(), raw))
    assert (found[:2] == 0).all() and (found[2:] > 0).all()
    above = np.abs(slopes(Dynamics(), raw + 0.001 * (raw == 1)))
    np.testing.assert_allclose(found[2], above[2], rtol=0.1)
    assert (np.abs(slopes(Dynamics(smooth=True), raw)) > 0).all()


def test_the_diagonal_of_w_is_never_used():
    net, (bits, start) = net_of(Dynamics()), inputs()
    filled = dataclasses.replace(net, recurrent=net.recurrent + 5 * jnp.eye(7))
    np.testing.assert_array_equal(activity(net, start, bits), activity(filled, start, bits))
    other = dataclasses.replace(net, recurrent=net.recurrent + 5 * jnp.eye(7, k=1))
    assert float(jnp.abs(activity(other, start, bits) - activity(net, start, bits)).max()) > 0.1


def test_initial_values_are_pytorch_s():
    """Ranges of section 2.4; the spectral radius of W is near 1/sqrt 3."""
    net = net_of(Dynamics(), units=500)
    bound = 500**-0.5
    for part, limit in (
        *((net.input_weight, 1.0), (net.input_bias, 1.0)),
        *((net.recurrent, bound), (net.recurrent_bias, bound), (net.readout, bound)),
    ):
        largest = float(jnp.abs(part).max())
        assert 0.97 * limit < largest <= limit
    assert 1 <= float(net.raw_timescale.min()) and float(net.raw_timescale.max()) <= 2
    assert abs(float(net.raw_timescale.mean()) - 1.5) < 0.05
    radius = np.abs(np.linalg.eigvals(np.asarray(net.weights()))).max()
    assert abs(radius - 3**-0.5) < 0.03
    assert net.readout.shape == (3, 2, 500)
