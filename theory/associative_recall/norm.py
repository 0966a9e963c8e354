"""Scores of normalised states: a second sink, its lifetime, a dose [ar-7.1] to [ar-7.4]."""

from __future__ import annotations

import numpy as np

from theory.associative_recall.setting import Values


def cosine(dose: Values, drift: Values = 0.0) -> Values:
    """Cosine m/sqrt(1 + m^2 + drift^2) of a token of norm 1 with a dose across it [ar-7.1].

    Args:
        drift: norm of what else was added, across both.
    """
    return dose / np.sqrt(1 + np.square(dose) + np.square(drift))


def relative_attention(score: Values, dose: Values, drift: Values = 0.0) -> Values:
    """Attention on a token that a dose of the sink's direction is added to, over the sink's.

    exp(-B (1 - cosine)) for a token of norm 1 across the sink's direction [ar-7.1].
    """
    return np.exp(-np.asarray(score) * (1 - cosine(dose, drift)))


def lifetime(dose: Values, step: Values, least: Values) -> Values:
    """Layers until increments of norm `step` have brought the cosine below `least` [ar-7.2]."""
    return (np.square(dose) * (1 / np.square(least) - 1) - 1) / np.square(step)


def dosed_score(
    plain: Values, along: Values, norm: Values, cosine: Values, dose: Values, width: Values
) -> Values:
    """Score of a token once `dose` times a unit direction is added to its state [ar-7.3].

    Args:
        plain: score A of its state without normalisation.
        along: score C of the direction alone.
        norm: of its state, |x|.
        cosine: of state and direction.
        width: of the state, by whose root RMSNorm multiplies.
    """
    after = np.square(norm) + 2 * dose * norm * cosine + np.square(dose)
    return (plain + dose * along) * np.sqrt(width / after)
