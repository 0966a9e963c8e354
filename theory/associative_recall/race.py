"""Which of two routes to an answer is learnt first [ar-3.3]."""

from __future__ import annotations

import numpy as np

from theory.associative_recall.setting import Values

TOTAL = 4.0
"""Logit S that both routes add up to where it is asked which one leads [ar-3.3]."""


def tie(factors: int, start: Values, total: Values = TOTAL) -> Values:
    """M*: how rare a fact may be until the context's route leads [ar-3.3].

    Args:
        factors: numbers in series whose product is the context's logit.
        start: what each of them starts at, g_0.
        total: S, the sum of both logits.
    """
    half = np.asarray(total) / 2
    if factors == 2:
        return np.log(half / np.square(start)) / (2 * half)
    power = 2.0 - factors
    return (np.power(start, power) - half ** (power / factors)) / ((factors - 2) * half)
