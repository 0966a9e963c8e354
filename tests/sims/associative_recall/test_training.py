"""A training step of two layers against Adam on numerical gradients of a loop."""

import jax
import numpy as np
import pytest

from sims.associative_recall.one_layer import Sinks
from sims.associative_recall.training import Recall
from sims.engine.errors import UserError
from tests.sims.associative_recall.literal import literal, wide

RUN = Recall(
    heads=2,
    width=6,
    facts=2,
    novel=3,
    values=4,
    pairs=2,
    prompts=5,
    steps=20,
    log_every=20,
    follows=0.6,
    learning_rate=0.03,
)


def mean_loss(net, prompts):
    total = 0.0
    for row, answer in zip(np.asarray(prompts.tokens), np.asarray(prompts.answer), strict=True):
        logits = literal(net, row)
        total += np.log(np.exp(logits).sum()) - logits[answer]
    return total / len(prompts.tokens)


def rate(step):
    """Linear over the first 10 of 20 steps, then a cosine to a twentieth."""
    if step < 10:
        return 0.03 * step / 10
    return 0.03 * (0.05 + 0.95 * (1 + np.cos(np.pi * (step - 10) / 10)) / 2)


@pytest.mark.parametrize("done", [4, 13])
def test_a_step_is_adam_on_numerical_gradients(done):
    state, step = RUN.init(jax.random.key(1)), jax.jit(RUN.step)
    for key in jax.random.split(jax.random.key(2), done):
        state, _ = step(state, key)
    key = jax.random.key(3)
    prompts, moments = RUN.sample(key), state.memory[0]
    after, told = step(state, key)
    net = wide(state.net)
    assert float(told["loss"]) == pytest.approx(mean_loss(net, prompts), rel=1e-5)
    for name, leaf in net._asdict().items():
        gradient = np.zeros_like(leaf)
        for at in np.ndindex(leaf.shape):
            sides = []
            for shift in (1e-5, -1e-5):
                moved = leaf.copy()
                moved[at] += shift
                sides.append(mean_loss(net._replace(**{name: moved}), prompts))
            gradient[at] = (sides[0] - sides[1]) / 2e-5
        m = 0.9 * np.asarray(getattr(moments.mu, name)) + 0.1 * gradient
        v = 0.999 * np.asarray(getattr(moments.nu, name)) + 0.001 * gradient**2
        unbiased = m / (1 - 0.9 ** (done + 1)), v / (1 - 0.999 ** (done + 1))
        expected = leaf - rate(done) * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
        change = np.abs(expected - leaf).max()
        assert change > 1e-3, name
        found = np.asarray(getattr(after.net, name))
        np.testing.assert_allclose(found, expected, atol=2e-3 * change, err_msg=name)


@pytest.mark.parametrize(
    "kind, settings, message",
    [
        (Sinks, {"pairs": 5, "keys": 5}, "pairs = 5: expected at most 4"),
        (Sinks, {"pairs": 5, "values": 4}, "pairs = 5: expected at most 4"),
        (Sinks, {"start": "cancelling"}, "heads = 1 with start = cancelling: expected at least 2"),
        (Recall, {"pairs": 4, "values": 4}, "pairs = 4: expected at most 3"),
        (Recall, {"pairs": 4, "facts": 2, "novel": 2}, "pairs = 4: expected at most 3"),
        (Recall, {"width": 32, "heads": 5}, "multiple of heads = 5; the nearest valid value is 30"),
    ],
)
def test_sizes_that_no_prompt_has_are_refused(kind, settings, message):
    with pytest.raises(UserError, match=message):
        kind(**settings)
