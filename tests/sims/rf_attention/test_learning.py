"""Features, Gram matrices and ridge paths against loops and plain linear algebra."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.engine.errors import UserError
from sims.engine.experiment import named_key
from sims.rf_attention.data import (
    ANGLES,
    doubling,
    interplay,
    monomials,
    sample_direction,
    sample_inputs,
)
from sims.rf_attention.experiment import PENALTIES, LearningCurve, Pool, WidthCurve
from sims.rf_attention.features import (
    Scales,
    attention_block,
    features,
    gram,
    limit,
    network_block,
)
from sims.rf_attention.ridge import norm_constrained, primal_path, ridge_errors, ridge_path

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
    found = np.asarray(attention_block(KEY, data, 2, Scales(mean))).reshape(5, 2, 5)
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
    found = np.asarray(network_block(KEY, data, 20_000, Scales()))
    # E relu(Z)^2 = 1/2
    assert abs((found**2).mean() - 0.5) < 0.02


@pytest.mark.parametrize("model, count", [("attention", 6), ("network", 30)])
def test_the_gram_matrix_is_that_of_all_blocks(model, count):
    data = inputs()
    options = {"model": model, "heads": 6, "scales": Scales(0.5)}
    found = np.asarray(gram(KEY, data, 3, block=2, **options))
    block = {"attention": attention_block, "network": network_block}[model]
    parts = [np.asarray(block(jax.random.fold_in(KEY, i), data, 2, Scales(0.5))) for i in range(3)]
    whole = np.concatenate(parts, axis=1) / count**0.5
    np.testing.assert_allclose(found, whole @ whole[:3].T)
    np.testing.assert_allclose(features(KEY, data, block=2, **options), whole)
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
        ({"heads": 0, "query_key_mean": 1.0}, "expected 0 with heads = 0"),
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
        found = experiment.observe(experiment.init(KEY), KEY)
        assert found["error"].shape == found["gcv"].shape == (2, 7, len(PENALTIES))
        errors[name] = np.asarray(found["error"])
    np.testing.assert_array_equal(errors["rfa"], errors["again"])
    for name in ("brfa", "network"):
        assert not np.allclose(errors["rfa"], errors[name], rtol=1e-3)
    # At the largest penalty all models predict nearly nothing, and so err alike on the same data.
    np.testing.assert_allclose(errors["rfa"][..., -1], errors["brfa"][..., -1], rtol=0.5)


SCALES = Scales(0.0, 2.0, 0.7, 0.3)


@pytest.mark.parametrize("model", ["attention", "network"])
@pytest.mark.parametrize("scales", [Scales(), SCALES])
def test_infinitely_many_heads_are_the_limit_of_many(model, scales):
    data = inputs()
    exact = np.asarray(limit(data, 3, model=model, scales=scales))
    options = {"model": model, "heads": 100, "block": 100, "scales": scales}
    many = jax.lax.map(lambda key: gram(key, data, 3, **options), jax.random.split(KEY, 200))
    error = np.asarray(many.std(axis=0)) / 200**0.5
    assert (np.abs(many.mean(axis=0) - exact) < 4.5 * error).all()


def test_the_primal_is_the_dual():
    rng = np.random.default_rng(1)
    phi, test = rng.normal(size=(30, 8)), rng.normal(size=(5, 8))
    labels, targets = rng.normal(size=(30, 2)), rng.normal(size=(5, 2))
    penalties = jnp.asarray([1e-3, 1e-1, 1.0])
    arrays = [jnp.asarray(part) for part in (labels, targets)]
    primal = primal_path(jnp.asarray(phi), jnp.asarray(test), *arrays, penalties)
    gram, cross = jnp.asarray(phi @ phi.T), jnp.asarray(test @ phi.T)
    dual = ridge_path(gram, cross, *arrays, penalties)
    for one, other in zip(primal, dual, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8)
    solved = ridge_errors(gram, cross, *arrays, 1e-1)
    np.testing.assert_allclose(solved, dual.error[:, 1], rtol=1e-8)


def test_a_learning_curve_turns_to_the_primal_beyond_its_width():
    small = {"heads": 4, "block": 2, "dimension": 3, "smallest": 10, "largest": 40, "test": 20}
    experiment = LearningCurve(**small, keys=2)
    found = experiment.observe(experiment.init(KEY), KEY)
    problem = experiment.problem(KEY, 40, 20)
    key = named_key(KEY, "attention")
    options = {"model": "attention", "heads": 4, "block": 2, "scales": Scales()}
    kernel = gram(key, problem.inputs, 40, **options)
    penalties = jnp.asarray(PENALTIES)
    dual = ridge_path(kernel[:40], kernel[40:], problem.labels, problem.targets, penalties)
    # the smallest penalties are round-off of a singular matrix in the dual
    np.testing.assert_allclose(found["error"][-1, :, 2:], dual.error[:, 2:], rtol=1e-6)


def test_the_constrained_fit_is_stationary_on_its_ball():
    rng = np.random.default_rng(2)
    phi, y = rng.normal(size=(10, 20)), rng.normal(size=10)
    dual, delta = norm_constrained(jnp.asarray(phi @ phi.T), jnp.asarray(y), 0.1)
    u = phi.T @ np.asarray(dual)
    assert u @ u == pytest.approx(0.1, rel=1e-10) and delta > 0
    np.testing.assert_allclose(phi.T @ (y - phi @ u), delta * u, atol=1e-9)
    dual, _ = norm_constrained(jnp.asarray(phi @ phi.T), jnp.asarray(y), 1e6)
    np.testing.assert_allclose(phi @ phi.T @ np.asarray(dual), y, atol=1e-8)


def test_a_width_curve_ends_at_the_learning_curve():
    sizes = {"keys": 2, "dimension": 3, "test": 20, "block": 3}
    width = WidthCurve(**sizes, steps=2, train=30, penalty=1e-2)
    state = width.init(KEY)
    assert np.isnan(width.observe(state, KEY)["error"]).all()
    for _ in range(2):
        state, _ = width.step(state, KEY)
    found = width.observe(state, KEY)
    index = PENALTIES.index(1e-2)
    for heads, name in ((6, "error"), (0, "limit")):
        curve = LearningCurve(**sizes, heads=heads, smallest=30, largest=30)
        whole = curve.observe(curve.init(KEY), KEY)
        if heads:
            # the learning curve is primal where n > k
            np.testing.assert_allclose(found[name], whole["error"][0, :, index], rtol=1e-6)
        else:
            np.testing.assert_allclose(found[name], whole["error"][0, :, index], rtol=1e-8)


def test_noise_is_in_the_labels_only():
    plain = LearningCurve().problem(KEY, 2000, 10)
    noisy = LearningCurve(noise_variance=0.25).problem(KEY, 2000, 10)
    np.testing.assert_array_equal(plain.targets, noisy.targets)
    assert float((noisy.labels - plain.labels).var()) == pytest.approx(0.25, rel=0.05)


def test_a_pool_keeps_trace_and_energy():
    pool = Pool(heads=0, block=1, pool=40, keys=2, dimension=3)
    found = pool.observe(pool.init(KEY), KEY)
    problem = pool.problem(KEY, 40, 0)
    np.testing.assert_allclose(found["energy"].sum(axis=0), (problem.labels**2).mean(axis=0))
    assert (np.diff(found["eigenvalue"]) <= 0).all()
