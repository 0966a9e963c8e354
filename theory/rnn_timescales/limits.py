"""What the tasks need and what guessing earns.

N-parity asks for the sum of the last N bits modulo 2, N-DMS whether the present bit equals that of
N - 1 steps ago. Parity's bits have a probability p ~ U(0, 1) drawn for every sequence [rnn-1.1].
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def parity_states(bits: int) -> int:
    """2^N histories that N-parity on an endless stream must tell apart.

    Myhill-Nerode: two histories are equivalent only where their last N bits agree, since the
    parities that follow reveal them one by one. All heads up to N together need no more: they ask
    that the states be linearly readable at once. Source: [rnn-1.3].
    """
    return 2**bits


def dms_states(bits: int) -> int:
    """2^(N - 1) histories that N-DMS must tell apart before the present bit comes [rnn-1.3]."""
    return 2 ** (bits - 1)


def odd_share(bits: int) -> float:
    """P(N-parity is odd) for p ~ U(0, 1): 1/2 for odd N, N/(2 (N + 1)) for even N [rnn-1.2]."""
    return 0.5 if bits % 2 else bits / (2 * (bits + 1))


def majority_accuracy(bits: int) -> float:
    """Accuracy on N-parity of a reader that knows p and nothing else, 1/2 + 1/(2 (N + 1)).

    It answers the likelier parity, and P(even | p) = (1 + (1 - 2 p)^N)/2. Source: [rnn-1.2].
    """
    return 0.5 + 1 / (2 * (bits + 1))


def parity_agreement(further: int) -> float:
    """How often N-parity and (N + D)-parity agree for p ~ U(0, 1), for every N.

    That is P(D further bits have an even sum): 1/2 + 1/(2 (D + 1)) for even D, 1/2 for odd D.
    Source: [rnn-1.2].

    Args:
        further: D, at least 1.
    """
    return 1 - odd_share(further)


def delay_line_index(bits: int) -> int:
    """Index of the first principal component past 90 % of the variance, in a delay line.

    N independent bits have N equal eigenvalues, so floor(.9 N), counted from zero as the authors'
    code does. Their participation ratio is N. Source: [rnn-5.6].
    """
    return 9 * bits // 10


def participation_ratio(eigenvalues: Float[np.ndarray, " component"]) -> float:
    """(sum of eigenvalues)^2 over the sum of their squares: N for N equal ones [rnn-5.6]."""
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
