"""Random features of the three models, in blocks of heads, and their Gram matrices (section 2).

Features are drawn, used and dropped block by block: what is kept is (sample, train sample).
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.engine.optimisers import Scalar
from sims.rf_attention.data import Samples

Features = Float[Array, "sample feature"]
Block = Callable[[Key[Array, ""], Samples, int, Scalar], Features]

# Convention U: unit sphere, bias 1, and weights N(0, 1/4), so that pre-activations are N(0, 1).
BIAS = 1.0
WEIGHT_SCALE = 0.5


def attention_block(
    key: Key[Array, ""], samples: Samples, heads: int, query_key_mean: Scalar
) -> Features:
    """Features (1/N) sum_i relu(x~0' W_m x~i) x~i of some heads (RFA; BRFA, section 2.2).

    W_m = w0 diag(I, 0) + G_m/2 with x~ = (x, 1). x~0' W_m comes first, a factor d + 1 less work
    than forming x~0 x~i'.

    Args:
        query_key_mean: w0; zero for RFA.
    """
    query, keys = _with_bias(samples.query), _with_bias(samples.keys)
    width = query.shape[-1]
    mean = query_key_mean * jnp.diag(jnp.ones(width, query.dtype).at[-1].set(0))
    weights = mean + WEIGHT_SCALE * jax.random.normal(key, (heads, width, width), query.dtype)
    queries = jnp.einsum("ni,mij->nmj", query, weights)
    scores = jax.nn.relu(jnp.einsum("nmj,nkj->nmk", queries, keys))
    read = jnp.einsum("nmk,nkj->nmj", scores, keys) / keys.shape[1]
    return read.reshape(len(query), -1)


def network_block(
    key: Key[Array, ""], samples: Samples, heads: int, query_key_mean: Scalar
) -> Features:
    """As many features of the two-layer network RFMLP, relu(w'z)/|z|-normalised (section 2.3).

    z stacks all tokens and one bias, w ~ N(0, I/|z|^2). `query_key_mean` has no meaning here.
    """
    count, tokens, dimension = len(samples.query), samples.keys.shape[1] + 1, samples.query.shape[1]
    stacked = jnp.concatenate([samples.query[:, None], samples.keys], axis=1)
    inputs = _with_bias(stacked.reshape(count, -1))
    weights = jax.random.normal(key, (heads * (dimension + 1), inputs.shape[1]), inputs.dtype)
    return jax.nn.relu(inputs @ weights.T) / jnp.sqrt(tokens + BIAS**2)


MODELS: dict[str, Block] = {"attention": attention_block, "network": network_block}


def gram(
    key: Key[Array, ""],
    samples: Samples,
    train: int,
    *,
    model: str,
    heads: int,
    block: int,
    query_key_mean: Scalar,
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
    per_head = samples.query.shape[1] + 1
    # Attention features carry M^{-1/2}, the network's k^{-1/2} with k = M (d + 1).
    count = heads * (per_head if model == "network" else 1)

    def add(total: Array, index: Array) -> tuple[Array, None]:
        drawn = MODELS[model](jax.random.fold_in(key, index), samples, block, query_key_mean)
        return total + drawn @ drawn[:train].T, None

    start = jnp.zeros((len(samples.query), train), samples.query.dtype)
    total, _ = jax.lax.scan(add, start, jnp.arange(heads // block))
    return total / count


def _with_bias(tokens: Float[Array, "*any dimension"]) -> Array:
    bias = jnp.full((*tokens.shape[:-1], 1), BIAS, tokens.dtype)
    return jnp.concatenate([tokens, bias], axis=-1)
