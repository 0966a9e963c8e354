"""Monte Carlo at one length: pairs of heads, softmax norms, ridge given the covariates.

Blocks of prompts share their draws between all values of gamma, so differences between them are
paired; the scatter of blocks is the standard error.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Float

from sims.engine.experiment import draw


def pair_moments(
    *, gammas: Sequence[float], dimension: int, length: int, blocks: int, prompts: int
) -> xarray.Dataset:
    """What the risk of the pair omega = (gamma, -gamma), mu = (m, -m) is made of.

    With w = softmax(gamma X x_q) - softmax(-gamma X x_q), and with beta and the labels' noise
    integrated out, risk = 1 + s2 - 2 m `signal` + m^2 (`square` + s2 `noise`) [icl-4.5].

    Returns:
        `signal` E x_q.X'w/d, `square` E |X'w|^2/d, `noise` E |w|^2, each (block, gamma).
    """

    def block(index: Array) -> dict[str, Array]:
        x, query = _draws(index, prompts, length, dimension)
        scores = jnp.einsum("pld,pd->pl", x, query)

        def moments(gamma: Array) -> tuple[Array, Array, Array]:
            weights = jax.nn.softmax(gamma * scores, axis=1) - jax.nn.softmax(
                -gamma * scores, axis=1
            )
            vector = jnp.einsum("pl,pld->pd", weights, x)
            signal = jnp.einsum("pd,pd->p", vector, query)
            sizes = (signal, (vector**2).sum(-1), dimension * (weights**2).sum(-1))
            first, second, third = (value.mean() / dimension for value in sizes)
            return first, second, third

        signal, square, noise = jax.lax.map(moments, jnp.asarray(gammas, x.dtype))
        return {"signal": signal, "square": square, "noise": noise}

    with jax.enable_x64(True):
        found = jax.device_get(jax.jit(lambda: jax.lax.map(block, jnp.arange(blocks)))())
    data = {name: (("block", "gamma"), values) for name, values in found.items()}
    return xarray.Dataset(data, {"gamma": np.asarray(gammas)})


def pair_errors(
    *,
    gammas: Sequence[float],
    step_size: float,
    dimension: int,
    length: int,
    noise_variance: float,
    blocks: int,
    prompts: int,
    debiased: bool,
) -> xarray.Dataset:
    """Root mean square of pair minus gradient step, mu = step_size/(2 gamma) [icl-6.6].

    Args:
        debiased: hold the pair against the step on centred covariates.

    Returns:
        `error` (gamma).
    """

    def block(index: Array) -> Float[Array, " gamma"]:
        x, query = _draws(index, prompts, length, dimension)
        key = jax.random.key(index, impl="threefry2x32")
        normal = draw(jax.random.normal, key, (prompts, length + dimension), x.dtype)
        beta = normal[:, :dimension] / dimension**0.5
        y = jnp.einsum("pld,pd->pl", x, beta) + noise_variance**0.5 * normal[:, dimension:]
        centred = x - debiased * x.mean(axis=1, keepdims=True)
        scores = jnp.einsum("pld,pd->pl", x, query)
        step = step_size / length * jnp.einsum("pl,pld,pd->p", y, centred, query)

        def error(gamma: Array) -> Array:
            weights = jax.nn.softmax(gamma * scores, axis=1) - jax.nn.softmax(
                -gamma * scores, axis=1
            )
            pair = step_size / (2 * gamma) * jnp.einsum("pl,pl->p", weights, y)
            return jnp.mean((pair - step) ** 2)

        return jax.lax.map(error, jnp.asarray(gammas, x.dtype))

    with jax.enable_x64(True):
        squares = jax.device_get(jax.jit(lambda: jax.lax.map(block, jnp.arange(blocks)))())
    error = np.sqrt(squares.mean(axis=0))
    return xarray.Dataset({"error": ("gamma", error)}, {"gamma": np.asarray(gammas)})


def softmax_norms(
    *, omegas: Sequence[float], shapes: Sequence[Sequence[int]], draws: int
) -> xarray.Dataset:
    """|softmax(omega X x_q)|_2 for each omega and (length, dimension) [icl-3.9].

    Returns:
        `norm` (case, draw).
    """
    norms = []
    for omega, (length, dimension) in zip(omegas, shapes, strict=True):
        key = jax.random.fold_in(jax.random.key(0, impl="threefry2x32"), length)

        def norm(key: Array, omega=omega, length=length, dimension=dimension) -> Array:
            normal = draw(jax.random.normal, key, (length + 1, dimension), "float32")
            weights = jax.nn.softmax(omega * normal[1:] @ normal[0])
            return jnp.sqrt(jnp.sum(weights**2))

        keys = jax.random.split(key, draws)
        norms.append(
            np.asarray(
                jax.jit(lambda keys, norm=norm: jax.lax.map(norm, keys, batch_size=20))(keys)
            )
        )
    return xarray.Dataset({"norm": (("case", "draw"), np.stack(norms))})


def ridge_risks(
    *, dimension: int, length: int, noise_variance: float, penalty: float, draws: int
) -> xarray.Dataset:
    """Risk of ridge given the covariates, beta and noises integrated out [icl-6.4].

    With G = X'X and R = (G + penalty I)^-1: s2 + penalty^2 tr R^2/d + s2 tr R G R.

    Returns:
        `risk` (draw).
    """

    def risk(key: Array) -> Array:
        x = draw(jax.random.normal, key, (length, dimension), "float64")
        gram = x.T @ x
        inverse = jnp.linalg.inv(gram + penalty * jnp.eye(dimension, dtype=x.dtype))
        bias = penalty**2 * jnp.sum(inverse**2) / dimension
        return noise_variance + bias + noise_variance * jnp.trace(inverse @ gram @ inverse)

    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(0, impl="threefry2x32"), draws)
        found = jax.device_get(jax.jit(lambda: jax.lax.map(risk, keys))())
    return xarray.Dataset({"risk": ("draw", found)})


def _draws(index: Array, prompts: int, length: int, dimension: int) -> tuple[Array, Array]:
    key = jax.random.fold_in(jax.random.key(0, impl="threefry2x32"), index)
    normal = draw(jax.random.normal, key, (prompts, length + 1, dimension), "float64")
    return normal[:, 1:], normal[:, 0]
