"""Which heads of trained two-layer nets retrieve, send and decide conflicts, and what cuts do.

All nets are asked the same fresh prompts. A *late* head is one of the last layer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Float, Int

from sims.associative_recall.interventions import (
    compressed,
    contributions,
    cut,
    previous_mass,
    retrieval,
)
from sims.associative_recall.prompts import CONFLICT, CONTEXT, MEMORY, Prompts, Task, sample_prompts
from sims.associative_recall.training import Recall
from sims.associative_recall.transformer import Heads, Patch, Transformer, forward
from sims.engine.analysis import experiment_of, over_runs, state_of
from sims.engine.experiment import draw, named_key

# A head above this score retrieves; one below it whose loss takes accuracy below SENT sends.
RETRIEVES, SENT = 0.5, 0.9
KINDS = {"context": CONTEXT, "memory": MEMORY}
ORDERS = ("retrieval score", "others", "others but senders")
Logits = Float[Array, "prompt answer"]
# What is said of every head of one net, or of several.
Roles = Float[Array | np.ndarray, "*net layer head"]


def margin(logits: Logits, prompts: Prompts) -> Float[Array, " prompt"]:
    """logit(context) - logit(fact), prompt by prompt."""
    at = jnp.arange(len(logits))
    return logits[at, prompts.held] - logits[at, prompts.fact]


def accuracy(logits: Logits, answers: Int[Array, " prompt"]) -> Float[Array, ""]:
    """Share of prompts whose largest logit is the answer."""
    return (logits.argmax(axis=1) == answers).mean()


def one_by_one(function: Callable[[Heads], Array], layers: int, heads: int) -> Array:
    """`function` of every head alone: (layer, head, ...)."""
    each = jnp.eye(layers * heads).reshape(-1, layers, heads)
    found = jax.lax.map(function, each)
    return found.reshape(layers, heads, *found.shape[1:])


def cut_first(order: Heads, allowed: Heads, count: Array | int) -> Heads:
    """1 for the `count` allowed heads that come first by `order`, or all where there are fewer."""
    ranked = jnp.where(allowed > 0, order, jnp.inf).ravel()
    place = jnp.argsort(jnp.argsort(ranked)).reshape(order.shape)
    return ((place < count) & (allowed > 0)).astype(order.dtype)


def senders(scores: Roles, alone: Roles) -> Roles:
    """1 for heads that do not retrieve and without which the context is not read [ar-6.2]."""
    return ((scores <= RETRIEVES) & (alone < SENT)).astype("float32")


def setting_of(training: xarray.Dataset) -> Recall:
    """The settings of nets that were trained on recall."""
    found = experiment_of(training)
    assert isinstance(found, Recall)
    return found


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3))
def fresh(task: Task, kind: int, prompts: int, name: str) -> Prompts:
    """Prompts of one kind; the chance of the answer in conflicts is not looked at.

    One program, since operation by operation its sixty parts take seconds to compile.
    """
    return sample_prompts(named_key(jax.random.key(0), name), task, prompts, 1.0, kind)


def cuts_of(
    scores: Heads, alone: Heads, random: Float[Array, "draw layer head"], most: int
) -> Float[Array, "order cut layer head"]:
    """Which heads are cut: by falling score, then for each draw others, then others but senders.

    Along `cut` are 0 to `most` heads, and last as many as retrieve.
    """
    others = (scores <= RETRIEVES).astype(scores.dtype)
    counts = jnp.append(jnp.arange(most + 1), (1 - others).sum().astype("int32"))

    def along(order: Heads, allowed: Heads) -> Float[Array, "cut layer head"]:
        return jax.vmap(lambda count: cut_first(order, allowed, count))(counts)

    masks = [along(-scores, jnp.ones_like(scores))[None]]
    for allowed in (others, others - senders(scores, alone)):
        masks.append(jax.vmap(along, (0, None))(random, allowed))
    return jnp.concatenate(masks)


def roles(training: xarray.Dataset, *, prompts: int, draws: int, most: int) -> xarray.Dataset:
    """Each head's scores, and accuracy with heads cut one by one and in order.

    Orders are by falling retrieval score; at random among heads that do not retrieve; and among
    those without the senders. A random order is drawn `draws` times, and the mean taken.

    Args:
        most: heads cut at most; an order with fewer stops there.

    Returns:
        By run: `context` and `memory`, the accuracy of the whole net; `retrieval`, `previous`,
        `alone` (layer, head), the last one accuracy on context prompts without that head;
        `cut_context`, `cut_memory` (order, cut), and `own_context`, `own_memory` (order) with as
        many heads cut as retrieve.
    """
    setting = setting_of(training)
    here, stored = (fresh(setting.task, kind, prompts, name) for name, kind in KINDS.items())
    shape = (setting.layers, setting.heads)
    keys = jax.random.split(named_key(jax.random.key(0), "order"), draws)

    def both(net: Transformer, heads: Heads) -> Float[Array, "kind"]:
        return jnp.stack(
            [accuracy(cut(net, kind.tokens, heads), kind.answer) for kind in (here, stored)]
        )

    def read(net: Transformer) -> dict[str, Array]:
        attention = forward(net, here.tokens).attention
        scores = retrieval(attention, here.needle)
        alone = one_by_one(
            lambda heads: accuracy(cut(net, here.tokens, heads), here.answer), *shape
        )
        random = jax.vmap(lambda key: draw(jax.random.uniform, key, shape))(keys)
        asked = cuts_of(scores, alone, random, most)
        # One map over all of them, since each copy of the net's program takes a second to compile.
        all_of_them = jax.lax.map(lambda mask: both(net, mask), asked.reshape(-1, *shape))
        each = all_of_them.reshape(*asked.shape[:2], 2)
        ends = ((0, 1), (1, 1 + draws), (1 + draws, 1 + 2 * draws))
        found = jnp.stack([each[low:high].mean(axis=0) for low, high in ends])
        parts = {"cut": found[:, :-1], "own": found[:, -1]}
        cuts = {f"{n}_{k}": v[..., at] for n, v in parts.items() for at, k in enumerate(KINDS)}
        scored = {"retrieval": scores, "previous": previous_mass(attention), "alone": alone}
        return dict(zip(KINDS, found[0, 0], strict=True)) | scored | cuts

    dims = {name: ("layer", "head") for name in ("retrieval", "previous", "alone")}
    dims |= {name: ("order", "cut") for name in ("cut_context", "cut_memory")}
    dims |= {name: ("order",) for name in ("own_context", "own_memory")}
    coords = {"order": list(ORDERS), "cut": list(range(most + 1))}
    return over_runs(read, training, state_of(training).net, dims=dims, coords=coords)


def lengths(
    training: xarray.Dataset, *, pairs: Sequence[int], prompts: int, offsets: bool
) -> xarray.Dataset:
    """Retrieval scores and accuracy in contexts of other lengths.

    Args:
        offsets: keep the scores by offset; without them a net knows no order.

    Returns:
        By run: `retrieval` (pairs, layer, head), `context` (pairs).
    """
    setting = setting_of(training)
    asked = [
        fresh(setting.task._replace(pairs=count), CONTEXT, prompts, f"pairs {count}")
        for count in pairs
    ]

    def read(net: Transformer) -> dict[str, Array]:
        net = net if offsets else net._replace(bias=0 * net.bias)
        traces = [forward(net, here.tokens) for here in asked]
        each = list(zip(traces, asked, strict=True))
        return {
            "retrieval": jnp.stack([retrieval(t.attention, here.needle) for t, here in each]),
            "context": jnp.stack([accuracy(t.logits, here.answer) for t, here in each]),
        }

    dims = {"retrieval": ("pairs", "layer", "head"), "context": ("pairs",)}
    return over_runs(
        read, training, state_of(training).net, dims=dims, coords={"pairs": list(pairs)}
    )


def compression(training: xarray.Dataset, *, ranks: Sequence[int], prompts: int) -> xarray.Dataset:
    """Accuracy on context prompts with Q K' of the heads that retrieve brought to a rank.

    Returns:
        By run: `context` (rank).
    """
    here = fresh(setting_of(training).task, CONTEXT, prompts, "context")

    def read(net: Transformer) -> dict[str, Array]:
        scores = retrieval(forward(net, here.tokens).attention, here.needle)
        heads = (scores > RETRIEVES).astype(scores.dtype)

        def at(rank: Array) -> Array:
            return accuracy(forward(compressed(net, rank, heads), here.tokens).logits, here.answer)

        return {"context": jax.lax.map(at, jnp.asarray(ranks))}

    return over_runs(
        read,
        training,
        state_of(training).net,
        dims={"context": ("rank",)},
        coords={"rank": list(ranks)},
    )


def conflicts(training: xarray.Dataset, *, prompts: int) -> xarray.Dataset:
    """Who wins in conflicts, what each head adds to the margin, and what is left without it.

    Returns:
        By run, of the whole net: accuracies `context` and `memory`; `difference`, the mean margin
        in nats; `chance`, the mean of its sigmoid; `answers`, the share of conflicts answered by
        the context's value. By (layer, head): `direct`, what it adds to the mean margin, and
        `effect`, the drop of the margin when its output is taken from another conflict. By late
        head, with it cut: `cut_difference`, `cut_favours` (share of conflicts with a positive
        margin), `cut_answers`, `cut_context`, `cut_memory`.
    """
    setting = setting_of(training)
    kinds = KINDS | {"conflict": CONFLICT, "other": CONFLICT}
    here, stored, against, other = (
        fresh(setting.task, kind, prompts, name) for name, kind in kinds.items()
    )
    shape = (setting.layers, setting.heads)
    names = ("difference", "favours", "answers", "context", "memory")

    def after(net: Transformer, heads: Heads) -> Float[Array, " name"]:
        logits = cut(net, against.tokens, heads)
        apart = margin(logits, against)
        mean, favours = apart.mean(), (apart > 0).mean()
        right = [accuracy(cut(net, kind.tokens, heads), kind.answer) for kind in (here, stored)]
        return jnp.stack([mean, favours, accuracy(logits, against.held), *right])

    def read(net: Transformer) -> dict[str, Array]:
        parts = jax.vmap(margin, (0, None))(contributions(net, against.tokens), against)
        apart, foreign = parts.sum(axis=0), forward(net, other.tokens).outputs

        def drop(heads: Heads) -> Array:
            logits = forward(net, against.tokens, patch=Patch(heads, foreign)).logits
            return apart.mean() - margin(logits, against).mean()

        # The whole net first, then each late head cut.
        late = jnp.concatenate([jnp.zeros((1, setting.heads)), jnp.eye(setting.heads)])
        masks = jnp.zeros((len(late), *shape)).at[:, -1].set(late)
        left = jax.lax.map(lambda mask: after(net, mask), masks)
        found = {name: left[0, at] for at, name in enumerate(names) if name != "favours"}
        found |= {f"cut_{name}": left[1:, at] for at, name in enumerate(names)}
        direct = parts[1:].mean(axis=1).reshape(shape)
        effect = one_by_one(drop, *shape)
        return found | {"chance": jax.nn.sigmoid(apart).mean(), "direct": direct, "effect": effect}

    dims = {name: ("layer", "head") for name in ("direct", "effect")}
    dims |= {f"cut_{name}": ("head",) for name in names}
    return over_runs(read, training, state_of(training).net, dims=dims)
