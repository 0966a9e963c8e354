"""The approximate loss of the reduced model, its minima and its bounds [icl-3.1] to [icl-3.9].

The reduced model [icl-2.5] has one omega and one mu per head, yhat = sum_h mu_h sum_l y_l
softmax_l(omega_h x_l.x_q). Its risk is approximated by

    Lt(omega, mu) = 1 + s2 - 2 mu.omega + mu' [omega omega' + c exp(d omega omega')] mu,

with exp entrywise: by Stein's lemma E[x_q.X'p]/d = omega E[|x_q|^2 (1 - |p|^2)]/d ~ omega, and
p.p' ~ exp(omega omega' |x_q|^2)/L with |x_q|^2 ~ d. The authors' post states it for d > log L,
max|omega| below about sqrt(log L / d) and max|mu| below about L^(1/5).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from theory.icl_regression.setting import Setting, Values

Heads = Float[Array | np.ndarray, " head"]


def approximate_loss(omega: Heads, mu: Heads, setting: Setting) -> Values:
    """Lt(omega, mu), the whole of it [icl-3.1]; the authors' code and the flow's time use Lt/2.

    Args:
        omega, mu: key-query and output weight of each head.
    """
    kernel = jnp.exp(setting.dimension * omega[:, None] * omega)
    signal = (1 - mu @ omega) ** 2
    return setting.noise_variance + signal + setting.c * mu @ kernel @ mu


def taylor_loss(omega: Heads, mu: Heads, setting: Setting, terms: int = 60) -> Values:
    """Lt with the kernel as a series: s2 + (1 - mu.omega)^2 + c sum_k d^k/k! (mu.omega^k)^2.

    Powers of omega are entrywise [icl-3.2].

    Args:
        terms: orders k = 0 .. terms kept.
    """
    orders = jnp.arange(terms + 1, dtype=omega.dtype)
    signal = (1 - mu @ omega) ** 2
    return setting.noise_variance + signal + setting.c * jnp.sum(_tail(omega, mu, setting, orders))


def taylor_tail(omega: Heads, mu: Heads, setting: Setting, terms: int = 60) -> Float[Array, ""]:
    """sum_{k>=1} d^k/k! (mu.omega^k)^2, what attention noise costs beyond (mu.1)^2 [icl-3.2]."""
    orders = jnp.arange(1, terms + 1, dtype=omega.dtype)
    return jnp.sum(_tail(omega, mu, setting, orders))


def hoelder_bound(omega: Heads, mu: Heads, setting: Setting, terms: int = 60) -> Float[Array, ""]:
    """Lower bound of `taylor_tail` where sign(omega) = sign(mu) [icl-3.6].

    For odd k, Hoelder's inequality gives |mu.omega^k| >= |mu|_1^(1-k) (|mu|.|omega|)^k, and even k
    are at least zero: sum over odd k of d^k/k! |mu|_1^(2(1-k)) (|mu|.|omega|)^(2k). Equality where
    all |omega_h| agree and the even terms vanish, that is, where mu adds up to zero.
    """
    orders = jnp.arange(1, terms + 1, 2, dtype=omega.dtype)
    weight, overlap = jnp.abs(mu).sum(), jnp.abs(mu) @ jnp.abs(omega)
    powers = weight ** (2 * (1 - orders)) * overlap ** (2 * orders)
    return jnp.sum(_coefficients(setting, orders) * powers)


def systematic_error(eta: Values, setting: Setting) -> Values:
    """True loss minus Lt as gamma -> 0 at fixed eta = 2 gamma mu [icl-3.8].

    There the softmax pair is debiased GD of step eta, whose risk is exact (`risks`), while Lt tends
    to s2 + (1 - eta)^2 + eta^2 D/L: the difference is (2 eta - eta^2)/L - eta^2 D/L^2.
    """
    return (2 * eta - eta**2) / setting.length - eta**2 * setting.big_d / setting.length**2


def mu_gamma(gamma: Values, setting: Setting) -> Values:
    """The minimiser of Lt at omega = (gamma, -gamma), mu = (m, -m) [icl-3.4].

    Lt = s2 + (1 - 2 m gamma)^2 + 4 c m^2 sinh(d gamma^2) is a parabola in m with its minimum at
    (gamma/2)/(gamma^2 + c sinh(d gamma^2)).
    """
    return gamma / 2 / (gamma**2 + setting.c * jnp.sinh(setting.dimension * gamma**2))


def optimal_mu(omega: Heads, setting: Setting) -> Heads:
    """mu*(omega) = (omega omega' + c exp(d omega omega'))^-1 omega, the minimiser of Lt [icl-3.3].

    Heads of the same omega matter through the sum of their mu only, and make the matrix singular:
    the pseudo-inverse divides that sum between them equally, where the authors' code, which
    inverts, fails.
    """
    product = omega[:, None] * omega
    matrix = product + setting.c * jnp.exp(setting.dimension * product)
    return jnp.linalg.pinv(matrix, hermitian=True) @ omega


def solution_manifold(gamma: Values, shares: Heads, setting: Setting) -> tuple[Heads, Heads]:
    """(omega, mu) of least Lt where all |omega_h| = gamma: the paper's S_gamma [icl-3.5].

    omega_h = gamma sign(mu_h), and the mu of either sign add up to mu_gamma, however divided.

    Args:
        shares: how the heads of a sign divide mu_gamma, with the sign; zero for a dummy.
    """
    positive, negative = jnp.maximum(shares, 0), jnp.maximum(-shares, 0)
    part = positive / positive.sum() - negative / negative.sum()
    return gamma * jnp.sign(shares), mu_gamma(gamma, setting) * part


def approximation_bound(gamma: Values, setting: Setting) -> Values:
    """sqrt(1 + s2) gamma d: part 1 of He et al.'s theorem 1 without its logarithms [icl-6.6].

    With mu_+ = -mu_- = eta/(2 gamma) the heads differ from debiased GD of step eta by less with
    high probability; the true rate is gamma^2, since odd orders cancel.
    """
    return (1 + setting.noise_variance) ** 0.5 * gamma * setting.dimension


def two_head_loss(gamma: Values, mu: Values, setting: Setting) -> Values:
    """Lt on the antisymmetric pair omega = (gamma, -gamma), mu = (mu, -mu) [icl-3.4]."""
    noise = 4 * setting.c * mu**2 * jnp.sinh(setting.dimension * gamma**2)
    return setting.noise_variance + (1 - 2 * mu * gamma) ** 2 + noise


def two_head_minimum(gamma: Values, setting: Setting) -> Values:
    """min over mu of `two_head_loss`: 1 + s2 - gamma^2/(gamma^2 + c sinh(d gamma^2)) [icl-3.4].

    Strictly increasing in gamma > 0, so Lt has no finite minimum: gamma -> 0, mu -> infinity,
    2 gamma mu -> eta*.
    """
    excess = setting.c * jnp.sinh(setting.dimension * gamma**2)
    return 1 + setting.noise_variance - gamma**2 / (gamma**2 + excess)


def homogeneous_loss(
    gamma: Values,
    mu_plus: Values,
    mu_minus: Values,
    setting: Setting,
) -> Values:
    """Lt where all |omega_h| = gamma [icl-3.5].

    Args:
        mu_plus, mu_minus: sums of mu over the heads of either sign of omega.
    """
    grown = jnp.exp(setting.dimension * gamma**2)
    noise = (mu_plus**2 + mu_minus**2) * grown + 2 * mu_plus * mu_minus / grown
    signal = (1 - gamma * (mu_plus - mu_minus)) ** 2
    return setting.noise_variance + signal + setting.c * noise


def single_head_optimum(setting: Setting) -> tuple[Values, Values, Values]:
    """(omega, mu, loss) of one head's minimum on Lt [icl-3.7]: omega = 1/sqrt(d) exactly.

    Minimising over mu leaves 1 + s2 - 1/(1 + c exp(d omega^2)/omega^2), stationary at d omega^2 =
    1; then mu = sqrt(d)/(1 + c d e). The true
    loss has its minimum elsewhere (`true_loss.head_optimum`).
    """
    penalty = setting.c * setting.dimension * jnp.e
    omega = setting.dimension**-0.5
    loss = 1 + setting.noise_variance - 1 / (1 + penalty)
    return omega, setting.dimension**0.5 / (1 + penalty), loss


def softmax_norm(omega: Values, setting: Setting) -> Values:
    """exp(d omega^2/2)/sqrt(L), what Lt takes the norm of the attention weights for [icl-3.9]."""
    return jnp.exp(setting.dimension * omega**2 / 2) / setting.length**0.5


def _coefficients(setting: Setting, orders: Array) -> Array:
    return jnp.exp(orders * jnp.log(setting.dimension) - jax.scipy.special.gammaln(orders + 1))


def _tail(omega: Heads, mu: Heads, setting: Setting, orders: Array) -> Array:
    # Powers as repeated sign * exp(k log|omega|) would lose digits; jnp.power keeps them.
    overlaps = jnp.power(omega[None, :], orders[:, None].astype(int)) @ mu
    return _coefficients(setting, orders) * overlaps**2
