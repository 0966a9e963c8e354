"""Tasks, correlated covariates, other activations, SGD; and attention against flax's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st

from sims.icl_regression.data import (
    Prompts,
    correlated_root,
    sample_prompts,
    sample_tasks,
    supports,
)
from sims.icl_regression.metrics import task_pattern
from sims.icl_regression.model import (
    ACTIVATIONS,
    initial_attention,
    literal_forward,
    normalised,
    predict,
    tokens,
)
from sims.icl_regression.variants import SGD, Activation, Anisotropic, MultiTask

seeds = st.integers(0, 2**31 - 1)
MASKS = supports(2, 6, 4)


def tasks_of(seed, prompts=8, shared=False, length=12, noise=0.1):
    key = jax.random.key(seed)
    return sample_tasks(
        key, prompts=prompts, length=length, noise_variance=noise, masks=MASKS, shared=shared
    )


@given(seeds, st.sampled_from([1, 3]), st.booleans())
def test_attention_is_flax_attention_at_equal_weights(seed, heads, many):
    """The same layer from a standard library: no biases, width e per head, 1/sqrt(e)."""
    tasks = 2 if many else None
    dimension = 6 if many else 5
    model = initial_attention(jax.random.key(seed), heads=heads, dimension=dimension, tasks=tasks)
    prompts = (
        tasks_of(seed)
        if many
        else sample_prompts(
            jax.random.key(seed), prompts=8, dimension=5, length=12, noise_variance=0.1
        )
    )
    width, outputs = model.key.shape[-1], tasks or 1
    layer = nnx.MultiHeadAttention(
        heads,
        width,
        heads * width,
        outputs,
        use_bias=False,
        decode=False,
        rngs=nnx.Rngs(0),
    )
    for part, own in (("query", model.query), ("key", model.key), ("value", model.value)):
        getattr(layer, part).kernel[...] = own.transpose(2, 0, 1)
    output = model.output.reshape(heads, outputs, width)
    layer.out.kernel[...] = output.transpose(0, 2, 1)
    query = jnp.pad(prompts.query, ((0, 0), (0, width - dimension)))[:, None, :]
    theirs = np.asarray(layer(query, tokens(prompts)))[:, 0]
    ours = np.asarray(model(prompts)).reshape(theirs.shape)
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


@given(seeds, st.sampled_from([1, 3]))
def test_circuits_with_tasks_are_the_network(seed, heads):
    model = initial_attention(jax.random.key(seed), heads=heads, dimension=6, tasks=2)
    prompts = tasks_of(seed)
    found, literal = model(prompts), literal_forward(model, prompts)
    assert found.shape == (8, 2)
    np.testing.assert_allclose(found, literal, atol=1e-5 * np.abs(literal).max())


def test_supports_are_windows():
    assert MASKS.tolist() == [[True] * 4 + [False] * 2, [False] * 2 + [True] * 4]
    assert supports(2, 6, 6).all()
    assert supports(3, 5, 1).argmax(axis=1).tolist() == [0, 2, 4]


@pytest.mark.parametrize("shared", [False, True])
def test_moments_of_tasks(shared):
    data = tasks_of(0, prompts=40_000, shared=shared, length=3)
    error = 5 * np.sqrt(2 / 40_000)
    assert np.abs(data.target.var(axis=0) - 1).max() < 3 * error
    assert np.abs(data.labels[:, 0].var(axis=0) - 1.1).max() < 3 * error
    both = float(np.mean(np.prod(np.asarray(data.target), axis=1)))
    # With one beta the two coordinates that both tasks read carry half of each signal.
    assert abs(both - (0.5 if shared else 0.0)) < 2 * error
    # A task's label does not move with what it does not read.
    along = np.einsum("p,p,p->p", data.labels[:, 0, 0], data.target[:, 0], data.query[:, 5])
    assert abs(np.mean(along * np.asarray(data.covariates[:, 0, 5]))) < error


@given(st.floats(0, 0.95), st.integers(2, 7))
def test_the_root_makes_the_covariance(correlation, dimension):
    root = np.asarray(correlated_root(correlation, dimension))
    at = np.arange(dimension)
    wanted = correlation ** np.abs(at[:, None] - at)
    np.testing.assert_allclose(root @ root.T, wanted, atol=1e-5)


def test_labels_follow_the_covariates_that_are_seen():
    root = correlated_root(0.5, 5)
    data = sample_prompts(
        jax.random.key(0), prompts=20, dimension=5, length=30, noise_variance=0.0, root=root
    )
    for x, y, query, target in zip(*map(np.asarray, data), strict=True):
        beta = np.linalg.lstsq(x, y, rcond=None)[0]
        np.testing.assert_allclose(query @ beta, target, atol=1e-4)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_what_the_paper_compares(name):
    function = ACTIVATIONS[name]
    assert float(function(jnp.asarray(0.0))) == 1
    assert float(jax.grad(function)(0.0)) == pytest.approx(1)
    scores = jax.random.normal(jax.random.key(0), (4, 2, 9)) / 10
    weights = normalised(name)(scores)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    # To first order all of them are the softmax.
    np.testing.assert_allclose(weights, jax.nn.softmax(scores), atol=0.01)
    assert not np.allclose(weights, jax.nn.softmax(scores), atol=1e-6)


@pytest.mark.parametrize(
    "experiment",
    [
        MultiTask(heads=3, tasks=2, steps=300, log_every=300, learning_rate=0.02),
        Anisotropic(steps=300, log_every=300, learning_rate=0.02),
        Activation(activation="tanh", steps=300, log_every=300, learning_rate=0.02),
        SGD(steps=300, log_every=300, learning_rate=0.2, final_fraction=1.0, prompts=256),
    ],
    ids=["tasks", "correlated", "activation", "sgd"],
)
def test_variants_start_and_fall(experiment):
    state = experiment.init(jax.random.key(0))
    step = jax.jit(experiment.step)
    losses = []
    for index in range(300):
        state, metrics = step(state, jax.random.key(index))
        losses.append(float(metrics["loss"]))
    assert np.mean(losses[:5]) > 0.95 > 0.6 > np.mean(losses[-20:])


def test_task_metrics_of_circuits_made_by_hand():
    kq, ov = np.zeros((3, 8, 8)), np.zeros((3, 8, 2))
    omegas = np.array([[0.1] * 6, [-0.1] * 6, [0.1, 0.1, 0, 0, -0.1, -0.1]])
    mus = np.array([[2.0, 2.0], [-3.0, 0.0], [1.0, -2.0]])
    for head in range(3):
        kq[head, range(6), range(6)] = omegas[head]
        ov[head, [6, 7], [0, 1]] = mus[head]
    kq[:, :, 6:] = 9.0
    kq[2, 0, 1] = 0.1
    ov[1, 6, 1] = 0.3
    found = task_pattern(
        xarray.Dataset({"kq": (("head", "key", "query"), kq), "ov": (("head", "key", "task"), ov)})
    )
    np.testing.assert_allclose(found.steps, mus.T @ omegas, atol=1e-12)
    assert float(found.cross_label) == 0.3
    assert float(found.imbalance) == 0.0 and int(found.sharing) == 2
    weights = np.array([8, 9, 5]) / 22
    assert float(found.off_energy) == pytest.approx(weights[2] * 0.2)
    assert float(found.specialisation) == pytest.approx(weights @ [0.5, 1, 2 / 3])


def test_sgd_logs_the_speeds_of_its_factors():
    experiment = SGD(heads=2)
    state = experiment.init(jax.random.key(0))
    found = experiment.observe(state, jax.random.key(1))
    for head in range(2):
        k, q = (np.asarray(part[head]) for part in (state.model.key, state.model.query))
        v, o = (np.asarray(part[head]) for part in (state.model.value, state.model.output))
        diagonal = np.diag(k.T @ k + q.T @ q)[:5].mean()
        assert float(found["kq_rate"][head]) == pytest.approx(diagonal, rel=1e-5)
        assert float(found["ov_rate"][head]) == pytest.approx(o @ o + v[:, -1] @ v[:, -1], rel=1e-5)


def test_an_activation_reads_the_pairs_as_softmax_does():
    model = initial_attention(jax.random.key(0), heads=2, dimension=5)
    data = sample_prompts(jax.random.key(1), prompts=4, dimension=5, length=9, noise_variance=0.1)
    kq, ov = model.circuits()
    found = predict(0.01 * kq, ov, data, normalised("linear"))
    np.testing.assert_allclose(found, predict(0.01 * kq, ov, data), atol=1e-3)
    swapped = Prompts(data.covariates[:, ::-1], data.labels[:, ::-1], *data[2:])
    again = predict(0.01 * kq, ov, swapped, normalised("linear"))
    np.testing.assert_allclose(found, again, atol=1e-6)
