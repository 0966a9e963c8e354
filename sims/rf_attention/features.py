"""Random features of the three models, in blocks of heads, and their Gram matrices ([rfa-1.1]).

Features are drawn, used and dropped block by block: what is kept is (sample, train sample).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.engine.experiment import draw
from sims.engine.optimisers import Scalar
from sims.rf_attention.data import Samples

Features = Float[Array, "sample feature"]


class Scales(NamedTuple):
    """What the features' laws depend on; the defaults are R = b = 1, sigma_w = 1/2.

    There |x~|^2 = 2 and pre-activations are N(0, 1). Convention S has radius = sqrt(d).

    Attributes:
        query_key_mean: w0; zero for RFA, without meaning for the network.
        radius: R, norm of the tokens.
        bias: b, appended to every token.
        weight_scale: sigma_w, standard deviation of query-key weights; the network's weights are
            always scaled to pre-activations N(0, 1).
    """

    query_key_mean: Scalar = 0.0
    radius: Scalar = 1.0
    bias: Scalar = 1.0
    weight_scale: Scalar = 0.5


Block = Callable[[Key[Array, ""], Samples, int, Scales], Features]


def attention_block(key: Key[Array, ""], samples: Samples, heads: int, scales: Scales) -> Features:
    """Features (1/N) sum_i relu(x~0' W_m x~i) x~i of some heads (RFA and BRFA, [rfa-1.1]).

    W_m = w0 diag(I, 0) + sigma_w G_m with x~ = (x, b). x~0' W_m comes first, a factor d + 1 less
    work than forming x~0 x~i'.
    """
    query, keys = (_with_bias(scales.radius * tokens, scales.bias) for tokens in samples)
    width = query.shape[-1]
    mean = scales.query_key_mean * jnp.diag(jnp.ones(width, query.dtype).at[-1].set(0))
    noise = draw(jax.random.normal, key, (heads, width, width), query.dtype)
    queries = jnp.einsum("ni,mij->nmj", query, mean + scales.weight_scale * noise)
    scores = jax.nn.relu(jnp.einsum("nmj,nkj->nmk", queries, keys))
    read = jnp.einsum("nmk,nkj->nmj", scores, keys) / keys.shape[1]
    return read.reshape(len(query), -1)


def network_block(key: Key[Array, ""], samples: Samples, heads: int, scales: Scales) -> Features:
    """As many features of the two-layer network RFMLP, relu(w'z) ([rfa-1.1]).

    z stacks all tokens and one bias, w ~ N(0, I/|z|^2).
    """
    inputs, square = _stacked(samples, scales)
    units = heads * (samples.query.shape[1] + 1)
    weights = draw(jax.random.normal, key, (units, inputs.shape[1]), inputs.dtype)
    return jax.nn.relu(inputs @ weights.T) / jnp.sqrt(square)


MODELS: dict[str, Block] = {"attention": attention_block, "network": network_block}


def units(model: str, heads: int, dimension: int) -> int:
    """What the kernel of `heads` heads is a mean over: heads of attention, units of the network."""
    return heads * (dimension + 1 if model == "network" else 1)


def gram(
    key: Key[Array, ""],
    samples: Samples,
    train: int,
    *,
    model: str,
    heads: int,
    block: int,
    scales: Scales,
) -> Float[Array, "sample train"]:
    """Kernel of `heads` heads between all samples and the first `train`.

    Args:
        model: a name in `MODELS`; a head stands for d + 1 features in either.
        block: heads that are held at once; divides `heads`.

    Raises:
        ValueError: `block` does not divide `heads`.
    """
    if heads % block:
        raise ValueError(f"heads = {heads} is no multiple of the block of {block}")

    def add(total: Array, index: Array) -> tuple[Array, None]:
        drawn = MODELS[model](jax.random.fold_in(key, index), samples, block, scales)
        return total + drawn @ drawn[:train].T, None

    start = jnp.zeros((len(samples.query), train), samples.query.dtype)
    total, _ = jax.lax.scan(add, start, jnp.arange(heads // block))
    return total / units(model, heads, samples.query.shape[1])


def features(
    key: Key[Array, ""], samples: Samples, *, model: str, heads: int, block: int, scales: Scales
) -> Features:
    """The features behind `gram`, whole: for fewer features than samples."""

    def draw(index: Array) -> Features:
        return MODELS[model](jax.random.fold_in(key, index), samples, block, scales)

    parts = jax.lax.map(draw, jnp.arange(heads // block))
    whole = jnp.moveaxis(parts, 0, 1).reshape(len(samples.query), -1)
    return whole / jnp.sqrt(units(model, heads, samples.query.shape[1]))


def limit(
    samples: Samples, train: int, *, model: str, scales: Scales
) -> Float[Array, "sample train"]:
    """`gram` for infinitely many heads, without a mean of the weights ([rfa-2.3]).

    Attention: (1/N^2) sum_ij sigma_w^2 |x~|^4 kappa(r_ij) <x~i, x~j'>, r_ij = <x~0, x~0'> <x~i,
    x~j'>/|x~|^4; the network: kappa(<z, z'>/|z|^2).
    """
    if model == "network":
        inputs, square = _stacked(samples, scales)
        return _arc_cosine(inputs @ inputs[:train].T / square)
    query, keys = (_with_bias(scales.radius * tokens, scales.bias) for tokens in samples)
    square = scales.radius**2 + scales.bias**2

    def row(one: tuple[Array, Array]) -> Array:
        inner = jnp.einsum("id,njd->nij", one[1], keys[:train])
        cosine = (query[:train] @ one[0])[:, None, None] * inner / square**2
        return jnp.mean(_arc_cosine(cosine) * inner, axis=(1, 2))

    return (scales.weight_scale * square) ** 2 * jax.lax.map(row, (query, keys))


def _arc_cosine(cosine: Array) -> Array:
    cosine = jnp.clip(cosine, -1, 1)
    sine = jnp.sqrt(1 - cosine**2)
    return (sine + cosine * (jnp.pi - jnp.arccos(cosine))) / (2 * jnp.pi)


def _stacked(samples: Samples, scales: Scales) -> tuple[Array, Scalar]:
    tokens = jnp.concatenate([samples.query[:, None], samples.keys], axis=1)
    inputs = _with_bias(scales.radius * tokens.reshape(len(tokens), -1), scales.bias)
    return inputs, tokens.shape[1] * scales.radius**2 + scales.bias**2


def _with_bias(tokens: Float[Array, "*any dimension"], bias: Scalar) -> Array:
    column = jnp.broadcast_to(jnp.asarray(bias, tokens.dtype), (*tokens.shape[:-1], 1))
    return jnp.concatenate([tokens, column], axis=-1)
