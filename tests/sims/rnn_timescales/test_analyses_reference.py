"""Every analysis against NumPy in float64, on random nets whose parts all differ.

The reference damages arrays of its own, runs the recursion, and counts decisions; it shares
the random streams with the code under test, and nothing else. Of some 10,000 decisions a few lie
so near the line that float32 and float64 may part.
"""

import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from sims.engine.program import run_key
from sims.rnn_timescales.model import Dynamics, LeakyRNN
from sims.rnn_timescales.representation import dimension, moments, probes, simulated
from sims.rnn_timescales.robustness import (
    _changed,
    ablation,
    forgetting,
    perturbation,
    resolution,
)
from sims.rnn_timescales.training import Curriculum

UNITS, HEADS, LAST = 6, 3, 5
# The protocols of [rnn-8.3], 1,100 steps of ten streams of which 100 do not count, and [rnn-8.1].
WARM_UP, DECISIONS, STREAMS, BURN_IN = 100, 1000, 10, 500
ARRAYS = ("raw_timescale", "input_weight", "bias", "recurrent", "readout", "readout_bias")
# Two runs: the heads of the first read N = 2, 3, 4, those of the second N = 3, 4, 5.
STARTS = (2, 3)


def arrays(seed):
    """A net whose decisions are of both kinds, with time constants below and above 1."""
    chance = np.random.default_rng(seed)
    net = {
        "raw_timescale": chance.permutation([0.4, 1.3, 1.8, 2.9, 4.1, 7.7]),
        "input_weight": chance.normal(size=UNITS),
        "bias": 0.3 * chance.normal(size=UNITS),
        "recurrent": 0.25 * chance.normal(size=(UNITS, UNITS)) * (1 - np.eye(UNITS)),
        "readout": chance.normal(size=(HEADS, 2, UNITS)),
        "readout_bias": 0.2 * chance.normal(size=(HEADS, 2)),
    }
    bits = (chance.uniform(size=(200, 10)) < 0.5).astype("float64")
    states, _ = states_of(net, bits, np.zeros((10, UNITS)))
    scores = np.einsum("tsu,hcu->tshc", states[50:], net["readout"])
    net["readout_bias"][:, 1] = net["readout_bias"][:, 0] - np.median(
        scores[..., 1] - scores[..., 0], axis=(0, 1)
    )
    return net


def kept(task="dms", inside=False, hold=1, stages=LAST - 1):
    """What two runs kept: the same net at each stage."""
    both = [arrays(seed) for seed in (0, 1)]
    data = {}
    for name in ARRAYS:
        values = np.stack([np.stack([net[name]] * stages) for net in both]).astype("float32")
        data[name] = (("seed", "stage", *Curriculum.dims[name]), values)
    starts = np.array([[start] * stages for start in STARTS])
    data["list_start"] = (("seed", "stage"), starts)
    found = xarray.Dataset(data, {"seed": [0, 1], "diverged": ("seed", [-1, -1])})
    attrs = dict(task=task, inside=int(inside), hold=hold, smooth=0, last=LAST, units=UNITS)
    where = f"{Curriculum.__module__}:{Curriculum.__name__}"
    return found.assign_attrs(attrs, **{"class": where})


def states_of(net, bits, start, inside=False, hold=1):
    """The recursion: states after every bit, and the effective input that led to each."""
    tau = np.maximum(net["raw_timescale"], 1 / hold)
    a, h, states, inputs = 1 / (hold * tau), start, [], []
    for x in bits:
        for _ in range(hold):
            u = h @ net["recurrent"].T + np.outer(x, net["input_weight"]) + net["bias"]
            z = u if inside else (1 - a) * h + a * u
            z = np.where(z > 0, z, 0.01 * z)
            h = (1 - a) * h + a * z if inside else z
        states.append(h)
        inputs.append(u)
    return np.stack(states), np.stack(inputs)


def fork(name):
    """The key of a use of randomness in an analysis."""
    return jax.random.fold_in(run_key(jnp.asarray(0)), zlib.crc32(name.encode()))


def drawn(name, *shape):
    return np.asarray(jax.random.uniform(fork(name), shape), "float64")


def answer(task, bits, t, asked):
    """Of every stream after bit `t`; zeros come before the first bit."""
    past = bits[max(0, t - asked + 1) : t + 1]
    if task == "parity":
        return past.sum(axis=0) % 2 == 1
    then = bits[t - asked + 1] if t >= asked - 1 else np.zeros(bits.shape[1])
    return bits[t] == then


def share_right(net, head, asked, task="dms", inside=False, hold=1, left=None):
    """The share of right decisions in time, of a net of all units or of those `left`."""
    bits = drawn("bits", WARM_UP + DECISIONS, STREAMS) < 0.5
    start = 0.1 * drawn("start", STREAMS, UNITS)[:, left if left is not None else slice(None)]
    states, _ = states_of(net, bits.astype("float64"), start, inside, hold)
    said = (states @ net["readout"][head].T + net["readout_bias"][head]).argmax(axis=2) == 1
    right = [said[t] == answer(task, bits, t, asked) for t in range(WARM_UP, WARM_UP + DECISIONS)]
    return np.mean(right)


def removed(net, unit):
    """A net without a unit: it neither hears, is heard nor read."""
    left = {name: np.delete(net[name], unit, axis=-1) for name in ("readout", "input_weight")}
    left |= {name: np.delete(net[name], unit) for name in ("raw_timescale", "bias")}
    left["recurrent"] = np.delete(np.delete(net["recurrent"], unit, 0), unit, 1)
    return left | {"readout_bias": net["readout_bias"]}


NEAR = dict(atol=3e-4)


@pytest.mark.parametrize("task, inside, hold", [("dms", True, 1), ("parity", False, 2)])
def test_every_head_is_asked_its_own_n(task, inside, hold):
    """By position in the list; a list that moved on asked the earlier N of its first head."""
    found = forgetting(kept(task, inside, hold), stages=[3, 4]).accuracy
    for seed in (0, 1):
        for n in (3, 4):
            for asked in (2, 3, 4):
                at = float(found.sel(seed=seed, n=n, asked=asked))
                if asked > n:
                    assert np.isnan(at)
                    continue
                head = max(asked - STARTS[seed], 0)
                wanted = share_right(arrays(seed), head, asked, task, inside, hold)
                np.testing.assert_allclose(at, wanted, **NEAR)


@pytest.mark.parametrize("task, inside, hold", [("dms", False, 1), ("parity", True, 2)])
def test_an_ablated_unit_neither_hears_nor_is_heard_nor_read(task, inside, hold):
    found = ablation(kept(task, inside, hold), stages=[3, 4], removed=2)
    for seed in (0, 1):
        net = arrays(seed)
        order = np.argsort(net["raw_timescale"])
        for n in (3, 4):
            head, at = n - STARTS[seed], found.sel(seed=seed, n=n)
            intact = share_right(net, head, n, task, inside, hold)
            np.testing.assert_allclose(at.intact, intact, **NEAR)
            for side, units in (("short", order[:2]), ("long", order[-2:])):
                tau = np.maximum(net["raw_timescale"][units], 1 / hold)
                np.testing.assert_allclose(at.timescale.sel(side=side), tau, rtol=1e-6)
                wanted = []
                for unit in units:
                    left = np.delete(np.arange(UNITS), unit)
                    rest = removed(net, unit)
                    wanted.append(share_right(rest, head, n, task, inside, hold, left))
                np.testing.assert_allclose(at.accuracy.sel(side=side), wanted, **NEAR)
                assert np.abs(np.array(wanted) - intact).max() > 5 * NEAR["atol"]


def test_random_units_are_the_null_of_ablation():
    """Distinct units, in an order that time constants do not decide."""
    by = [ablation(kept(), stages=[3], removed=3, by=name) for name in ("timescale", "random")]
    for found in by:
        tau = found.timescale.sel(seed=0).values.ravel()
        assert len(set(tau.tolist())) == UNITS
    assert (np.diff(by[0].timescale.sel(seed=0).values.ravel()) > 0).all()
    assert (np.diff(by[1].timescale.sel(seed=0).values.ravel()) < 0).any()


def random_net(smooth=False):
    net = {name: jnp.asarray(values, "float32") for name, values in arrays(0).items()}
    return LeakyRNN(
        net["raw_timescale"], net["input_weight"], net["bias"], net["recurrent"],
        jnp.zeros(UNITS), net["readout"], net["readout_bias"],
        Dynamics(inside=True, hold=2, smooth=smooth),
    )  # fmt: skip


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("what", ["recurrent", "timescale", "readout"])
def test_a_change_has_its_share_of_the_norm_and_its_sign(what, smooth):
    """Of `what` and of nothing else; time constants only grow, W's diagonal stays empty."""
    net = random_net(smooth)
    before = {"timescale": net.timescale(), "recurrent": net.weights(), "readout": net.readout}
    changes = []
    for key in jax.random.split(jax.random.key(0), 2):
        new = _changed(net, what, jnp.asarray(0.3), key)
        after = {"timescale": new.timescale(), "recurrent": new.weights(), "readout": new.readout}
        for name, values in before.items():
            change = np.asarray(after[name] - values)
            size = 0.3 * float(jnp.linalg.norm(values)) if name == what else 0.0
            np.testing.assert_allclose(np.linalg.norm(change), size, rtol=1e-4, atol=1e-7)
        changes.append(np.asarray(after[what] - before[what]))
    assert (changes[0] > 0).all() == (what == "timescale")
    assert np.abs(changes[0] - changes[1]).max() > 1e-2
    if what == "recurrent":
        assert not np.diag(new.recurrent).any()


def test_perturbed_accuracy_is_that_of_the_changed_nets():
    data, draws = kept("parity", True), 3
    found = perturbation(data, stages=[4], strengths=[0.0, 0.7], what="recurrent", draws=draws)
    net = arrays(0)
    w, wanted = net["recurrent"], []
    for key in jax.random.split(fork("change"), draws):
        noise = np.asarray(jax.random.normal(key, (UNITS**2,)), "float64").reshape(UNITS, UNITS)
        np.fill_diagonal(noise, 0)
        moved = w + 0.7 * np.linalg.norm(w) * noise / np.linalg.norm(noise)
        wanted.append(share_right(net | {"recurrent": moved}, 4 - STARTS[0], 4, "parity", True))
    at = found.sel(seed=0, n=4)
    intact = share_right(net, 4 - STARTS[0], 4, "parity", True)
    np.testing.assert_allclose(at.accuracy, [intact, np.mean(wanted)], **NEAR)
    np.testing.assert_allclose(at.intact, intact, **NEAR)


def test_resolution_holds_bits_and_keeps_time_constants_in_bits():
    found = resolution(kept("dms", True, hold=1), stages=[4], holds=[1, 3]).accuracy
    for seed in (0, 1):
        for hold in (1, 3):
            # What was clamped at dt = 1 is a longer time constant than dt = 1/3.
            wanted = share_right(arrays(seed), 4 - STARTS[seed], 4, "dms", True, hold)
            np.testing.assert_allclose(found.sel(seed=seed, n=4, hold=hold), wanted, **NEAR)


@pytest.mark.parametrize("shuffled", [False, True])
def test_probes_are_fitted_to_one_half_and_tested_on_the_other(shuffled):
    found = probes(kept("parity"), stages=[3, 4], beyond=1, shuffled=shuffled).accuracy
    time, streams, largest = 505, 20, 5
    bits = drawn("bits", time, streams) < 0.5
    start = 0.1 * drawn("start", streams, UNITS)
    for seed in (0, 1):
        states, _ = states_of(arrays(seed), bits.astype("float64"), start)
        design = np.concatenate([states, np.ones((time, streams, 1))], axis=2)[largest:]
        for asked in (2, 3, 4, 5):
            right = np.stack([answer("parity", bits, t, asked) for t in range(largest, time)])
            if shuffled:  # each stream's states with the answers of the one nine before it
                right = right[:, (np.arange(streams) - 9) % streams]
            fit = design[:, :10].reshape(-1, UNITS + 1), right[:, :10].ravel() * 2.0 - 1
            weights = np.linalg.solve(fit[0].T @ fit[0], fit[0].T @ fit[1])
            wanted = np.mean((design[:, 10:] @ weights > 0) == right[:, 10:])
            np.testing.assert_allclose(found.sel(seed=seed, n=4, asked=asked), wanted, atol=6e-4)
    assert np.isnan(found.sel(n=3, asked=5)).all()


@pytest.mark.parametrize("task", ["parity", "dms"])
@pytest.mark.parametrize("inside", [False, True])
def test_moments_are_those_of_the_recursion(task, inside):
    """Variance, autocorrelation, dimension and the gain: the share of positive entries."""
    trials, steps = 3, 400
    found = moments(kept(task, inside), stages=[3], trials=trials, steps=steps, task=task)
    chance = 0.5 if task == "dms" else drawn("chance", trials)
    bits = (drawn("bits", BURN_IN + steps, trials) < chance).astype("float64")
    start = 0.1 * drawn("start", trials, UNITS)
    for seed in (0, 1):
        states, inputs = states_of(arrays(seed), bits, start, inside)
        states, at = states[BURN_IN:], found.sel(n=3, seed=seed)
        np.testing.assert_allclose(at.variance, states.var(axis=0).mean(axis=0), rtol=1e-3)
        entering = inputs[BURN_IN:] if inside else states
        gain = 0.01 + 0.99 * (entering > 0).mean(axis=(0, 1))
        assert gain.std() > 0.2
        np.testing.assert_allclose(at.gain, gain, atol=2e-3)
        centred = states - states.mean(axis=0)
        for lag in (1, 7):
            pairs = (centred[lag:] * centred[: steps - lag]).mean(axis=(0, 1))
            np.testing.assert_allclose(
                at.rho.sel(lag=lag), pairs / (centred**2).mean(axis=(0, 1)), atol=2e-3
            )
        for trial in range(trials):
            values = np.linalg.eigvalsh(np.cov(states[:, trial].T))[::-1]
            count = int((np.cumsum(values) <= 0.9 * values.sum()).sum())
            assert int(at.dimension.isel(trial=trial)) == count


def test_dimension_counts_components_up_to_90_percent():
    """Variances 6, 2.9, 1, .1 of 10: two add up to 89 %, three to 99 %."""
    chance = np.random.default_rng(0)
    basis = np.linalg.qr(chance.normal(size=(200, 5)) - 0.0)[0]
    basis = np.linalg.qr(basis - basis.mean(axis=0))[0][:, :4]
    rotate = np.linalg.qr(chance.normal(size=(4, 4)))[0]
    for variances, wanted in (((6, 2.9, 1, 0.1), 2), ((8.9, 1, 0.05, 0.05), 1), ((95, 3, 1, 1), 0)):
        states = basis @ np.diag(np.sqrt(variances)) @ rotate
        assert int(dimension(jnp.asarray(states, "float32"))) == wanted


def test_streams_of_parity_differ_in_their_share_of_ones():
    """p ~ U(0, 1) for every trial, after a burn-in that does not count."""
    net = LeakyRNN(
        jnp.ones(2), jnp.ones(2), jnp.zeros(2), jnp.zeros((2, 2)), jnp.zeros(2),
        jnp.zeros((1, 2, 2)), jnp.zeros((1, 2)),
    )  # fmt: skip
    shares = {}
    for task in ("parity", "dms"):
        states, _ = simulated(net, jax.random.key(0), 200, 50, task)
        assert states.shape == (200, 50, 2) and set(np.unique(states)) == {0.0, 1.0}
        shares[task] = np.asarray(states[..., 0].mean(axis=1))
    assert abs(shares["dms"].std() - 0.5 / np.sqrt(50)) < 0.01
    # U(0, 1) and what counting 50 bits adds: 1/12 + 1/(6 * 50)
    assert shares["parity"].std() == pytest.approx(np.sqrt(1 / 12 + 1 / 300), rel=0.12)
