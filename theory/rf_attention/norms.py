"""RKHS norms, the paper's measure of a target's complexity, and their bounds.

Derived in [rfa-5.1], [rfa-5.2] and [rfa-5.4].
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import scipy.optimize
from jaxtyping import Float

from theory.rf_attention.kernels import arc_cosine_series
from theory.rf_attention.spectra import Level, Spectrum


def squared_norm(energies: Mapping[Level, float], spectrum: Spectrum) -> float:
    """B(f) = sum over levels of energy over eigenvalue.

    For RFA both are proportional to 1/N and B does not depend on the number of keys (setting all
    keys equal recovers the function of one key); for RFMLP it does.
    """
    return sum(value / spectrum.at(level) for level, value in energies.items() if value > 0)


def least_norm(
    eigenvalues: Float[np.ndarray, " mode"], energies: Float[np.ndarray, " mode"], error: float
) -> float:
    """Squared norm of the cheapest function within relative squared error `error` of a target.

    f = T (T + mu)^{-1} g for the kernel's operator T: error sum (mu/(lam + mu))^2 g^2, norm sum
    lam/(lam + mu)^2 g^2, solved for mu. A target need not lie in the space, so that its own norm
    may be infinite, and this one is not.
    """

    def missed(log: float) -> float:
        left = np.exp(log) / (eigenvalues + np.exp(log))
        return float(np.sum(left**2 * energies) / np.sum(energies)) - error

    root = scipy.optimize.brentq(missed, -60.0, 20.0)  # pyright: ignore[reportArgumentType]
    mu = np.exp(float(root))  # pyright: ignore[reportArgumentType]
    return float(np.sum(eigenvalues / (eigenvalues + mu) ** 2 * energies))


def tensor_bound(query_power: int, key_power: int, terms: int = 400) -> float:
    """1/qt_rs, which bounds B_RFA of <x0^r (x) x^s, T> by |T|^2/qt_rs for every d and N.

    qt_rs = q_rs + q_{r,s-1}, q_rs = sum_k c_k 4^-k C(k, r) C(k, s): the kernel at R = b = 1
    is sum_rs qt_rs u0^r v^s. f_p has r = 0, s = p and |T| = 1; g_p has r = p, s = p + 1 and |T|^2
    <= d^p.
    """
    coefficients = arc_cosine_series(terms)

    def q(r: int, s: int) -> float:
        if s < 0:
            return 0.0
        return math.fsum(
            coefficients[k] * math.exp(
                -k * math.log(4) + _log_choose(k, r) + _log_choose(k, s)
            )
            for k in range(max(r, s), terms)
        )  # fmt: skip

    return 1 / (q(query_power, key_power) + q(query_power, key_power - 1))


def _log_choose(n: int, k: int) -> float:
    return float(np.log(float(math.comb(n, k)))) if n < 1000 else math.inf


def additive_floor(dimension: int, keys: int) -> float:
    """Share of the variance of s^2, s the mean over keys of <beta, x>, beyond additive functions.

    s^2 = (1/N^2) (sum_i b_i^2 + sum_{i != j} b_i b_j); the first sum is additive in the keys, the
    second orthogonal to all that is: (N - 1)/(N - 1 + (d - 1)/(d + 2)) ([rfa-6.2]).
    """
    return (keys - 1) / (keys - 1 + (dimension - 1) / (dimension + 2))
