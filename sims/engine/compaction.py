"""Letting the runs of a batch that are done go: what is left travels in a smaller program.

Sizes are the batch size halved again and again, so there are few programs to compile. Which runs
travel is a function of which have ended, hence of what a checkpoint holds: a resumed batch goes
through the same programs and ends in the same bits.
"""

from __future__ import annotations

import jax
import numpy as np
from jaxtyping import Bool, Int, PyTree


def fitting(batch_size: int, going: int, devices: int) -> int:
    """The smallest size, `batch_size` halved and rounded up to whole devices, for `going` runs."""
    size = batch_size
    while (half := -(-size // 2 // devices) * devices) >= max(going, 1) and half < size:
        size = half
    return size


def travellers(travels: Bool[np.ndarray, " run"], size: int) -> Int[np.ndarray, " slot"]:
    """Positions of the runs that travel on, filled up to `size` with others."""
    return np.argsort(~travels, kind="stable")[:size]


def take(whole: PyTree, members: Int[np.ndarray, " slot"]) -> PyTree:
    """The entries at `members` of arrays with leading axis `run`."""
    return jax.tree.map(lambda array: array[members], whole)


def put(whole: PyTree, members: Int[np.ndarray, " slot"], part: PyTree) -> PyTree:
    """`whole` with the entries at `members` replaced by `part`."""
    return jax.tree.map(lambda array, own: array.at[members].set(own), whole, part)
