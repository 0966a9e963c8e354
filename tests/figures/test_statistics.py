"""Intervals against SciPy's distributions and their own coverage; states at the edges."""

import math

import numpy as np
import pytest
import scipy.stats

from figures.statistics import (
    Estimate,
    crossing,
    decide,
    equality,
    exact,
    judge,
    largest,
    mean,
    median,
    rank_correlation,
    ratio,
    share,
    worst,
)
from theory.claims import Claim, around, at_most


def test_share_bounds_are_the_exact_ones():
    assert share(29, 29).low == pytest.approx(0.05 ** (1 / 29)) and share(29, 29).low > 0.90
    assert share(28, 28).low < 0.90
    assert share(59, 59).low > 0.95 > share(58, 58).low
    found = share(7, 20)
    assert scipy.stats.binom.sf(6, 20, found.low) == pytest.approx(0.05)
    assert scipy.stats.binom.cdf(7, 20, found.high) == pytest.approx(0.05)
    assert (share(0, 5).low, share(5, 5).high) == (0, 1)


def test_values_without_skewness_take_students_t():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    found = mean(values)
    low, high = scipy.stats.t.interval(0.95, 3, values.mean(), scipy.stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_an_interval_ends_where_halls_transformation_meets_students_t():
    values = np.array([0.1, 0.2, 0.2, 0.7, 3.1])
    found = mean(values)
    g = np.mean((values - values.mean()) ** 3) / values.std(ddof=1) ** 3
    for end, side in ((found.low, 0.975), (found.high, 0.025)):
        t = (values.mean() - end) / scipy.stats.sem(values)
        moved = t + g * t**2 / (3 * 5**0.5) + g**2 * t**3 / (27 * 5) + g / (6 * 5**0.5)
        assert moved == pytest.approx(scipy.stats.t.ppf(side, 4))
    other = mean(-values)
    assert (other.low, other.high) == pytest.approx((-found.high, -found.low))


KINDS = {
    "normal": (lambda rng, size: rng.normal(size=size), 0.0),
    "exponential": (lambda rng, size: rng.exponential(size=size), 1.0),
    "log-normal": (lambda rng, size: np.exp(rng.normal(size=size)), math.exp(0.5)),
    "near an edge": (lambda rng, size: rng.beta(8, 1, size), 8 / 9),
}


@pytest.mark.parametrize("kind, count, least", [
    *(("normal", count, 0.935) for count in (4, 8, 24)),
    *(("near an edge", count, 0.93) for count in (8, 16)),
    ("exponential", 8, 0.905), ("exponential", 16, 0.92),
    *(("log-normal", count, 0.88) for count in (8, 16)),
])  # fmt: skip
def test_the_mean_covers_at_the_sizes_at_which_it_decides(kind, count, least):
    """2,000 samples: one standard error is .005; above .98 the interval would be too wide."""
    draw, truth = KINDS[kind]
    samples = draw(np.random.default_rng(count), (2000, count))
    ends = [(found.low, found.high) for found in map(mean, samples)]
    covers = np.mean([low <= truth <= high for low, high in ends])
    student = scipy.stats.t.interval(
        0.95, count - 1, samples.mean(axis=1), scipy.stats.sem(samples, axis=1)
    )
    known = np.mean((student[0] <= truth) & (truth <= student[1]))
    assert least <= covers <= 0.98
    assert covers > known + 0.01 or kind == "normal"


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
    assert decide(Estimate(0.5, 0.4, 0.6, ""), (low, high)) == state


def test_the_worst_part_decides():
    assert worst("holds", "undecided", "fails") == "fails"
    assert worst("holds", "undecided") == "undecided"
    assert worst("holds", "holds") == "holds"


CLAIM = Claim(
    id="C-T-1",
    statement="s",
    kind="empirical",
    source="[t-1]",
    bounds={"eta": around(1, 0.1), "loss": at_most(0.5), "loss, H = 8": at_most(0.8)},
    tolerance="t",
    falsifier="f",
    checked_by="c",
)


def near(value, width=0.01):
    return Estimate(value, value - width, value + width, f"mean {value}")


GOOD = {
    "eta, H = 2": near(1.0),
    "eta, H = 4": near(1.05),
    "loss": near(0.4),
    "loss, H = 8": near(0.7),
}


def test_a_part_is_held_against_its_own_bound_or_that_of_its_first_words():
    found = judge(CLAIM, GOOD, detail={"n": 8})
    assert (found.state, found.estimate, found.interval) == ("holds", 1.0, (0.99, 1.01))
    assert found.detail["eta, H = 4"] == 1.05 and found.detail["n"] == 8
    assert judge(CLAIM, {**GOOD, "loss": near(0.7)}).state == "fails"
    assert judge(CLAIM, {**GOOD, "loss, H = 8": near(0.9)}).state == "fails"


def test_the_verdict_reports_the_part_that_decides_it():
    assert judge(CLAIM, GOOD, shown="loss").estimate == 0.4
    found = judge(CLAIM, {**GOOD, "eta, H = 4": near(1.2), "loss": near(0.5)}, shown="loss")
    assert (found.state, found.estimate) == ("fails", 1.2)
    assert found.detail["decided by"] == "eta, H = 4"
    assert found.detail["loss: state"] == "undecided" and "eta, H = 2: state" not in found.detail
    open_ = judge(CLAIM, {**GOOD, "loss": near(0.5)})
    assert (open_.state, open_.estimate) == ("undecided", 0.5)


def test_conditions_and_other_verdicts_are_parts_too():
    part = judge(CLAIM, {**GOOD, "loss": near(0.9)})
    found = judge(CLAIM, {**GOOD, "C-T-0": part})
    assert (found.state, found.estimate) == ("fails", 0.9)
    assert judge(CLAIM, {**GOOD, "none comes back": True}).state == "holds"
    broken = judge(CLAIM, {**GOOD, "none comes back": False})
    assert (broken.state, broken.estimate, broken.interval) == ("fails", 0.0, None)
    assert judge(CLAIM, {**GOOD, "none comes back": True}).detail["none comes back"] == "yes"


def test_an_exact_number_has_no_interval_and_the_largest_error_counts():
    found = judge(CLAIM, {**GOOD, "eta": exact(1.0, "quadrature")}, shown="eta")
    assert (found.interval, found.method) == (None, "quadrature")
    part = largest(np.array([[0.1, -3.0], [0.2, 0.3]]))
    assert part.value == 0.3 and part.method == "largest of 4 errors"
    assert largest(np.array([0.1, np.nan])).value == math.inf


def test_no_claim_holds_with_a_bound_that_nothing_was_held_against():
    some = {name: part for name, part in GOOD.items() if name != "loss, H = 8"}
    with pytest.raises(KeyError, match="nothing was held against loss, H = 8"):
        judge(CLAIM, some)
    assert judge(CLAIM, {"loss": near(0.9)}).state == "fails", "a falsifier may have fewer parts"
    with pytest.raises(KeyError, match="C-T-1 has no bound for 'gamma'"):
        judge(CLAIM, {"gamma": near(1.0)})


def test_the_median_and_its_interval():
    """Order statistics: for 12 values the third and the tenth are bounds at 96 %."""
    values = np.random.default_rng(0).permutation(12).astype(float)
    found = median(values)
    assert (found.value, found.low, found.high) == (5.5, 2.0, 9.0)
    few = median(np.array([1.0, 2.0, 3.0]))
    assert few.low == -math.inf and few.high == math.inf
    same = median(np.full(3, 0.5))
    assert (same.low, same.value, same.high) == (0.5, 0.5, 0.5)
    one = median(np.array([0.5]))
    assert one.low == -math.inf and one.high == math.inf
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


def test_a_share_names_its_denominator():
    assert share(3, 12, of="active heads").method.startswith("3 of 12 active heads")


def test_a_crossing_is_where_the_line_between_two_points_meets_the_level():
    x = np.array([1.0, 2.0, 4.0])
    falls = np.array([[3.0, 1.0, 0.0], [3.0, 2.0, 1.0], [5.0, 1.0, 1.0]])
    found = crossing(x, falls, 1.5)
    by_hand = np.array([1.75, 3.0, 1.875])
    assert found.value == pytest.approx(by_hand.mean())
    assert (found.low, found.high) == pytest.approx(mean(by_hand)[1:3])
    rises = crossing(x, 6 - falls, 4.5)
    assert rises.value == pytest.approx(found.value), "up or down, it is the same point"


def test_seeds_that_never_cross_bound_the_crossing_from_one_side():
    x = np.array([1.0, 2.0, 4.0])
    values = np.array([[3.0, 1.0, 0.0], [3.0, 2.0, 1.8], [5.0, 1.0, 1.0]])
    found = crossing(x, values, 1.5)
    assert found.high == math.inf and "1 of 3 seeds do not cross" in found.method
    assert found.low < 4.0


def test_equality_asks_both_sides_and_needs_enough_seeds():
    rng = np.random.default_rng(0)
    a, b = rng.normal(1.0, 0.1, (2, 200))
    found = equality(a, b)
    assert decide(found, (-0.05, 0.05)) == "holds"
    assert decide(equality(a, b + 0.2), (-0.05, 0.05)) == "fails"
    assert decide(equality(a[:4], b[:4]), (-0.05, 0.05)) == "undecided"
    welch = scipy.stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high))
    hits = 0
    for _ in range(400):
        one, other = rng.normal(0, 1, 12), rng.normal(0, 3, 8)
        part = equality(one, other)
        hits += part.low <= 0 <= part.high
    assert 368 <= hits <= 394
