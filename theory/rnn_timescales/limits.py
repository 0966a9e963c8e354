"""What the tasks need and what guessing earns (T6, T8, T10).

N-parity asks for the sum of the last N bits modulo 2, N-DMS whether the present bit equals that of
N - 1 steps ago. Parity's bits have a probability p ~ U(0, 1) drawn for every sequence.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def parity_states(bits: int) -> int:
    """2^N histories that N-parity on an endless stream must tell apart (T6).

    Myhill-Nerode: two histories are equivalent only where their last N bits agree, since the
    parities that follow reveal them one by one. All heads up to N together need no more: they ask
    that the states be linearly readable at once.
    """
    return 2**bits


def dms_states(bits: int) -> int:
    """2^(N - 1) histories that N-DMS must tell apart before the present bit comes (T6)."""
    return 2 ** (bits - 1)


def odd_share(bits: int) -> float:
    """P(N-parity is odd) for p ~ U(0, 1): 1/2 for odd N, N/(2 (N + 1)) for even N (T8)."""
    return 0.5 if bits % 2 else bits / (2 * (bits + 1))


def majority_accuracy(bits: int) -> float:
    """Accuracy on N-parity of a reader that knows p and nothing else, 1/2 + 1/(2 (N + 1)) (T8).

    It answers the likelier parity, and P(even | p) = (1 + (1 - 2 p)^N)/2.
    """
    return 0.5 + 1 / (2 * (bits + 1))


def parity_agreement(further: int) -> float:
    """How often N-parity and (N + D)-parity agree for p ~ U(0, 1), for every N (T8).

    That is P(D further bits have an even sum): 1/2 + 1/(2 (D + 1)) for even D, 1/2 for odd D.
    """
    return 1 - odd_share(further)


def delay_line_index(bits: int) -> int:
    """Index of the first principal component past 90 % of the variance, in a delay line (T10).

    N independent bits have N equal eigenvalues, so floor(.9 N), counted from zero as the paper's
    code does. Their participation ratio is N.
    """
    return 9 * bits // 10


def participation_ratio(eigenvalues: Float[np.ndarray, " component"]) -> float:
    """(sum of eigenvalues)^2 over the sum of their squares: N for N equal ones (T10)."""
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
