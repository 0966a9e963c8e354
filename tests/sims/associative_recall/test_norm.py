"""Normalised states against plain arithmetic on a few numbers."""

import numpy as np
import pytest

from sims.associative_recall import norm


def test_states_are_brought_to_one_size():
    found = norm.rms_normed(np.array([[3.0, 4.0], [0.0, 0.1]]))
    np.testing.assert_allclose(found, [[0.6 * 2**0.5, 0.8 * 2**0.5], [0, 2**0.5]])


@pytest.mark.parametrize("normed, expected", [(True, np.exp(-3 * 0.2)), (False, np.exp(3 / 3))])
def test_a_second_sink_of_a_three_four_five_triangle(normed, expected):
    """m = 4/3: the cosine is 4/5; without a norm the token scores more than the sink."""
    assert norm.second_sink(3.0, 4 / 3, normed=normed) == pytest.approx(expected)


def test_layers_are_counted_while_the_token_looks_like_the_sink():
    found = norm.layers_alive([3.0, 6.0], step=1.0, least=0.9, width=4000, draws=5, seed=3)
    # m^2 (1/.81 - 1) - 1: 1.11 and 7.44 increments, of which whole ones count.
    assert found[0].tolist() == [1] * 5
    assert abs(found[1].mean() - 7) <= 1
    none = norm.layers_alive([1.0], step=5.0, least=0.9, width=50, draws=2)
    assert none.tolist() == [[0, 0]]


def test_a_dose_moves_the_score_of_the_token_alone():
    made = norm.dosed([0.0, 50_000.0], normed=True, width=6, inner=3, seed=1)
    assert made.scores[0] == pytest.approx(made.plain * 6**0.5 / made.norm)
    assert made.scores[1] == pytest.approx(made.along * 6**0.5, rel=1e-3)
    raw = norm.dosed([0.0, 2.0], normed=False, width=6, inner=3, seed=1)
    assert raw.scores[1] == pytest.approx(raw.plain + 2 * raw.along)
    assert raw.scores[0] == pytest.approx(made.plain) and abs(made.cosine) < 1
