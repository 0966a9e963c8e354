"""Closed forms against enumeration, explicit sums and derivatives."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize

from theory.associative_recall import (
    conflict,
    induction,
    interference,
    label_noise,
    norm,
    one_layer,
    race,
    rank,
)
from theory.associative_recall.one_layer import Circuit
from theory.associative_recall.setting import Setting

AT = Setting(3.0, 7.0)


def softmax_loss(scores, gains, values, answer):
    """Cross entropy of one query, slot by slot: `gains` is 0 for a sink."""
    weights = np.exp(scores) / np.exp(scores).sum()
    logits = np.zeros(values)
    for value, (weight, gain) in enumerate(zip(weights, gains, strict=True)):
        logits[value] += gain * weight
    chances = np.exp(logits) / np.exp(logits).sum()
    return -np.log(chances) if answer is None else -np.log(chances[answer])


@pytest.mark.parametrize("match, gain, sink", [(1.3, 2.1, 0.7), (4.0, 6.5, -1.2)])
def test_losses_of_one_layer(match, gain, sink):
    circuit, gains = Circuit(match, gain, sink), [gain] * 3 + [0.0]
    found = softmax_loss([match, 0, 0, sink], gains, 7, 0)
    assert one_layer.matched_loss(circuit, AT) == pytest.approx(found)
    found = softmax_loss([0, 0, 0, sink], gains, 7, None).mean() - np.log(7)
    assert one_layer.unmatched_excess(circuit, AT) == pytest.approx(found)


def test_the_best_sink_is_a_minimum_and_the_law_comes_near():
    best = one_layer.best_sink(13.0, 9.0, AT, 0.6)
    around = [one_layer.excess(Circuit(13.0, 9.0, best + d), AT, 0.6) for d in (-0.05, 0, 0.05)]
    assert around[1] < min(around[0], around[2])
    assert one_layer.sink_law(13.0, 9.0, AT, 0.6) == pytest.approx(best, abs=0.03)


def test_the_cost_without_a_sink_is_the_limit_of_large_scores():
    cost, gain = one_layer.cost_without_sink(AT, 0.6)
    assert one_layer.excess(Circuit(40.0, gain), AT, 0.6) == pytest.approx(cost, abs=1e-9)
    grid = [one_layer.excess(Circuit(40.0, g), AT, 0.6) for g in np.linspace(0.5, 15, 400)]
    assert min(grid) == pytest.approx(cost, abs=1e-4)


def test_a_pair_of_heads_cancels():
    """Sharp head and uniform head, added up slot by slot."""
    match, gain = 3.0, 4.0
    sharp = np.exp([match, 0, 0]) / np.exp([match, 0, 0]).sum()
    logits = np.concatenate([gain * sharp - gain / 3, np.zeros(4)])
    expected = -np.log(np.exp(logits)[0] / np.exp(logits).sum())
    assert one_layer.cancelling_excess(match, gain, AT, 0.6) == pytest.approx(0.6 * expected)


@pytest.mark.parametrize("follows", [0.15, 0.5, 0.8])
def test_the_margin_is_the_log_odds(follows):
    """Of a loss over three types of prompt, whose strengths add up to 40; a ridge shrinks it."""

    def loss(difference, ridge):
        context, memory = (40 + difference) / 2, (40 - difference) / 2
        alone = np.log1p(6 * np.exp(-np.array([context, memory])))
        total = np.log(np.exp(context) + np.exp(memory) + 5)
        conflicts = total - follows * context - (1 - follows) * memory
        penalty = ridge / 2 * (context**2 + memory**2)
        return 0.4 * alone[0] + 0.3 * alone[1] + 0.3 * conflicts + penalty

    def best(ridge):
        found = scipy.optimize.minimize_scalar(
            loss, bounds=(-40, 40), args=(ridge,), method="bounded", options={"xatol": 1e-9}
        )
        return found.x

    assert best(0.0) == pytest.approx(conflict.log_odds(follows), abs=1e-5)
    assert abs(best(0.02)) <= abs(best(0.0)) + 1e-6


def test_random_keys_in_one_dimension_and_among_two():
    """P = 2: the other wins where u > |x|, half of a Cauchy's tail: arctan in closed form."""
    assert rank.random_accuracy(1, 2) == pytest.approx(0.75)
    norm = np.linspace(0, 15, 20_001)
    density = (2 / np.pi) ** 0.5 * norm**2 * np.exp(-(norm**2) / 2)
    wins = np.array([0.5 * (1 + math.erf(x / 2**0.5)) for x in norm])
    expected = scipy.integrate.trapezoid(density * wins**3, norm)
    assert rank.random_accuracy(3, 4) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("labels", [3, 5, 9])
def test_scores_of_labels(labels):
    miss = 0.02
    score = rank.simplex_score(labels, miss)
    rest = (labels - 1) * np.exp(-score / (labels - 1))
    assert np.exp(score) / (np.exp(score) + rest) == pytest.approx(1 - miss)
    assert rank.circle_mass(rank.circle_score(labels, miss), labels) == pytest.approx(1 - miss)


@pytest.mark.parametrize("strength, aversion", [(2.0, 0.0), (5.0, 2.5)])
def test_masses_of_the_induction_circuit(strength, aversion):
    scores = np.zeros(9)
    scores[3], scores[-1] = strength, strength - aversion
    weights = np.exp(scores) / np.exp(scores).sum()
    found = induction.masses(strength, aversion, AT)
    np.testing.assert_allclose([found.needle, found.own, found.other], weights[[3, -1, 0]])
    logits = np.array([found.needle, found.other, found.other, 0, 0, 0, 0]) * 3.5
    expected = -np.log(np.exp(logits)[0] / np.exp(logits).sum())
    assert induction.loss(strength, aversion, 3.5, AT) == pytest.approx(expected)


@pytest.mark.parametrize("score, dimension, pairs", [(3.0, 5, 4), (7.0, 16, 9)])
def test_annealed_attention_is_an_integral_over_the_sphere(score, dimension, pairs):
    t = np.linspace(-1, 1, 200_001)
    density = (1 - t**2) ** ((dimension - 3) / 2)
    integral = scipy.integrate.trapezoid
    weight = integral(density * np.exp(score * (t - 1)), t) / integral(density, t)
    found = interference.annealed_mass(score, dimension, pairs)
    assert found == pytest.approx(1 / (1 + (pairs - 1) * weight), rel=1e-6)


def test_the_noise_of_a_store_is_the_spread_of_a_wrong_value_s_score():
    facts, dimension, values, draws = 40, 150, 4, 1500
    rng, scores = np.random.default_rng(0), []
    for _ in range(draws):
        keys = rng.normal(size=(facts, dimension)) / dimension**0.5
        reads = rng.normal(size=(values, dimension)) / dimension**0.5
        held = rng.integers(values, size=facts)
        wrong = (held[0] + 1) % values
        scores.append((reads[held] @ reads[wrong]) @ (keys @ keys[0]))
    noise = interference.store_noise(facts, dimension, values)
    assert np.std(scores) == pytest.approx(noise, rel=0.1)


def test_of_two_values_the_right_one_wins_by_a_difference_of_normals():
    expected = 0.5 * (1 + math.erf(1 / 0.7 / 2**0.5 / 2**0.5))
    assert interference.store_accuracy(0.7, 2) == pytest.approx(expected)


@pytest.mark.parametrize("facts, dimension, expected", [(3, 1, 0.25), (3, 2, 0.75), (6, 6, 1.0)])
def test_cover_s_count(facts, dimension, expected):
    assert interference.separable(facts, dimension) == pytest.approx(expected)


@pytest.mark.parametrize("factors", [1, 2, 3, 5])
def test_the_tie_is_where_both_routes_gain_half(factors):
    """d gamma/dm = M n gamma^(2-2/n) from g_0^n to S/2 while m goes from 0 to S/2."""
    start, total = 0.3, 5.0
    gamma = np.geomspace(start**factors, total / 2, 200_001)
    gained = scipy.integrate.trapezoid(gamma ** (2 / factors - 2) / factors, gamma)
    assert race.tie(factors, start, total) == pytest.approx(gained / (total / 2), rel=1e-6)


def test_the_floor_is_the_entropy_of_a_coin_in_three_tenths_of_prompts():
    expected = 0.3 * -(0.7 * math.log(0.7) + 0.3 * math.log(0.3))
    assert conflict.floor(0.7) == pytest.approx(expected)


def test_a_dose_is_the_cosine_of_an_angle_and_runs_out():
    """A right triangle of legs 1 and m; later legs of 1/5 each."""
    angle = np.arctan(1 / 2.5)
    expected = np.exp(-6 * (1 - np.cos(angle)))
    assert norm.relative_attention(6.0, 2.5) == pytest.approx(expected)
    layers = norm.lifetime(2.5, 0.2, 0.8)
    assert 2.5 / np.sqrt(2.5**2 + 1 + layers * 0.2**2) == pytest.approx(0.8)


def test_a_dosed_score_is_that_of_the_normalised_sum():
    rng = np.random.default_rng(0)
    x, reads, s = rng.normal(size=(3, 5))
    s /= np.linalg.norm(s)
    after = x + 1.7 * s
    expected = after @ reads / np.sqrt((after**2).mean())
    size = np.linalg.norm(x)
    found = norm.dosed_score(x @ reads, s @ reads, size, x @ s / size, 1.7, 5)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("noise", [0.15, 0.4])
def test_the_best_margin_minimises_the_cross_entropy(noise):
    """Of labels that are right, or any of 7 answers at random."""

    def loss(margin):
        logits = np.zeros(7)
        logits[2] = margin
        logs = logits - np.log(np.exp(logits).sum())
        return -((1 - noise) * logs[2] + noise * logs.mean())

    found = scipy.optimize.minimize_scalar(loss, bounds=(0, 20), method="bounded")
    assert label_noise.best_margin(noise, 7) == pytest.approx(found.x, abs=1e-4)
    chances = np.exp([found.x, *[0] * 6]) / np.exp([found.x, *[0] * 6]).sum()
    assert label_noise.right(noise, 7) == pytest.approx(chances[0], abs=1e-5)
    # A body of margin 9 leaves the rest to the last part.
    rest = scipy.optimize.minimize_scalar(lambda z: loss(9 + z), bounds=(-20, 20), method="bounded")
    assert label_noise.last_part(9.0, noise, 7) == pytest.approx(rest.x, abs=1e-4)


def test_drift_takes_a_token_from_the_sink():
    """A token of norm 1, a dose along the sink and steps across both, written out."""
    token = np.array([1.0, 3.0, 0.7, 0.7, 0.7])
    cosine = token[1] / np.linalg.norm(token)
    assert norm.cosine(3.0, 0.7 * 3**0.5) == pytest.approx(cosine)
    weights = np.exp(5 * np.array([1.0, cosine]))
    found = norm.relative_attention(5.0, 3.0, 0.7 * 3**0.5)
    assert found == pytest.approx(weights[1] / weights[0])
