"""Facts about subjects: prompts, staged training, and what parts of a net add to the answer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from sims.associative_recall import relation
from sims.associative_recall.relation import (
    ANSWERS,
    NOISE,
    RELATIONS,
    SUBJECTS,
    Relation,
    sample_facts,
    table,
)
from sims.engine.experiment import named_key
from tests.sims.associative_recall.literal import literal, wide

SMALL = {"layers": 2, "heads": 2, "width": 8, "hidden": 5}


def test_a_prompt_holds_one_subject_and_a_relation():
    prompts = sample_facts(jax.random.key(0), 500, 0.3)
    tokens, facts = np.asarray(prompts.tokens), table()
    assert facts.shape == (SUBJECTS, RELATIONS)
    assert (tokens[:, 0] == 0).all()
    middle = tokens[:, 1:-1]
    subject = (middle >= 1) & (middle < 1 + SUBJECTS)
    assert (subject.sum(axis=1) == 1).all() and subject.any(axis=0).all()
    noise = middle[~subject]
    assert set(noise) == set(range(1 + SUBJECTS, 1 + SUBJECTS + NOISE))
    asked = tokens[:, -1] - 1 - SUBJECTS - NOISE
    assert set(asked) == set(range(RELATIONS))
    np.testing.assert_array_equal(prompts.answer, facts[middle[subject] - 1, asked])
    wrong = float((prompts.label != prompts.answer).mean())
    expected = 0.3 * (1 - 1 / ANSWERS)
    assert abs(wrong - expected) < 4 * (expected * (1 - expected) / 500) ** 0.5
    assert len(set(np.asarray(prompts.label))) == ANSWERS


def step_of(run, done):
    state, step = jax.jit(run.init)(jax.random.key(0)), jax.jit(run.step)
    for key in jax.random.split(jax.random.key(1), done):
        state, _ = step(state, key)
    key = jax.random.key(2)
    after, told = step(state, key)
    return state, after, told, key


def changed(state, after):
    """Which arrays moved, layer by layer for the MLPs."""
    moved = {}
    for name, old in state.net._asdict().items():
        new = getattr(after.net, name)
        if name in ("inward", "outward"):
            moved |= {f"{name} {at}": bool((old[at] != new[at]).any()) for at in range(len(old))}
        else:
            moved[name] = bool((old != new).any())
    return moved


@pytest.mark.parametrize("done, late", [(5, False), (12, True)])
def test_each_half_of_staged_training_moves_its_part_on_its_labels(done, late):
    run = Relation(staged=True, noise=0.9, steps=20, log_every=10, prompts=40, **SMALL)
    state, after, told, key = step_of(run, done)
    found = changed(state, after)
    last = {name for name in found if name in ("inward 1", "outward 1")}
    assert {name for name, moved in found.items() if moved} == (last if late else set(found) - last)
    prompts, net = sample_facts(key, 40, 0.9 if late else 0.0), wide(state.net)
    net = net if late else net._replace(outward=net.outward * np.array([1, 0])[:, None, None])
    total = 0.0
    for row, label in zip(np.asarray(prompts.tokens), np.asarray(prompts.label), strict=True):
        logits = literal(net, row)
        total += np.log(np.exp(logits).sum()) - logits[label]
    assert float(told["loss"]) == pytest.approx(total / 40, rel=1e-5)


def test_joint_training_moves_all_on_noisy_labels():
    run = Relation(noise=0.9, steps=20, log_every=10, prompts=40, **SMALL)
    state, after, told, key = step_of(run, 5)
    assert all(changed(state, after).values())
    prompts = sample_facts(key, 40, 0.9)
    assert (prompts.label != prompts.answer).mean() > 0.5
    losses = []
    for row, label in zip(np.asarray(prompts.tokens), np.asarray(prompts.label), strict=True):
        logits = literal(wide(state.net), row)
        losses.append(np.log(np.exp(logits).sum()) - logits[label])
    assert float(told["loss"]) == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_rate_of_each_half_rises_and_falls():
    run = Relation(staged=True, steps=200, learning_rate=0.02, **SMALL)
    memory = run.descent().init(jnp.ones(1))
    sizes = []
    update = jax.jit(run.descent().update)
    for _ in range(200):
        change, memory = update(jnp.ones(1), memory)
        sizes.append(-float(change[0]))
    assert sizes[0] == sizes[100] == 0 and sizes[50] == pytest.approx(0.02, rel=1e-3)
    assert sizes[150] == pytest.approx(0.02, rel=1e-3) and sizes[99] < 0.0015
    np.testing.assert_allclose(sizes[:100], sizes[100:], rtol=1e-3, atol=1e-7)


def test_margins_are_log_odds_against_one_other_answer():
    logits = np.random.default_rng(0).normal(size=(3, ANSWERS))
    answer = np.array([0, 7, 15])
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    right = chances[np.arange(3), answer]
    expected = np.log(right / ((1 - right) / (ANSWERS - 1)))
    np.testing.assert_allclose(
        relation.margins(jnp.asarray(logits), jnp.asarray(answer)), expected, rtol=1e-5
    )
    others = [(logits[i].sum() - logits[i, a]) / (ANSWERS - 1) for i, a in enumerate(answer)]
    np.testing.assert_allclose(
        relation.apart(jnp.asarray(logits), jnp.asarray(answer)),
        logits[np.arange(3), answer] - others,
        rtol=1e-5,
    )


@pytest.mark.parametrize("hidden", [0, 5])
def test_parts_are_what_cuts_take_away(monkeypatch, hidden):
    settings = SMALL | {"hidden": hidden}
    run = Relation(**settings)
    net = jax.jit(run.init)(jax.random.key(4)).net
    state = relation.State(jax.tree.map(lambda leaf: np.asarray(leaf)[None], net), (), ())
    monkeypatch.setattr(relation, "state_of", lambda data: state)
    about = {"class": "sims.associative_recall.relation:Relation", **settings}
    data = xarray.Dataset({"diverged": ("seed", [False])}, {"seed": [0]}, about)
    found = relation.parts(data, prompts=30).isel(seed=0)
    asked = sample_facts(named_key(jax.random.key(0), "asked"), 30, 0.0)
    at, answer, rows = np.arange(30), np.asarray(asked.answer), np.asarray(asked.tokens)

    def logits(net):
        return np.array([literal(net, row) for row in rows])

    def apart(of):
        return (of[at, answer] - of.mean(axis=1)) * ANSWERS / (ANSWERS - 1)

    def right(net):
        return (logits(net).argmax(axis=1) == answer).mean()

    whole, plain = wide(net), logits(wide(net))
    chances = np.exp(plain) / np.exp(plain).sum(axis=1, keepdims=True)
    odds = chances[at, answer] / (1 - chances[at, answer])
    assert found.margin == pytest.approx(np.log(odds * (ANSWERS - 1)).mean(), rel=1e-4)
    assert found.accuracy == pytest.approx((plain.argmax(axis=1) == answer).mean())
    embedding = apart(whole.embed[rows[:, -1]] @ whole.unembed)
    assert found.embedding == pytest.approx(embedding.mean(), rel=1e-4)
    headless = whole._replace(output=0 * whole.output)
    assert found.without_heads == pytest.approx(right(headless))
    total = found.embedding + found.attention.sum() + found.mlp.sum()
    assert float(total) == pytest.approx(apart(plain).mean(), rel=1e-4)
    if not hidden:
        assert (found.mlp == 0).all() and found.without_mlp == found.accuracy
        return
    late = whole._replace(outward=whole.outward * np.array([1, 0])[:, None, None])
    change = apart(plain) - apart(logits(late))
    assert found.mlp.values[1] == pytest.approx(change.mean(), rel=1e-3, abs=1e-5)
    assert 0 < found.lowers < 1 and found.lowers == pytest.approx((change < 0).mean())
    assert found.without_mlp == pytest.approx(right(whole._replace(outward=0 * whole.outward)))
