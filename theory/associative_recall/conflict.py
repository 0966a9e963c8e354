"""A prompt whose context contradicts what the weights hold [ar-3.1] to [ar-3.2]."""

from __future__ import annotations

import numpy as np

from theory.associative_recall.setting import Values


def log_odds(follows: Values) -> Values:
    """log(c/(1-c)), the logit difference context - fact that is calibrated to c [ar-3.1]."""
    return np.log(follows) - np.log1p(-np.asarray(follows, "float64"))


def after_cutting(difference: Values, contribution: Values) -> Values:
    """Mean logit difference context - fact once a last-layer head is cut: Delta - D_h [ar-3.2]."""
    return difference - contribution
