"""Metrics and readings of nets on made-up circuits whose answers are known."""

import numpy as np
import pytest
import xarray

from figures.icl_regression import rates, readings
from figures.icl_regression.readings import (
    balanced,
    final_nets,
    relative_losses,
    setting_of,
    typical_seed,
)
from sims.icl_regression.metrics import pattern
from theory.icl_regression import risks
from theory.icl_regression.setting import Setting

PROBLEM = {"dimension": 3, "length": 20, "noise_variance": 0.3}


def training(omega, mu, off=0.0, label_row=0.0, steps=20):
    """Nets (seed) of heads KQ = omega I + off, OV = mu on the label, the same at every step."""
    omega, mu = np.asarray(omega, float), np.asarray(mu, float)
    seeds, heads = omega.shape
    kq = np.zeros((seeds, steps, heads, 4, 4))
    kq[..., :3, :3] = omega[:, None, :, None, None] * np.eye(3) + off * (1 - np.eye(3))
    kq[..., 3, 0] = label_row
    kq[..., 3] = 7.0  # the query's label slot: never used, so that no metric may see it
    ov = np.zeros((seeds, steps, heads, 4))
    ov[..., 3], ov[..., 0] = mu[:, None], 0.75 * mu[:, None]
    loss = np.arange(steps) + 10.0 * np.arange(seeds)[:, None]
    return xarray.Dataset(
        {
            "kq": (("seed", "step", "head", "key", "query"), kq),
            "ov": (("seed", "step", "head", "key"), ov),
            "loss": (("seed", "step"), loss),
        },
        {"seed": range(seeds), "step": range(steps)},
        attrs=PROBLEM,
    )


def test_metrics_of_heads_by_hand():
    found = pattern(training([[0.2, -0.1]], [[3.0, -1.0]], off=0.01, label_row=0.06).isel(step=-1))
    np.testing.assert_allclose(found.omega.values, [[0.2, -0.1]])
    energy = [6e-4 / (3 * 0.04 + 6e-4), 6e-4 / (3 * 0.01 + 6e-4)]
    np.testing.assert_allclose(found.off_energy.values[0], energy)
    weights = np.array([0.9, 0.1])  # mu^2: 9 and 1
    gamma = 0.9 * 0.2 + 0.1 * 0.1
    assert float(found.gamma[0]) == pytest.approx(gamma)
    assert float(found.weighted_off_energy[0]) == pytest.approx(weights @ energy)
    np.testing.assert_allclose(found.label_ratio.values, 0.8)
    assert float(found.label_row[0]) == pytest.approx(0.06 / gamma)
    assert float(found.eta[0]) == pytest.approx(3 * 0.2 + 0.1)
    assert float(found.imbalance[0]) == pytest.approx(2 / 4)
    assert (float(found.mu_plus[0]), float(found.mu_minus[0])) == (3.0, -1.0)
    scatter = np.sqrt(weights @ (np.array([0.2, 0.1]) - gamma) ** 2)
    assert float(found.inhomogeneity[0]) == pytest.approx(scatter / gamma)
    assert float(found.diagonal_variance[0]) == pytest.approx(0)


def test_a_head_of_less_than_a_tenth_is_not_active():
    nets = pattern(training([[0.1, -0.1]] * 2, [[1.0, -0.11], [1.0, -0.09]]).isel(step=-1))
    assert nets.two_signed.values.tolist() == [True, False]
    assert nets.active.values.tolist() == [[True, True], [True, False]]


def test_same_sign_seeds_do_not_count_unless_asked():
    data = {1: training([[0.1]] * 2, [[2.0]] * 2), 2: training([[0.1] * 2] * 2, [[2, 2], [2, -2]])}
    found = final_nets(data)
    assert (found[1].seed.values.tolist(), found[2].seed.values.tolist()) == ([0, 1], [1])
    assert final_nets(data, every=True)[2].seed.size == 2
    # the last tenth of twenty log points: the last two of 0 .. 19
    assert found[2].risk.values.tolist() == [10 + 18.5]
    assert setting_of(found[2]) == Setting(3, 20, 0.3)
    assert balanced(final_nets(data, every=True)[2]).tolist() == [False, True]


def test_losses_are_held_against_the_risk_at_each_net_s_own_step():
    nets = final_nets({2: training([[0.1, -0.1], [0.2, -0.2]], [[2, -2], [2, -2]])})[2]
    at = np.array([10, 40])
    exact = [[risks.debiased_gd_risk(eta, Setting(3, L, 0.3)) for L in at] for eta in (0.4, 0.8)]
    losses = xarray.DataArray(
        1.5 * np.array(exact), {"seed": [0, 1], "length": at}, ("seed", "length")
    )
    np.testing.assert_allclose(relative_losses(nets, losses.transpose()), 1.5)


def test_the_typical_seed_is_the_median_of_the_good_ones():
    energy = xarray.DataArray([5.0, 1.0, 2.0, 3.0, 9.0], {"seed": range(5)}, ("seed",))
    good = np.array([True, True, True, False, False])
    assert typical_seed(energy, good) == 2
    assert typical_seed(energy, np.zeros(5, bool)) == 3
    assert readings.chosen(good) is good


def test_the_law_of_gamma_is_fitted_over_stationary_settings():
    rate, batch = np.array([0.01, 0.02, 0.04]), np.array([16, 64])
    gamma = 0.3 * rate[:, None, None] ** 0.25 * batch[:, None] ** -0.125 * np.ones((3, 2, 4))
    third = gamma.copy()
    gamma[0, 0], third[0, 0] = 5.0, 1.0  # still changing: it must not enter
    dims = ("learning_rate", "prompts", "seed")
    coords = {"learning_rate": rate, "prompts": batch}
    found = xarray.Dataset({"last": (dims, gamma), "third": (dims, third)}, coords)
    (level, p, q), draws = rates.law(found)
    assert (np.exp(level), p, q) == pytest.approx((0.3, 0.25, -0.125))
    np.testing.assert_allclose(draws - draws[0], 0, atol=1e-9)
