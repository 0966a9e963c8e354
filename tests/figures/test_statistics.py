"""Intervals against SciPy's distributions and their own coverage; states at the edges."""

import math

import numpy as np
import pytest
import scipy.stats

from figures.statistics import (
    Estimate,
    decide,
    mean,
    median,
    rank_correlation,
    ratio,
    share,
    worst,
)


def test_share_bounds_are_the_exact_ones():
    assert share(29, 29).low == pytest.approx(0.05 ** (1 / 29)) and share(29, 29).low > 0.90
    assert share(28, 28).low < 0.90
    assert share(59, 59).low > 0.95 > share(58, 58).low
    found = share(7, 20)
    assert scipy.stats.binom.sf(6, 20, found.low) == pytest.approx(0.05)
    assert scipy.stats.binom.cdf(7, 20, found.high) == pytest.approx(0.05)
    assert (share(0, 5).low, share(5, 5).high) == (0, 1)


def test_few_seeds_take_students_t():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    found = mean(values)
    low, high = scipy.stats.t.interval(0.95, 3, values.mean(), scipy.stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_many_seeds_take_the_bootstrap_and_cover():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(100):
        found = mean(rng.exponential(size=40))
        hits += found.low <= 1 <= found.high
    # 95 % nominal; BCa on exponentials at n = 40 covers about 92 %, and 85 hits of 100 are 2.6 sd.
    assert hits >= 85


def test_constant_data_have_no_width():
    found = mean(np.full(30, 0.5))
    assert (found.low, found.value, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("values", [[1.0], [1.0, np.nan]])
def test_what_cannot_be_averaged_is_refused(values):
    with pytest.raises(ValueError, match="at least two finite values"):
        mean(np.array(values))


def test_no_seed_is_no_share():
    with pytest.raises(ValueError, match="at least one seed"):
        share(0, 0)


def test_ratio_inverts():
    rng = np.random.default_rng(0)
    a, b = np.exp(rng.normal(0.5, 0.1, 30)), np.exp(rng.normal(0, 0.1, 20))
    one, other = ratio(a, b), ratio(b, a)
    assert one.value == pytest.approx(1 / other.value) and one.low == pytest.approx(1 / other.high)
    assert one.low < one.value < one.high
    assert one.value == pytest.approx(scipy.stats.gmean(a) / scipy.stats.gmean(b))


@pytest.mark.parametrize(
    "low, high, state",
    [(0.0, 1.0, "holds"), (0.45, 1.0, "undecided"), (0.7, 1.0, "fails"), (0.0, 0.3, "fails")],
)
def test_state_follows_from_where_the_interval_lies(low, high, state):
    assert decide(Estimate(0.5, 0.4, 0.6, ""), low, high) == state


def test_the_worst_part_decides():
    assert worst("holds", "undecided", "fails") == "fails"
    assert worst("holds", "undecided") == "undecided"
    assert worst("holds", "holds") == "holds"


def test_the_median_and_its_interval():
    """Order statistics: for 12 values the third and the tenth are bounds at 96 %."""
    values = np.random.default_rng(0).permutation(12).astype(float)
    found = median(values)
    assert (found.value, found.low, found.high) == (5.5, 2.0, 9.0)
    few = median(np.array([1.0, 2.0, 3.0]))
    assert few.low == -math.inf and few.high == math.inf
    rng = np.random.default_rng(1)
    hits = sum(m.low <= 0 <= m.high for m in (median(rng.normal(size=15)) for _ in range(400)))
    assert hits >= 375


def test_the_rank_correlation_covers_that_of_normal_pairs():
    """Of normal pairs with correlation r Spearman's rho is (6/pi) asin(r/2)."""
    rng, r = np.random.default_rng(2), 0.7
    truth = 6 / math.pi * math.asin(r / 2)
    pairs = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], size=(400, 20))
    found = [rank_correlation(*pair.T) for pair in pairs]
    assert 370 <= sum(part.low <= truth <= part.high for part in found) <= 392
    assert sum(part.low <= 0.0 <= part.high for part in found) < 150
    flipped = rank_correlation(pairs[0, :, 0], -np.exp(pairs[0, :, 1]))
    assert flipped.value == pytest.approx(-found[0].value)
    assert flipped.low == pytest.approx(-found[0].high)
    with pytest.raises(ValueError, match="at least five nets, got 4"):
        rank_correlation(np.arange(4.0), np.arange(4.0))
