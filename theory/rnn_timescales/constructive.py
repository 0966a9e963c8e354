"""Networks written down, not trained, that solve the tasks with every tau = 1.

They are networks of the trained model itself [rnn-2.1],

    h_t = f((1 - a) h_{t-1} + a (W h_{t-1} + b + w_in x_t)),   a = 1/tau,   f(z) = max(z, .01 z),

with zero diagonal and, at tau = 1, no leak: a delay line d_1 .. d_{N-1} holds x_t .. x_{t-N+2}, and
units f(s - j), j = 0 .. count - 1, of a sum s of bits span all functions of s [rnn-7.1]. So a
longer tau is never needed where H >= 2 N - 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num

from theory.rnn_timescales.setting import SLOPE


class Network(NamedTuple):
    """The weights of a leaky network with scalar input and two logits a head.

    Attributes:
        drive: w_in.
        bias: b_h + b_in, which only ever occur together.
        recurrent: W, from the second index to the first.
        tau: time constants in steps.
        readout: W_k, one row for each class.
        readout_bias: b_k.
    """

    drive: Float[np.ndarray, " unit"]
    bias: Float[np.ndarray, " unit"]
    recurrent: Float[np.ndarray, "unit unit"]
    tau: Float[np.ndarray, " unit"]
    readout: Float[np.ndarray, "head class=2 unit"]
    readout_bias: Float[np.ndarray, "head class=2"]


def parity_units(bits: int | float) -> int | float:
    """Units of `parity`: 2 N - 1 [rnn-7.2]; linear, so that it may be asked between whole N."""
    return 2 * bits - 1


def all_parities_units(bits: int) -> int:
    """Units of `all_parities`: (N^2 + 3 N - 4)/2 [rnn-7.3]."""
    return (bits**2 + 3 * bits - 4) // 2


def dms_units(bits: int | float) -> int | float:
    """Units of `dms`: N + 1 [rnn-7.4]; linear, so that it may be asked between whole N."""
    return bits + 1


# Units with tau = 1 that one head of a task needs at most, by task.
UNITS: Mapping[str, Callable[[int | float], int | float]] = {
    "parity": parity_units,
    "dms": dms_units,
}


def parity(bits: int) -> Network:
    """N-parity with 2 N - 1 units and one head [rnn-7.2].

    Raises:
        ValueError: fewer than 2 bits.
    """
    return _assemble(bits, [(range(bits - 1), np.arange(bits + 1) % 2)])


def all_parities(bits: int) -> Network:
    """All of 2-parity .. N-parity with (N^2 + 3 N - 4)/2 units, heads in this order [rnn-7.3].

    Raises:
        ValueError: fewer than 2 bits.
    """
    heads = range(2, bits + 1)
    return _assemble(bits, [(range(head - 1), np.arange(head + 1) % 2) for head in heads])


def dms(bits: int) -> Network:
    """N-DMS with N + 1 units and one head: the present bit and the last of the line sum to 0 or 2.

    Source: [rnn-7.4].

    Raises:
        ValueError: fewer than 2 bits.
    """
    return _assemble(bits, [([bits - 2], np.array([1, 0, 1]))])


def _assemble(bits: int, heads: Sequence[tuple[Sequence[int], np.ndarray]]) -> Network:
    """A delay line, and for each head (places of the line that it sums with x_t, labels).

    `labels[s]` is the answer where the sum is s.
    """
    if bits < 2:
        raise ValueError(f"expected at least 2 bits, got {bits}")
    units = bits - 1 + sum(len(labels) - 1 for _, labels in heads)
    drive, bias, recurrent = np.zeros(units), np.zeros(units), np.zeros((units, units))
    readout, offsets = np.zeros((len(heads), 2, units)), np.zeros((len(heads), 2))
    drive[0] = 1
    recurrent[range(1, bits - 1), range(bits - 2)] = 1
    first = bits - 1
    for head, (places, labels) in enumerate(heads):
        own = slice(first, first := first + len(labels) - 1)
        drive[own] = 1
        bias[own] = -np.arange(len(labels) - 1)
        recurrent[own, list(places)] = 1
        weights = _readout(labels)
        readout[head, :, own] = np.outer([-0.5, 0.5], weights[:-1])
        offsets[head] = [-0.5 * weights[-1], 0.5 * weights[-1]]
    return Network(drive, bias, recurrent, np.ones(units), readout, offsets)


def _readout(labels: Num[np.ndarray, " sum"]) -> Float[np.ndarray, " sum"]:
    """Weights on f(s - j) and a constant that give 1 where `labels[s]` is 1, else -1 [rnn-7.1]."""
    sums = np.arange(len(labels))
    past = sums[:, None] - sums[:-1]
    seen = np.where(past > 0, past, SLOPE * past)
    design = np.concatenate([seen, np.ones((len(labels), 1))], axis=1)
    return np.linalg.solve(design, 2.0 * labels - 1)
