"""Training against a reference of its own: NumPy in float64, one step at a time.

The reference unrolls the recursion, asks every N in the list, and takes its gradient by central
differences, so that it shares nothing with the code under test but the random numbers. As in the
authors' train.py the diagonal of W is set to zero before each pass and is a parameter like others
otherwise: its gradient counts in the norm that is clipped.
"""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.rnn_timescales.gated import GatedCurriculum
from sims.rnn_timescales.training import Curriculum

UNITS, SEQUENCES, LAST, STEPS = 4, 5, 4, 4
NAMES = (
    "raw_timescale", "input_weight", "input_bias", "recurrent", "recurrent_bias",
    "readout", "readout_bias",
)  # fmt: skip


def streams(task, key, largest):
    """Bits (time, sequence), h_0 (sequence, unit) and the length M of one batch."""
    time = 4 * LAST + 1
    uniform = np.asarray(jax.random.uniform(key, (time + UNITS + 2, SEQUENCES)))
    chance = 0.5 if task == "dms" else uniform[time + UNITS + 1]
    length = largest + 2 + int(uniform[time + UNITS, 0] * np.float32(3 * largest))
    return uniform[:time] < chance, 0.1 * uniform[time : time + UNITS].T.astype("float64"), length


def answers(task, bits, asked):
    """The right answer of every stream on N = `asked`."""
    if task == "dms":
        return [int(stream[-1] == stream[-asked]) for stream in bits.T]
    return [int(stream[-asked:].sum()) % 2 for stream in bits.T]


def logits(net, dynamics, bits, start, length):
    """(head, sequence, class) at the end of the last `length` bits."""
    inside, hold, smooth = dynamics
    raw, dt = net["raw_timescale"], 1 / hold
    tau = dt + np.log1p(np.exp(raw)) if smooth else np.maximum(raw, dt)
    a, h = dt / tau, start
    for x in bits[-length:].astype("float64"):
        for _ in range(hold):
            u = h @ net["recurrent"].T + np.outer(x, net["input_weight"])
            u = u + net["input_bias"] + net["recurrent_bias"]
            z = u if inside else (1 - a) * h + a * u
            z = np.where(z > 0, z, 0.01 * z)
            h = (1 - a) * h + a * z if inside else z
    return np.einsum("su,hcu->hsc", h, net["readout"]) + net["readout_bias"][:, None]


def loss(net, experiment, key, smallest, largest):
    """The sum over N = smallest .. largest of the mean cross-entropy."""
    bits, start, length = streams(experiment.task, key, largest)
    said = logits(net, experiment.dynamics, bits, start, length)
    total = 0.0
    for head, asked in enumerate(range(smallest, largest + 1)):
        right = answers(experiment.task, bits, asked)
        scores = said[head]
        chosen = scores[np.arange(SEQUENCES), right]
        total += np.mean(np.log(np.exp(scores).sum(axis=1)) - chosen)
    return total


def slopes(net, *others):
    """The gradient of the loss by central differences."""
    found = {name: np.zeros_like(values) for name, values in net.items()}
    for name, values in net.items():
        for at in np.ndindex(values.shape):
            before, ends = values[at], []
            for change in (1e-6, -1e-6):
                values[at] = before + change
                ends.append(loss(net, *others))
            values[at] = before
            found[name][at] = (ends[0] - ends[1]) / 2e-6
    return found


def trained(net, experiment, keys, smallest, largest):
    """Nesterov's momentum of .1 on gradients of norm 2 at most; (net, loss, norm) by step."""
    velocity = {name: np.zeros_like(values) for name, values in net.items()}
    for key in keys:
        np.fill_diagonal(net["recurrent"], 0)
        value = loss(net, experiment, key, smallest, largest)
        gradient = slopes(net, experiment, key, smallest, largest)
        gradient["raw_timescale"] *= experiment.timescale_rate
        norm = np.sqrt(sum((part**2).sum() for part in gradient.values()))
        for name, part in gradient.items():
            part *= min(1.0, 2.0 / norm)
            velocity[name] = 0.1 * velocity[name] + part
            net[name] -= experiment.learning_rate * (part + 0.1 * velocity[name])
        yield net, value, norm


def begun(experiment, scale):
    """A state at N = 2, 3 whose readouts are so steep that the gradient is clipped or is not."""
    state = experiment.init(jax.random.key(1))
    # Some units below the clamp, some at slopes of both kinds.
    raw = jnp.asarray([0.3, 0.9, 1.7, 2.6])
    net = eqx.tree_at(lambda net: net.raw_timescale, state.net, raw)
    return state._replace(net=eqx.tree_at(lambda net: net.readout, net, scale * net.readout))


CASES = [
    (task, inside, hold, smooth)
    for task, (inside, hold, smooth) in itertools.product(
        ("parity", "dms"), ((False, 1, False), (True, 2, False), (False, 2, True))
    )
]


@pytest.mark.parametrize("task, inside, hold, smooth", CASES)
def test_training_is_the_reference_step_by_step(task, inside, hold, smooth):
    """From readouts of two sizes: the gradient is clipped at none of the steps, and at some."""
    experiment = Curriculum(
        task=task, inside=inside, hold=hold, smooth=smooth, units=UNITS, sequences=SEQUENCES,
        last=LAST, window=2, steps=STEPS, log_every=STEPS, learning_rate=0.3, timescale_rate=0.4,
        lowest=0.5, spread=2.0,
    )  # fmt: skip
    keys, step = jax.random.split(jax.random.key(2), STEPS), jax.jit(experiment.step)
    for scale in (1.0, 12.0):
        state, norms = begun(experiment, scale), []
        net = {name: np.array(getattr(state.net, name), "float64") for name in NAMES}
        whole = trained(net, experiment, keys, 2, 3)
        for key, (wanted, value, norm) in zip(keys, whole, strict=True):
            state, metrics = step(state, key)
            np.testing.assert_allclose(metrics["loss"], value, rtol=1e-5)
            for name in NAMES:
                # The diagonal of W moves, and is set to zero again.
                counts = 1 - np.eye(UNITS) if name == "recurrent" else 1.0
                found, right = (counts * part for part in (getattr(state.net, name), wanted[name]))
                np.testing.assert_allclose(found, right, rtol=3e-4, atol=3e-6, err_msg=name)
            norms.append(norm)
        assert (max(norms) < 2) == (scale == 1.0)
        assert (int(state.smallest), int(state.largest)) == (2, 3)
    assert len({streams(task, key, 3)[2] for key in keys}) > 1


@pytest.mark.parametrize("task", ["parity", "dms"])
def test_accuracy_is_that_of_fresh_test_batches(task):
    """Of the heads in the list, 0 for the others."""
    experiment = Curriculum(
        task=task, units=UNITS, sequences=SEQUENCES, last=LAST, first=3, window=2, test_batches=7,
        steps=1, log_every=1,
    )  # fmt: skip
    state, key = begun(experiment, 5.0), jax.random.key(4)
    net = {name: np.array(getattr(state.net, name), "float64") for name in NAMES}
    right = []
    for own in jax.random.split(key, 7):
        bits, start, length = streams(task, own, 4)
        said = logits(net, experiment.dynamics, bits, start, length).argmax(axis=2)
        right.append([said[head] == answers(task, bits, 3 + head) for head in (0, 1)])
    observed = experiment.observe(state, key)
    wanted = np.mean(right, axis=(0, 2))
    assert 0 < wanted.min() < wanted.max() < 1
    np.testing.assert_allclose(observed["accuracy"], [*wanted, 0], rtol=1e-6)
    np.testing.assert_allclose(observed["timescale"], [1, 1, 1.7, 2.6], rtol=1e-6)


@pytest.mark.parametrize(
    "accuracy, solved",
    [
        ((0.981, 0.981), True),
        ((0.979, 0.979), False),
        ((0.965, 0.999), True),  # the mean counts, not the least
        ((0.999, 0.975), False),  # and the newest for itself
        ((0.955, 0.999), False),
    ],
)
@pytest.mark.parametrize("kind", [Curriculum, GatedCurriculum])
def test_a_list_is_solved_above_98_percent(kind, accuracy, solved):
    experiment = kind(units=UNITS, sequences=2, last=LAST, window=2, steps=1, log_every=1)
    state = experiment.init(jax.random.key(0))
    observed = {"accuracy": jnp.asarray([*accuracy, 0.0])}
    assert bool(experiment.solved(state, observed)) == solved
    assert int(experiment.stage(state, observed)) == (1 if solved else -1)


@pytest.mark.parametrize("smooth", [False, True])
def test_what_is_kept_is_the_net(smooth):
    """Every kept array, of a net whose parts all differ, diagonal and clamp included."""
    experiment = Curriculum(units=UNITS, last=LAST, first=3, smooth=smooth, steps=1, log_every=1)
    state = experiment.init(jax.random.key(0))
    net = jax.tree.map(lambda leaf: leaf + jnp.arange(leaf.size).reshape(leaf.shape), state.net)
    state = state._replace(net=net, largest=jnp.asarray(4))
    stage, kept = experiment.keep(state, {"accuracy": jnp.asarray([1.0, 1.0, 0.0])})
    off = 1 - np.eye(UNITS)
    wanted = {
        "raw_timescale": net.raw_timescale,
        "input_weight": net.input_weight,
        "bias": net.input_bias + net.recurrent_bias,
        "recurrent": net.recurrent * off,
        "readout": net.readout,
        "readout_bias": net.readout_bias,
        "list_start": 3,
    }
    assert int(stage) == 2 and kept.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_array_equal(kept[name], values, err_msg=name)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_gated_nets_train_as_written_out(cell):
    """One step of Adam after clipping, written out, on the automatic gradient of the loss."""
    experiment = GatedCurriculum(
        cell=cell, units=UNITS, sequences=SEQUENCES, last=LAST, window=2, steps=3, log_every=3,
        learning_rate=0.02,
    )  # fmt: skip
    state = experiment.init(jax.random.key(0))
    net = state.net._replace(readout=100 * state.net.readout)
    state = state._replace(net=net)
    flat, structure = jax.tree.flatten(net)
    means = squares = [np.zeros(leaf.shape) for leaf in flat]
    step, slope = jax.jit(experiment.step), jax.jit(jax.grad(experiment.loss))
    for count, key in enumerate(jax.random.split(jax.random.key(2), 3), 1):
        here = structure.unflatten([jnp.asarray(leaf, "float32") for leaf in flat])
        gradient = jax.tree.leaves(slope(here, state, key))
        norm = np.sqrt(sum(float((leaf**2).sum()) for leaf in gradient))
        assert norm > 2
        gradient = [np.float64(leaf) * 2 / norm for leaf in gradient]
        means = [0.9 * m + 0.1 * g for m, g in zip(means, gradient, strict=True)]
        squares = [0.999 * s + 0.001 * g**2 for s, g in zip(squares, gradient, strict=True)]
        flat = [
            leaf - 0.02 * (m / (1 - 0.9**count)) / (np.sqrt(s / (1 - 0.999**count)) + 1e-8)
            for leaf, m, s in zip(flat, means, squares, strict=True)
        ]
        state, _ = step(state, key)
        for found, wanted in zip(jax.tree.leaves(state.net), flat, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=2e-5)


def test_gated_nets_are_asked_about_fair_streams_of_the_list_s_own_lengths(monkeypatch):
    """Bits, lengths and answers that reach the net, counted over many batches."""
    experiment = GatedCurriculum(
        units=2, sequences=64, last=LAST, first=3, steps=1, log_every=1, task="parity"
    )
    state, seen = experiment.init(jax.random.key(0)), []

    def looked(kind, parameters, units, bits, length):
        seen.append((np.asarray(bits), int(length)))
        return jnp.zeros((bits.shape[1], units))

    monkeypatch.setattr("sims.rnn_timescales.gated.last_activity", looked)
    for key in jax.random.split(jax.random.key(3), 100):
        _, right, active = experiment.answers(state.net, state, key)
        bits, _ = seen[-1]
        assert active.tolist() == [True, False, False]
        assert right[0].tolist() == answers("parity", bits == 1, 3)
    lengths = [length for _, length in seen]
    assert min(lengths) == 5 and max(lengths) == 13 and len(set(lengths)) == 9
    share = np.mean([bits.mean(axis=0) for bits, _ in seen], axis=0)
    assert np.abs(share - 0.5).max() < 5 * 0.5 / np.sqrt(100 * 17)
    spread = np.concatenate([bits.mean(axis=0) for bits, _ in seen]).std()
    assert spread == pytest.approx(0.5 / np.sqrt(17), rel=0.05)  # p does not vary
