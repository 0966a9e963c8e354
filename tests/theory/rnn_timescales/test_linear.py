"""One leaky unit and linear networks against simulation, finite differences and each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from tests.theory.rnn_timescales.simulation import autocovariances, random_network, run
from theory.rnn_timescales import gains, linear, units

TAUS = st.floats(1, 50)


def network(seed, size=6, scale=0.5):
    recurrent, drive, _, tau = random_network(np.random.default_rng(seed), size, scale)
    return recurrent, drive, tau


@pytest.mark.parametrize("tau", [1.5, 2, 3, 5])
def test_an_isolated_unit_is_simulated(tau):
    bits = np.random.default_rng(0).integers(0, 2, 400_000)
    states = lfilter([1 / tau], [1, 1 / tau - 1], bits)[100:]
    found = autocovariances(states[:, None, None], 5)[:, 0]
    lags = np.arange(6)
    np.testing.assert_allclose(found / found[0], units.autocorrelation(tau, lags), atol=0.01)
    assert np.abs(found / found[0] - np.exp(-lags / tau)).max() > 0.03


@given(st.floats(1.5, 1e4))
def test_the_timescale_is_that_of_the_autocorrelation(tau):
    found = float(units.timescale(tau))
    assert np.exp(-1 / found) == pytest.approx(float(units.autocorrelation(tau, 1)))
    assert abs(found - (tau - 0.5 - 1 / (12 * tau))) < 0.1 / tau**2
    assert float(units.timescale(1)) == 0


@pytest.mark.parametrize("held, tau", [(4, 2.0), (10, 2.0), (4, 0.3)])
def test_held_bits_are_simulated(held, tau):
    bits = np.repeat(np.random.default_rng(0).integers(0, 2, 200_000), held)
    a = 1 / (held * tau)
    states = lfilter([a], [1, a - 1], bits)[100 * held :]
    bit = np.arange(4)
    ends = autocovariances(states[held - 1 :: held, None, None], 3)[:, 0]
    every = autocovariances(states[:, None, None], 3 * held)[::held, 0]
    at_ends = units.held_autocorrelation(tau, held, bit)
    averaged = units.phase_averaged_autocorrelation(tau, held, bit)
    np.testing.assert_allclose(ends / ends[0], at_ends, atol=0.01)
    np.testing.assert_allclose(every / every[0], averaged, atol=0.01)
    assert np.abs(averaged - at_ends).max() > 0.03


@given(st.floats(0.5, 5))
def test_held_bits_tend_to_an_exponential(tau):
    found = units.held_autocorrelation(tau, 10_000, np.arange(5))
    np.testing.assert_allclose(found, np.exp(-np.arange(5) / tau), atol=1e-3)
    one = units.phase_averaged_autocorrelation(tau + 1, 1, np.arange(5))
    np.testing.assert_allclose(one, units.autocorrelation(tau + 1, np.arange(5)), atol=1e-12)


@given(st.integers(1, 40), TAUS)
def test_no_time_constant_recalls_better_than_the_best(lag, other):
    best = float(units.best_time_constant(lag))
    top = float(units.recall(best, lag))
    assert top == pytest.approx(float(units.best_recall(lag)))
    assert float(units.recall(other, lag)) <= top + 1e-15
    assert float(units.recall(2 * lag, lag)) < (1 - 1e-5) * top
    assert best == pytest.approx(2 * lag + 1.5, abs=0.2)


def test_recall_is_regression():
    bits = np.random.default_rng(0).integers(0, 2, 400_000)
    tau, lag = float(units.best_time_constant(3)), 3
    states = lfilter([1 / tau], [1, 1 / tau - 1], bits)
    found = np.corrcoef(states[100:], bits[100 - lag : -lag])[0, 1] ** 2
    assert found == pytest.approx(float(units.recall(tau, lag)), abs=0.005)


def test_the_covariances_of_a_network_are_simulated():
    recurrent, drive, tau = network(0, 20)
    system = linear.linear_network(recurrent, drive, tau)
    found = linear.lagged_covariances(system, linear.stationary_covariance(system), 10)
    bits = np.random.default_rng(1).integers(0, 2, (20_000, 20))
    states = run(drive, 0, recurrent, tau, bits, slope=1.0)[200:]
    measured = autocovariances(states, 10)
    rho = linear.unit_autocorrelation(found)
    np.testing.assert_allclose(measured / measured[0], rho, atol=0.01)
    np.testing.assert_allclose(measured[0], np.diag(found[0]), rtol=0.03)
    whole = autocovariances(states.sum(axis=2, keepdims=True), 10)[:, 0]
    population = linear.population_autocorrelation(found)
    np.testing.assert_allclose(whole / whole[0], population, atol=0.01)
    forgetful = linear.System(system.matrix, drive)
    broken = linear.lagged_covariances(forgetful, linear.stationary_covariance(forgetful), 10)
    assert np.abs(linear.unit_autocorrelation(broken) - rho).max() > 0.03


@given(st.integers(0, 10_000))
def test_modes_mix_to_the_same_autocorrelation(seed):
    system = linear.linear_network(*network(seed))
    if linear.spectral_radius(system.matrix) > 0.97:
        return
    covariance = linear.stationary_covariance(system)
    residual = system.matrix @ covariance @ system.matrix.T - covariance
    residual += linear.FAIR * np.outer(system.drive, system.drive)
    np.testing.assert_allclose(residual, 0, atol=1e-9)
    found = linear.unit_autocorrelation(linear.lagged_covariances(system, covariance, 30))
    np.testing.assert_allclose(linear.modal_autocorrelation(system, 30), found, atol=1e-6)


def test_without_recurrence_the_network_is_its_units():
    _, drive, tau = network(0)
    system = linear.linear_network(np.zeros((6, 6)), drive, tau)
    covariances = linear.lagged_covariances(system, linear.stationary_covariance(system), 8)
    wanted = units.autocorrelation(tau, np.arange(9)[:, None])
    np.testing.assert_allclose(linear.unit_autocorrelation(covariances), wanted, atol=1e-12)


def test_what_is_not_stationary_or_too_fast_is_named():
    recurrent, drive, tau = network(0)
    with pytest.raises(ValueError, match="spectral radius below 1, got"):
        linear.stationary_covariance(linear.linear_network(9 * recurrent, drive, tau))
    with pytest.raises(ValueError, match="at least one step, got 0.5"):
        linear.linear_network(recurrent, drive, np.full(6, 0.5))
    with pytest.raises(ValueError, match="at least one step"):
        units.autocorrelation(0.9, 1)


@given(st.integers(0, 1000), st.integers(1, 8))
def test_memory_sums_to_the_number_of_units(seed, size):
    system = linear.linear_network(*network(seed, size, 0.4))
    if linear.spectral_radius(system.matrix) > 0.9:
        return
    found = linear.memory(system, 400)
    assert (found > -1e-9).all() and (found < 1 + 1e-6).all()
    assert found.sum() == pytest.approx(linear.capacity(system), rel=1e-3)


def test_memory_of_an_input_that_reaches_half_the_units_is_half():
    recurrent, drive, tau = network(0, 6, 0.4)
    recurrent[:3, 3:] = recurrent[3:, :3] = drive[3:] = 0
    system = linear.linear_network(recurrent, drive, tau)
    assert linear.memory(system, 400).sum() == pytest.approx(3, rel=1e-3)
    assert linear.capacity(system) == 3
    recurrent[4, 1] = 0.2  # one more, and through it the others of its half
    system = linear.linear_network(recurrent, drive, tau)
    assert linear.memory(system, 400).sum() == pytest.approx(6, rel=1e-3)
    assert linear.capacity(system) == 6


def test_memory_is_regression_and_has_a_ridge():
    recurrent, drive, tau = network(3, 4)
    system = linear.linear_network(recurrent, drive, tau)
    bits = np.random.default_rng(0).integers(0, 2, (10_000, 20))
    states = run(drive, 0, recurrent, tau, bits, slope=1.0)
    found = linear.memory(system, 5)
    for lag in range(6):
        seen = states[100:].reshape(-1, 4)
        seen, past = seen - seen.mean(axis=0), bits[100 - lag : 10_000 - lag].ravel() - bits.mean()
        left = past - seen @ np.linalg.lstsq(seen, past, rcond=None)[0]
        assert 1 - left.var() / past.var() == pytest.approx(found[lag], abs=0.01)
    large = linear.linear_network(*network(0, 40))
    with_ridge = linear.memory(large, 2000, ridge=1e-6).sum()
    assert with_ridge == pytest.approx(linear.capacity(large, ridge=1e-6), rel=1e-6)
    assert with_ridge < 39


def test_memory_under_rarer_bits_is_fainter_beside_a_ridge():
    """R^2_k of x by S + r, the covariance summed over echoes; without a ridge p is no matter."""
    system, variance, ridge = linear.linear_network(*network(3, 4)), 0.09, 0.02
    echoes = [np.linalg.matrix_power(system.matrix, k) @ system.drive for k in range(400)]
    covariance = variance * sum(np.outer(echo, echo) for echo in echoes)
    inverse = np.linalg.inv(covariance + ridge * np.eye(4))
    wanted = [variance * echo @ inverse @ echo for echo in echoes[:6]]
    np.testing.assert_allclose(linear.memory(system, 5, variance, ridge), wanted, rtol=1e-9)
    whole = np.trace(inverse @ covariance)
    assert linear.capacity(system, variance, ridge) == pytest.approx(whole)
    assert abs(linear.capacity(system, ridge=ridge) - whole) > 0.1
    np.testing.assert_allclose(linear.memory(system, 5, variance), linear.memory(system, 5))


def test_a_lengthening_s_typical_size_is_drawn():
    """Of tau + eps |tau| |z|/|z|_2, z Gaussian, the mean over draws and units."""
    rng = np.random.default_rng(0)
    tau = rng.uniform(1, 4, 50)
    z = np.abs(rng.normal(size=(4000, 50)))
    drawn = np.linalg.norm(tau) * z / np.linalg.norm(z, axis=1, keepdims=True)
    np.testing.assert_allclose(gains.typical_lengthening(tau), drawn.mean(), rtol=0.01)


@given(st.integers(0, 1000), st.booleans())
def test_a_change_of_tau_moves_the_covariance_as_finite_differences(seed, weighted):
    recurrent, drive, tau = network(seed, 5, 0.4)
    tau = tau + 0.1
    change = np.random.default_rng(seed).normal(size=5)
    slopes = np.linspace(0.3, 1, 5) if weighted else np.ones(5)
    step = 1e-4
    ends = [
        linear.stationary_covariance(
            gains.gain_weighted(recurrent, drive, tau + s * change, slopes)
        )
        for s in (step, -step)
    ]
    slope = (ends[0] - ends[1]) / (2 * step)
    found = gains.covariance_change(recurrent, drive, tau, slopes, change)
    scale = np.abs(slope).max()
    np.testing.assert_allclose(found, slope, atol=1e-4 * scale)
    unweighted = gains.covariance_change(recurrent, drive, tau, slopes, change * tau**2)
    assert np.abs(unweighted - slope).max() > 0.01 * scale
