"""A training step of two layers against Adam on numerical gradients of a loop."""

import jax
import numpy as np
import pytest

from sims.associative_recall.one_layer import Sinks
from sims.associative_recall.prompts import NONE
from sims.associative_recall.relation import Relation
from sims.associative_recall.training import Recall
from sims.engine.errors import UserError
from sims.engine.experiment import with_settings
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


# A net of the other form, with prompts that have no answer.
OTHER = {"hidden": 3, "normed": True, "offsets": "first", "own": "first", "copies": False}
OTHER |= {"mix": "unknown"}


def mean_loss(net, prompts, form):
    total, parts = 0.0, (prompts.tokens, prompts.answer, prompts.kind)
    for row, answer, kind in zip(*(np.asarray(part) for part in parts), strict=True):
        logits = literal(net, row, **form)
        asked = logits.mean() if kind == NONE else logits[answer]
        total += np.log(np.exp(logits).sum()) - asked
    return total / len(prompts.tokens)


def rate(step):
    """Linear over the first 10 of 20 steps, then a cosine to a twentieth."""
    if step < 10:
        return 0.03 * step / 10
    return 0.03 * (0.05 + 0.95 * (1 + np.cos(np.pi * (step - 10) / 10)) / 2)


@pytest.mark.parametrize("done, settings", [(4, {}), (13, OTHER)])
def test_a_step_is_adam_on_numerical_gradients(done, settings):
    run = with_settings(RUN, **settings)
    form = run.form._asdict()
    state, step = jax.jit(run.init)(jax.random.key(1)), jax.jit(run.step)
    for key in jax.random.split(jax.random.key(2), done):
        state, _ = step(state, key)
    key = jax.random.key(3)
    prompts, moments = run.sample(key), state.memory[0]
    assert (np.asarray(prompts.kind) == NONE).any() == bool(settings)
    after, told = step(state, key)
    net = wide(state.net)
    assert float(told["loss"]) == pytest.approx(mean_loss(net, prompts, form), rel=1e-5)
    leaves = {name: leaf for name, leaf in net._asdict().items() if leaf is not None}
    assert len(leaves) == (9 if settings else 7)
    rng = np.random.default_rng(0)
    for name, leaf in leaves.items():
        # Entries at random: all of them take a loop over prompts each.
        chosen = [tuple(rng.integers(leaf.shape)) for _ in range(20)]
        gradient = []
        for at in chosen:
            sides = []
            for shift in (1e-5, -1e-5):
                moved = leaf.copy()
                moved[at] += shift
                sides.append(mean_loss(net._replace(**{name: moved}), prompts, form))
            gradient.append((sides[0] - sides[1]) / 2e-5)

        def of(tree, name=name, chosen=chosen):
            return np.array([np.asarray(getattr(tree, name))[at] for at in chosen], "float64")

        m = 0.9 * of(moments.mu) + 0.1 * np.array(gradient)
        v = 0.999 * of(moments.nu) + 0.001 * np.square(gradient)
        unbiased = m / (1 - 0.9 ** (done + 1)), v / (1 - 0.999 ** (done + 1))
        expected = of(net) - rate(done) * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
        change = np.abs(expected - of(net)).max()
        assert change > 1e-3, name
        np.testing.assert_allclose(of(after.net), expected, atol=2e-3 * change, err_msg=name)


@pytest.mark.parametrize(
    "kind, settings, message",
    [
        (Sinks, {"pairs": 5, "keys": 5}, "pairs = 5: expected at most 4"),
        (Sinks, {"pairs": 5, "values": 4}, "pairs = 5: expected at most 4"),
        (Sinks, {"start": "cancelling"}, "heads = 1 with start = cancelling: expected at least 2"),
        (Recall, {"pairs": 4, "values": 4}, "pairs = 4: expected at most 3"),
        (Recall, {"pairs": 4, "facts": 2, "novel": 2}, "pairs = 4: expected at most 3"),
        (Recall, {"width": 32, "heads": 5}, "multiple of heads = 5; the nearest valid value is 30"),
        (Relation, {"width": 32, "heads": 5}, "heads = 5; the nearest valid value is 30"),
        (Relation, {"staged": True, "hidden": 0}, "expected an MLP to train at the end"),
    ],
)
def test_sizes_that_no_prompt_has_are_refused(kind, settings, message):
    with pytest.raises(UserError, match=message):
        kind(**settings)
