"""What stored things do to one another, as keys or in a matrix [ar-4.4] to [ar-4.6]."""

from __future__ import annotations

import math

import numpy as np
import scipy.integrate
import scipy.special
import scipy.stats

from theory.associative_recall.setting import Values


def annealed_mass(score: Values, dimension: int, pairs: Values) -> Values:
    """Attention on the match among keys of length 1, at `score` times the cosine [ar-4.4].

    1/(1 + (P-1) m_d(B) e^-B), m_d the mean of e^{B cos} over the sphere.
    """
    beta, half = np.asarray(score, "float64"), dimension / 2 - 1
    # ive is I times e^-B, so that large scores do not overflow.
    mean = math.gamma(dimension / 2) * (2 / beta) ** half * scipy.special.ive(half, beta)
    return 1 / (1 + (pairs - 1) * mean)


def store_noise(facts: Values, dimension: Values, values: Values) -> Values:
    """Standard deviation sigma of a read-out whose own fact adds 1 [ar-4.5]."""
    return np.sqrt((facts - 1) / dimension * (1 / dimension + 1 / values) + 1 / dimension)


def store_accuracy(noise: float, values: int) -> float:
    """Chance that the right one of `values` is largest at this noise [ar-4.5]."""

    def density(x: float) -> float:
        return float(np.exp(-(x**2) / 2) * scipy.special.ndtr(1 / noise + x) ** (values - 1))

    return float(scipy.integrate.quad(density, -10, 10, limit=200)[0] / np.sqrt(2 * np.pi))


def separable(facts: int, dimension: int) -> float:
    """Chance that random signs of `facts` keys are linearly separable (Cover 1965) [ar-4.6]."""
    return float(scipy.stats.binom.cdf(dimension - 1, facts - 1, 0.5))
