"""Autocorrelations and fits against SciPy, exact sums and units whose timescale is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import curve_fit
from scipy.signal import lfilter

from sims.rnn_timescales.timescales import Timescales, autocorrelation, fit, timescales

LAGS = np.arange(31.0)
TAUS = (1.5, 2, 4, 8)


def one(x, a, t):
    return two(x, a, t, 1, 1)


def two(x, a, t1, t2, c):
    with np.errstate(divide="ignore", over="ignore"):
        return a * c * np.exp(-x / t1) + a * (1 - c) * np.exp(-x / t2)


def measured(rho) -> Timescales:
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, timescales(jnp.asarray(rho, jnp.float64)))


def fitted(rho):
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, jax.jit(fit)(jnp.asarray(rho, jnp.float64)))


def correlations(activity, lags=30):
    with jax.enable_x64(True):
        return np.asarray(autocorrelation(jnp.asarray(activity, jnp.float64), lags))


def leaky(tau, trials, steps, rng):
    """Isolated leaky units under bits whose probability each trial draws; (trial, step, unit)."""
    shares = rng.random((trials, 1))
    bits = [rng.random((trials, steps + 500)) < shares for _ in tau]
    each = [lfilter([1 / t], [1, 1 / t - 1], x, axis=1) for t, x in zip(tau, bits, strict=True)]
    return np.stack(each, axis=-1)[:, 500:]


@pytest.fixture(scope="module")
def repeats():
    """Autocorrelations of 40 repeats at each time constant, as in the table of [rnn-8.2]."""
    rng = np.random.default_rng(0)
    found = [correlations(leaky(TAUS, 10, 20_000, rng)) for _ in range(40)]
    return np.stack(found, axis=1)


def test_the_autocorrelation_is_the_sum_written_out():
    rng = np.random.default_rng(0)
    activity = rng.normal(size=(3, 50, 2)).cumsum(axis=1) * np.array([1.0, 2, 3])[:, None, None]
    centred = activity - activity.mean(axis=1, keepdims=True)
    pairs = [centred[:, lag:] * centred[:, : 50 - lag] for lag in range(31)]
    wanted = np.array([pair.mean(axis=(0, 1)) for pair in pairs])
    np.testing.assert_allclose(correlations(activity), wanted / wanted[0], atol=1e-12)
    each = centred / centred.std(axis=1, keepdims=True)
    normalised = (each[:, 1:] * each[:, :-1]).mean(axis=(0, 1))
    assert np.abs(correlations(activity)[1] - normalised).min() > 1e-3


def test_isolated_units_have_the_known_autocorrelation():
    rng = np.random.default_rng(1)
    found = correlations(leaky(TAUS, 10, 40_000, rng), 5)
    retained = 1 - 1 / np.array(TAUS)
    np.testing.assert_allclose(found, retained ** np.arange(6)[:, None], atol=0.02)
    assert np.abs(found - np.exp(-np.arange(6)[:, None] / TAUS)).max() > 0.1


def test_a_unit_that_flickers_in_its_last_digit_stays_put():
    """In float32 a settled unit shows correlations of round-off, fitted by any timescale."""
    rng = np.random.default_rng(0)
    flicker = rng.integers(0, 2, (4, 500, 3)) * np.float32(2.0**-25)
    level = np.array([0.3, -0.3, 0.0], "float32")
    activity = jnp.asarray(level + flicker, "float32")
    assert len(np.unique(activity[..., 0])) > 1
    rho = np.asarray(autocorrelation(activity))
    assert np.isnan(rho[:, :2]).all() and np.isfinite(rho[:, 2]).all()


def test_a_unit_that_never_moves_is_nan_and_leaves_the_others_alone():
    activity = leaky((2, 4), 4, 500, np.random.default_rng(0))
    alone = measured(correlations(activity))
    activity = np.concatenate([activity, np.full((4, 500, 1), 0.3)], axis=2)
    beside = measured(correlations(activity))
    for name in ("slowest", "weighted", "integrated", "lag_one"):
        values = getattr(beside, name)
        assert np.isnan(values[2])
        np.testing.assert_allclose(values[:2], getattr(alone, name), rtol=1e-9)


@given(st.floats(0.3, 40), st.floats(0.5, 1))
def test_one_exponential_is_found(t, amplitude):
    single, _ = fitted(amplitude * np.exp(-LAGS[:, None] / t))
    assert single.timescale[0] == pytest.approx(t, rel=1e-6)
    assert single.amplitude[0] == pytest.approx(amplitude, rel=1e-6)


@given(st.floats(0.5, 3), st.floats(3, 15), st.floats(0.1, 0.9))
def test_two_exponentials_are_found(fast, ratio, weight):
    slow = fast * ratio
    rho = weight * np.exp(-LAGS / slow) + (1 - weight) * np.exp(-LAGS / fast)
    found = measured(rho[:, None])
    assert found.double[0]
    assert found.slowest[0] == pytest.approx(slow, rel=1e-3)
    assert found.weighted[0] == pytest.approx(weight * slow + (1 - weight) * fast, rel=1e-3)
    assert found.integrated[0] == pytest.approx(rho.sum() - 0.5)
    assert found.lag_one[0] == rho[1]


def test_no_fit_is_worse_than_scipys(repeats):
    rho = repeats[:, :10].reshape(31, -1)
    single, double = fitted(rho)
    for unit, y in enumerate(rho.T):
        bounds = ((0, 0, 0, 0), (1, 100, 100, 1))
        starts = (None, (0.95, 2 * single.timescale[unit], 0.5 * single.timescale[unit], 0.5))
        for start in starts:
            p, _ = curve_fit(two, LAGS, y, start, bounds=bounds, maxfev=5000)
            assert double.rss[unit] <= 1.001 * ((two(LAGS, *p) - y) ** 2).sum()
        p, _ = curve_fit(one, LAGS, y, (0.9, 3), bounds=((0, 0), (1, 100)))
        assert single.rss[unit] <= (1 + 1e-6) * ((one(LAGS, *p) - y) ** 2).sum()
        assert single.timescale[unit] == pytest.approx(p[1], rel=1e-3)
        assert double.rss[unit] <= (1 + 1e-6) * single.rss[unit]


@pytest.mark.parametrize("place, tau", list(enumerate(TAUS)))
def test_the_authors_rule_is_heavy_tailed_and_the_weighted_one_is_not(repeats, place, tau):
    true = -1 / np.log(1 - 1 / tau)
    found = measured(repeats[..., place])
    assert (found.slowest > 1.5 * true).mean() > 0.05
    assert np.median(found.slowest) == pytest.approx(true, rel=0.03)
    assert found.weighted.mean() == pytest.approx(true, rel=0.05)
    single, _ = fitted(repeats[..., place])
    assert (single.timescale > 1.5 * true).mean() == 0


def test_a_memoryless_unit_has_no_timescale():
    rng = np.random.default_rng(0)
    found = measured(correlations(leaky((1.0,), 10, 20_000, rng)))
    assert found.integrated[0] == pytest.approx(0.5, abs=0.05)
    assert found.lag_one[0] == pytest.approx(0, abs=0.01)
    assert found.weighted[0] < 0.5
