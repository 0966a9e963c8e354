"""Roles of heads read off nets whose circuit is written down, and explicit sums."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from sims.associative_recall import circuits
from sims.associative_recall import interventions as act
from sims.associative_recall.by_hand import written_down
from sims.associative_recall.prompts import CONFLICT, CONTEXT, Task, sample_prompts
from sims.associative_recall.training import State
from sims.associative_recall.transformer import initial_transformer
from tests.sims.associative_recall.literal import forward

SIZES = {"facts": 5, "novel": 6, "values": 8, "pairs": 3}
TASK = Task(**SIZES)
HAND = written_down(TASK, copy=60.0, strength=10.0, aversion=5.0, gain=7.0, memory=5.0)
SENDER, RETRIEVER, STORE, IDLE = (0, 0), (1, 0), (1, 1), (0, 1)


def drawn(seed):
    net = initial_transformer(
        jax.random.key(seed), tokens=TASK.tokens, answers=8, layers=2, heads=2, width=12
    )
    return net._replace(bias=jax.random.normal(jax.random.key(seed + 9), net.bias.shape))


@pytest.fixture
def read(monkeypatch):
    """An analysis of nets that are given, by its function."""

    def of(function, nets, **asked):
        stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *nets)
        monkeypatch.setattr(circuits, "state_of", lambda data: State(stacked, ()))
        about = {"class": "sims.associative_recall.training:Recall", **SIZES}
        about |= {"layers": 2, "heads": 2, "width": 12}
        seeds = list(range(len(nets)))
        data = xarray.Dataset({"diverged": ("seed", [False] * len(nets))}, {"seed": seeds}, about)
        return function(data, **asked)

    return of


def test_roles_of_the_written_down_heads(read):
    found = read(circuits.roles, [HAND], prompts=200, draws=8, most=2).isel(seed=0)
    assert found.context == found.memory == 1
    scores, alone = found.retrieval.values, found.alone.values
    assert scores[RETRIEVER] == 1 and max(scores[SENDER], scores[STORE], scores[IDLE]) < 0.5
    assert alone[SENDER] < 0.6 and alone[RETRIEVER] < 0.6 and alone[STORE] == alone[IDLE] == 1
    assert found.previous.values[SENDER] > 0.99
    np.testing.assert_array_equal(circuits.senders(scores, alone), [[1, 0], [0, 0]])
    by_score, others, spared = circuits.ORDERS
    assert found.own_context.sel(order=by_score) == alone[RETRIEVER]
    assert found.own_memory.sel(order=by_score) == 1
    assert found.own_context.sel(order=spared) == 1
    assert found.cut_context.sel(order=spared, cut=0) == 1
    assert found.cut_memory.sel(order=spared, cut=2) < 0.4
    # One of three at random is the sender in some of eight draws, and in others not.
    assert alone[SENDER] < found.own_context.sel(order=others) < 1
    assert found.cut_context.sel(order=by_score, cut=1) == alone[RETRIEVER]


def test_heads_are_cut_in_order_among_those_that_may_be():
    order = jnp.array([[0.3, 0.1], [0.2, 0.4]])
    allowed = jnp.array([[1.0, 0.0], [1.0, 1.0]])
    chosen = [circuits.cut_first(order, allowed, count).tolist() for count in range(5)]
    assert chosen[1] == [[0, 0], [1, 0]] and chosen[2] == [[1, 0], [1, 0]]
    assert chosen[0] == [[0, 0], [0, 0]] and chosen[3] == chosen[4] == allowed.tolist()


def test_conflicts_of_the_written_down_heads(read):
    found = read(circuits.conflicts, [HAND], prompts=200).isel(seed=0)
    needle = np.exp(10.0) / (np.exp(10.0) * (1 + np.exp(-5.0)) + 7)
    direct = found.direct.values
    assert direct[STORE] == pytest.approx(-5, rel=1e-4)
    assert direct[RETRIEVER] == pytest.approx(7 * needle, rel=1e-3)
    assert abs(direct[SENDER]) < 1e-5
    difference = found.difference.item()
    assert difference == pytest.approx(7 * needle - 5, rel=1e-3)
    assert found.chance == pytest.approx(1 / (1 + np.exp(-difference)), abs=0.01)
    assert found.answers == 1 and found.context == found.memory == 1
    assert found.cut_difference.values[RETRIEVER[1]] == pytest.approx(-5, rel=1e-4)
    assert found.cut_answers.values[RETRIEVER[1]] == found.cut_favours.values[RETRIEVER[1]] == 0
    assert found.cut_answers.values[STORE[1]] == found.cut_context.values[STORE[1]] == 1
    assert found.cut_memory.values[STORE[1]] < 0.4


def test_the_effect_of_a_late_head_is_its_contribution_less_another_prompt_s(read):
    net, asked = drawn(3), 150
    found = read(circuits.conflicts, [net], prompts=asked).isel(seed=0)
    kinds = {"conflict": CONFLICT, "other": CONFLICT}
    here, other = (circuits.fresh(TASK, kind, asked, name) for name, kind in kinds.items())
    assert (np.asarray(here.tokens) != np.asarray(other.tokens)).any(axis=1).mean() > 0.9
    at, added = np.arange(asked), jax.jit(act.contributions)
    for head in range(2):
        own, foreign = (np.asarray(added(net, p.tokens)[3 + head]) for p in (here, other))
        apart = [part[at, here.held] - part[at, here.fact] for part in (own, foreign)]
        assert found.direct.values[1, head] == pytest.approx(apart[0].mean(), abs=1e-5)
        assert found.effect.values[1, head] == pytest.approx((apart[0] - apart[1]).mean(), abs=1e-4)
    early = [
        jax.jit(act.patched)(net, here.tokens, other.tokens, jnp.zeros((2, 2)).at[0, 1].set(1.0))
    ]
    early.append(forward(net, here.tokens).logits)
    left, whole = (
        np.asarray(logits)[at, here.held] - np.asarray(logits)[at, here.fact] for logits in early
    )
    assert found.effect.values[0, 1] == pytest.approx((whole - left).mean(), abs=1e-4)


def test_scores_at_other_lengths_and_without_an_order(read):
    found = read(circuits.lengths, [HAND], pairs=[2, 5], prompts=100, offsets=True).isel(seed=0)
    assert (found.context == 1).all() and (found.retrieval.values[:, 1, 0] == 1).all()
    blind = read(circuits.lengths, [HAND], pairs=[2, 5], prompts=100, offsets=False).isel(seed=0)
    assert blind.context.sel(pairs=5) < 0.6
    scores = read(circuits.lengths, [drawn(1)], pairs=[4], prompts=100, offsets=True).retrieval
    longer = circuits.fresh(TASK._replace(pairs=4), CONTEXT, 100, "pairs 4")
    assert longer.tokens.shape[1] == 11
    expected = act.retrieval(forward(drawn(1), longer.tokens).attention, longer.needle)
    np.testing.assert_allclose(scores.values[0, 0], expected, atol=1e-6)


def test_compression_touches_heads_that_retrieve_and_no_others(read):
    full = HAND.query.shape[-1]
    found = read(circuits.compression, [HAND], ranks=[1, full], prompts=100).isel(seed=0)
    assert found.context.sel(rank=full) == 1 and found.context.sel(rank=1) < 0.7
    # A net whose attention is uniform has no head above one half: nothing is compressed.
    flat = drawn(2)._replace(query=0 * drawn(2).query)
    same = read(circuits.compression, [flat], ranks=[1, 6], prompts=100)
    assert same.context.values[0, 0] == same.context.values[0, 1]


def test_accuracy_and_margin_are_counted():
    prompts = sample_prompts(jax.random.key(0), TASK, 3, 0.5, CONFLICT)
    logits = np.random.default_rng(0).normal(size=(3, 8))
    apart = [logits[i, prompts.held[i]] - logits[i, prompts.fact[i]] for i in range(3)]
    np.testing.assert_allclose(circuits.margin(jnp.asarray(logits), prompts), apart, rtol=1e-6)
    answers = jnp.asarray([logits[0].argmax(), logits[1].argmin(), logits[2].argmax()])
    assert float(circuits.accuracy(jnp.asarray(logits), answers)) == pytest.approx(2 / 3)
