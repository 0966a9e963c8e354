"""Estimates with intervals, and the states that follow from them. Each states its error rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import scipy.stats
from jaxtyping import Float

from theory.claims import State, Verdict

SMALL = 20


class Estimate(NamedTuple):
    """A number, its interval, and the statistic behind them, in words."""

    value: float
    low: float
    high: float
    method: str


def mean(values: Float[np.ndarray, " seed"]) -> Estimate:
    """Mean over seeds with a two-sided 95 % interval.

    Student's t below 20 seeds, where the bootstrap covers too little (BCa: .80 at n = 4, .88 at
    8); BCa bootstrap with 9,999 resamples from 20 on, which follows skewed values.

    Raises:
        ValueError: fewer than two values, or one that is not finite.
    """
    values = np.asarray(values, "float64")
    count = len(values)
    if count < 2 or not np.isfinite(values).all():
        raise ValueError(f"expected at least two finite values, got {count}")
    average = float(values.mean())
    if np.ptp(values) == 0:
        return Estimate(average, average, average, f"mean of {count} equal values")
    if count < SMALL:
        half = scipy.stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / math.sqrt(count)
        half = float(half)
        return Estimate(average, average - half, average + half, f"mean of {count} seeds, 95 % t")
    interval = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=9999, rng=np.random.default_rng(0), batch=500
    ).confidence_interval
    return Estimate(
        average, float(interval.low), float(interval.high), f"mean of {count} seeds, 95 % BCa"
    )


def median(values: Float[np.ndarray, " seed"]) -> Estimate:
    """Median over seeds with a two-sided interval of order statistics, exact at 95 % or more.

    For nets of which a few end elsewhere; below 6 seeds the interval is infinite.
    """
    values = np.asarray(values, "float64")
    middle = float(np.median(values))
    interval = scipy.stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    low, high = (
        unbounded if math.isnan(bound) else float(bound)
        for bound, unbounded in zip(interval, (-math.inf, math.inf), strict=True)
    )
    return Estimate(middle, low, high, f"median of {len(values)} seeds, 95 % order statistics")


def ratio(over: Float[np.ndarray, " a"], under: Float[np.ndarray, " b"]) -> Estimate:
    """Ratio of the geometric means of two independent samples, 95 % Welch t on the logarithms."""
    logs = [np.log(np.asarray(values, "float64")) for values in (over, under)]
    interval = scipy.stats.ttest_ind(*logs, equal_var=False).confidence_interval(0.95)
    value, low, high = np.exp([logs[0].mean() - logs[1].mean(), interval.low, interval.high])
    method = f"ratio of means of {len(over)} and {len(under)} seeds, 95 % Welch t"
    return Estimate(float(value), float(low), float(high), method)


def rank_correlation(one: Float[np.ndarray, " net"], other: Float[np.ndarray, " net"]) -> Estimate:
    """Spearman's rho over independent nets, 95 % by Fisher's z with Bonett and Wright's variance.

    Raises:
        ValueError: fewer than five nets.
    """
    count = len(one)
    if count < 5:
        raise ValueError(f"expected at least five nets, got {count}")
    rho = float(scipy.stats.spearmanr(one, other)[0])  # pyright: ignore[reportArgumentType]
    half = 1.96 * np.sqrt((1 + rho**2 / 2) / (count - 3))
    low, high = np.tanh(np.arctanh(np.clip(rho, -1 + 1e-9, 1 - 1e-9)) + np.array([-half, half]))
    method = f"Spearman over {count} nets, 95 % Fisher z"
    return Estimate(rho, float(low), float(high), method)


def share(successes: int, count: int, of: str = "seeds") -> Estimate:
    """A share of seeds with Clopper-Pearson bounds, each exact and one-sided at 95 %.

    A share of at least 90 % can be shown with 29 of 29, one of 95 % with 59 of 59.

    Raises:
        ValueError: no seeds at all.
    """
    if count < 1:
        raise ValueError("expected at least one seed")
    low = scipy.stats.beta.ppf(0.05, successes, count - successes + 1) if successes else 0.0
    high = scipy.stats.beta.ppf(0.95, successes + 1, count - successes) if successes < count else 1
    method = f"{successes} of {count} {of}, 95 % Clopper-Pearson, one-sided"
    return Estimate(successes / count, float(low), float(high), method)


def verdict(
    claim: str,
    found: Estimate,
    expected: str,
    state: State,
    detail: Mapping[str, float | int | str] | None = None,
) -> Verdict:
    """A verdict that reports an estimate with its interval and method."""
    interval = (found.low, found.high)
    return Verdict(claim, found.value, interval, found.method, expected, state, detail or {})


def decide(estimate: Estimate, low: float = -math.inf, high: float = math.inf) -> State:
    """Whether an interval lies inside `[low, high]`, outside, or across its edge.

    For a mean this is two one-sided tests: "holds" and "fails" are each wrong in at most 2.5 % of
    cases (5 % for a share), "undecided" asks for more seeds.
    """
    if estimate.low >= low and estimate.high <= high:
        return "holds"
    if estimate.high < low or estimate.low > high:
        return "fails"
    return "undecided"


def worst(*states: State) -> State:
    """The state of a claim with several parts: it holds if all do, fails if one does."""
    for state in ("fails", "undecided"):
        if state in states:
            return state
    return "holds"
