"""Prompts of noisy linear regression, the isotropic single-task data model (section 1).

Our names and the paper's symbols: covariates x_l, labels y_l, query x_q, target y_q; dimension d,
length L, noise variance sigma^2.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.engine.optimisers import Scalar


class Prompts(NamedTuple):
    """A batch of prompts, each with a regression vector of its own."""

    covariates: Float[Array, "prompt length dimension"]
    labels: Float[Array, "prompt length"]
    query: Float[Array, "prompt dimension"]
    target: Float[Array, " prompt"]


def sample_prompts(
    key: Key[Array, ""],
    *,
    prompts: int,
    dimension: int,
    length: int,
    noise_variance: Scalar,
    dtype: str = "float32",
) -> Prompts:
    """Draw prompts: x ~ N(0, I), beta ~ N(0, I/d), y = beta.x + eps, eps ~ N(0, sigma^2).

    The target carries noise too, so Var(y) = 1 + sigma^2 and no predictor has a risk below sigma^2.
    """
    # One call for all of it: data generation is half of a training step, and calls cost.
    sizes = (length * dimension, length, dimension, dimension, 1)
    normal = jax.random.normal(key, (prompts, sum(sizes)), dtype)
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    covariates, noise, beta, query, last = jnp.split(normal, ends, axis=1)
    covariates = covariates.reshape(prompts, length, dimension)
    beta = beta / dimension**0.5
    scale = jnp.sqrt(jnp.asarray(noise_variance, dtype))
    labels = jnp.einsum("pld,pd->pl", covariates, beta) + scale * noise
    target = jnp.einsum("pd,pd->p", query, beta) + scale * last[:, 0]
    return Prompts(covariates, labels, query, target)
