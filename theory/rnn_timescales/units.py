"""One leaky unit by itself: its autocorrelation, and what it remembers.

h_t = q h_{t-1} + x_t/tau with q = 1 - 1/tau, driven by independent bits x_t. In the paper tau is a
unit's trained time constant, and tau_net the timescale of its autocorrelation. Every formula acts
entry by entry: on numbers, or on arrays that broadcast.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Num

# What formulas that act entry by entry take and give: numbers, or arrays that broadcast.
Values = float | int | Num[np.ndarray, "..."]


def autocorrelation(tau: Values, lag: Values) -> Values:
    """rho(l) = (1 - 1/tau)^l at `lag` steps, exactly; exp(-l/tau) is its limit at large tau.

    Source: [rnn-4.1].

    Args:
        tau: time constant in steps, at least 1.

    Raises:
        ValueError: a tau below 1.
    """
    return (1 - _rate(tau)) ** lag


def timescale(tau: Values) -> Values:
    """tau_AC = -1/ln(1 - 1/tau) = tau - 1/2 - 1/(12 tau) - ... steps; 0 at tau = 1.

    Source: [rnn-4.1].

    Args:
        tau: time constant in steps, at least 1.

    Raises:
        ValueError: a tau below 1.
    """
    with np.errstate(divide="ignore"):
        return -1 / np.log1p(-_rate(tau))


def held_autocorrelation(tau: Values, held: int, lag: Values) -> Values:
    """rho at `lag` bits of a unit whose input bits last `held` steps, read at each bit's end.

    The step is 1/held and a = 1/(held tau), so that rho(m) = (1 - a)^(held m), which tends to
    exp(-m/tau) for large `held`. Source: [rnn-4.2]; the model is the authors' `RNN_Continuous.py`.

    Args:
        tau: time constant in bits, at least 1/held.

    Raises:
        ValueError: a tau below 1/held.
    """
    return (1 - _rate(np.multiply(held, tau))) ** np.multiply(held, lag)


def phase_averaged_autocorrelation(tau: float, held: int, lag: Values) -> Values:
    """As `held_autocorrelation`, of every step rather than of each bit's last.

    With q = 1 - 1/(held tau), Q = q^held and H_m the state at the end of bit m, the state j steps
    into a bit is q^j H + (1 - q^j) x, and var H = (1 - Q)/(1 + Q) var x. Covariances are averaged
    over j = 1 .. held and divided by the averaged variance. Source: [rnn-4.3].

    Args:
        tau: time constant in bits, at least 1/held.
        lag: in bits.

    Raises:
        ValueError: a tau below 1/held.
    """
    q = 1 - _rate(held * tau)
    kept = q ** np.arange(1.0, held + 1)
    end = q**held
    ends = (1 - end) / (1 + end)
    variance = kept**2 * ends + (1 - kept) ** 2
    one_bit = kept * (kept * end * ends + (1 - kept) * (1 - end))
    lag = np.asarray(lag, float)
    later = one_bit.sum() / variance.sum() * end ** np.maximum(lag - 1, 0)
    return np.where(lag == 0, 1.0, later)


def recall(tau: Values, lag: Values) -> Values:
    """R^2_k of the best linear reading of x_{t-k} from the unit: (1 - q^2) q^(2k).

    Source: [rnn-4.4].

    Args:
        tau: time constant in steps, at least 1.
        lag: k.

    Raises:
        ValueError: a tau below 1.
    """
    q = 1 - _rate(tau)
    return (1 - q**2) * q ** np.multiply(2, lag)


def best_time_constant(lag: Values) -> Values:
    """tau*(k) = k + 1 + sqrt(k (k + 1)) steps, where q^2 = k/(k + 1) and `recall` is largest.

    It is near 2 k + 3/2: without recurrence a longer memory wants tau to grow with N. Source:
    [rnn-4.4].
    """
    k = np.asarray(lag, float)
    return k + 1 + np.sqrt(k * (k + 1))


def best_recall(lag: Values) -> Values:
    """R^2_k at tau*(k): (1/(k + 1)) (k/(k + 1))^k, near 1/(e (k + 1)). Source: [rnn-4.4]."""
    k = np.asarray(lag, float)
    return (k / (k + 1)) ** k / (k + 1)


def _rate(tau: Values) -> Values:
    if np.any(np.asarray(tau) < 1):
        raise ValueError(f"expected time constants of at least one step, got {np.min(tau)}")
    return 1 / np.asarray(tau, float)
