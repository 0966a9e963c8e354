"""Answers whose labels are sometimes random: how sure to be, and who has to say so [ar-8.1]."""

from __future__ import annotations

import numpy as np

from theory.associative_recall.setting import Values

ANSWERS = 16
"""Answers of the task about subjects and relations [ar-1.3]."""

NOISY = 0.2
"""Share of random labels at which contributions of the last MLP are looked at [ar-8.2]."""


def right(noise: Values, answers: Values) -> Values:
    """Probability 1 - eps + eps/V of a label's being the answer [ar-8.1]."""
    return 1 - noise + noise / answers


def best_margin(noise: Values, answers: Values) -> Values:
    """Margin z* = log((1 - eps + eps/V)/(eps/V)) of least loss [ar-8.1]."""
    return np.log(right(noise, answers)) - np.log(np.asarray(noise) / answers)


def last_part(margin: Values, noise: Values, answers: Values) -> Values:
    """What is left for a last part behind a body of some margin: z* - z_1 [ar-8.2]."""
    return best_margin(noise, answers) - margin
