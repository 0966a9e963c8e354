"""Directions of queries and keys, and targets on them ([rfa-1.1]).

Our names and the paper's symbols: query x_0, keys x_1 .. x_N, direction beta; t = <x_0, x_i> and
b = <beta, x_i> for each key. Tokens are unit vectors here; the radius R belongs to the features.
Every target but s^2 is a mean over keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from sims.engine.experiment import draw

Values = Float[Array, "sample target"]


class Samples(NamedTuple):
    """Inputs, one row per sample."""

    query: Float[Array, "sample dimension"]
    keys: Float[Array, "sample key dimension"]


def sample_inputs(key: Key[Array, ""], samples: int, dimension: int, keys: int) -> Samples:
    """Independent uniform tokens on the unit sphere."""
    normal = draw(jax.random.normal, key, (samples, keys + 1, dimension), "float64")
    tokens = normal / jnp.linalg.norm(normal, axis=-1, keepdims=True)
    return Samples(tokens[:, 0], tokens[:, 1:])


def sample_direction(key: Key[Array, ""], dimension: int) -> Float[Array, " dimension"]:
    """The unit vector beta of a target."""
    normal = jax.random.normal(key, (dimension,), "float64")
    return normal / jnp.linalg.norm(normal)


def monomials(samples: Samples, beta: Float[Array, " dimension"]) -> Values:
    """f_p, means of b^p for p = 1 .. 4, and g_p, means of t^p b for p = 1 .. 3."""
    t, b = _inner(samples, beta)
    parts = [b, b**2, b**3, b**4, t * b, t**2 * b, t**3 * b]
    return jnp.stack([part.mean(axis=1) for part in parts], axis=1)


def interplay(samples: Samples, beta: Float[Array, " dimension"]) -> Values:
    """h_theta = cos(theta) f_2 + sin(theta) g_1, each centred and of variance 1.

    Var f_2 = (3/(d (d + 2)) - 1/d^2)/N and Var g_1 = (1/N)/d^2 + (1 - 1/N)/d^3.
    """
    d, keys = samples.query.shape[1], samples.keys.shape[1]
    t, b = _inner(samples, beta)
    first = ((b**2).mean(axis=1) - 1 / d) / jnp.sqrt((3 / (d * (d + 2)) - d**-2) / keys)
    second = (t * b).mean(axis=1) / jnp.sqrt(d**-2 / keys + (1 - 1 / keys) * d**-3)
    angles = jnp.deg2rad(jnp.asarray(ANGLES))
    return first[:, None] * jnp.cos(angles) + second[:, None] * jnp.sin(angles)


def functions(samples: Samples, beta: Float[Array, " dimension"]) -> Values:
    """Means of |b|, cos 4b, relu(t) b and e^{2t} b, and s^2 with s the mean of b.

    The first four are no polynomials; s^2 is not additive in the keys.
    """
    t, b = _inner(samples, beta)
    parts = [jnp.abs(b), jnp.cos(4 * b), jax.nn.relu(t) * b, jnp.exp(2 * t) * b]
    return jnp.stack([*(part.mean(axis=1) for part in parts), b.mean(axis=1) ** 2], axis=1)


# Degrees of theta.
ANGLES = (0.0, 18.0, 36.0, 54.0, 72.0, 90.0)
TARGETS: dict[str, Callable[[Samples, Array], Array]] = {
    "monomials": monomials,
    "interplay": interplay,
    "functions": functions,
}
# Names of the functions, in order.
FUNCTIONS = ("|b|", "cos 4b", "relu(t) b", "exp(2t) b", "s^2")


def doubling(smallest: int, largest: int) -> np.ndarray:
    """Training sizes smallest, 2 smallest, ... up to `largest`."""
    return smallest * 2 ** np.arange(int(np.log2(largest / smallest)) + 1)


def _inner(samples: Samples, beta: Array) -> tuple[Array, Array]:
    t = jnp.einsum("nd,nkd->nk", samples.query, samples.keys)
    return t, samples.keys @ beta
