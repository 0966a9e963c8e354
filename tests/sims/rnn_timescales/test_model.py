"""The leaky net against its recursion in NumPy, and its gradient against automatic ones."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from sims.engine.experiment import BATCH_AXIS
from sims.rnn_timescales.model import (
    Dynamics,
    LeakyRNN,
    activity,
    initial_activity,
    initial_net,
    last_activity,
)

UNITS, SEQUENCES, TIME, HEADS = 5, 3, 9, 2
LENGTHS = (4, 1, TIME)
KINDS = [
    Dynamics(inside, hold, smooth)
    for inside in (False, True)
    for hold in (1, 3)
    for smooth in (False, True)
]
every_kind = pytest.mark.parametrize("dynamics", KINDS, ids=str)


def net_of(dynamics=KINDS[0], units=UNITS, heads=HEADS, lowest=1.2, spread=1.0) -> LeakyRNN:
    return initial_net(
        jax.random.key(0), units=units, heads=heads, lowest=lowest, spread=spread, dynamics=dynamics
    )


@pytest.fixture(scope="module")
def stream():
    return jax.random.bernoulli(jax.random.key(1), 0.5, (TIME, SEQUENCES)).astype("float32")


@pytest.fixture(scope="module")
def start():
    # both signs, so that both slopes of leaky ReLU are met
    return jax.random.normal(jax.random.key(2), (SEQUENCES, UNITS))


def last_states(net, start, stream):
    """`last_activity` at each of LENGTHS, in one batch as the engine makes it."""
    batched = jax.vmap(
        lambda length: last_activity(net, start, stream, length), axis_name=BATCH_AXIS
    )
    return batched(jnp.asarray(LENGTHS))


def recursion(net, start, bits):
    """[rnn-2.1] to [rnn-2.3] written out, in float64."""
    inside, hold, smooth = net.dynamics
    raw, w_in, b_in, w, b_h = (
        np.asarray(part, "float64")
        for part in (net.raw_timescale, net.input_weight, net.input_bias, net.recurrent,
                     net.recurrent_bias)
    )  # fmt: skip
    tau = 1 / hold + np.log1p(np.exp(raw)) if smooth else np.maximum(raw, 1 / hold)
    a, w = 1 / (hold * tau), w - np.diag(np.diag(w))
    h, states = np.asarray(start, "float64"), []
    for x in np.asarray(bits, "float64"):
        for _ in range(hold):
            u = h @ w.T + b_h + w_in * x[:, None] + b_in
            if inside:
                h = (1 - a) * h + a * np.where(u > 0, u, 0.01 * u)
            else:
                z = (1 - a) * h + a * u
                h = np.where(z > 0, z, 0.01 * z)
        states.append(h)
    return np.stack(states)


@every_kind
def test_activity_is_the_recursion(dynamics, start, stream):
    net = net_of(dynamics)
    np.testing.assert_allclose(
        activity(net, start, stream), recursion(net, start, stream), rtol=1e-4, atol=1e-5
    )


def test_earlier_bits_do_not_matter_and_later_ones_do(start, stream):
    net, length = net_of(), jnp.asarray(4)
    found = last_activity(net, start, stream, length)
    for t in range(TIME):
        moved = last_activity(net, start, stream.at[t].set(1 - stream[t]), length)
        assert bool((moved == found).all()) == (t < TIME - 4)


@every_kind
def test_the_last_state_is_that_of_the_last_bits(dynamics, start, stream):
    """In a batch the loop runs to the longest; shorter streams wait with their state."""
    net = net_of(dynamics)
    found = last_states(net, start, stream)
    for state, length in zip(found, LENGTHS, strict=True):
        wanted = recursion(net, start, stream[-length:])[-1]
        np.testing.assert_allclose(state, wanted, rtol=1e-4, atol=1e-5)


@every_kind
def test_the_gradient_by_hand_is_the_automatic_one(dynamics, start, stream):
    target = jax.random.normal(jax.random.key(3), (len(LENGTHS), SEQUENCES, UNITS))

    def by_hand(net, start):
        return jnp.sum(target * last_states(net, start, stream))

    def automatic(net, start):
        last = [activity(net, start, stream[-length:])[-1] for length in LENGTHS]
        return jnp.sum(target * jnp.stack(last))

    found, wanted = (
        jax.jit(jax.grad(f, argnums=(0, 1)))(net_of(dynamics), start) for f in (by_hand, automatic)
    )
    assert float(jnp.abs(wanted[0].raw_timescale).max()) > 1e-3
    np.testing.assert_allclose(
        ravel_pytree(found)[0], ravel_pytree(wanted)[0], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("hold", [1, 3])
def test_a_timescale_below_dt_is_dt_and_has_no_gradient(hold, start, stream):
    """tau = dt absorbs under the clamp: not at dt itself, where it may still leave upwards."""
    dt = 1 / hold

    def slope(raw, smooth):
        net = eqx.tree_at(
            lambda net: net.raw_timescale, net_of(Dynamics(hold=hold, smooth=smooth)), raw
        )
        return net.timescale(), jax.grad(
            lambda net: jnp.sum(last_activity(net, start, stream, jnp.asarray(TIME)) ** 2)
        )(net).raw_timescale

    raw = jnp.asarray([-2.0, 0.9 * dt, dt, 1.5 * dt, 3.0])
    tau, clamped = slope(raw, smooth=False)
    np.testing.assert_allclose(tau, [dt, dt, dt, 1.5 * dt, 3.0], rtol=1e-6)
    assert (clamped != 0).tolist() == [False, False, True, True, True]
    _, wanted = slope(raw.at[2].set(dt * (1 + 1e-6)), smooth=False)
    np.testing.assert_allclose(clamped[2], wanted[2], rtol=1e-2)
    tau, smooth = slope(raw, smooth=True)
    assert bool((tau > dt).all()) and bool((smooth != 0).all())


def test_the_diagonal_s_value_is_never_used_and_its_gradient_counts(start, stream):
    net = net_of()
    filled = eqx.tree_at(lambda net: net.recurrent, net, net.recurrent + 3 * jnp.eye(UNITS))

    def last(net):
        return last_activity(net, start, stream, jnp.asarray(TIME))

    assert bool((last(net) == last(filled)).all())
    assert bool((activity(net, start, stream) == activity(filled, start, stream)).all())
    slope = jax.grad(lambda net: jnp.sum(last(net) ** 2))(filled).recurrent
    # As the authors' code has it: of a parameter that is set to zero before each pass.
    cell = filled.cell()

    def free(weights):
        states = start
        for bits in stream:
            u = states @ weights.T + bits[:, None] * cell.input_weight + cell.bias
            states = jax.nn.leaky_relu((1 - cell.leak) * states + cell.leak * u, 0.01)
        return jnp.sum(states**2)

    wanted = jax.grad(free)(cell.weights)
    assert jnp.abs(jnp.diag(wanted)).max() > 0.1
    np.testing.assert_allclose(slope, wanted, rtol=1e-4, atol=1e-5)


def test_readouts_are_linear(start):
    net = net_of()
    found = net.read(start)
    assert found.shape == (HEADS, SEQUENCES, 2)
    for head in range(HEADS):
        wanted = start @ net.readout[head].T + net.readout_bias[head]
        np.testing.assert_allclose(found[head], wanted, rtol=1e-5, atol=1e-6)


def test_initial_values_have_the_shapes_and_ranges_of_section_2_4():
    """Uniform on +-bound: within it, reaching its last percents, s.d. bound/sqrt 3."""
    units, heads = 400, 50
    net = net_of(units=units, heads=heads, lowest=1.0)
    bounds = {
        "input_weight": ((units,), 1.0),
        "input_bias": ((units,), 1.0),
        "recurrent_bias": ((units,), units**-0.5),
        "readout": ((heads, 2, units), units**-0.5),
        "readout_bias": ((heads, 2), units**-0.5),
    }
    for name, (shape, bound) in bounds.items():
        values = getattr(net, name)
        assert values.shape == shape
        assert 0.95 * bound < float(jnp.abs(values).max()) <= bound
        assert float(values.std()) == pytest.approx(bound / 3**0.5, rel=0.15)
    assert net.recurrent.shape == (units, units) and not jnp.diag(net.recurrent).any()
    radius = np.abs(np.linalg.eigvals(np.asarray(net.recurrent))).max()
    assert radius == pytest.approx(3**-0.5, rel=0.05)
    tau = net.raw_timescale
    assert tau.shape == (units,) and 1 <= float(tau.min()) < 1.02 and 1.98 < float(tau.max()) <= 2
    h = initial_activity(jax.random.key(4), 100, units)
    assert h.shape == (100, units) and 0 <= float(h.min()) and 0.0999 < float(h.max()) <= 0.1


@pytest.mark.parametrize("hold", [1, 3])
def test_smooth_time_constants_start_where_clamped_ones_do(hold):
    clamped, smooth = (net_of(Dynamics(hold=hold, smooth=s)).timescale() for s in (False, True))
    np.testing.assert_allclose(clamped, smooth, rtol=1e-5)


def test_fixed_time_constants_are_all_the_same():
    assert net_of(lowest=3.0, spread=0.0).timescale().tolist() == [3.0] * UNITS
