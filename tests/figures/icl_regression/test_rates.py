"""The law of the stationary gamma is found in made-up data, and nothing else is."""

import pytest

from figures.icl_regression.broken import stationary_gammas
from figures.icl_regression.rates import law, rate_exponent, stationary, temperature_law
from theory.claims import claim


@pytest.mark.parametrize("p, q", [(0.25, -0.125), (0.3, -0.2)])
def test_the_fit_finds_the_powers(p, q):
    (_, rate, batch), draws = law(stationary_gammas(p, q))
    assert (rate, batch) == (pytest.approx(p, abs=0.01), pytest.approx(q, abs=0.01))
    assert draws[:, 1].std() < 0.01


def test_the_derived_law_holds_and_another_fails():
    assert temperature_law(claim("C-ICL-41"), stationary_gammas(0.25, -0.125)).state == "holds"
    assert temperature_law(claim("C-ICL-41"), stationary_gammas(0.25, -0.16)).state == "fails"


def test_the_exponent_needs_two_stationary_rates():
    data = stationary_gammas(0.25, -0.125)
    assert rate_exponent(claim("C-ICL-43"), data).state == "holds"
    moving = data.assign(last=data.last * 0.9)
    assert not stationary(moving).any()
    assert rate_exponent(claim("C-ICL-43"), moving).state == "undecided"
