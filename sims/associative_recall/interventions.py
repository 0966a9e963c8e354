"""What one does to a stored net to find its circuit: pure functions of net and prompts."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sims.associative_recall.transformer import (
    Heads,
    Patch,
    Transformer,
    forward,
    offsets,
    weigh,
)

Tokens = Int[Array, "prompt position"]
Logits = Float[Array, "prompt answer"]


def cut(net: Transformer, tokens: Tokens, heads: Heads) -> Logits:
    """Logits with the outputs of some heads set to 0.

    Args:
        heads: 1 where a head is cut.
    """
    return forward(net, tokens, kept=1 - heads).logits


def patched(net: Transformer, tokens: Tokens, other: Tokens, heads: Heads) -> Logits:
    """Logits with the outputs of some heads taken from other prompts of the same length."""
    outputs = forward(net, other).outputs
    return forward(net, tokens, patch=Patch(heads, outputs)).logits


def path_patched(
    net: Transformer,
    tokens: Tokens,
    other: Tokens,
    senders: Float[Array, " head"],
    receivers: Float[Array, "input head"],
    direct: float,
) -> Logits:
    """Logits of a net of two layers where only some readers of layer 1 see it replaced.

    The outputs of the senders come from other prompts on the paths that are open: into the queries,
    keys and values of heads of the second layer, and directly into the logits. With every path open
    this is `patched`, with none the net itself (Wang et al. 2022's path patching).

    Args:
        senders: 1 for heads of the first layer that are replaced.
        receivers: 1 where the query, key or value (in this order) of a head sees the replacement.
        direct: 1 where the logits see it.

    Raises:
        ValueError: the net has not two layers.
    """
    if net.layers != 2:
        raise ValueError(f"expected a net of two layers, got {net.layers}")
    own, foreign = forward(net, tokens), forward(net, other)
    change = jnp.einsum("h,phtd->dtp", senders, foreign.outputs[0] - own.outputs[0])
    stream = net.embed[tokens].transpose(2, 1, 0) + jnp.einsum("phtd->dtp", own.outputs[0])
    # (input, head, width, position, prompt): what each input of each head reads.
    seen = stream + receivers[:, :, None, None, None] * change
    q, k, v = (
        jnp.einsum("hdtp,hde->hetp", part, weights)
        for part, weights in (
            (seen[0][:, :, -1:], net.query[1]),
            (seen[1], net.key[1]),
            (seen[2], net.value[1]),
        )
    )
    weights = weigh(q, k, net.scale(False), offsets(net.bias[1], 1, tokens.shape[1]))
    read = jnp.einsum("hqkp,hekp,hed->dp", weights, v, net.output[1])
    last = stream[:, -1] + direct * change[:, -1] + read
    return jnp.einsum("dp,da->pa", last, net.unembed)


def contributions(net: Transformer, tokens: Tokens) -> Float[Array, "part prompt answer"]:
    """Logit attribution: what each part adds to the logits directly, without normalisation.

    The parts are the embedding, each head by layer, and each layer's MLP where there are any.
    """
    trace = forward(net, tokens)
    parts = [trace.first[None]]
    parts += [outputs[:, :, -1].swapaxes(0, 1) for outputs in trace.outputs]
    parts += [extra[:, -1][None] for extra in trace.mlps]
    return jnp.concatenate(parts) @ net.unembed


def compressed(net: Transformer, rank: int | Int[Array, ""], heads: Heads) -> Transformer:
    """The net with Q K' of some heads replaced by its best approximation of a rank (SVD).

    Args:
        heads: 1 where a head is compressed.
    """
    circuit = jnp.einsum("lhde,lhfe->lhdf", net.query, net.key)
    left, sizes, right = jnp.linalg.svd(circuit, full_matrices=False)
    inner = net.query.shape[-1]
    roots = jnp.sqrt(sizes[..., :inner]) * (jnp.arange(inner) < rank)
    query = left[..., :inner] * roots[..., None, :]
    key = jnp.swapaxes(right, -1, -2)[..., :inner] * roots[..., None, :]
    chosen = (heads > 0)[..., None, None]
    return net._replace(
        query=jnp.where(chosen, query, net.query), key=jnp.where(chosen, key, net.key)
    )


def without_sink(net: Transformer, tokens: Tokens, heads: Heads) -> Logits:
    """Logits where some heads may not attend to the first token: their other weights fill up."""
    return forward(net, tokens, closed=heads).logits


def retrieval(
    attention: tuple[Float[Array, "prompt head _ key"], ...], needle: Int[Array, " prompt"]
) -> Heads:
    """Share of prompts where a head's largest attention is on the needle's value.

    From the query or from the last token, whichever is larger; the last layer has the latter only.
    """
    scores = []
    for weights in attention:
        hit = weights[:, :, -2:].argmax(axis=-1) == needle[:, None, None]
        scores.append(hit.mean(axis=0).max(axis=-1))
    return jnp.stack(scores)


def previous_mass(attention: tuple[Float[Array, "prompt head _ key"], ...]) -> Heads:
    """Mean attention on the token before, over the queries that have one."""
    masses = []
    for weights in attention:
        queries, length = weights.shape[-2:]
        at = jnp.arange(max(length - queries, 1), length)
        masses.append(weights[:, :, at - (length - queries), at - 1].mean(axis=(0, 2)))
    return jnp.stack(masses)
