"""The law of the stationary gamma is found in made-up data, and nothing else is."""

import pytest
from figures.icl_regression.noise import law, made_up, rate_exponent, stationary, temperature_law


@pytest.mark.parametrize("p, q", [(0.25, -0.125), (0.3, -0.2)])
def test_the_fit_finds_the_powers(p, q):
    (_, rate, batch), draws = law(made_up(p, q))
    assert (rate, batch) == (pytest.approx(p, abs=0.01), pytest.approx(q, abs=0.01))
    assert draws[:, 1].std() < 0.01


def test_the_derived_law_holds_and_another_fails():
    assert temperature_law(made_up(0.25, -0.125)).state == "holds"
    assert temperature_law(made_up(0.25, -0.16)).state == "fails"


def test_the_exponent_needs_two_stationary_rates():
    data = made_up(0.25, -0.125)
    assert rate_exponent(data).state == "holds"
    moving = data.assign(last=data.last * 0.9)
    assert not stationary(moving).any()
    assert rate_exponent(moving).state == "undecided"
