"""Prompts of noisy linear regression [icl-1.1], with correlated covariates or several tasks.

Our names and the paper's symbols: covariates x_l, labels y_l, query x_q, target y_q; dimension d,
length L, noise variance sigma^2.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from sims.engine.experiment import draw
from sims.engine.optimisers import Scalar


class Prompts(NamedTuple):
    """A batch of prompts, each with a regression vector of its own, or one per task."""

    covariates: Float[Array, "prompt length dimension"]
    labels: Float[Array, "prompt length *task"]
    query: Float[Array, "prompt dimension"]
    target: Float[Array, "prompt *task"]


def sample_prompts(
    key: Key[Array, ""],
    *,
    prompts: int,
    dimension: int,
    length: int,
    noise_variance: Scalar,
    root: Float[Array, "dimension dimension"] | None = None,
    dtype: str = "float32",
) -> Prompts:
    """Draw prompts: x ~ N(0, I), beta ~ N(0, I/d), y = beta.x + eps, eps ~ N(0, sigma^2).

    The convention of He et al.'s single-task code; their prose has another [icl-1.1]. The target
    carries noise too, so Var(y) = 1 + sigma^2 and no predictor has a risk below sigma^2.

    Args:
        root: a matrix that all covariates are multiplied by, so that x ~ N(0, root root').
    """
    # One call for all of it: data generation is half of a training step, and calls cost.
    sizes = (length * dimension, length, dimension, dimension, 1)
    normal = draw(jax.random.normal, key, (prompts, sum(sizes)), dtype)
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    covariates, noise, beta, query, last = jnp.split(normal, ends, axis=1)
    covariates = covariates.reshape(prompts, length, dimension)
    if root is not None:
        covariates, query = covariates @ root.T, query @ root.T
    beta = beta / dimension**0.5
    scale = jnp.sqrt(jnp.asarray(noise_variance, dtype))
    labels = jnp.einsum("pld,pd->pl", covariates, beta) + scale * noise
    target = jnp.einsum("pd,pd->p", query, beta) + scale * last[:, 0]
    return Prompts(covariates, labels, query, target)


def correlated_root(correlation: Scalar, dimension: int) -> Float[Array, "dimension dimension"]:
    """Lower-triangular A, (A A')_ij = correlation^|i-j|, an AR(1) along coordinates [icl-6.8]."""
    lag = jnp.arange(dimension)[:, None] - jnp.arange(dimension)
    powers = jnp.where(lag >= 0, jnp.asarray(correlation) ** jnp.maximum(lag, 0), 0)
    return powers.at[:, 1:].multiply(jnp.sqrt(1 - jnp.asarray(correlation) ** 2))


def supports(tasks: int, dimension: int, support: int) -> Bool[np.ndarray, "task dimension"]:
    """Which coordinates each task reads: windows of `support`, evenly spread over `dimension`."""
    starts = np.round(np.linspace(0, dimension - support, tasks)).astype(int)
    at = np.arange(dimension)
    return (at >= starts[:, None]) & (at < starts[:, None] + support)


def sample_tasks(
    key: Key[Array, ""],
    *,
    prompts: int,
    length: int,
    noise_variance: Scalar,
    masks: Bool[np.ndarray, "task dimension"],
    shared: bool,
) -> Prompts:
    """Prompts of several tasks on the same covariates, y_n = beta_n.x_{S_n} + eps_n [icl-7.1].

    Every task's signal has variance 1 (the authors' code has the number of its coordinates), the
    labels' noise sigma^2, and the target none.

    Args:
        masks: the support S_n of each task.
        shared: one beta for all tasks, as in the authors' text, rather than one per task, as in
            their code; not equivalent [icl-7.5].
    """
    tasks, dimension = masks.shape
    vectors = 1 if shared else tasks
    sizes = (length * dimension, length * tasks, vectors * dimension, dimension)
    normal = draw(jax.random.normal, key, (prompts, sum(sizes)))
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    covariates, noise, beta, query = jnp.split(normal, ends, axis=1)
    covariates = covariates.reshape(prompts, length, dimension)
    beta = (
        beta.reshape(prompts, vectors, dimension) * masks / masks.sum(axis=1, keepdims=True) ** 0.5
    )
    scale = jnp.sqrt(jnp.asarray(noise_variance, normal.dtype))
    labels = jnp.einsum("pld,pnd->pln", covariates, beta)
    labels = labels + scale * noise.reshape(prompts, length, tasks)
    return Prompts(covariates, labels, query, jnp.einsum("pd,pnd->pn", query, beta))
