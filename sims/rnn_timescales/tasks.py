"""N-parity and N-DMS on binary streams [rnn-1.1].

A stream is right-aligned: its last bit is the present one, x_M, and a shorter stream is the end of
a longer one, so that one array serves every length and every N.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sims.engine.experiment import draw

TASKS = ("parity", "dms")
SMALLEST = 2

Bits = Float[Array, "time sequence"]


def training_bits(task: str, uniform: Bits, chance: Float[Array, " sequence"]) -> Bits:
    """Training streams: p ~ U(0, 1) afresh for every sequence of parity, p = 1/2 for DMS.

    Args:
        uniform: independent U(0, 1), one for each bit.
        chance: p, likewise, one for each sequence.
    """
    return (uniform < (0.5 if task == "dms" else chance)).astype("float32")


def fair_bits(key: Key[Array, ""], time: int, sequences: int) -> Bits:
    """Streams with p = 1/2, for every analysis in which chance must be 1/2."""
    return (draw(jax.random.uniform, key, (time, sequences), "float32") < 0.5).astype("float32")


def length(uniform: Float[Array, ""], largest: Int[Array, ""]) -> Int[Array, ""]:
    """M, uniform on {N + 2, ..., 4 N + 1} for the largest N that is asked.

    The authors' tasks.py draws it so; the text of the paper is said to have 4 N as the largest.

    Args:
        uniform: U(0, 1), in float32: exact to 1e-7 of each length's chance.
    """
    return largest + 2 + (uniform * (3 * largest)).astype("int32")


def longest(largest: int) -> int:
    """The longest stream that asking up to N = `largest` may take."""
    return 4 * largest + 1


def labels(task: str, bits: Bits, largest: int) -> Int[Array, "n sequence"]:
    """The answers at the end of each stream for N = 2 .. `largest`.

    parity: (x_M + ... + x_{M-N+1}) mod 2. dms: 1 where x_M = x_{M-N+1}, else 0.

    Example:
        bits 0 1 1 0 1: parity of N = 2, 3, 4 is 1, 0, 1 and dms 0, 1, 1.
    """
    back = bits[::-1][:largest].astype("int32")
    if task == "dms":
        return (back[1:] == back[0]).astype("int32")
    return jnp.cumsum(back, axis=0)[1:] % 2


def sliding_labels(task: str, bits: Bits, largest: int) -> Int[Array, "time n sequence"]:
    """The answers at every moment from the N-th bit on; before, as if zeros had come first."""
    padded = jnp.pad(bits.astype("int32"), ((largest, 0), (0, 0)))
    if task == "dms":
        past = [padded[largest - n + 1 : -n + 1] for n in range(SMALLEST, largest + 1)]
        return jnp.stack([(bits == then).astype("int32") for then in past], axis=1)
    total = jnp.cumsum(padded, axis=0)
    past = [total[largest:] - total[largest - n : -n] for n in range(SMALLEST, largest + 1)]
    return jnp.stack(past, axis=1) % 2
