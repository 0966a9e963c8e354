"""Losses at every prompt length from one pass over long prompts, by Monte Carlo.

The first L' pairs of a prompt are a prompt of length L', and every predictor here is a ratio of
sums over pairs, so cumulative sums give all lengths at once. Functions return means over blocks of
prompts, `(block, ..., length)`: the scatter of blocks is the standard error, and differences within
a block are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Float

from sims.icl_regression.data import Prompts, sample_prompts
from sims.icl_regression.model import logits, tokens

Losses = Float[Array, "*setting length"]


def linear_losses(
    *,
    dimension: int,
    noise_variance: float,
    lengths: Sequence[int],
    step_sizes: Sequence[float],
    blocks: int,
    prompts: int,
    seed: int = 0,
) -> xarray.Dataset:
    """Squared errors of one gradient step, of one on centred covariates, and of ridge.

    Args:
        step_sizes: eta of the gradient steps, one per length.
        blocks, prompts: Monte-Carlo size.

    Returns:
        `gd`, `debiased_gd`, `ridge` (penalty d sigma^2), each (block, length).
    """
    at = np.asarray(lengths)

    def losses(batch: Prompts) -> dict[str, Losses]:
        x, y, query, target = batch
        count = at[None, :, None]
        cross = _upto(y[..., None] * x, at)
        mean = _upto(x, at) / count
        centred = cross - mean * _upto(y[..., None], at)
        scatter = _upto(x[..., :, None] * x[..., None, :], at)
        penalty = dimension * noise_variance * jnp.eye(dimension, dtype=x.dtype)
        ridge = jnp.linalg.solve(scatter + penalty, cross[..., None])[..., 0]
        step = jnp.asarray(step_sizes, x.dtype)[:, None] / count
        vectors = {"gd": step * cross, "debiased_gd": step * centred, "ridge": ridge}
        predicted = {n: jnp.einsum("pld,pd->pl", v, query) for n, v in vectors.items()}
        return {n: jnp.mean((p - target[:, None]) ** 2, axis=0) for n, p in predicted.items()}

    data = _blocks(losses, dimension, noise_variance, at, blocks, prompts, seed)
    return xarray.Dataset(
        {name: (("block", "length"), values) for name, values in data.items()}, {"length": at}
    )


def reduced_losses(
    *,
    dimension: int,
    noise_variance: float,
    lengths: Sequence[int],
    omega: Sequence[Sequence[float]],
    mu: Sequence[Sequence[float]],
    blocks: int,
    prompts: int,
    seed: int = 0,
) -> xarray.Dataset:
    """Risks of reduced models [icl-2.5], with beta and both noises integrated out.

    Given the covariates, yhat = sum_l w_l y_l has the risk |X'w - x_q|^2/d + s2 (1 + |w|^2)
    [icl-4.5]. All models see the same prompts.

    Args:
        omega, mu: one row per model, one column per head.

    Returns:
        `loss` (block, model, length).
    """
    at = np.asarray(lengths)

    def losses(batch: Prompts) -> dict[str, Losses]:
        x, query = batch.covariates, batch.query

        def risk(omega: Array, mu: Array) -> Losses:
            scores = omega * jnp.einsum("pld,pd->pl", x, query)[..., None]
            weights = jnp.exp(scores - scores.max(axis=1, keepdims=True))
            total = _upto(weights, at)
            read = _upto(weights[..., None] * x[:, :, None, :], at) / total[..., None]
            vector = jnp.einsum("h,plhd->pld", mu, read)
            pairs = _upto(weights[..., :, None] * weights[..., None, :], at)
            pairs = pairs / (total[..., :, None] * total[..., None, :])
            noise = 1 + jnp.einsum("h,plhk,k->pl", mu, pairs, mu)
            missed = jnp.sum((vector - query[:, None, :]) ** 2, axis=-1)
            return jnp.mean(missed / dimension + noise_variance * noise, axis=0)

        models = jnp.asarray(omega, x.dtype), jnp.asarray(mu, x.dtype)
        return {"loss": jax.lax.map(lambda model: risk(*model), models)}

    data = _blocks(losses, dimension, noise_variance, at, blocks, prompts, seed)
    return xarray.Dataset({"loss": (("block", "model", "length"), data["loss"])}, {"length": at})


def trained_losses(
    training: xarray.Dataset,
    *,
    lengths: Sequence[int],
    step_size: float,
    blocks: int,
    prompts: int,
    seed: int = 0,
) -> xarray.Dataset:
    """Losses of trained nets at lengths that they were not trained on, all on the same prompts.

    Args:
        training: a finished sweep with `kq`, `ov`; its last log point is taken.
        step_size: eta of the control.

    Returns:
        `loss` (seed, length), means over all prompts, and `control` (length), the loss of one step
        of debiased GD on the same prompts, to be traded for its known risk.
    """
    at = np.asarray(lengths)
    last = training.isel(step=-1)

    def losses(batch: Prompts) -> dict[str, Losses]:
        pairs, x, y = tokens(batch), batch.covariates, batch.labels[..., None]

        def error(predicted: Any) -> Losses:
            return jnp.mean((predicted - batch.target[:, None]) ** 2, axis=0)

        def loss(circuits: tuple[Array, Array]) -> Losses:
            kq, ov = circuits
            scores = jnp.moveaxis(logits(kq, batch), 1, 2)
            weights = jnp.exp(scores - scores.max(axis=1, keepdims=True))
            values = jnp.einsum("pli,hi->plh", pairs, ov)
            return error((_upto(weights * values, at) / _upto(weights, at)).sum(-1))

        centred = _upto(y * x, at) - _upto(x, at) * _upto(y, at) / at[:, None]
        control = step_size / at * jnp.einsum("pld,pd->pl", centred, batch.query)
        nets = jnp.asarray(last.kq.values), jnp.asarray(last.ov.values)
        return {"loss": jax.lax.map(loss, nets), "control": error(control)}

    dimension, noise = int(training.attrs["dimension"]), float(training.attrs["noise_variance"])
    data = _blocks(losses, dimension, noise, at, blocks, prompts, seed, dtype="float32")
    return xarray.Dataset(
        {
            "loss": (("seed", "length"), data["loss"].mean(axis=0)),
            "control": ("length", data["control"].mean(axis=0)),
        },
        {"seed": training.seed.values, "length": at},
    )


def linear_attention_losses(
    training: xarray.Dataset,
    *,
    lengths: Sequence[int],
    fixed: bool,
    blocks: int,
    prompts: int,
    seed: int = 0,
) -> xarray.Dataset:
    """Losses of trained linear attention at other lengths; `loss` (seed, length).

    Args:
        fixed: keep 1/L at the training length, rather than that of the prompt.
    """
    at = np.asarray(lengths)
    last = training.isel(step=-1)
    scale = np.full(len(at), float(training.attrs["length"])) if fixed else at

    def losses(batch: Prompts) -> dict[str, Losses]:
        def loss(circuits: tuple[Array, Array]) -> Losses:
            kq, ov = circuits
            values = jnp.einsum("pli,hi->phl", tokens(batch), ov)
            terms = (logits(kq, batch) * values).sum(axis=1)
            return jnp.mean((_upto(terms, at) / scale - batch.target[:, None]) ** 2, axis=0)

        nets = jnp.asarray(last.kq.values), jnp.asarray(last.ov.values)
        return {"loss": jax.lax.map(loss, nets)}

    dimension, noise = int(training.attrs["dimension"]), float(training.attrs["noise_variance"])
    found = _blocks(losses, dimension, noise, at, blocks, prompts, seed, dtype="float32")["loss"]
    return xarray.Dataset(
        {"loss": (("block", "seed", "length"), found)},
        {"seed": training.seed.values, "length": at},
    )


def _upto(values: Float[Array, "prompt pair *own"], lengths: np.ndarray) -> Array:
    """Sums over the first L' pairs, for each L'."""
    return jnp.cumsum(values, axis=1)[:, lengths - 1]


def _blocks(
    losses: Callable[[Prompts], dict[str, Losses]],
    dimension: int,
    noise_variance: float,
    lengths: np.ndarray,
    blocks: int,
    prompts: int,
    seed: int,
    dtype: str = "float64",
) -> dict[str, np.ndarray]:
    key = jax.random.key(seed, impl="threefry2x32")

    def block(index: Array) -> dict[str, Losses]:
        batch: Any = sample_prompts(
            jax.random.fold_in(key, index),
            prompts=prompts,
            dimension=dimension,
            length=int(lengths.max()),
            noise_variance=noise_variance,
            dtype=dtype,
        )
        return losses(batch)

    # Differences of losses at small gamma cancel to a millionth: float64, except for trained nets.
    with jax.enable_x64(dtype == "float64"):
        return jax.device_get(jax.jit(lambda: jax.lax.map(block, jnp.arange(blocks)))())
