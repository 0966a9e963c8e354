"""One layer against NumPy, and training against Adam written out step by step."""

import jax
import numpy as np
import pytest

from sims.associative_recall.one_layer import Sinks, attend, learned, look_up, losses
from sims.associative_recall.training import Recall


def reference_loss(net, prompts):
    """Mean loss by a loop over prompts and heads."""
    total = []
    for keys, values, query, matched in zip(*map(np.asarray, prompts), strict=True):
        logits = np.zeros(net.read.shape[-1])
        for head in range(len(net.score)):
            scores = np.append(net.score[head][query, keys], net.sink[head])
            weights = np.exp(scores) / np.exp(scores).sum()
            logits += weights[:-1] @ net.read[head][values]
        chances = np.log(np.exp(logits) / np.exp(logits).sum())
        total.append(-chances[values[0]] if matched else -chances.mean())
    return np.mean(total)


def test_losses_are_those_of_a_loop():
    run = Sinks(heads=2, keys=6, pairs=3, values=5, scale=0.8)
    net, prompts = run.init(jax.random.key(1)).net, run.sample(jax.random.key(2), 32)
    assert 0 < np.asarray(prompts.matched).mean() < 1
    wide = jax.tree.map(lambda leaf: np.asarray(leaf, "float64"), net)
    found = losses(net, prompts, sink=True).mean()
    assert float(found) == pytest.approx(reference_loss(wide, prompts), rel=1e-5)
    assert (np.asarray(attend(net, prompts, sink=False))[..., -1] == 0).all()


def test_what_was_written_down_is_read_back():
    net = look_up(4.0, 3.0, 1.5, keys=6, values=5, unlike=0.5)
    found = {name: float(value[0]) for name, value in learned(net).items()}
    assert found == pytest.approx({"match": 3.5, "sink": 1.0, "gain": 3.0}, rel=1e-5)


def adam(gradients, start, rates):
    """Adam as Kingma and Ba write it, in float64."""
    x, m, v = start.copy(), 0.0, 0.0
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        m, v = 0.9 * m + 0.1 * gradient(x), 0.999 * v + 0.001 * gradient(x) ** 2
        x = x - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return x


def test_a_few_steps_are_adam_on_numerical_gradients():
    run = Sinks(keys=3, pairs=2, values=3, prompts=8, steps=4, log_every=4, scale=0.6)
    state = run.init(jax.random.key(3))
    leaves, tree = jax.tree.flatten(state.net)
    shapes = [leaf.shape for leaf in leaves]
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]
    keys = jax.random.split(jax.random.key(4), 4)
    batches = [run.sample(key, 8) for key in keys]

    def gradient_of(batch):
        def value(x):
            parts = [p.reshape(s) for p, s in zip(np.split(x, ends), shapes, strict=True)]
            return reference_loss(jax.tree.unflatten(tree, parts), batch)

        def gradient(x):
            steps = 1e-5 * np.eye(len(x))
            return np.array([(value(x + d) - value(x - d)) / 2e-5 for d in steps])

        return gradient

    start = np.concatenate([np.asarray(leaf, "float64").ravel() for leaf in leaves])
    cosine = [0.05 + 0.95 * (1 + np.cos(np.pi * t / 4)) / 2 for t in range(4)]
    expected = adam([gradient_of(b) for b in batches], start, [0.03 * c for c in cosine])
    step = jax.jit(run.step)
    for key in keys:
        state, _ = step(state, key)
    found = np.concatenate([np.asarray(leaf).ravel() for leaf in jax.tree.leaves(state.net)])
    assert np.abs(expected - start).max() > 0.05
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_a_step_of_two_layers_lowers_the_loss_of_its_own_prompts():
    run = Recall(width=16, heads=2, facts=4, novel=4, prompts=16, steps=30, log_every=30)
    state, step = run.init(jax.random.key(0)), jax.jit(run.step)
    first = None
    for _ in range(30):
        state, told = step(state, jax.random.key(5))
        first = first or float(told["loss"])
    assert float(told["loss"]) < 0.8 * first
