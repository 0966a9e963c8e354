"""Correlated covariates, several tasks and the factors' flow, against simulation and autodiff."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from theory.icl_regression import anisotropic, flow, risks, tasks
from theory.icl_regression.noise import relative_temperature, stationary_gamma
from theory.icl_regression.reduced import approximate_loss, two_head_minimum
from theory.icl_regression.setting import Setting

SETTING = Setting(5.0, 40.0, 0.1)
MASKS = np.array([[True] * 4 + [False] * 2, [False] * 2 + [True] * 4])


@given(st.floats(0.1, 1.5), st.floats(6, 80), st.floats(0, 2))
def test_the_isotropic_step_is_debiased_gd(eta, length, noise):
    setting = Setting(4.0, length, noise)
    with jax.enable_x64(True):
        found = anisotropic.risk(eta * jnp.eye(4), jnp.eye(4), setting)
        assert float(found) == pytest.approx(float(risks.debiased_gd_risk(eta, setting)), rel=1e-9)
        best = anisotropic.optimal_preconditioner(jnp.eye(4), setting)
        np.testing.assert_allclose(best, float(setting.eta_star) * np.eye(4), atol=1e-12)


def test_the_preconditioned_risk_is_simulated():
    rng = np.random.default_rng(0)
    dimension, length, noise = 3, 8, 0.3
    sigma = np.asarray(anisotropic.covariance(0.5, dimension))
    omega = np.array([[0.7, -0.2, 0.1], [-0.2, 0.9, 0.0], [0.1, 0.0, 0.4]])
    root = np.linalg.cholesky(sigma)
    x = rng.normal(size=(200_000, length, dimension)) @ root.T
    query = rng.normal(size=(200_000, dimension)) @ root.T
    beta = rng.normal(size=(200_000, dimension)) / dimension**0.5
    y = np.einsum("pld,pd->pl", x, beta) + noise**0.5 * rng.normal(size=x.shape[:2])
    target = np.einsum("pd,pd->p", query, beta) + noise**0.5 * rng.normal(size=200_000)
    centred = x - x.mean(axis=1, keepdims=True)
    errors = (np.einsum("pl,pld,de,pe->p", y, centred, omega, query) / length - target) ** 2
    exact = float(anisotropic.risk(omega, sigma, Setting(3.0, 8.0, 0.3)))
    assert abs(errors.mean() - exact) < 4 * errors.std() / len(errors) ** 0.5


def test_the_optimal_preconditioner_is_stationary_and_has_the_known_risk():
    with jax.enable_x64(True):
        sigma = anisotropic.covariance(0.5, 5)
        best = anisotropic.optimal_preconditioner(sigma, SETTING)
        slope = jax.grad(lambda omega: anisotropic.risk((omega + omega.T) / 2, sigma, SETTING))
        assert float(jnp.abs(slope(best)).max()) < 1e-12
        other = anisotropic.linear_attention_preconditioner(sigma, SETTING)
        assert float(jnp.abs(slope(other)).max()) > 1e-3
        assert float(anisotropic.risk(best, sigma, SETTING)) == pytest.approx(0.23677, abs=1e-5)


def test_losses_of_tasks_are_simulated():
    rng = np.random.default_rng(0)
    length, noise, count = 8, 0.3, 200_000
    steps = rng.normal(size=(2, 6)) / 3
    x, query = rng.normal(size=(count, length, 6)), rng.normal(size=(count, 6))
    beta = rng.normal(size=(count, 2, 6)) * MASKS / 2
    y = np.einsum("pld,pnd->pln", x, beta) + noise**0.5 * rng.normal(size=(count, length, 2))
    centred = x - x.mean(axis=1, keepdims=True)
    found = np.einsum("pln,pld,nd,pd->pn", y, centred, steps, query, optimize=True) / length
    errors = (found - np.einsum("pd,pnd->pn", query, beta)) ** 2
    exact = np.asarray(tasks.losses(steps, MASKS, Setting(6.0, 8.0, 0.3)))
    assert (np.abs(errors.mean(axis=0) - exact) < 4 * errors.std(axis=0) / count**0.5).all()


@pytest.mark.parametrize("heads, loss", [(2, 0.13779), (3, 0.10305), (4, 0.10305)])
def test_optimal_steps_of_tasks(heads, loss):
    setting = Setting(6.0, 48.0, 0.1)
    with jax.enable_x64(True):
        best = jnp.asarray(tasks.optimal_steps(heads, MASKS, setting))
        assert float(tasks.losses(best, MASKS, setting).mean()) == pytest.approx(loss, abs=1e-5)

        def of(row):
            steps = jnp.broadcast_to(row, MASKS.shape) if heads == 2 else row
            return tasks.losses(steps, MASKS, setting).mean()

        slope = jax.grad(of)(best[0] if heads == 2 else best)
        assert float(jnp.abs(slope).max()) < 1e-12


@pytest.mark.parametrize("noise, length", [(0.1, 48.0), (1.5, 9.0)])
@pytest.mark.parametrize("seed", range(4))
def test_two_heads_do_their_best_for_unequal_supports_too(seed, noise, length):
    """Against direct minimisation over the row and a factor for each task, from many starts."""
    rng, setting = np.random.default_rng(seed), Setting(7.0, length, noise)
    masks = rng.random((3, 7)) < 0.5
    masks[0], masks[1, :2], masks[2, 3] = True, True, True
    strength = (1 + noise) / length

    def loss(free):
        steps = np.outer(free[:3], free[3:])
        inside = (masks * (steps**2 - 2 * steps)).sum(axis=1) / masks.sum(axis=1)
        return np.mean(1 + (length - 1) / length * (inside + strength * (steps**2).sum(axis=1)))

    found = [scipy.optimize.minimize(loss, rng.uniform(0.2, 1.5, 10), tol=1e-12) for _ in range(8)]
    best = tasks.optimal_steps(2, masks, setting)
    with jax.enable_x64(True):
        least = float(tasks.losses(best, masks, setting).mean())
    assert np.linalg.matrix_rank(best, tol=1e-10) == 1
    assert least == pytest.approx(min(end.fun for end in found), abs=1e-9)


def test_no_theory_for_one_head_or_in_between():
    three = np.array([[True, False, True], [True, True, False], [False, True, True]])
    for heads, masks in ((1, MASKS), (3, three)):
        with pytest.raises(ValueError, match="expected 2, or at least"):
            tasks.optimal_steps(heads, masks, SETTING)


@given(st.integers(0, 1000), st.integers(2, 4))
def test_one_head_more_than_tasks_realises_any_steps(seed, count):
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(count, 7))
    m, w = tasks.construction(steps, count + 1, rng)
    np.testing.assert_allclose(m.T @ w, steps, atol=1e-7)
    np.testing.assert_allclose(m.sum(axis=0), 0, atol=1e-12)
    m, w = tasks.construction(steps, count, rng)
    assert np.abs(m.T @ w - steps).max() > 1e-3


@given(st.floats(0.2, 0.9), st.floats(0.2, 0.9), st.floats(-0.8, 0.8), st.integers(0, 1000))
def test_the_factors_flow_is_that_of_the_factors(a, b, mu, seed):
    """Autodiff through K'Q and V'O at aligned factors gives its speeds and what it conserves."""
    rng = np.random.default_rng(seed)
    d, e = 5, 6
    with jax.enable_x64(True):
        turn = jnp.linalg.qr(jnp.asarray(rng.normal(size=(e, e))))[0][:, :d]
        k, q = a * turn, b * turn
        o = jnp.asarray(rng.normal(size=e))
        v = jnp.asarray(rng.normal(size=e))
        v = v + (mu - o @ v) / (o @ o) * o

        def measure(k, q, o, v):
            """(omega, mu, s, r) of one head."""
            rates = jnp.trace(k.T @ k + q.T @ q) / d, o @ o + v @ v
            return jnp.stack([jnp.trace(k.T @ q) / e**0.5 / d, o @ v, *rates])

        def loss(k, q, o, v):
            omega, mu, *_ = measure(k, q, o, v)
            return approximate_loss(omega[None], mu[None], SETTING)

        parts = (k, q, o, v)
        slopes = jax.grad(loss, argnums=(0, 1, 2, 3))(*parts)
        back = jax.tree.map(jnp.negative, slopes)
        now, moved = jax.jvp(measure, parts, back)
        omega, mu, s, r = now
        along = flow.descent(omega[None], mu[None], SETTING)
        assert float(moved[0]) == pytest.approx(2 * float(s * along[0][0]) / (e * d), rel=1e-9)
        assert float(moved[1]) == pytest.approx(2 * float(r * along[1][0]), rel=1e-9)
        # d(s^2 - 4 e omega^2) = 0 and d(r^2 - 4 mu^2) = 0
        assert float(s * moved[2] - 4 * e * omega * moved[0]) == pytest.approx(0, abs=1e-9)
        assert float(r * moved[3] - 4 * mu * moved[1]) == pytest.approx(0, abs=1e-9)


def test_the_factors_flow_integrates_that_field():
    omega, mu = jnp.array([0.05, -0.04]), jnp.array([0.1, 0.02])
    s, r = jnp.array([0.7, 0.6]), jnp.array([0.5, 0.4])
    with jax.enable_x64(True):
        args = [jnp.asarray(np.asarray(part, "float64")) for part in (omega, mu, s, r)]
        step = 1e-4
        end = flow.factorised_flow(*args, jnp.asarray([step]), SETTING)
        along = flow.descent(args[0], args[1], SETTING)
        np.testing.assert_allclose(
            (end[0][0] - args[0]) / step, 2 * args[2] / 30 * along[0], rtol=1e-3
        )
        np.testing.assert_allclose((end[1][0] - args[1]) / step, 2 * args[3] * along[1], rtol=1e-3)


@given(st.floats(1e-9, 1e-6))
def test_the_stationary_gamma_is_the_least_of_loss_and_entropy(temperature):
    """Against a numerical minimiser with the whole valley in place of its fourth order."""
    with jax.enable_x64(True):
        gamma = jnp.geomspace(1e-3, 0.3, 20_001)
        total = two_head_minimum(gamma, SETTING) - temperature * jnp.log(gamma)
        found = float(gamma[jnp.argmin(total)])
    assert found == pytest.approx(float(stationary_gamma(temperature, SETTING)), rel=0.01)


def test_four_times_the_batch_is_half_the_rate():
    one = relative_temperature(0.01, 64.0)
    assert relative_temperature(0.02, 256.0) == pytest.approx(one)
    assert relative_temperature(0.02, 64.0) == pytest.approx(2 * one)
