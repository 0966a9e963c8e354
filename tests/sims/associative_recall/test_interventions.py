"""Prompts, the forward pass, and interventions on nets whose circuit is known."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.associative_recall import interventions
from sims.associative_recall.by_hand import written_down
from sims.associative_recall.prompts import (
    AGREE,
    CONFLICT,
    CONTEXT,
    KEYS,
    MEMORY,
    MIXES,
    NONE,
    Task,
    sample_prompts,
)
from sims.associative_recall.transformer import Form, initial_transformer
from tests.sims.associative_recall.literal import forward, literal, states, wide

# One program each: operation by operation they take seconds to compile.
_NAMES = ("cut", "patched", "contributions", "compressed", "without_sink")
act = types.SimpleNamespace(
    **{name: jax.jit(getattr(interventions, name)) for name in _NAMES},
    path_patched=jax.jit(interventions.path_patched, static_argnames="direct"),
)
TASK = Task(facts=5, novel=6, values=8, pairs=3)
HAND = written_down(TASK, copy=60.0, strength=10.0, aversion=5.0, gain=7.0, memory=5.0)


def drawn(kind, seed=0, prompts=24):
    return sample_prompts(jax.random.key(seed), TASK, prompts, 0.7, kind)


def random_net(seed=0, layers=2, hidden=0):
    net = initial_transformer(
        jax.random.key(seed),
        tokens=TASK.tokens,
        answers=8,
        layers=layers,
        heads=2,
        width=12,
        hidden=hidden,
    )
    return net._replace(bias=jax.random.normal(jax.random.key(seed + 9), net.bias.shape))


def heads(*chosen):
    return jnp.zeros((2, 2)).at[tuple(zip(*chosen, strict=True))].set(1.0)


def accuracy(logits, answers):
    return float((logits.argmax(axis=1) == answers).mean())


@pytest.mark.parametrize("kind", range(5))
def test_prompts_are_what_their_kind_says(kind):
    prompts, table = drawn(kind, prompts=200), TASK.table()
    for row, needle, held, fact, answer in zip(
        *(np.asarray(part) for part in (prompts.tokens, *prompts[2:])), strict=True
    ):
        keys, values, query = row[1:-2:2] - KEYS, row[2:-2:2] - KEYS - TASK.keys, row[-2] - KEYS
        assert len(set(keys)) == len(set(values)) == 3 and (values >= 0).all()
        assert (query in keys) == (kind not in (MEMORY, NONE))
        assert (query < 5) == (kind not in (CONTEXT, NONE))
        if query in keys:
            assert row[needle - 1] - KEYS == query and row[needle] - KEYS - TASK.keys == held
        if query < 5:
            assert fact == table[query] and (fact in values) == (kind == AGREE)
        asked = {CONTEXT: (held,), MEMORY: (fact,), CONFLICT: (held, fact), NONE: (0,)}
        assert answer in (asked | {AGREE: (fact,) if fact == held else ()})[kind]
    if kind == CONFLICT:
        follows = float((prompts.answer == prompts.held).mean())
        assert abs(follows - 0.7) < 4 * (0.21 / 200) ** 0.5


@pytest.mark.parametrize("mix", MIXES)
def test_a_mix_has_its_shares(mix):
    prompts = sample_prompts(jax.random.key(3), TASK, 4000, 0.7, mix=mix)
    found = np.bincount(prompts.kind, minlength=5) / 4000
    expected = np.array([MIXES[mix].get(kind, 0.0) for kind in range(5)])
    assert expected.sum() == pytest.approx(1)
    assert (np.abs(found - expected) <= 4 * (expected * (1 - expected) / 4000) ** 0.5).all()


@pytest.mark.parametrize(
    "form, hidden",
    [
        (Form(), 0),
        (Form(True, "first", "first"), 5),
        (Form(True, "all", "none"), 0),
        (Form(own="none", copies=False), 5),
    ],
)
def test_forward_is_the_net_as_written(form, hidden):
    net, prompts = random_net(layers=3, hidden=hidden), drawn(CONFLICT, prompts=4)
    changes = np.random.default_rng(0).normal(size=(3, 9, 12))
    trace = forward(net, prompts.tokens, form, added=jnp.asarray(changes, "float32"))
    assert len(trace.mlps) == (3 if hidden else 0)
    for at, row in enumerate(np.asarray(prompts.tokens)):
        asked = form._asdict() | {"changes": changes}
        expected, attention = states(wide(net), row, **asked)
        np.testing.assert_allclose(trace.logits[at], literal(wide(net), row, **asked), atol=2e-5)
        for layer in range(3):
            np.testing.assert_allclose(trace.streams[layer][at], expected[layer], atol=2e-5)
            queries = trace.attention[layer].shape[2]
            own = attention[layer][:, 9 - queries :]
            np.testing.assert_allclose(trace.attention[layer][at], own, atol=1e-5)


def test_mlps_can_be_cut_and_logits_are_the_sum_of_all_parts():
    net, prompts = random_net(hidden=5), drawn(CONTEXT)

    def left(net, *kept):
        return np.asarray(forward(net, prompts.tokens, mlps=jnp.array(kept)).logits)

    whole, bare = left(net, 1.0, 1.0), net._replace(outward=net.outward.at[0].set(0.0))
    np.testing.assert_allclose(left(net, 0.0, 1.0), left(bare, 1.0, 1.0), atol=1e-6)
    assert np.abs(left(net, 0.0, 1.0) - whole).max() > 0.05
    parts = act.contributions(net, prompts.tokens)
    assert len(parts) == 1 + 4 + 2
    np.testing.assert_allclose(parts.sum(axis=0), whole, rtol=1e-4, atol=1e-5)
    last = left(net, 1.0, 0.0)
    np.testing.assert_allclose(parts[:-1].sum(axis=0), last, rtol=1e-4, atol=1e-5)
    for at, row in enumerate(np.asarray(prompts.tokens)[:3]):
        np.testing.assert_allclose(whole[at], literal(wide(net), row), atol=2e-5)


def test_the_written_down_net_recalls_and_its_heads_do_what_they_should():
    context, memory, conflict = (drawn(kind) for kind in (CONTEXT, MEMORY, CONFLICT))
    none, induction, store, sender = heads((0, 1)), heads((1, 0)), heads((1, 1)), heads((0, 0))
    assert accuracy(act.cut(HAND, context.tokens, none), context.answer) == 1
    assert accuracy(act.cut(HAND, memory.tokens, none), memory.answer) == 1
    assert accuracy(act.cut(HAND, memory.tokens, induction), memory.answer) == 1
    assert accuracy(act.cut(HAND, context.tokens, induction), context.answer) < 0.6
    assert accuracy(act.cut(HAND, conflict.tokens, none), conflict.held) == 1
    assert accuracy(act.cut(HAND, conflict.tokens, induction), conflict.fact) == 1
    assert accuracy(act.cut(HAND, context.tokens, store), context.answer) == 1
    assert accuracy(act.cut(HAND, context.tokens, sender), context.answer) < 0.6
    trace = forward(HAND, context.tokens)
    scores = interventions.retrieval(trace.attention, context.needle)
    assert scores[1, 0] == 1 and scores[0, 0] < 0.5 and scores[1, 1] == 0
    assert interventions.previous_mass(trace.attention)[0, 0] > 0.99


def test_path_patching_is_patching_where_all_paths_are_open():
    net, here, other = random_net(), drawn(CONFLICT).tokens, drawn(CONFLICT, 1).tokens
    senders, every = jnp.array([1.0, 0.0]), jnp.ones((3, 2))
    whole = act.patched(net, here, other, heads((0, 0)))
    opened = act.path_patched(net, here, other, senders, every, 1.0)
    np.testing.assert_allclose(opened, whole, atol=1e-5)
    plain = forward(net, here).logits
    shut = act.path_patched(net, here, other, senders, 0 * every, 0.0)
    np.testing.assert_allclose(shut, plain, atol=1e-5)
    assert np.abs(whole - plain).max() > 0.05


def test_the_copied_token_reaches_the_needle_through_queries_and_keys_only():
    here, other = drawn(CONTEXT), drawn(CONTEXT, 1)
    senders, plain = jnp.array([1.0, 0.0]), forward(HAND, here.tokens).logits
    for reader, breaks in enumerate((True, True, False)):
        receivers = jnp.zeros((3, 2)).at[reader, 0].set(1.0)
        logits = act.path_patched(HAND, here.tokens, other.tokens, senders, receivers, 0.0)
        assert (accuracy(logits, here.answer) < 0.8) == breaks
    direct = act.path_patched(HAND, here.tokens, other.tokens, senders, jnp.zeros((3, 2)), 1.0)
    np.testing.assert_allclose(direct, plain, atol=1e-5)


def test_contributions_of_the_written_down_heads_are_their_gains():
    prompts = drawn(CONFLICT)
    parts = act.contributions(HAND, prompts.tokens)
    at = np.arange(24)
    np.testing.assert_allclose(parts[4, at, prompts.fact], 5.0, rtol=1e-5)
    assert (np.abs(parts[:3]) < 1e-6).all()
    needle = np.exp(10.0) / (np.exp(10.0) * (1 + np.exp(-5.0)) + 7)
    np.testing.assert_allclose(parts[3, at, prompts.held], 7 * needle, rtol=1e-4)


def test_compression_is_the_best_of_its_rank():
    net, every = random_net(), jnp.ones((2, 2))
    circuit = np.einsum("lhde,lhfe->lhdf", net.query, net.key)
    sizes = np.linalg.svd(circuit, compute_uv=False)
    for rank in (2, 6):
        made = act.compressed(net, rank, every)
        error = np.einsum("lhde,lhfe->lhdf", made.query, made.key) - circuit
        found = np.linalg.norm(error, axis=(2, 3))
        np.testing.assert_allclose(found, np.sqrt((sizes[..., rank:] ** 2).sum(-1)), atol=1e-5)
    only = act.compressed(net, 2, heads((1, 0)))
    np.testing.assert_array_equal(only.query[0], net.query[0])


def test_a_closed_first_token_gets_nothing_and_the_rest_fills_up():
    net, prompts = random_net(), drawn(CONTEXT)
    trace = forward(net, prompts.tokens, closed=heads((0, 1)))
    plain = forward(net, prompts.tokens)
    assert (trace.attention[0][:, 1, 1:, 0] == 0).all()
    assert (trace.attention[0][:, 1, 0, 0] == 1).all()
    expected = plain.attention[0][:, 1, 3, 1:] / (1 - plain.attention[0][:, 1, 3, :1])
    np.testing.assert_allclose(trace.attention[0][:, 1, 3, 1:], expected, rtol=1e-4)
    closed = act.without_sink(net, prompts.tokens, heads((0, 1)))
    np.testing.assert_array_equal(closed, trace.logits)
