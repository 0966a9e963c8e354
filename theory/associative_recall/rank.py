"""How many dimensions a look-up needs: random keys, simplices, circles [ar-4.1] to [ar-4.3]."""

from __future__ import annotations

import numpy as np
import scipy.integrate
import scipy.optimize
import scipy.special
from jaxtyping import Float

from theory.associative_recall.setting import Values


def random_accuracy(dimension: int, pairs: int) -> float:
    """E Phi(chi_d)^{P-1}: a Gaussian key in d dimensions wins over P - 1 others [ar-4.1]."""

    def density(norm: float) -> float:
        weight = 2 ** (1 - dimension / 2) / scipy.special.gamma(dimension / 2)
        chi = weight * norm ** (dimension - 1) * np.exp(-(norm**2) / 2)
        return float(chi * scipy.special.ndtr(norm) ** (pairs - 1))

    return float(scipy.integrate.quad(density, 0, np.sqrt(dimension) + 12, limit=200)[0])


def simplex_score(labels: Values, miss: Values) -> Values:
    """Score beta for mass 1 - `miss` on one of n labels that form a simplex, rank n - 1 [ar-4.2].

    The labels' cosines are -1/(n-1), so beta (1 + 1/(n-1)) = log((n-1)(1-miss)/miss).
    """
    return np.log((labels - 1) * (1 - miss) / miss) / (1 + 1 / (labels - 1))


def circle_mass(score: float, labels: int) -> float:
    """Mass on one of n labels spaced evenly on a circle, rank 2, at score beta [ar-4.3]."""
    angles: Float[np.ndarray, " label"] = 2 * np.pi * np.arange(labels) / labels
    return float(1 / np.exp(score * (np.cos(angles) - 1)).sum())


def circle_score(labels: int, miss: float) -> float:
    """Score beta at which `circle_mass` is 1 - `miss`; it grows as n^2 [ar-4.3]."""

    def gap(score: float) -> float:
        return 1 / circle_mass(score, labels) - 1 / (1 - miss)

    return float(scipy.optimize.brentq(gap, 1e-6, 10.0 * labels**2 + 10, xtol=1e-12))  # pyright: ignore
