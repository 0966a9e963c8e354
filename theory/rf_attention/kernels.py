"""Kernels of infinitely many heads ([rfa-2.3]). NumPy, float64.

Arrays of tokens: queries (n, d), keys (n, N, d); kernels are (n, n') between two sets.
"""

from __future__ import annotations

import numpy as np
import scipy.special
from jaxtyping import Float

from theory.rf_attention.setting import Setting

Values = Float[np.ndarray, "..."] | float
Queries = Float[np.ndarray, "sample dimension"]
Keys = Float[np.ndarray, "sample key dimension"]
Kernel = Float[np.ndarray, "sample other"]


def arc_cosine(r: Values) -> Values:
    """E relu(Z) relu(Z') for standard normals of correlation r ([rfa-2.1]).

    [sqrt(1 - r^2) + r (pi - arccos r)]/(2 pi).
    """
    r = np.clip(r, -1.0, 1.0)
    return (np.sqrt(1 - r**2) + r * (np.pi - np.arccos(r))) / (2 * np.pi)


def arc_cosine_series(terms: int) -> Float[np.ndarray, " term"]:
    """Coefficients c_0 .. c_{terms-1} of `arc_cosine` in powers of r.

    c_0 = 1/(2 pi), c_1 = 1/4, c_k = ((k - 3)!!)^2/(2 pi k!) for even k, and 0 for other odd k.
    """
    found = np.zeros(terms)
    found[:2] = (1 / (2 * np.pi), 0.25)[:terms]
    even = np.arange(2, terms, 2)
    # (k-3)!! = 2^((k-2)/2) Gamma((k-1)/2)/sqrt(pi)
    logs = (even - 2) * np.log(2) + 2 * scipy.special.gammaln((even - 1) / 2) - np.log(np.pi)
    found[even] = np.exp(logs - scipy.special.gammaln(even + 1)) / (2 * np.pi)
    return found


def bivariate_cdf(h: Values, k: Values, r: Values) -> Values:
    """P(Z1 <= h, Z2 <= k) for standard normals of correlation r.

    Owen's (1956) (Phi(h) + Phi(k))/2 - T(h, (k - r h)/(h s)) - T(k, (h - r k)/(k s)) - c with
    s^2 = 1 - r^2, and c = 1/2 where h and k are of different signs, else 0: exact to round-off at
    every r.
    """
    h, k, r = np.broadcast_arrays(*(np.asarray(v, float) for v in (h, k, np.clip(r, -1.0, 1.0))))
    s = np.maximum(np.sqrt((1 - r) * (1 + r)), 1e-300)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        one, two = (
            scipy.special.owens_t(x, np.where(x == 0, np.sign(y) * np.inf, (y - r * x) / (x * s)))
            for x, y in ((h, k), (k, h))
        )
    signs = np.sign(h) * np.sign(k)  # the product itself may underflow
    apart = (signs < 0) | ((signs == 0) & (h + k < 0))
    found = (
        (scipy.special.ndtr(h) + scipy.special.ndtr(k)) / 2 - one - two - np.where(apart, 0.5, 0)
    )
    return np.where((h == 0) & (k == 0), 0.25 + np.arcsin(r) / (2 * np.pi), found)


def biased_arc_cosine(m1: Values, m2: Values, r: Values) -> Values:
    """E relu(m1 + Z1) relu(m2 + Z2) for standard normals of correlation r ([rfa-2.2]).

    Where r = 1 and m1 = m2 = m it is (1 + m^2) Phi(m) + m phi(m).
    """
    m1, m2, r = np.broadcast_arrays(m1, m2, np.clip(r, -1.0, 1.0))
    same = (1 - r < 1e-12) & (np.abs(m1 - m2) < 1e-9)
    s = np.sqrt(np.maximum(1 - r**2, 1e-24))
    ndtr = scipy.special.ndtr
    mixed = (m1 * m2 + r) * bivariate_cdf(m1, m2, r)
    mixed = mixed + m2 * _density(m1) * ndtr((m2 - r * m1) / s)
    mixed = mixed + m1 * _density(m2) * ndtr((m1 - r * m2) / s)
    tail = s / (2 * np.pi) * np.exp(-(m1**2 - 2 * r * m1 * m2 + m2**2) / (2 * s**2))
    return np.where(same, (1 + m1**2) * ndtr(m1) + m1 * _density(m1), mixed + tail)


def hermite_coefficients(m: Values, terms: int) -> Float[np.ndarray, "term ..."]:
    """c_n(m) with E relu(m1 + Z1) relu(m2 + Z2) = sum_n c_n(m1) c_n(m2) r^n/n!.

    c_0 = m Phi(m) + phi(m), c_1 = Phi(m), c_n = He_{n-2}(-m) phi(m).
    """
    m = np.asarray(m, float)
    found = [m * scipy.special.ndtr(m) + _density(m), scipy.special.ndtr(m)]
    found += [scipy.special.eval_hermitenorm(n - 2, -m) * _density(m) for n in range(2, terms)]
    return np.stack(found[:terms])


def rfa_kernel(
    one: tuple[Queries, Keys], other: tuple[Queries, Keys], setting: Setting, mean: float = 0.0
) -> Kernel:
    """RFA, and BRFA where `mean` is not zero ([rfa-2.3]).

    (1/N^2) sum_ij sigma_w^2 |x~0||x~i||x~0'||x~j'| kappa(mu_i, mu_j', r_ij) <x~i, x~j'>.

    Args:
        one, other: queries and keys of two sets of samples.
        mean: w0; the pre-activations' mean is w0 <x0, xi>.

    Raises:
        ValueError: tokens of another norm than the setting says.
    """
    for tokens in (*one, *other):
        _on_the_sphere(tokens, setting)
    queries = _with_bias(one[0], setting) @ _with_bias(other[0], setting).T
    n, keys = len(one[0]), one[1].shape[1]
    square = setting.token_square
    scale = setting.weight_scale * square
    means = [mean / scale * np.einsum("nd,nkd->nk", q, k) for q, k in (one, other)]
    found = np.empty(queries.shape)
    right = _with_bias(other[1], setting)
    for row in range(n):
        inner = np.einsum("id,mjd->mij", _with_bias(one[1][row], setting), right)
        r = queries[row][:, None, None] * inner / square**2
        if mean:
            expected = biased_arc_cosine(means[0][row][None, :, None], means[1][:, None, :], r)
        else:
            expected = arc_cosine(r)
        found[row] = scale**2 * np.sum(expected * inner, axis=(1, 2)) / keys**2
    return found


def rfmlp_kernel(
    one: tuple[Queries, Keys], other: tuple[Queries, Keys], setting: Setting
) -> Kernel:
    """The two-layer network on all tokens and one bias ([rfa-2.3]): kappa(<z, z'>/|z|^2).

    Raises:
        ValueError: tokens of another norm than the setting says.
    """
    for tokens in (*one, *other):
        _on_the_sphere(tokens, setting)
    left, right = (np.concatenate([q[:, None], k], axis=1).reshape(len(q), -1) for q, k in
                   (one, other))  # fmt: skip
    tokens = one[1].shape[1] + 1
    square = setting.bias**2 + tokens * setting.radius**2
    return np.asarray(arc_cosine((setting.bias**2 + left @ right.T) / square))


def _with_bias(tokens: Float[np.ndarray, "*any dimension"], setting: Setting) -> np.ndarray:
    bias = np.full((*tokens.shape[:-1], 1), setting.bias)
    return np.concatenate([tokens, bias], axis=-1)


def _on_the_sphere(tokens: Float[np.ndarray, "*any dimension"], setting: Setting) -> None:
    norms = np.linalg.norm(tokens, axis=-1)
    if not np.allclose(norms, setting.radius, rtol=1e-4):
        raise ValueError(
            f"expected tokens of norm {setting.radius:g}, the setting's radius, got norms from "
            f"{norms.min():.4g} to {norms.max():.4g}"
        )


def _density(m: Values) -> Values:
    return np.exp(-(m**2) / 2) / np.sqrt(2 * np.pi)
