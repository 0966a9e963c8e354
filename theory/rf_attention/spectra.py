"""Mercer decompositions of the kernels and the energies of targets ([rfa-3.1] to [rfa-3.4]).

A level is a set of eigenfunctions with one eigenvalue. RFA's are pairs (a, b), harmonics of degree
a in the query times degree b in the keys; RFMLP's are partitions, the degrees over all tokens in
falling order. Squared norms are over the law of the inputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import scipy.special
from jaxtyping import Float

from theory.rf_attention.kernels import arc_cosine, arc_cosine_series
from theory.rf_attention.setting import Setting

Level = tuple[int, ...]
Energies = Mapping[tuple[int, int], float]

_NODES = 220
# Powers of the arc-cosine kernel's series; its coefficients fall as k^-2.5.
_POWERS = 400


class Spectrum(NamedTuple):
    """Eigenvalues of a kernel.

    Attributes:
        levels: what each entry is.
        eigenvalues, multiplicities: of each level.
        tail: the part of the trace in levels that are left out.
    """

    levels: tuple[Level, ...]
    eigenvalues: Float[np.ndarray, " level"]
    multiplicities: Float[np.ndarray, " level"]
    tail: float

    def at(self, level: Level) -> float:
        """Eigenvalue of a level."""
        return float(self.eigenvalues[self.levels.index(level)])


def quadrature(dimension: int, nodes: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of a coordinate of a uniform point on S^{d-1}."""
    power = (dimension - 3) / 2
    t, weights = scipy.special.roots_jacobi(nodes, power, power)
    return t, weights / weights.sum()


def gegenbauer(degree: int, t: np.ndarray, dimension: int) -> Float[np.ndarray, "degree point"]:
    """P_0 .. P_degree of S^{d-1} at t, normalised to P_a(1) = 1.

    (a + d - 2) P_{a+1} = (2a + d - 2) t P_a - a P_{a-1}.
    """
    found = [np.ones_like(t), t]
    for a in range(1, degree):
        ahead = (2 * a + dimension - 2) * t * found[a] - a * found[a - 1]
        found.append(ahead / (a + dimension - 2))
    return np.stack(found[: degree + 1])


def harmonics(degree: int, dimension: int) -> float:
    """B_a, the number of spherical harmonics of degree a on S^{d-1}."""
    above = math.comb(dimension + degree - 1, degree)
    return float(above - (math.comb(dimension + degree - 3, degree - 2) if degree > 1 else 0))


def monomial(power: int, dimension: int) -> Float[np.ndarray, " degree"]:
    """alpha_{p,a} with t^p = sum_a alpha_{p,a} P_a(t): B_a E[t^p P_a]."""
    t, weights = quadrature(dimension)
    shapes = gegenbauer(max(power, 1), t, dimension)[: power + 1]
    counts = np.array([harmonics(a, dimension) for a in range(power + 1)])
    return counts * (shapes * weights * t**power).sum(axis=1)


def rfa_shape(setting: Setting, degree: int) -> Float[np.ndarray, "query key"]:
    """hhat_{ab} = E_u E_v [h(u, v) P_a(u) P_b(v)], the kernel of one key.

    h = sigma_w^2 (b^2 + R^2)^3 kappa(g(u) g(v)) g(v) with g(u) = (b^2 + R^2 u)/(b^2 + R^2), so with
    kappa(r) = sum_k c_k r^k and G_ka = E[g^k P_a]

        hhat_ab = sigma_w^2 (b^2 + R^2)^3 sum_k c_k G_ka G_{k+1,b},

    all terms positive: small eigenvalues keep their digits, which a quadrature loses at 1e-18.
    """
    projected = _projected_powers(setting, degree)
    scale = setting.weight_scale**2 * setting.token_square**3
    weighted = arc_cosine_series(_POWERS)[:, None] * projected[:-1]
    return scale * weighted.T @ projected[1:]


def _projected_powers(setting: Setting, degree: int) -> Float[np.ndarray, "power degree"]:
    """E[g^k P_a] for k = 0 .. _POWERS: binomials times E[t^j P_a].

    By Rodrigues' formula E[t^j P_a] = C_a j!/(j - a)! E t^{j-a} in d + 2a dimensions, C_a = 1/(d
    (d+2) .. (d+2a-2)), E t^{2m} = (2m-1)!!/(D (D+2) .. (D+2m-2)); 0 where j - a is odd.
    """
    k, j = np.arange(_POWERS + 1)[:, None], np.arange(_POWERS + 1)
    log = scipy.special.gammaln
    share = setting.radius**2 / setting.token_square
    with np.errstate(divide="ignore", invalid="ignore"):
        choose = log(k + 1) - log(j + 1) - log(k - j + 1.0)
        chances = choose + j * np.log(share) + scipy.special.xlogy(k - j, 1 - share)
        binomials = np.where(j <= k, np.exp(chances), 0.0)
    found = []
    for a in range(degree + 1):
        rest = np.maximum(j - a, 0)
        whole = setting.dimension / 2 + a
        # (2m-1)!!/(D (D+2) ..) = Gamma(m + 1/2) Gamma(D/2)/(sqrt(pi) Gamma(D/2 + m))
        moment = log((rest + 1) / 2) - log(0.5) + log(whole) - log(whole + rest / 2)
        constant = -a * np.log(2) - log(whole) + log(setting.dimension / 2)
        inner = np.exp(constant + log(j + 1) - log(rest + 1) + moment)
        found.append(binomials @ np.where((j >= a) & ((j - a) % 2 == 0), inner, 0.0))
    return np.stack(found, axis=1)


def rfa_spectrum(setting: Setting, degree: int = 20) -> Spectrum:
    """RFA's levels (a, b), a and b up to `degree`.

    (a, 0): eigenfunctions Y_a(x0), eigenvalue hhat_{a0}. (a, b): Y_a(x0) N^{-1/2} sum_i Y_b(x_i),
    eigenvalue hhat_{ab}/N. All functions that are not additive in the keys are in the null space.
    """
    shape = rfa_shape(setting, degree)
    levels = tuple((a, b) for a in range(degree + 1) for b in range(degree + 1))
    counts = [harmonics(a, setting.dimension) for a in range(degree + 1)]
    values = np.array([shape[a, b] / (setting.keys if b else 1) for a, b in levels])
    multiplicities = np.array([counts[a] * counts[b] for a, b in levels])
    tail = rfa_trace(setting) - float(values @ multiplicities)
    return Spectrum(levels, values, multiplicities, max(tail, 0.0))


def rfa_trace(setting: Setting) -> float:
    """E K(x, x): (b^2 + R^2)/(2N) + (1 - 1/N) E_v kappa(g(v)) (b^2 + R^2 v), times the scale."""
    t, weights = quadrature(setting.dimension, _NODES)
    inner = setting.bias**2 + setting.radius**2 * t
    across = float(weights @ (arc_cosine(inner / setting.token_square) * inner))
    scale = (setting.weight_scale * setting.token_square) ** 2
    own = setting.token_square / (2 * setting.keys)
    return scale * (own + (1 - 1 / setting.keys) * across)


def rfmlp_spectrum(setting: Setting, degree: int = 8) -> Spectrum:
    """RFMLP's levels, the partitions of total degree up to `degree`, at R = b = 1 ([rfa-3.3]).

    Products of harmonics over tokens 0 .. N. Repeated integration by parts (Rodrigues) gives

        (N + 2)^-A prod_i C_{a_i} E'[kappa^(A)((1 + S)/(N + 2))],  C_a = 1/(d (d+2) .. (d+2a-2)),

    where S adds up one coordinate per token, of the sphere in R^{d + 2 a_i} for a token of degree
    a_i; evaluated as a power series through the moments of S.
    """
    d, tokens = setting.dimension, setting.keys + 1
    levels, values, counts = [], [], []
    for total in range(degree + 1):
        for level in _partitions(total, tokens):
            levels.append(level)
            values.append(_rfmlp_eigenvalue(level, d, tokens))
            places = math.perm(tokens, len(level))
            for part in set(level):
                places //= math.factorial(level.count(part))
            counts.append(places * math.prod(harmonics(a, d) for a in level))
    eigenvalues, multiplicities = np.array(values), np.array(counts, float)
    tail = 0.5 - float(eigenvalues @ multiplicities)
    return Spectrum(tuple(levels), eigenvalues, multiplicities, max(tail, 0.0))


def monomial_energies(power: int, weighted: bool, setting: Setting) -> dict[tuple[int, int], float]:
    """Squared norms of a target by level (a, b) ([rfa-3.4]).

    f_p, the mean over keys of <beta, x>^p: alpha_{p,b}^2/(N B_b) at (0, b), the squared mean at
    (0, 0). g_p, `weighted`, that of <x0, x>^p <beta, x>: from each a, q_a = alpha_{p,a}^2/(d B_a)
    goes to (a, a+1) and (a, a-1).
    """
    d, keys = setting.dimension, setting.keys
    alpha = monomial(power, d)
    found: dict[tuple[int, int], float] = {}
    for a, value in enumerate(alpha):
        if abs(value) < 1e-14:
            continue
        if not weighted:
            found[0, a] = value**2 / ((keys if a else 1) * harmonics(a, d))
            continue
        q = value**2 / (d * harmonics(a, d))
        found[a, a + 1] = q / keys * (a + d - 2) / (2 * a + d - 2)
        if a:
            found[a, a - 1] = q * a / (2 * a + d - 2) / (keys if a > 1 else 1)
    return found


def variance(energies: Energies) -> float:
    """Variance of a target: all but its mean."""
    return sum(value for level, value in energies.items() if level != (0, 0))


def as_partitions(energies: Energies) -> dict[Level, float]:
    """The same energies by RFMLP's levels."""
    found: dict[Level, float] = {}
    for level, value in energies.items():
        key = tuple(sorted((degree for degree in level if degree), reverse=True))
        found[key] = found.get(key, 0.0) + value
    return found


def _partitions(total: int, parts: int, largest: int | None = None) -> list[Level]:
    if total == 0:
        return [()]
    if parts == 0:
        return []
    top = min(total, largest or total)
    return [
        (first, *rest)
        for first in range(top, 0, -1)
        for rest in _partitions(total - first, parts - 1, first)
    ]


_TERMS = 80


def _rfmlp_eigenvalue(level: Level, d: int, tokens: int) -> float:
    order = sum(level)
    generating = _power(_moments(d), tokens - len(level))
    for part in level:
        generating = _times(generating, _moments(d + 2 * part))
    # e^t, for the 1 in (1 + S)^k
    shift = np.exp(-scipy.special.gammaln(np.arange(_TERMS) + 1))
    moments = _times(generating, shift) * np.exp(scipy.special.gammaln(np.arange(_TERMS) + 1))
    k = np.arange(order, order + _TERMS)
    falling = np.exp(scipy.special.gammaln(k + 1) - scipy.special.gammaln(k - order + 1))
    terms = arc_cosine_series(order + _TERMS)[order:] * falling * moments
    series = float(np.sum(terms * (tokens + 1.0) ** -(k - order)))
    constants = math.prod(1 / (d + 2 * j) for part in level for j in range(part))
    return (tokens + 1.0) ** -order * constants * series


def _moments(d: int) -> Float[np.ndarray, " term"]:
    """E t^k/k! of a coordinate on S^{d-1}: (k-1)!!/(d (d+2) .. (d+k-2)) for even k."""
    found = np.zeros(_TERMS)
    moment = 1.0
    for k in range(0, _TERMS, 2):
        found[k] = moment * math.exp(-math.lgamma(k + 1))
        moment *= (k + 1) / (d + k)
    return found


def _times(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.convolve(one, other)[:_TERMS]


def _power(series: np.ndarray, exponent: int) -> np.ndarray:
    found = np.zeros(_TERMS)
    found[0] = 1
    for _ in range(exponent):
        found = _times(found, series)
    return found
