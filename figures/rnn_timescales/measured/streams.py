"""The training streams' labels, counted."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray

from sims.engine.experiment import draw, named_key
from sims.engine.program import run_key
from sims.rnn_timescales.tasks import SMALLEST, labels, training_bits


def shares(largest: int, sequences: int, fair: bool) -> xarray.Dataset:
    """Parity's labels on training streams, N and D = 1 .. `largest`.

    Args:
        largest: the largest N, and the largest D.
        sequences: how many streams.
        fair: p = 1/2 in every stream, in place of p ~ U(0, 1).

    Returns:
        `odd` (n,), `known` (n,: right answers of a reader that knows p alone) and `agree`
        (further,: of 2-parity with (2 + D)-parity), shares of the `sequences`.
    """
    key = run_key(jnp.asarray(0))
    uniform = draw(jax.random.uniform, named_key(key, "bits"), (largest + 2, sequences))
    chance = jax.random.uniform(named_key(key, "chance"), (sequences,))
    chance = jnp.where(fair, 0.5, chance)
    odd = np.asarray(labels("parity", training_bits("parity", uniform, chance), largest + 2))
    n = np.arange(SMALLEST, largest + 1)
    # An odd number of bits, more often 1 than not, is more often odd.
    likely = (n[:, None] % 2 == 1) & (np.asarray(chance) > 0.5)
    return xarray.Dataset(
        {
            "odd": ("n", odd[: len(n)].mean(axis=1)),
            "known": ("n", (odd[: len(n)] == likely).mean(axis=1)),
            "agree": ("further", (odd[1:] == odd[0]).mean(axis=1)),
            "sequences": ((), sequences),
        },
        {"n": n, "further": np.arange(1, largest + 1)},
    )
