"""The authors' fit on autocorrelations whose timescales are known."""

import numpy as np
import pytest

from figures.rnn_timescales.measured.fits import double, larger, single

LAG = np.arange(31.0)


def test_forms_are_sums_of_exponentials():
    np.testing.assert_allclose(single(LAG, 0.9, 3.0), 0.9 * np.exp(-LAG / 3))
    mixed = 0.8 * (0.25 * np.exp(-LAG / 2) + 0.75 * np.exp(-LAG / 9))
    np.testing.assert_allclose(double(LAG, 0.8, 2.0, 9.0, 0.25), mixed)


@pytest.mark.parametrize("order", [(2.0, 12.0, 0.6), (12.0, 2.0, 0.4)])
def test_of_two_timescales_the_larger_is_given(order):
    """Noise of 1e-4 leaves no doubt that there are two."""
    noise = 1e-4 * np.random.default_rng(0).normal(size=31)
    found = larger((double(LAG, 1.0, *order) + noise)[:, None])
    assert found == pytest.approx([12.0], rel=0.01)


def test_one_timescale_is_given_where_a_second_buys_too_little():
    """Two more parameters must lower 31 ln RSS by 4: on alternating residuals they cannot."""
    rho = single(LAG, 0.9, 5.0) + 0.01 * (-1) ** np.arange(31)
    still = np.full(31, np.nan)
    found = larger(np.stack([rho, still], axis=1))
    assert found[0] == pytest.approx(5.0, rel=0.02) and np.isnan(found[1])
