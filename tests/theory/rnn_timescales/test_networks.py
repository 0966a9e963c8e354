"""Hand-built networks, gains and the closure against simulation; chance against enumeration."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.legendre import leggauss

from tests.theory.rnn_timescales.simulation import autocovariances, random_network, run
from theory.rnn_timescales import constructive, gains, limits, linear

FORMS = ("outside", "inside")


def accuracies(network, heads, dms=False):
    """The share of right answers of each head on random streams, in time."""
    bits = np.random.default_rng(0).integers(0, 2, (1000, 4))
    drive, bias, recurrent, tau, readout, offsets = network
    states = run(drive, bias, recurrent, tau, bits)
    logits = np.einsum("tbu,kcu->tbkc", states, readout) + offsets
    shares = []
    for place, length in enumerate(heads):
        windows = np.lib.stride_tricks.sliding_window_view(bits, length, axis=0)
        label = windows[..., 0] == windows[..., -1] if dms else windows.sum(axis=-1) % 2
        answer = logits[..., place, 1] > logits[..., place, 0]
        start = 2 * heads[-1]
        shares.append((answer[start:] == label[start - length + 1 :]).mean())
    return shares


@pytest.mark.parametrize("bits", [2, 3, 5, 8, 12])
def test_hand_built_networks_are_right_every_time(bits):
    heads = range(2, bits + 1)
    for network, asked, dms, count in (
        (constructive.parity(bits), [bits], False, 2 * bits - 1),
        (constructive.all_parities(bits), heads, False, (bits**2 + 3 * bits - 4) // 2),
        (constructive.dms(bits), [bits], True, bits + 1),
    ):
        assert len(network.tau) == count and (network.tau == 1).all()
        assert (np.diag(network.recurrent) == 0).all()
        assert set(accuracies(network, asked, dms)) == {1.0}


@pytest.mark.parametrize("build, dms", [(constructive.parity, False), (constructive.dms, True)])
def test_without_one_unit_of_the_line_they_guess(build, dms):
    network = build(5)
    network.recurrent[1] = 0
    assert accuracies(network, [5], dms)[0] < 0.8
    with pytest.raises(ValueError, match="at least 2 bits, got 1"):
        build(1)


@pytest.mark.parametrize("form", FORMS)
def test_at_gain_one_the_weighted_network_is_the_linear_one(form):
    recurrent, drive, _, tau = random_network(np.random.default_rng(0), 6, 0.5)
    found = gains.gain_weighted(recurrent, drive, tau, np.ones(6), form)
    for part, wanted in zip(found, linear.linear_network(recurrent, drive, tau), strict=True):
        np.testing.assert_allclose(part, wanted, atol=1e-15)


@pytest.mark.parametrize("form", FORMS)
def test_where_units_stay_positive_the_closure_is_exact(form):
    recurrent, drive, _, tau = random_network(np.random.default_rng(0), 6, 0.3)
    system = linear.linear_network(recurrent, drive, tau)
    bias = np.full(6, 30.0)
    found = gains.mean_field(recurrent, drive, bias, tau, form, probability=0.3)
    np.testing.assert_allclose(found.gains, 1)
    np.testing.assert_allclose(found.covariance, linear.stationary_covariance(system, 0.21), 1e-6)
    mean = np.linalg.solve(np.eye(6) - recurrent, bias + 0.3 * drive)
    np.testing.assert_allclose(found.mean, mean, 1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("probability", [0.5, 0.2])
def test_the_closure_predicts_simulated_networks(form, probability):
    """Its tolerances are those of C-RNN-23; another network's weights fail them."""
    rng = np.random.default_rng(0)
    recurrent, drive, bias, tau = random_network(rng, 40, 1.2, slowest=3.0)
    bits = (rng.random((4000, 40)) < probability).astype(float)
    states = run(drive, bias, recurrent, tau, bits, form)[200:]
    measured = autocovariances(states, 3)
    rho = measured / measured[0]
    shuffled = random_network(rng, 40, 1.2, slowest=3.0)
    corr = []
    for weights in ((recurrent, drive, bias, tau), shuffled):
        found = gains.mean_field(*weights, form, probability)
        covariances = linear.lagged_covariances(found.system, found.covariance, 3)
        predicted = linear.unit_autocorrelation(covariances)
        corr.append([np.corrcoef(predicted[lag], rho[lag])[0, 1] for lag in (1, 2, 3)])
    assert min(corr[0]) > 0.75
    assert max(corr[1]) < 0.5


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-0.95, 0.95))
def test_moments_of_a_leaky_relu_are_quadratures(one, other, r):
    """Mean, gain and covariance of f(z) for two Gaussian pre-activations of scale 1 and 2."""
    mean, covariance = np.array([one, other]), np.array([[1, 2 * r], [2 * r, 4]])
    average, gain, spread = gains._leaky_relu(mean, covariance, terms=60)
    grid = np.linspace(-9, 9, 1201)
    weight = np.exp(-(grid**2) / 2)
    weight /= weight.sum()
    first = mean[0] + grid[:, None]
    second = mean[1] + 2 * (r * grid[:, None] + (1 - r**2) ** 0.5 * grid)
    joint = weight[:, None] * weight
    f = [np.where(z > 0, z, 0.01 * z) for z in (first, second)]
    expected = [(joint * np.broadcast_to(each, joint.shape)).sum() for each in f]
    np.testing.assert_allclose(average, expected, atol=1e-3)
    slope = [(joint * np.broadcast_to(np.where(z > 0, 1, 0.01), joint.shape)).sum()
             for z in (first, second)]  # fmt: skip
    np.testing.assert_allclose(gain, slope, atol=1e-2)
    centred = [each - value for each, value in zip(f, expected, strict=True)]
    for i, j in ((0, 0), (0, 1), (1, 1)):
        assert spread[i, j] == pytest.approx((joint * centred[i] * centred[j]).sum(), abs=0.02)


def test_a_closure_that_runs_away_says_so():
    recurrent = np.array([[0.0, 3], [3, 0]])
    with pytest.raises(ValueError, match="not converged"):
        gains.mean_field(recurrent, np.ones(2), np.ones(2), np.ones(2))


def over_p(bits, event):
    """P(event(stream)) over streams of `bits` bits whose p is uniform, by enumeration."""
    nodes, weights = leggauss(bits + 2)
    p, weights = (nodes + 1) / 2, weights / 2
    streams = np.array(list(itertools.product((0, 1), repeat=bits)))
    ones = streams.sum(axis=1)[:, None]
    chance = (p**ones * (1 - p) ** (bits - ones)) @ weights
    return float(chance[event(streams)].sum())


@pytest.mark.parametrize("bits", range(2, 11))
def test_odd_parities_are_enumerated(bits):
    assert limits.odd_share(bits) == pytest.approx(over_p(bits, lambda x: x.sum(axis=1) % 2 == 1))
    assert (limits.odd_share(bits) == 0.5) == (bits % 2 == 1)


@pytest.mark.parametrize("further", range(1, 8))
def test_agreement_of_parities_is_enumerated(further):
    found = over_p(3 + further, lambda x: x[:, -3:].sum(axis=1) % 2 == x.sum(axis=1) % 2)
    assert limits.parity_agreement(further) == pytest.approx(found)


@pytest.mark.parametrize("bits", range(2, 11))
def test_a_reader_that_knows_p_is_simulated(bits):
    rng = np.random.default_rng(bits)
    p = rng.random(1_000_000)
    odd = rng.binomial(bits, p) % 2
    guess = (1 - 2 * p) ** bits < 0
    error = 4 * 0.5 / len(p) ** 0.5
    assert np.mean(guess == odd) == pytest.approx(limits.majority_accuracy(bits), abs=error)
    fair = rng.binomial(bits, 0.5, len(p)) % 2
    assert abs(np.mean(guess == fair) - limits.majority_accuracy(bits)) > error


@given(st.integers(2, 6))
def test_states_are_counted_by_what_follows(bits):
    """Histories of 8 bits, told apart by answers during all continuations of `bits` - 1 bits."""
    histories = np.array(list(itertools.product((0, 1), repeat=8)))
    following = np.array(list(itertools.product((0, 1), repeat=bits - 1)))

    def classes(answer, least):
        kinds = set()
        for history in histories:
            streams = [np.concatenate([history, more]) for more in following]
            kinds.add(tuple(
                answer(stream[: 8 + more]) for stream in streams for more in range(least, bits)
            ))  # fmt: skip
        return len(kinds)

    assert limits.parity_states(bits) == classes(lambda x: x[-bits:].sum() % 2, 0)
    assert limits.dms_states(bits) == classes(lambda x: int(x[-1] == x[-bits]), 1)


@given(st.integers(1, 60))
def test_a_delay_line_has_equal_components(bits):
    shares = np.full(bits, 1 / bits)
    assert limits.delay_line_index(bits) == (np.cumsum(shares) <= 0.9 + 1e-9).sum()
    assert limits.participation_ratio(shares) == pytest.approx(bits)
    assert limits.participation_ratio(np.arange(1.0, bits + 1)) <= bits
