"""The broken variant that claims about trained nets must not survive."""

import jax.numpy as jnp
from jaxtyping import Array, Key

from sims.engine.sweep import Sweep
from sims.icl_regression.data import Prompts
from sims.icl_regression.training import Training


class RolledQuery(Training):
    """Training whose queries arrive with their coordinates rolled by one.

    The task is as learnable as before, but through KQ = omega R with the rotation R: not diagonal,
    its diagonal noise, and useless on prompts that are not rolled.
    """

    def sample(self, key: Key[Array, ""]) -> Prompts:
        prompts = super().sample(key)
        return prompts._replace(query=jnp.roll(prompts.query, 1, axis=-1))


def rolled(heads: int) -> Sweep:
    """A few short runs of the broken variant: enough for the checks to fail."""
    return Sweep(RolledQuery(heads=heads, steps=1500, log_every=100), seeds=16)
