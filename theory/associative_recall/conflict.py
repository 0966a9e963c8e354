"""A prompt whose context contradicts what the weights hold [ar-1.1], [ar-3.1], [ar-3.2]."""

from __future__ import annotations

import numpy as np
import scipy.special

from theory.associative_recall.setting import Values

CONFLICTS = 0.3
"""Share of prompts that are conflicts [ar-1.1]."""

EVEN = 0.5
"""The c at which context and weights are right equally often."""

FAR = 0.6
"""Distance in nats of Delta - D_h from 0 that counts as far [ar-3.2]."""

MEMORY_LIKE = -0.8
"""D_h in nats up to which a head counts as speaking for the weights [ar-3.2]."""


COMMON, RARE = 128, 4096
"""Facts up to which the weights are to win, and from which the context, after training where both
agree [ar-3.4]."""


def log_odds(follows: Values) -> Values:
    """log(c/(1-c)), the logit difference context - fact that is calibrated to c [ar-3.1]."""
    return np.log(follows) - np.log1p(-np.asarray(follows, "float64"))


def floor(follows: Values) -> Values:
    """Least loss of any net in nats: a conflict's entropy times the share of these [ar-1.1]."""
    chance = np.asarray(follows, "float64")
    return CONFLICTS * (scipy.special.entr(chance) + scipy.special.entr(1 - chance))


def after_cutting(difference: Values, contribution: Values) -> Values:
    """Mean logit difference context - fact once a last-layer head is cut: Delta - D_h [ar-3.2]."""
    return difference - contribution
