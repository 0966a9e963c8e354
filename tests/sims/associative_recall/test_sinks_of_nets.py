"""Sinks of deeper nets, doses and agreement, on nets that are written down or drawn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from sims.associative_recall import agreement, circuits, middle_mlp, secondary, sink_choice
from sims.associative_recall.by_hand import written_down
from sims.associative_recall.prompts import AGREE, CONTEXT, KEYS, NONE, Task
from sims.associative_recall.training import State
from sims.associative_recall.transformer import (
    OFFSETS,
    Form,
    Trace,
    Transformer,
    initial_transformer,
)
from tests.sims.associative_recall.literal import forward, states, wide

SIZES = {"facts": 5, "novel": 6, "values": 8, "pairs": 3}
TASK = Task(**SIZES)
LENGTH = 9


@pytest.fixture
def read(monkeypatch):
    """An analysis of a net, or of several at once, by its function."""

    def of(function, net, module, form, **asked):
        several = net if isinstance(net, list) else [net]
        stacked, net = jax.tree.map(lambda *leaves: np.stack(leaves), *several), several[0]
        monkeypatch.setattr(module, "state_of", lambda data: State(stacked, ()))
        about = {"class": "sims.associative_recall.training:Recall", **SIZES, **form._asdict()}
        layers, heads, width, _ = net.query.shape
        about |= {"layers": layers, "heads": heads, "width": width}
        about |= {"hidden": 0 if net.inward is None else net.inward.shape[-1]}
        seeds = list(range(len(several)))
        data = xarray.Dataset({"diverged": ("seed", [False] * len(seeds))}, {"seed": seeds}, about)
        found = function(data, **asked)
        return found if len(seeds) > 1 else found.isel(seed=0)

    return of


def drawn(seed=0, layers=2, hidden=0):
    net = initial_transformer(
        jax.random.key(seed),
        tokens=TASK.tokens,
        answers=8,
        layers=layers,
        heads=3,
        width=12,
        hidden=hidden,
    )
    # Scores that are not all alike, so that some head has its largest attention on the needle.
    return net._replace(
        query=4 * net.query, bias=jax.random.normal(jax.random.key(seed + 9), net.bias.shape)
    )


def rows(kind, name, prompts):
    return np.asarray(circuits.fresh(TASK, kind, prompts, name).tokens)


def test_the_stronger_route_wins(read):
    gains = ((9.0, 5.0), (5.0, 9.0))
    nets = [
        written_down(TASK, copy=60.0, strength=12.0, aversion=9.0, gain=gain, memory=memory)
        for gain, memory in gains
    ]
    # In the last one no answer is right more often than by chance.
    nets.append(nets[0]._replace(unembed=-nets[0].unembed))
    found = read(agreement.winners, nets, agreement, Form(), prompts=100)
    assert found.agree.values.tolist() == [1, 1, 0]
    assert found.context.values[:2].tolist() == [1, 0]
    assert found.fact.values[:2].tolist() == [0, 1]
    same = circuits.fresh(TASK, AGREE, 100, "agree")
    assert (same.held == same.fact).all()


def test_attention_of_the_heads_that_retrieve(read):
    net, asked, form = drawn(1), 40, Form(True, "first", "none")
    found = read(sink_choice.attended, net, sink_choice, form, prompts=asked)
    here = circuits.fresh(TASK, CONTEXT, asked, "context")
    literal = {}
    for name, kind in (("context", CONTEXT), ("none", NONE)):
        each = [
            states(wide(net), row, **form._asdict())[1][-1][:, -1]
            for row in rows(kind, name, asked)
        ]
        literal[name] = np.array(each)
    scores = (literal["context"].argmax(-1) == np.asarray(here.needle)[:, None]).mean(0)
    assert (scores <= circuits.RETRIEVES).all()  # no head retrieves: all of them count
    for name, weights in literal.items():
        np.testing.assert_allclose(
            found.attention.sel(kind=name), weights.mean(axis=(0, 1)), atol=1e-5
        )


def test_heads_that_do_not_retrieve_do_not_count(read):
    net = written_down(TASK, copy=60.0, strength=10.0, aversion=5.0, gain=7.0, memory=5.0)
    found = read(sink_choice.attended, net, sink_choice, Form(), prompts=40)
    # The store attends to the last token alone; the induction head shares without a match.
    assert found.context == 1
    seen = found.attention.sel(kind="none").values
    needle = np.exp(10.0)
    own = np.exp(10.0 - 5.0)
    np.testing.assert_allclose(seen[-1], own / (own + LENGTH - 1), rtol=1e-4)
    total = needle + own + LENGTH - 2
    assert found.attention.sel(kind="context").values[-1] == pytest.approx(own / total, rel=1e-3)


def test_a_dose_is_added_to_one_state_of_the_last_layer(read):
    net, asked, form = drawn(2, hidden=4), 20, Form(True, "first", "none")
    doses = [0.0, 3.0]
    found = read(sink_choice.dosed, net, sink_choice, form, doses=doses, prompts=asked)
    none = rows(NONE, "none", asked)
    before = np.array([states(wide(net), row, **form._asdict())[0][1] for row in none]).mean(0)
    for token, place in (("key", 5), ("value", 6)):
        for direction, end in (("first", 0), ("last", -1)):
            for dose in doses:
                changes = np.zeros((2, LENGTH, 12))
                changes[1, place] = dose * before[end] / np.linalg.norm(before[end])
                expected = [
                    states(wide(net), row, **form._asdict(), changes=changes)[1][1][:, -1, place]
                    for row in none
                ]
                at = found.attention.sel(token=token, direction=direction, dose=dose)
                assert float(at) == pytest.approx(np.mean(expected), abs=1e-5)
    assert found.norm == pytest.approx(np.linalg.norm(before[0]), rel=1e-4)


MARKED = KEYS + 7  # a novel key


def with_sink(copied):
    """Three layers whose last token looks for states along the first token's embedding.

    Args:
        copied: the first layer's head copies the token before at offset 1 and multiplies what it
            finds of the first token; otherwise its MLP adds the first token's direction to MARKED.
    """
    count = TASK.tokens
    width, basis = count, np.eye(TASK.tokens)
    parts = {name: np.zeros((3, 1, width, 1)) for name in ("query", "key", "value")}
    parts["query"][:, 0, 1, 0] = 1.0  # LAST asks
    parts["key"][:, 0, 0, 0] = 0.3
    output, bias = np.zeros((3, 1, 1, width)), np.zeros((3, 1, OFFSETS))
    inward, outward = np.zeros((3, width, 1)), np.zeros((3, 1, width))
    if copied:
        bias[0, 0, 1] = 40.0
        parts["value"][0, 0, 0, 0], output[0, 0, 0, 0] = 1.0, 5.0
    else:
        inward[0, MARKED, 0], outward[0, 0, 0] = 1.0, 5.0
    arrays = {**parts, "output": output, "bias": bias, "inward": inward, "outward": outward}
    arrays |= {"embed": basis, "unembed": np.zeros((width, 8))}
    return Transformer(**{name: jnp.asarray(part, "float32") for name, part in arrays.items()})


def test_a_sink_that_an_mlp_makes(read):
    found = read(secondary.secondary_sinks, with_sink(False), secondary, Form(), prompts=60)
    tokens = rows(NONE, "none", 60)[:, 1:]
    here = (tokens == MARKED).mean(axis=0)
    here[-2:] = 0  # what is asked stands behind the pairs, and LAST is no key
    assert here.max() > 0.05
    seen = (tokens[:, -2] == MARKED).mean()
    for name in ("sinks", "made", "own"):
        values = found[name].sel(layer=2).values
        np.testing.assert_allclose(values[:-2], here[:-2], atol=1e-6)
        assert values[-2] == pytest.approx(seen) and values[-1] == 0
    np.testing.assert_allclose(found.sinks.sel(layer=3), found.sinks.sel(layer=2))
    # The second layer's MLP does nothing, and the token already pointed there.
    assert (found.made.sel(layer=3) == 0).all()
    assert found.before.sel(layer=2).max() < 1e-6
    cosine = 5 / 26**0.5
    expected = cosine * np.append(here[:-2], (seen, 0))
    np.testing.assert_allclose(found.cosine.sel(layer=2), expected, atol=1e-6)


def test_sinks_are_told_by_the_key_before(read):
    net = with_sink(False)
    value = KEYS + TASK.keys + 2
    # The MLP finds one value, whatever key is before it, but for keys with a fact.
    inward = np.zeros((3, TASK.tokens, 1))
    inward[0, value, 0], inward[0, KEYS : KEYS + TASK.facts, 0] = 1.0, -1.0
    value_copy = np.zeros((3, 1, TASK.tokens, 1))
    value_copy[0, 0, KEYS : KEYS + TASK.facts, 0] = 1.0
    bias, output = np.zeros((3, 1, OFFSETS)), np.zeros((3, 1, 1, TASK.tokens))
    # The head of layer 1 marks what stands behind a key with a fact on LAST's axis, for the MLP.
    bias[0, 0, 1], output[0, 0, 0, 1], inward[0, 1, 0] = 40.0, 1.0, -1.0
    made = {"inward": inward, "bias": bias, "value": value_copy, "output": output}
    net = net._replace(**{name: jnp.asarray(part, "float32") for name, part in made.items()})
    found = read(secondary.secondary_sinks, net, secondary, Form(), prompts=60).sel(layer=2)
    tokens = rows(NONE, "none", 60)
    values, keys = tokens[:, 2:-2:2], tokens[:, 1:-2:2]
    novel = keys >= KEYS + TASK.facts
    expected = ((values == value) & novel).sum() / novel.sum()
    assert 0.03 < expected and found.own_behind.sel(behind="no fact") == pytest.approx(expected)
    assert found.own_behind.sel(behind="fact") == 0
    assert found.own.values[1:-2:2].mean() == pytest.approx(expected * novel.mean())
    share = found.cosine_behind.sel(behind="no fact")
    assert float(share) == pytest.approx(5 / 26**0.5 * expected, rel=1e-4)


def test_a_sink_that_is_a_copy(read):
    found = read(secondary.secondary_sinks, with_sink(True), secondary, Form(), prompts=60)
    second = found.sel(layer=2)
    assert second.sinks.values[0] == 1 and (second.sinks.values[1:] == 0).all()
    assert (second.made == 0).all() and (second.own == 0).all()
    assert second.cosine.values[0] == pytest.approx(5 / 26**0.5, abs=1e-4)
    assert second.before.values[0] == second.cosine.values[0]
    assert second.uncopied.values[0] == pytest.approx(0, abs=1e-6)
    assert 0.4 < second["first"] < 0.7 and second.mass.values[0] > 0.1


@pytest.mark.parametrize("along", [True, False])
def test_the_marked_token_s_way_is_that_of_the_net(along):
    doses, score, step, layers = [2.0, 5.0], 6.0, 0.7, 5
    way = middle_mlp.followed(doses, score=score, step=step, layers=layers, along=along)
    random = np.random.default_rng(0).normal(size=4 + layers)
    direction = np.eye(9)[middle_mlp.FIRST] if along else random / np.linalg.norm(random)
    for dose, attention, cosine in zip(doses, *way, strict=True):
        net = middle_mlp.middle_mlp(score, dose, direction, step, layers)
        trace = forward(net, jnp.asarray([middle_mlp.PROMPT]), Form(normed=True))
        passed, looked = states(wide(net), np.array(middle_mlp.PROMPT), normed=True)
        for at, layer in enumerate(range(2, layers)):
            np.testing.assert_allclose(trace.streams[layer][0], passed[layer], atol=1e-5)
            marked = passed[layer][2]
            assert cosine[at] == pytest.approx(marked[0] / np.linalg.norm(marked), abs=1e-5)
            weights = looked[layer][0, -1]
            assert attention[at] == pytest.approx(weights[2] / weights[0], rel=1e-4)
            if along:
                norm = np.sqrt(1 + dose**2 + at * step**2)
                assert np.linalg.norm(marked) == pytest.approx(norm, rel=1e-5)
                assert cosine[at] == pytest.approx(dose / norm, rel=1e-5)
        assert passed[3][1].tolist() == passed[0][1].tolist()  # others stay as they are


def test_retrieving_heads_share_the_weight():
    here = circuits.fresh(TASK, CONTEXT, 10, "context")
    hit = np.zeros((10, 3, 1, LENGTH), "float32")
    hit[np.arange(10), :2, 0, np.asarray(here.needle)] = 1.0
    trace = Trace(None, None, (jnp.zeros((10, 3, LENGTH, LENGTH)), jnp.asarray(hit)), (), (), ())
    assert sink_choice.seeking(trace, here).tolist() == [0.5, 0.5, 0.0]
    none = trace._replace(attention=(trace.attention[0], jnp.zeros_like(hit)))
    assert sink_choice.seeking(none, here).tolist() == pytest.approx([1 / 3] * 3)
