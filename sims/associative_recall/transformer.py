"""Attention-only transformers whose every part can be cut, replaced and looked at.

Causal, with a learned score for each head and relative offset and no other positions; the read-out
is not tied to the embedding. There is no normalisation, so that logits are a sum of contributions.
Of the last layer only the last token's output is computed, which is all that is read.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sims.engine.experiment import draw, named_key

# Offsets with a score of their own; the last one is that of all larger offsets too.
OFFSETS = 8

Heads = Float[Array, "layer head"]
Stream = Float[Array, "width position prompt"]
Outputs = tuple[Float[Array, "prompt head _ width"], ...]


class Transformer(NamedTuple):
    """Weights. Scores are (x Q)(x K)' sqrt(width)/(2 sqrt(inner)) + bias by offset."""

    embed: Float[Array, "token width"]
    query: Float[Array, "layer head width inner"]
    key: Float[Array, "layer head width inner"]
    value: Float[Array, "layer head width inner"]
    output: Float[Array, "layer head inner width"]
    bias: Float[Array, "layer head offset"]
    unembed: Float[Array, "width answer"]

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.query.shape[0]

    @property
    def scale(self) -> float:
        """Factor of the scores."""
        width, inner = self.query.shape[-2:]
        return (width / inner) ** 0.5 / 2


class Trace(NamedTuple):
    """What a forward pass leaves.

    Attributes:
        logits: at the last token.
        first: the last token's embedding.
        attention: by layer; one query in the last one.
        outputs: by layer, what each head adds to the stream, before any cut.
    """

    logits: Float[Array, "prompt answer"]
    first: Float[Array, "prompt width"]
    attention: tuple[Float[Array, "prompt head query key"], ...]
    outputs: Outputs


class Patch(NamedTuple):
    """Heads (1 where replaced, else 0) and the outputs that stand in for theirs."""

    heads: Heads
    outputs: Outputs


def initial_transformer(
    key: Key[Array, ""],
    *,
    tokens: int,
    answers: int,
    layers: int,
    heads: int,
    width: int,
) -> Transformer:
    """Normal weights: variance 1/width, of O 1/width too since heads times inner is the width."""
    inner = width // heads

    def normal(name: str, *shape: int) -> Array:
        return draw(jax.random.normal, named_key(key, name), shape) / width**0.5

    return Transformer(
        embed=normal("embed", tokens, width),
        query=normal("query", layers, heads, width, inner),
        key=normal("key", layers, heads, width, inner),
        value=normal("value", layers, heads, width, inner),
        output=normal("output", layers, heads, inner, width),
        bias=jnp.zeros((layers, heads, OFFSETS)),
        unembed=normal("unembed", width, answers),
    )


def offsets(
    bias: Float[Array, "head offset"], queries: int, length: int
) -> Float[Array, "head query key"]:
    """Scores by offset of the last `queries` tokens, minus infinity to the future."""
    gap = jnp.arange(length - queries, length)[:, None] - jnp.arange(length)
    # A product, since the derivative of picking is slow on a CPU.
    names = jax.nn.one_hot(jnp.clip(gap, 0, bias.shape[1] - 1), bias.shape[1])
    return jnp.where(gap >= 0, jnp.einsum("ho,qko->hqk", bias, names), -jnp.inf)


def weigh(
    q: Float[Array, "head inner query prompt"],
    k: Float[Array, "head inner key prompt"],
    scale: float,
    bias: Float[Array, "head query key"],
) -> Float[Array, "head query key prompt"]:
    """Attention weights."""
    scores = scale * jnp.einsum("heqp,hekp->hqkp", q, k)
    return jax.nn.softmax(scores + bias[..., None], axis=2)


def forward(
    net: Transformer,
    tokens: Int[Array, "prompt position"],
    *,
    kept: Heads | None = None,
    patch: Patch | None = None,
    closed: Heads | None = None,
) -> Trace:
    """Run the net, with heads cut, replaced, or kept from the first token.

    Args:
        kept: factor of each head's output; 0 cuts it, everything is kept if None.
        patch: heads whose outputs are taken from elsewhere.
        closed: 1 where a head may not attend to the first token, save from that token itself.
    """
    # Prompts are the last axis inside, along which a CPU's vector units work.
    names = jax.nn.one_hot(tokens.T, net.embed.shape[0], axis=0)
    stream: Stream = jnp.einsum("cd,ctp->dtp", net.embed, names)
    first, length = stream[:, -1], tokens.shape[1]
    attention, outputs = [], []
    for layer in range(net.layers):
        queries = length if layer + 1 < net.layers else 1
        asking = stream[:, length - queries :]
        both = jnp.concatenate([net.key[layer], net.value[layer]], axis=-1)
        k, v = jnp.split(jnp.einsum("hde,dtp->hetp", both, stream), 2, axis=1)
        q = jnp.einsum("hde,dtp->hetp", net.query[layer], asking)
        bias = offsets(net.bias[layer], queries, length)
        if closed is not None:
            later = (jnp.arange(length - queries, length) > 0)[:, None] & (jnp.arange(length) == 0)
            bias = jnp.where(later & (closed[layer] > 0)[:, None, None], -jnp.inf, bias)
        weights = weigh(q, k, net.scale, bias)
        mixed = jnp.einsum("hqkp,hekp->heqp", weights, v)
        attention.append(jnp.moveaxis(weights, -1, 0))
        outputs.append(jnp.einsum("hetp,hed->phtd", mixed, net.output[layer]))
        factor = jnp.ones(net.query.shape[1]) if kept is None else kept[layer]
        if patch is not None:
            factor = factor * (1 - patch.heads[layer])
        output = factor[:, None, None] * net.output[layer]
        added = jnp.einsum("hed,hetp->dtp", output, mixed)
        if patch is not None:
            added = added + jnp.einsum("h,phtd->dtp", patch.heads[layer], patch.outputs[layer])
        stream = asking + added
    logits = jnp.einsum("dp,da->pa", stream[:, -1], net.unembed)
    return Trace(logits, first.T, tuple(attention), tuple(outputs))
