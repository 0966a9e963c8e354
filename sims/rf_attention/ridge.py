"""Ridge regression, in the dual or the primal: one eigendecomposition for all penalties and
targets ([rfa-1.3])."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.scipy.linalg
from jaxtyping import Array, Float

from sims.engine.optimisers import Scalar

Penalties = Float[Array, " penalty"]
Labels = Float[Array, "train target"]
Targets = Float[Array, "test target"]


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
    labels: Labels,
    targets: Targets,
    penalties: Penalties,
) -> Path:
    """Errors of fhat = cross (gram + delta I)^{-1} labels, delta = penalty * trace/n.

    With eigenpairs s_j, z = rotated labels: |u|^2 = sum s_j z_j^2/(s_j + delta)^2, which falls with
    delta, so a norm-constrained fit is a point of this path; GCV is n |a|^2/(tr (G + delta)^-1)^2.

    Args:
        penalties: relative, of the mean eigenvalue.
    """
    count = len(gram)
    values, vectors = jnp.linalg.eigh(gram)
    values = jnp.maximum(values, 0)
    delta = penalties * jnp.trace(gram) / count
    inverse = 1 / (values[:, None] + delta)
    dual = (vectors.T @ labels)[:, :, None] * inverse[:, None, :]
    predicted = jnp.einsum("tj,jkp->tkp", cross @ vectors, dual)
    error = jnp.mean((predicted - targets[:, :, None]) ** 2, axis=0)
    gcv = count * (dual**2).sum(axis=0) / inverse.sum(axis=0) ** 2
    norm = (values[:, None, None] * dual**2).sum(axis=0)
    return Path(error, gcv, norm)


def primal_path(
    train: Float[Array, "train feature"],
    test: Float[Array, "test feature"],
    labels: Labels,
    targets: Targets,
    penalties: Penalties,
) -> Path:
    """`ridge_path` from the features, in k^3 work instead of n^3: for n > k.

    u = (Phi'Phi + delta)^{-1} Phi'y; GCV is |y - Phi u|^2/n over the squared share of the trace of
    1 - hat, (sum_j delta/(s_j + delta) + n - k)/n.
    """
    count, width = train.shape
    values, vectors = jnp.linalg.eigh(train.T @ train)
    values = jnp.maximum(values, 0)
    delta = penalties * values.sum() / count
    inverse = 1 / (values[:, None] + delta)
    weights = (vectors.T @ (train.T @ labels))[:, :, None] * inverse[:, None, :]
    error = jnp.mean((_applied(test @ vectors, weights) - targets[:, :, None]) ** 2, axis=0)
    rest = jnp.mean((_applied(train @ vectors, weights) - labels[:, :, None]) ** 2, axis=0)
    free = ((delta * inverse).sum(axis=0) + count - width) / count
    return Path(error, rest / free**2, (weights**2).sum(axis=0))


def ridge_errors(
    gram: Float[Array, "train train"],
    cross: Float[Array, "test train"],
    labels: Labels,
    targets: Targets,
    penalty: Scalar,
) -> Float[Array, " target"]:
    """Errors at one penalty, relative as in `ridge_path`: a solve instead of eigenpairs."""
    mean = jnp.trace(gram) / len(gram)
    ridge = gram + penalty * mean * jnp.eye(len(gram), dtype=gram.dtype)
    dual = jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(ridge), labels)
    return jnp.mean((cross @ dual - targets) ** 2, axis=0)


def norm_constrained(
    gram: Float[Array, "train train"], labels: Float[Array, " train"], bound: Scalar
) -> tuple[Float[Array, " train"], Float[Array, ""]]:
    """Least squares over |u|^2 <= `bound`, the paper's constrained version.

    The point of the ridge path with |u(delta)|^2 = bound, by bisection in log delta, since the norm
    falls with delta.

    Returns:
        Dual coefficients a, with fhat = cross a, and delta, the multiplier of the constraint; delta
        is 1e-16 of the mean eigenvalue where the interpolating solution lies inside the ball.
    """
    values, vectors = jnp.linalg.eigh(gram)
    values, rotated = jnp.maximum(values, 0), vectors.T @ labels
    mean = values.mean()

    def halve(_: Any, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = (ends[0] + ends[1]) / 2
        norm = jnp.sum(values * (rotated / (values + mean * jnp.exp(middle))) ** 2)
        return jnp.where(norm > bound, middle, ends[0]), jnp.where(norm > bound, ends[1], middle)

    # e^-37 = 1e-16; at e^70 the norm is nil.
    ends = jnp.asarray(-37.0, gram.dtype), jnp.asarray(70.0, gram.dtype)
    delta = mean * jnp.exp(jax.lax.fori_loop(0, 100, halve, ends)[0])
    return vectors @ (rotated / (values + delta)), delta


def _applied(rows: Array, weights: Array) -> Array:
    return jnp.einsum("tj,jkp->tkp", rows, weights)
