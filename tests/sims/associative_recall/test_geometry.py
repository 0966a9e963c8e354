"""Keys and stores against integrals, counts and loops; two routes against small steps."""

import numpy as np
import pytest
import scipy.integrate

from sims.associative_recall import geometry, race


def test_attention_among_two_keys_on_a_sphere():
    found = geometry.sphere_attention(
        pairs=2, dimension=5, scores=[1.0, 3.0], draws=20_000, seed=1
    )[1]
    t = np.linspace(-1, 1, 20_001)
    density = (1 - t**2) ** (5 / 2 - 1.5)
    integral = scipy.integrate.trapezoid
    expected = integral(density / (1 + np.exp(3 * (t - 1))), t) / integral(density, t)
    assert found.mean() == pytest.approx(expected, abs=float(4 * found.std() / 20_000**0.5))


def test_a_store_asks_each_fact_for_its_own_value():
    sizes = {"facts": 7, "dimension": 6, "values": 3}
    found = geometry.store_accuracy(**sizes, draws=5, seed=4)
    rng = np.random.default_rng(4)
    for share in found:
        keys, reads = rng.normal(size=(7, 6)), rng.normal(size=(3, 6))
        held, right = rng.integers(3, size=7), 0
        for i in range(7):
            out = sum(reads[held[j]] * (keys[j] @ keys[i]) for j in range(7))
            right += int(np.argmax(reads @ out)) == held[i]
        assert share == right / 7
    assert 0.2 < found.mean() < 1


@pytest.mark.parametrize("facts, dimension, expected", [(3, 1, 0.25), (3, 2, 0.75), (4, 4, 1.0)])
def test_how_often_signs_are_separable(facts, dimension, expected):
    """One dimension: all signed keys on one side; two: three directions within a half-plane."""
    found = geometry.separable(facts=facts, dimension=dimension, draws=300, seed=2) / 300
    assert abs(found - expected) <= 4 * (expected * (1 - expected) / 300) ** 0.5


def by_small_steps(rarity, factors, start, total, step=1e-4):
    numbers, memory = np.full(factors, start), 0.0
    while np.prod(numbers) + memory < total:
        numbers, memory = numbers + step * np.prod(numbers) / numbers, memory + step / rarity
    return np.prod(numbers) - memory


@pytest.mark.parametrize("rarity, factors, start", [(1.5, 2, 0.3), (0.7, 3, 0.5), (2.0, 1, 0.2)])
def test_the_lead_is_that_of_small_steps(rarity, factors, start):
    found = race.lead(rarity, factors, start, 3.0)
    assert found == pytest.approx(by_small_steps(rarity, factors, start, 3.0), abs=5e-3)


def test_nobody_leads_at_a_tie_and_rarer_facts_leave_it_to_the_context():
    at = race.tie(3, 0.4, 3.0)
    assert abs(race.lead(at, 3, 0.4, 3.0)) < 1e-6
    assert race.lead(1.1 * at, 3, 0.4, 3.0) > 0.01 > -0.01 > race.lead(0.9 * at, 3, 0.4, 3.0)
