"""Ridge regression in the dual: one eigendecomposition for all penalties and targets (2.4)."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Penalties = Float[Array, " penalty"]


class Path(NamedTuple):
    """Ridge at every penalty.

    Attributes:
        error: mean squared error on the test rows.
        gcv: generalised cross-validation's estimate of it.
        norm: |u|^2 of the weights on the features.
    """

    error: Float[Array, "target penalty"]
    gcv: Float[Array, "target penalty"]
    norm: Float[Array, "target penalty"]


def ridge_path(
    gram: Float[Array, "train train"],
    cross: Float[Array, "test train"],
    labels: Float[Array, "train target"],
    targets: Float[Array, "test target"],
    penalties: Penalties,
) -> Path:
    """Errors of fhat = cross (gram + delta I)^{-1} labels, delta = penalty * trace/n.

    With eigenpairs s_j, z = rotated labels: |u|^2 = sum s_j z_j^2/(s_j + delta)^2, which falls with
    delta, so a norm-constrained fit is a point of this path; GCV is n |a|^2/(tr (G + delta)^-1)^2.

    Args:
        penalties: relative, of the mean eigenvalue.
    """
    count = len(gram)
    values, vectors = _eigenpairs(gram)
    values = jnp.maximum(values, 0)
    delta = penalties * jnp.trace(gram) / count
    inverse = 1 / (values[:, None] + delta)
    rotated = vectors.T @ labels
    dual = rotated[:, :, None] * inverse[:, None, :]
    predicted = jnp.einsum("tj,jkp->tkp", cross @ vectors, dual)
    error = jnp.mean((predicted - targets[:, :, None]) ** 2, axis=0)
    gcv = count * (dual**2).sum(axis=0) / inverse.sum(axis=0) ** 2
    norm = (values[:, None, None] * dual**2).sum(axis=0)
    return Path(error, gcv, norm)


@jax.custom_batching.sequential_vmap
def _eigenpairs(gram: Array) -> tuple[Array, Array]:
    # One matrix at a time: LAPACK on a batch waits for threads of a pool that all CPU devices
    # share, and several devices that do so wait for each other for ever.
    values, vectors = jnp.linalg.eigh(gram)
    return values, vectors
