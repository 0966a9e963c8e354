"""Transformers whose every part can be cut, replaced and looked at.

Causal, with a learned score for each head and relative offset and no other positions; the read-out
is not tied to the embedding. An MLP behind the attention of each layer and a normalisation are
options: without the latter logits are a sum of contributions. Of the last layer only the last
token's output is computed, which is all that is read.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sims.engine.errors import UserError
from sims.engine.experiment import draw, named_key

# Offsets with a score of their own; the last one is that of all larger offsets too.
OFFSETS = 8

# Added to the mean square of a state that is normalised, so that 0 stays 0.
TINY = 1e-12

Heads = Float[Array, "layer head"]
Stream = Float[Array, "width position prompt"]
Outputs = tuple[Float[Array, "prompt head _ width"], ...]


class Form(NamedTuple):
    """What a net computes with its weights.

    Attributes:
        normed: states are brought to a root mean square of 1 (RMSNorm without gains) where
            attention, MLP and read-out take them in.
        offsets: layers whose scores know the offset: "all" or the "first".
        own: layers where a token may attend to itself: "all", the "first" or "none". A token that
            has nothing else always may.
        copies: whether heads of the first layer may read the first token from later ones.
    """

    normed: bool = False
    offsets: str = "all"
    own: str = "all"
    copies: bool = True


PLAIN = Form()


class Transformer(NamedTuple):
    """Weights. Scores are (x Q)(x K)' + bias by offset, with a factor before (`scale`).

    An MLP is relu(x inward) outward, and None where a net has none.
    """

    embed: Float[Array, "token width"]
    query: Float[Array, "layer head width inner"]
    key: Float[Array, "layer head width inner"]
    value: Float[Array, "layer head width inner"]
    output: Float[Array, "layer head inner width"]
    bias: Float[Array, "layer head offset"]
    unembed: Float[Array, "width answer"]
    inward: Float[Array, "layer width hidden"] | None = None
    outward: Float[Array, "layer hidden width"] | None = None

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.query.shape[0]

    def scale(self, normed: bool) -> float:
        """Factor of the scores: 1/sqrt(inner) for states of mean square 1.

        Without normalisation states start with a norm of 1, and sqrt(width)/(2 sqrt(inner)) makes
        up for it.
        """
        width, inner = self.query.shape[-2:]
        return inner**-0.5 if normed else (width / inner) ** 0.5 / 2


class Trace(NamedTuple):
    """What a forward pass leaves.

    Attributes:
        logits: at the last token.
        first: the last token's embedding.
        attention: by layer; one query in the last one.
        outputs: by layer, what each head adds to the stream, before any cut.
        mlps: by layer, what the MLP adds, before any cut; empty without MLPs.
        streams: by layer, the states that it takes in.
    """

    logits: Float[Array, "prompt answer"]
    first: Float[Array, "prompt width"]
    attention: tuple[Float[Array, "prompt head query key"], ...]
    outputs: Outputs
    mlps: tuple[Float[Array, "prompt _ width"], ...]
    streams: tuple[Float[Array, "prompt position width"], ...]


class Patch(NamedTuple):
    """Heads (1 where replaced, else 0) and the outputs that stand in for theirs."""

    heads: Heads
    outputs: Outputs


def check_width(width: int, heads: int) -> None:
    """Refuse a width that heads cannot share.

    Raises:
        UserError: it is no multiple of their number.
    """
    if width % heads:
        nearest = heads * max(1, round(width / heads))
        raise UserError(
            f"width = {width}: expected a multiple of heads = {heads}; the nearest valid value is "
            f"{nearest}"
        )


def initial_transformer(
    key: Key[Array, ""],
    *,
    tokens: int,
    answers: int,
    layers: int,
    heads: int,
    width: int,
    hidden: int = 0,
) -> Transformer:
    """Normal weights: variance 1/width, of O 1/width too since heads times inner is the width.

    An MLP of `hidden` units starts at He et al.'s variances, its output at half that size.
    """
    inner = width // heads
    into, out = (2 / width) ** 0.5, (2 / max(hidden, 1)) ** 0.5 / 2

    def normal(name: str, *shape: int, size: float = width**-0.5) -> Array:
        return size * draw(jax.random.normal, named_key(key, name), shape)

    return Transformer(
        embed=normal("embed", tokens, width),
        query=normal("query", layers, heads, width, inner),
        key=normal("key", layers, heads, width, inner),
        value=normal("value", layers, heads, width, inner),
        output=normal("output", layers, heads, inner, width),
        bias=jnp.zeros((layers, heads, OFFSETS)),
        unembed=normal("unembed", width, answers),
        inward=normal("inward", layers, width, hidden, size=into) if hidden else None,
        outward=normal("outward", layers, hidden, width, size=out) if hidden else None,
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
    form: Form = PLAIN,
    *,
    kept: Heads | None = None,
    patch: Patch | None = None,
    closed: Heads | None = None,
    mlps: Float[Array, " layer"] | None = None,
    added: Float[Array, "layer position width"] | None = None,
) -> Trace:
    """Run the net, with heads or MLPs cut, replaced, or kept from the first token.

    Args:
        kept: factor of each head's output; 0 cuts it, everything is kept if None.
        patch: heads whose outputs are taken from elsewhere.
        closed: 1 where a head may not attend to the first token, save from that token itself.
        mlps: factor of each MLP's output.
        added: what is added to the states that a layer takes in.
    """
    # Prompts are the last axis inside, along which a CPU's vector units work.
    names = jax.nn.one_hot(tokens.T, net.embed.shape[0], axis=0)
    stream: Stream = jnp.einsum("cd,ctp->dtp", net.embed, names)
    first, length = stream[:, -1], tokens.shape[1]
    attention, outputs, extras, streams = [], [], [], []
    for layer in range(net.layers):
        if added is not None:
            stream = stream + added[layer].T[..., None]
        streams.append(stream.T)
        queries = length if layer + 1 < net.layers else 1
        weights, mixed = attend(net, layer, stream, queries, form, closed)
        attention.append(jnp.moveaxis(weights, -1, 0))
        outputs.append(jnp.einsum("hetp,hed->phtd", mixed, net.output[layer]))
        stream = stream[:, length - queries :] + head_outputs(net, layer, mixed, kept, patch)
        if net.inward is not None:
            extra = mlp_output(net, layer, stream, form)
            extras.append(extra.T)
            stream = stream + (extra if mlps is None else mlps[layer] * extra)
    logits = jnp.einsum("dp,da->pa", seen(stream, form)[:, -1], net.unembed)
    return Trace(logits, first.T, tuple(attention), tuple(outputs), tuple(extras), tuple(streams))


def seen(stream: Stream, form: Form) -> Stream:
    """States as attention, MLP and read-out take them in."""
    if not form.normed:
        return stream
    return stream * jax.lax.rsqrt(jnp.square(stream).mean(axis=0) + TINY)


def attend(
    net: Transformer, layer: int, stream: Stream, queries: int, form: Form, closed: Heads | None
) -> tuple[Float[Array, "head query key prompt"], Float[Array, "head inner query prompt"]]:
    """Attention of the last `queries` tokens, and the values that it mixes."""
    length, taken = stream.shape[1], seen(stream, form)
    both = jnp.concatenate([net.key[layer], net.value[layer]], axis=-1)
    k, v = jnp.split(jnp.einsum("hde,dtp->hetp", both, taken), 2, axis=1)
    q = jnp.einsum("hde,dtp->hetp", net.query[layer], taken[:, length - queries :])
    bias = net.bias[layer] if form.offsets == "all" or not layer else 0 * net.bias[layer]
    bias = shut(offsets(bias, queries, length), layer, form, closed)
    weights = weigh(q, k, net.scale(form.normed), bias)
    return weights, jnp.einsum("hqkp,hekp->heqp", weights, v)


def shut(
    scores: Float[Array, "head query key"], layer: int, form: Form, closed: Heads | None
) -> Float[Array, "head query key"]:
    """Scores by place, minus infinity where a head may not look."""
    whole = form.own == "all" or (form.own == "first" and not layer)
    copies = form.copies or layer > 0
    if whole and copies and closed is None:
        return scores
    queries, length = scores.shape[1:]
    asking, place = jnp.arange(length - queries, length)[:, None], jnp.arange(length)
    itself, first = asking == place, (asking > 0) & (place == 0)
    barred = jnp.zeros(scores.shape, bool)
    if not whole:
        barred |= itself & (asking > 0)
    if not copies:
        barred |= first
    if closed is not None:
        barred |= first & (closed[layer] > 0)[:, None, None]
    left = jnp.where(barred, -jnp.inf, scores)
    # A token for which nothing is left attends to itself.
    return jnp.where(jnp.isneginf(left).all(axis=-1, keepdims=True) & itself, 0.0, left)


def head_outputs(
    net: Transformer,
    layer: int,
    mixed: Float[Array, "head inner query prompt"],
    kept: Heads | None,
    patch: Patch | None,
) -> Float[Array, "width query prompt"]:
    """What the heads of a layer add to the stream together, cut or replaced."""
    factor = jnp.ones(net.query.shape[1]) if kept is None else kept[layer]
    if patch is not None:
        factor = factor * (1 - patch.heads[layer])
    added = jnp.einsum("hed,hetp->dtp", factor[:, None, None] * net.output[layer], mixed)
    if patch is not None:
        added = added + jnp.einsum("h,phtd->dtp", patch.heads[layer], patch.outputs[layer])
    return added


def mlp_output(net: Transformer, layer: int, stream: Stream, form: Form) -> Stream:
    """What the MLP of a layer adds to the stream."""
    assert net.inward is not None and net.outward is not None
    hidden = jax.nn.relu(jnp.einsum("dm,dtp->mtp", net.inward[layer], seen(stream, form)))
    return jnp.einsum("md,mtp->dtp", net.outward[layer], hidden)
