"""Covariates that correlate, x ~ N(0, Sigma): the preconditioned gradient step [icl-6.8].

    yhat = (1/L) sum_l y_l (x_l - xbar)' Omega x_q,    beta ~ N(0, I/d),  noise s2

With n = L - 1 the centred scatter W is Wishart, E W = n Sigma and E W A W = n (n + 1) Sigma A Sigma
+ n tr(Sigma A) Sigma for symmetric A.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from theory.icl_regression.setting import Setting, Values

Square = Float[Array | np.ndarray, "dimension dimension"]


def covariance(correlation: Values, dimension: int) -> Square:
    """Sigma_ij = correlation^|i-j|; the paper's is `setting.CORRELATION` [icl-6.8]."""
    at = jnp.arange(dimension)
    return jnp.asarray(correlation, float) ** jnp.abs(at[:, None] - at)


def risk(omega: Square, sigma: Square, setting: Setting) -> Values:
    """Risk of the debiased step with preconditioner Omega, symmetric, over everything [icl-6.8].

    With A = Omega Sigma Omega: s2 + [tr Sigma - 2 (n/L) tr(Omega Sigma^2) + (n/L) tr(A Sigma^2) +
    (n/L^2) (tr Sigma + d s2) tr(A Sigma)]/d.
    """
    d, length, noise = setting
    free = (length - 1) / length
    square, both = sigma @ sigma, omega @ sigma @ omega
    spread = (jnp.trace(sigma) + d * noise) / length * jnp.trace(both @ sigma)
    linear = jnp.trace(both @ square) - 2 * jnp.trace(omega @ square) + spread
    return noise + (jnp.trace(sigma) + free * linear) / d


def optimal_preconditioner(sigma: Square, setting: Setting) -> Square:
    """The minimiser of `risk`, Omega* = (Sigma + ((tr Sigma + d s2)/L) I)^-1 [icl-6.8]."""
    return _inverse(sigma, setting, 1.0)


def linear_attention_preconditioner(sigma: Square, setting: Setting) -> Square:
    """Without debiasing: ((1 + 1/L) Sigma + ((tr Sigma + d s2)/L) I)^-1 [icl-6.8].

    Linear attention's optimum, the "Optimal KQ (LinTF)" of He et al.'s post.
    """
    return _inverse(sigma, setting, 1 + 1 / setting.length)


def _inverse(sigma: Square, setting: Setting, factor: Values) -> Square:
    d, length, noise = setting
    ridge = (jnp.trace(sigma) + d * noise) / length
    return jnp.linalg.inv(factor * sigma + ridge * jnp.eye(len(sigma), dtype=sigma.dtype))
