"""Features, Gram matrices and ridge paths against loops and plain linear algebra."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.engine.errors import UserError
from sims.rf_attention.data import (
    ANGLES,
    doubling,
    interplay,
    monomials,
    sample_direction,
    sample_inputs,
)
from sims.rf_attention.experiment import PENALTIES, LearningCurve
from sims.rf_attention.features import attention_block, gram, network_block
from sims.rf_attention.ridge import ridge_path

KEY = jax.random.key(0, impl="threefry2x32")


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def inputs(samples=5, dimension=4, keys=3):
    return sample_inputs(KEY, samples, dimension, keys)


def test_tokens_are_uniform_on_the_sphere():
    data = inputs(20_000)
    tokens = np.concatenate([np.asarray(data.query)[:, None], data.keys], axis=1)
    np.testing.assert_allclose(np.linalg.norm(tokens, axis=-1), 1)
    moment = np.einsum("nid,nje->ijde", tokens, tokens) / 20_000
    wanted = np.einsum("ij,de->ijde", np.eye(4), np.eye(4) / 4)
    assert np.abs(moment - wanted).max() < 5 / np.sqrt(16 * 20_000) * 2


def test_targets_are_means_over_keys():
    data, beta = inputs(), np.asarray(sample_direction(KEY, 4))
    found = np.asarray(monomials(data, jnp.asarray(beta)))
    for row, query, keys in zip(found, *map(np.asarray, data), strict=True):
        b, t = keys @ beta, keys @ query
        wanted = [np.mean(b**p) for p in (1, 2, 3, 4)] + [np.mean(t**p * b) for p in (1, 2, 3)]
        np.testing.assert_allclose(row, wanted)


def test_the_interplay_has_variance_one_at_every_angle():
    data = sample_inputs(KEY, 100_000, 4, 3)
    values = np.asarray(interplay(data, sample_direction(jax.random.fold_in(KEY, 1), 4)))
    assert values.shape[1] == len(ANGLES)
    np.testing.assert_allclose(values.var(axis=0), 1, rtol=0.03)
    assert np.abs(values.mean(axis=0)).max() < 0.02


@pytest.mark.parametrize("mean", [0.0, 1.5])
def test_attention_features_are_the_layer_written_out(mean):
    data = inputs()
    found = np.asarray(attention_block(KEY, data, 2, mean)).reshape(5, 2, 5)
    weights = 0.5 * np.asarray(jax.random.normal(KEY, (2, 5, 5), "float64"))
    weights = weights + mean * np.diag([1, 1, 1, 1, 0])
    for row, query, keys in zip(found, *map(np.asarray, data), strict=True):
        q = np.append(query, 1)
        for head in range(2):
            total = np.zeros(5)
            for key in keys:
                k = np.append(key, 1)
                total += max(q @ weights[head] @ k, 0) * k
            np.testing.assert_allclose(row[head], total / 3)


def test_preactivations_of_both_models_are_standard_normal():
    data = inputs(1)
    query, key = (np.append(np.asarray(part).reshape(-1, 4)[0], 1) for part in data)
    weights = 0.5 * np.random.default_rng(0).normal(size=(40_000, 5, 5))
    scores = np.einsum("i,mij,j->m", query, weights, key)
    assert abs(scores.var() - 1) < 5 * np.sqrt(2 / 40_000)
    found = np.asarray(network_block(KEY, data, 20_000, 0.0))
    # E relu(Z)^2 = 1/2
    assert abs((found**2).mean() - 0.5) < 0.02


@pytest.mark.parametrize("model, features", [("attention", 6), ("network", 30)])
def test_the_gram_matrix_is_that_of_all_blocks(model, features):
    data = inputs()
    options = {"model": model, "heads": 6, "query_key_mean": 0.5}
    found = np.asarray(gram(KEY, data, 3, block=2, **options))
    block = {"attention": attention_block, "network": network_block}[model]
    parts = [np.asarray(block(jax.random.fold_in(KEY, i), data, 2, 0.5)) for i in range(3)]
    whole = np.concatenate(parts, axis=1) / features**0.5
    np.testing.assert_allclose(found, whole @ whole[:3].T)
    with pytest.raises(ValueError, match="no multiple"):
        gram(KEY, data, 3, block=4, **options)


def test_the_path_is_ridge_regression_on_the_features():
    rng = np.random.default_rng(0)
    phi, test = rng.normal(size=(12, 30)), rng.normal(size=(7, 30))
    labels, targets = rng.normal(size=(12, 2)), rng.normal(size=(7, 2))
    kernel = phi @ phi.T
    arrays = (kernel, test @ phi.T, labels, targets, PENALTIES)
    path = ridge_path(*(jnp.asarray(array) for array in arrays))
    for index, penalty in enumerate(PENALTIES):
        delta = penalty * np.trace(kernel) / 12
        primal = np.linalg.solve(phi.T @ phi + delta * np.eye(30), phi.T @ labels)
        error = np.mean((test @ primal - targets) ** 2, axis=0)
        np.testing.assert_allclose(path.error[:, index], error, rtol=1e-6)
        np.testing.assert_allclose(path.norm[:, index], (primal**2).sum(axis=0), rtol=1e-6)
        hat = kernel @ np.linalg.inv(kernel + delta * np.eye(12))
        rest = labels - hat @ labels
        gcv = 12 * (rest**2).sum(axis=0) / np.trace(np.eye(12) - hat) ** 2
        np.testing.assert_allclose(path.gcv[:, index], gcv, rtol=1e-4)


def test_sizes_double():
    assert doubling(50, 800).tolist() == [50, 100, 200, 400, 800]
    assert doubling(7, 7).tolist() == [7]


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"heads": 200, "block": 30}, "expected a divisor of heads = 200; the nearest is 25"),
        ({"smallest": 900}, "expected at most largest = 800; the nearest valid value is 800"),
        ({"largest": 700}, "times a power of two; the nearest below is 400"),
        ({"model": "atention"}, "did you mean 'attention'"),
    ],
)
def test_a_slip_is_one_line(settings, message):
    with pytest.raises(UserError) as slip:
        LearningCurve(**settings)
    assert message in str(slip.value) and "\n" not in str(slip.value)


def test_models_share_data_and_differ_in_features():
    small = {"heads": 20, "block": 10, "smallest": 20, "largest": 40, "test": 50}
    errors = {}
    for name, settings in {
        "rfa": {},
        "again": {"block": 10},
        "brfa": {"query_key_mean": 1.0},
        "network": {"model": "network"},
    }.items():
        experiment = LearningCurve(**{**small, **settings})
        _, found = experiment.step(experiment.init(KEY), KEY)
        assert {part.shape for part in found.values()} == {(2, 7, len(PENALTIES))}
        errors[name] = np.asarray(found["error"])
    np.testing.assert_array_equal(errors["rfa"], errors["again"])
    for name in ("brfa", "network"):
        assert not np.allclose(errors["rfa"], errors[name], rtol=1e-3)
    # At the largest penalty all models predict nearly nothing, and so err alike on the same data.
    np.testing.assert_allclose(errors["rfa"][..., -1], errors["brfa"][..., -1], rtol=0.5)
