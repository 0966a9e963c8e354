"""The attention layer, its data and its metrics, against the network as written and brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st

from sims.icl_regression.data import Prompts, sample_prompts
from sims.icl_regression.lengths import linear_losses, reduced_losses, trained_losses
from sims.icl_regression.metrics import pattern
from sims.icl_regression.model import (
    initial_attention,
    literal_forward,
    predict,
    reduced_circuits,
)
from sims.icl_regression.training import Training

seeds = st.integers(0, 2**31 - 1)


def prompts_of(seed, prompts=8, length=12, dimension=5):
    key = jax.random.key(seed)
    return sample_prompts(
        key, prompts=prompts, dimension=dimension, length=length, noise_variance=0.1
    )


def close(one, other, tolerance=1e-5):
    return np.abs(one - other).max() <= tolerance * np.abs(other).max()


@given(seeds, st.sampled_from([1, 3]))
def test_circuits_are_the_network(seed, heads):
    model = initial_attention(jax.random.key(seed), heads=heads, dimension=5)
    assert close(model(prompts_of(seed)), literal_forward(model, prompts_of(seed)))


@given(seeds)
def test_what_the_output_does_not_depend_on(seed):
    model = initial_attention(jax.random.key(seed), heads=2, dimension=5)
    (kq, ov), prompts = model.circuits(), prompts_of(seed)
    plain = predict(kq, ov, prompts)
    assert close(predict(kq.at[:, :, -1].set(9.0), ov, prompts), plain)
    order = np.random.default_rng(seed).permutation(12)
    shuffled = Prompts(prompts.covariates[:, order], prompts.labels[:, order], *prompts[2:])
    assert close(predict(kq, ov, shuffled), plain)
    assert not close(predict(kq.at[:, -1, :].set(9.0), ov, prompts), plain)


@given(seeds)
def test_the_reduced_model_is_even_and_splits(seed):
    prompts = prompts_of(seed)
    omega, mu = jax.random.normal(jax.random.key(seed), (2, 2))
    plain = predict(*reduced_circuits(omega, mu, 5), prompts)
    weights = jax.nn.softmax(
        jnp.einsum("h,pld,pd->phl", omega, prompts.covariates, prompts.query), axis=-1
    )
    assert close(plain, jnp.einsum("h,phl,pl->p", mu, weights, prompts.labels), 1e-4)
    mirrored = Prompts(-prompts.covariates, -prompts.labels, *prompts[2:])
    assert close(predict(*reduced_circuits(-omega, -mu, 5), mirrored), plain)
    halves = jnp.array([0.25 * mu[0], 0.75 * mu[0], mu[1]])
    split = predict(*reduced_circuits(omega[jnp.array([0, 0, 1])], halves, 5), prompts)
    assert close(split, plain, 1e-4)


def test_initial_values_are_uniform_with_torch_bounds():
    model = initial_attention(jax.random.key(0), heads=200, dimension=5)
    for name, bound in (("query", 6**-0.5), ("value", 6**-0.5), ("output", (6 * 200) ** -0.5)):
        values = np.asarray(getattr(model, name)).ravel()
        assert np.abs(values).max() <= bound
        assert abs(values).max() > 0.98 * bound
        error = bound / 3**0.5 / len(values) ** 0.5
        assert abs(values.mean()) < 5 * error


def test_moments_of_the_data():
    data = prompts_of(0, prompts=40_000, length=4)
    count = data.target.size
    assert abs(data.target.var() - 1.1) < 5 * 1.1 * np.sqrt(2 / count) * 1.5
    assert abs(data.labels.var() - 1.1) < 5 * 1.1 * np.sqrt(2 / count)
    covariance = np.cov(np.asarray(data.query).T)
    assert np.abs(covariance - np.eye(5)).max() < 5 * np.sqrt(2 / count)
    # Label and target share beta: their products with the covariates correlate.
    moment = jnp.einsum(
        "p,p,pd,pd->", data.target, data.labels[:, 0], data.query, data.covariates[:, 0]
    )
    assert abs(moment / count - 1) < 0.1


def test_prompts_follow_the_key_and_the_dtype():
    one, same, other = prompts_of(1), prompts_of(1), prompts_of(2)
    np.testing.assert_array_equal(one.labels, same.labels)
    assert not np.array_equal(one.labels, other.labels)
    assert all(part.dtype == "float32" for part in one)


def test_training_starts_and_falls():
    experiment = Training(heads=2, steps=200, log_every=200, prompts=256, learning_rate=0.02)
    state = experiment.init(jax.random.key(0))
    step = jax.jit(experiment.step)
    losses = []
    for index in range(200):
        state, metrics = step(state, jax.random.key(index))
        losses.append(float(metrics["loss"]))
    assert np.mean(losses[:5]) > 1.0 > 0.75 > np.mean(losses[-10:])


def test_linear_losses_are_plain_regressions():
    found = linear_losses(
        dimension=3, noise_variance=0.2, lengths=[4, 9], step_sizes=[0.5, 0.8], blocks=2, prompts=5
    )
    with jax.enable_x64(True):
        for block in range(2):
            key = jax.random.fold_in(jax.random.key(0), block)
            data = sample_prompts(
                key, prompts=5, dimension=3, length=9, noise_variance=0.2, dtype="float64"
            )
            x, y, query, target = (np.asarray(part) for part in data)
            for length, eta in ((4, 0.5), (9, 0.8)):
                errors = {"gd": [], "debiased_gd": [], "ridge": []}
                for p in range(5):
                    a, b = x[p, :length], y[p, :length]
                    beta = {
                        "gd": eta / length * a.T @ b,
                        "debiased_gd": eta / length * (a - a.mean(0)).T @ b,
                        "ridge": np.linalg.solve(a.T @ a + 3 * 0.2 * np.eye(3), a.T @ b),
                    }
                    for name, vector in beta.items():
                        errors[name].append((vector @ query[p] - target[p]) ** 2)
                for name, values in errors.items():
                    one = found[name].sel(length=length).values[block]
                    np.testing.assert_allclose(one, np.mean(values), rtol=1e-9)


def as_sweep(kq, ov):
    return xarray.Dataset(
        {
            "kq": (("seed", "step", "head", "key", "query"), np.asarray(kq)[None, None]),
            "ov": (("seed", "step", "head", "key"), np.asarray(ov)[None, None]),
        },
        {"seed": [0], "step": [0]},
        {"dimension": 5, "noise_variance": 0.1},
    )


def test_losses_at_all_lengths_are_those_of_short_prompts():
    model = initial_attention(jax.random.key(3), heads=2, dimension=5)
    found = trained_losses(
        as_sweep(*model.circuits()), lengths=[5, 8], step_size=0.9, blocks=3, prompts=50
    )
    for length in (5, 8):
        losses = []
        for block in range(3):
            key = jax.random.fold_in(jax.random.key(0), block)
            data = sample_prompts(key, prompts=50, dimension=5, length=8, noise_variance=0.1)
            short = Prompts(data.covariates[:, :length], data.labels[:, :length], *data[2:])
            losses.append(np.mean((model(short) - data.target) ** 2))
        np.testing.assert_allclose(found.loss.sel(length=length), np.mean(losses), rtol=1e-4)


def test_reduced_losses_integrate_labels_out():
    """The conditional expectation agrees with losses of sampled labels within 4 standard errors."""
    omega, mu = [0.4, -0.3], [1.5, -1.0]
    size = {"lengths": [10], "blocks": 40, "prompts": 500}
    exact = reduced_losses(dimension=5, noise_variance=0.1, omega=[omega], mu=[mu], **size)
    sampled = trained_losses(
        as_sweep(*reduced_circuits(jnp.array(omega), jnp.array(mu), 5)),
        step_size=0.9,
        seed=1,
        **size,
    )
    # A squared normal error of mean m scatters by sqrt(2) m; prompts add at most as much again.
    error = 2 * float(exact.loss.mean()) / np.sqrt(20_000)
    assert abs(float(exact.loss.mean()) - float(sampled.loss[0, 0])) < 4 * error


def test_pattern_reads_circuits_made_by_hand():
    kq, ov = reduced_circuits(jnp.array([0.2, -0.2, 0.1]), jnp.array([2.0, -2.0, 0.05]), 5)
    kq = kq.at[2, 0, 1].set(0.1).at[:, :, -1].set(7.0)
    kq = kq.at[0, -1, 0].set(0.03).at[0, -1, 1].set(0.04).at[1, 0, 0].set(-0.4)
    kq = kq.at[1, 1, 1].set(0.0)
    found = pattern(as_sweep(kq, ov)).isel(seed=0, step=0)
    np.testing.assert_allclose(found.omega, [0.2, -0.2, 0.1], rtol=1e-6)
    np.testing.assert_allclose(found.off_energy, [0, 0, 1 / 6], atol=1e-6)
    assert found.active.values.tolist() == [True, True, False] and bool(found.two_signed)
    weight = 0.05**2 / (8 + 0.05**2)
    np.testing.assert_allclose(found.weighted_off_energy, weight / 6, rtol=1e-4)
    np.testing.assert_allclose(found.eta, 0.8 + 0.005, rtol=1e-5)
    # Of equal heads but for the small third: a row of norm .05 in one, a diagonal (-.4, 0, -.2,
    # -.2, -.2) in the other.
    np.testing.assert_allclose(found.label_row * found.gamma, 0.05 * 4 / 8.0025, rtol=1e-5)
    np.testing.assert_allclose(found.diagonal_variance, 0.016 / 0.04 * 4 / 8.0025, rtol=1e-4)
    np.testing.assert_allclose([found.mu_plus, found.mu_minus], [2.05, -2.0], rtol=1e-5)
    np.testing.assert_allclose(found.imbalance, 0.05 / 4.05, rtol=1e-4)


@pytest.mark.parametrize("slip", ["prompts", "noise"])
def test_a_broken_sum_would_be_seen(slip):
    """The comparison of lengths above bites: another prompt count or noise moves the losses."""
    size = {"lengths": [9], "step_sizes": [0.8], "blocks": 2}
    plain = linear_losses(dimension=3, noise_variance=0.2, prompts=5, **size)
    changed = {"noise_variance": 0.3 if slip == "noise" else 0.2}
    other = linear_losses(dimension=3, prompts=6 if slip == "prompts" else 5, **size, **changed)
    assert not np.allclose(plain.gd, other.gd, rtol=1e-3)
