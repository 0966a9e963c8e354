"""The induction circuit written down: what its two layers attend to [ar-5.1], [ar-5.2]."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from theory.associative_recall.setting import Setting, Values


class Masses(NamedTuple):
    """Attention of the last token in the second layer.

    Attributes:
        needle: on the value that follows the query's key.
        own: on the last token itself, whose predecessor is the query too.
        other: on each of the T - 2 other tokens.
    """

    needle: Values
    own: Values
    other: Values


def masses(strength: Values, aversion: Values, setting: Setting) -> Masses:
    """Masses at score beta on equal predecessors and -kappa on oneself, beta_1 -> inf [ar-5.1].

    Args:
        strength: beta.
        aversion: kappa; 0 where nothing keeps the last token from itself.
    """
    top, own = np.exp(strength), np.exp(np.subtract(strength, aversion))
    total = top + own + setting.length - 2
    return Masses(top / total, own / total, 1 / total)


def loss(strength: Values, aversion: Values, gain: Values, setting: Setting) -> Values:
    """Loss in nats of the circuit that reads values with gain g [ar-5.2]."""
    pairs, values = setting
    found = masses(strength, aversion, setting)
    top, low = gain * found.needle, gain * found.other
    rest = (pairs - 1) * np.exp(low - top) + (values - pairs) * np.exp(-top)
    return np.log1p(rest)
