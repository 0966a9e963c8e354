"""The closed forms as properties: inputs are searched, expectations computed another way."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from theory.icl_regression import flow, reduced, risks
from theory.icl_regression.setting import Setting

omegas = arrays("float64", 3, elements=st.floats(-0.6, 0.6))
mus = arrays("float64", 3, elements=st.floats(-4, 4))
settings = st.builds(Setting, st.floats(1, 10), st.floats(20, 400), st.floats(0.01, 2))
gammas = st.floats(0.01, 0.6)


@pytest.fixture(autouse=True, scope="module")
def float64():
    with jax.enable_x64(True):
        yield


def brute_force_loss(omega, mu, setting):
    """Lt by a double loop over heads, as [icl-3.1] writes it."""
    d, length, noise = setting
    total = 1 + noise
    for h in range(len(mu)):
        total -= 2 * mu[h] * omega[h]
        for k in range(len(mu)):
            kernel = omega[h] * omega[k] + (1 + noise) / length * np.exp(d * omega[h] * omega[k])
            total += mu[h] * kernel * mu[k]
    return total


@given(omegas, mus, settings)
def test_approximate_loss(omega, mu, setting):
    expected = brute_force_loss(omega, mu, setting)
    np.testing.assert_allclose(reduced.approximate_loss(omega, mu, setting), expected, rtol=1e-9)
    np.testing.assert_allclose(reduced.taylor_loss(omega, mu, setting), expected, rtol=1e-9)


@given(omegas, mus, settings, st.permutations(range(3)))
def test_heads_have_no_order_and_no_common_sign(omega, mu, setting, order):
    loss = reduced.approximate_loss(omega, mu, setting)
    order = np.asarray(order)
    moved = reduced.approximate_loss(-omega[order], -mu[order], setting)
    np.testing.assert_allclose(loss, moved, rtol=1e-9)


@given(omegas, mus, settings)
def test_descent_is_minus_the_gradient_of_half_the_loss(omega, mu, setting):
    def half(omega, mu):
        return reduced.approximate_loss(omega, mu, setting) / 2

    down = jax.grad(half, (0, 1))(omega, mu)
    scale = 1 + max(np.abs(part).max() for part in down)
    for found, expected in zip(flow.descent(omega, mu, setting), down, strict=True):
        np.testing.assert_allclose(found, -expected, atol=1e-10 * scale)


@given(omegas, mus, settings)
def test_balance_law(omega, mu, setting):
    along_omega, along_mu = flow.descent(omega, mu, setting)
    terms = mu @ along_mu, omega @ along_omega
    scale = 1 + np.abs(mu * along_mu).sum() + np.abs(omega * along_omega).sum()
    found = flow.balance_rate(omega, mu, setting)
    np.testing.assert_allclose(found, terms[0] - terms[1], atol=1e-10 * scale)


@given(omegas, mus, settings)
def test_hoelder_bound_where_signs_match(omega, mu, setting):
    omega, mu = np.abs(omega) + 1e-3, np.where(np.abs(mu) < 1e-3, 1e-3, mu)
    omega = omega * np.sign(mu)
    tail = reduced.taylor_tail(omega, mu, setting)
    assert reduced.hoelder_bound(omega, mu, setting) <= tail * (1 + 1e-9)


@given(gammas, st.floats(0.1, 4), settings)
def test_hoelder_bound_is_reached_on_the_manifold(gamma, mu, setting):
    mus = np.array([mu, -mu / 3, -2 * mu / 3])
    omega = gamma * np.sign(mus)
    tail = reduced.taylor_tail(omega, mus, setting)
    np.testing.assert_allclose(reduced.hoelder_bound(omega, mus, setting), tail, rtol=1e-9)


@given(gammas, settings, st.floats(0.5, 1.5))
def test_mu_gamma_minimises_and_the_minimum_grows(gamma, setting, factor):
    best = reduced.mu_gamma(gamma, setting)
    least = reduced.two_head_loss(gamma, best, setting)
    np.testing.assert_allclose(least, reduced.two_head_minimum(gamma, setting), rtol=1e-9)
    assert reduced.two_head_loss(gamma, factor * best, setting) >= least - 1e-12
    assert reduced.two_head_minimum(1.01 * gamma, setting) > reduced.two_head_minimum(
        gamma, setting
    )


@given(omegas, settings)
def test_optimal_mu_is_stationary_also_where_heads_coincide(omega, setting):
    # Heads that nearly coincide have a huge mu* of opposite signs; here they do, or do not.
    omega = np.round(np.concatenate([omega, omega[:1]]), 1)
    best = reduced.optimal_mu(omega, setting)
    slope = jax.grad(reduced.approximate_loss, 1)(omega, best, setting)
    np.testing.assert_allclose(slope, 0, atol=1e-8)
    np.testing.assert_allclose(best[0], best[-1], rtol=1e-4, atol=1e-6)


@given(gammas, settings, st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_every_split_on_the_manifold_is_a_minimum(gamma, setting, parts):
    shares = np.array([parts[0], parts[1], -parts[2], 0.0])
    omega, mu = reduced.solution_manifold(gamma, shares, setting)
    loss = reduced.approximate_loss(omega, mu, setting)
    np.testing.assert_allclose(loss, reduced.two_head_minimum(gamma, setting), rtol=1e-9)
    slope = jax.grad(reduced.approximate_loss, 1)(omega, mu, setting)
    np.testing.assert_allclose(slope[:3], 0, atol=1e-9)
    assert mu[3] == 0 == omega[3]


@given(gammas, st.floats(-4, 4), st.floats(-4, 4), settings)
def test_restricted_losses_are_the_loss(gamma, plus, minus, setting):
    omega = np.array([gamma, -gamma, gamma])
    mu = np.array([plus / 3, minus, 2 * plus / 3])
    whole = reduced.approximate_loss(omega, mu, setting)
    restricted = reduced.homogeneous_loss(gamma, plus, minus, setting)
    np.testing.assert_allclose(whole, restricted, rtol=1e-9)
    pair = reduced.homogeneous_loss(gamma, plus, -plus, setting)
    np.testing.assert_allclose(reduced.two_head_loss(gamma, plus, setting), pair, rtol=1e-9)


@given(settings, st.floats(-1.5, 1.5), st.floats(-6, 6))
def test_no_single_head_is_better_than_the_optimum(setting, omega, mu):
    best_omega, best_mu, least = reduced.single_head_optimum(setting)
    at = (np.array([value]) for value in (best_omega, best_mu))
    np.testing.assert_allclose(reduced.approximate_loss(*at, setting), least, rtol=1e-9)
    other = reduced.approximate_loss(np.array([omega]), np.array([mu]), setting)
    assert other >= least - 1e-9


@given(st.floats(0.1, 1.5), settings)
def test_systematic_error_is_debiased_risk_minus_loss(eta, setting):
    small = 1e-5
    loss = reduced.two_head_loss(small, eta / (2 * small), setting)
    expected = risks.debiased_gd_risk(eta, setting) - loss
    np.testing.assert_allclose(reduced.systematic_error(eta, setting), expected, atol=1e-7)


@given(settings, st.floats(0.5, 1.5))
def test_optimal_steps_are_minima(setting, factor):
    for risk, best in (
        (risks.gd_risk, risks.gd_eta(setting)),
        (risks.debiased_gd_risk, setting.eta_star),
    ):
        assert risk(factor * best, setting) >= risk(best, setting) - 1e-12
    gain = (setting.length - 1) / setting.length * setting.eta_star
    expected = 1 + setting.noise_variance - gain
    np.testing.assert_allclose(risks.debiased_gd_risk(setting.eta_star, setting), expected)


def test_reference_numbers_of_section_4():
    setting = Setting(5, 40, 0.1)
    np.testing.assert_allclose(setting.eta_star, 0.87912, atol=5e-6)
    np.testing.assert_allclose(risks.gd_eta(setting), 0.86022, atol=5e-6)
    np.testing.assert_allclose(risks.gd_risk(risks.gd_eta(setting), setting), 0.23978, atol=5e-6)
    np.testing.assert_allclose(
        risks.debiased_gd_risk(setting.eta_star, setting), 0.242857, atol=5e-7
    )
    omega, mu, loss = reduced.single_head_optimum(setting)
    np.testing.assert_allclose([omega, mu, loss], [0.4472, 1.6277, 0.37207], atol=5e-5)
    np.testing.assert_allclose(risks.bayes_risk_limit(Setting(80, 400, 3)), 3.40512, atol=5e-5)
    eta = risks.gd_eta(setting)
    for length, expected in ((10, 0.746), (60, 0.365), (80, 0.860), (100, 1.724)):
        at = setting._replace(length=length)
        np.testing.assert_allclose(risks.linear_attention_risk(eta, 40, at), expected, atol=2e-3)


@pytest.mark.parametrize("plus, minus", [(1, 1), (2, 2), (1, 3), (3, 3)])
def test_sixth_root_law(plus, minus):
    setting = Setting(5.0, 40.0, 0.1)
    signs = np.array([1.0] * plus + [-1.0] * minus)
    start = 1e-3 * signs
    times = jnp.asarray([1000.0, 3000.0])
    omega, _ = flow.gradient_flow(start, start, times, setting)
    law = flow.drift_law(times, plus, minus, setting)
    np.testing.assert_allclose(np.abs(omega[:, 0]) / law, 1, atol=0.02)


def test_the_flow_maps_over_starts_and_agrees_with_small_steps():
    setting = Setting(5.0, 40.0, 0.1)
    starts = 0.1 * jax.random.normal(jax.random.key(0), (4, 2, 2), "float64")
    times = jnp.asarray([1.0, 5.0])
    together = jax.vmap(lambda s: flow.gradient_flow(*s, times, setting))(starts)
    for index in range(4):
        alone = flow.gradient_flow(*starts[index], times, setting)
        steps = flow.gradient_descent(*starts[index], 1e-3, 5000, setting)
        for many, one, walked in zip(together, alone, steps, strict=True):
            np.testing.assert_allclose(many[index], one, rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(one, walked[np.array([1000, 5000])], atol=5e-3)


def test_a_drift_needs_both_signs():
    with pytest.raises(ValueError, match="expected heads of both signs, got 2 and 0"):
        flow.drift_law(jnp.ones(1), 2, 0, Setting())
