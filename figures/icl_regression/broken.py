"""Broken variants that claims about trained nets must not survive."""

import jax.numpy as jnp
from jaxtyping import Array, Key

from figures.evidence import Evidence, override
from sims.engine.sweep import Sweep
from sims.icl_regression.data import Prompts
from sims.icl_regression.training import Training
from sims.icl_regression.variants import Activation


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


def short(evidence: Evidence, heads: int) -> Sweep:
    """A few short runs of the plain training, whose results are then broken."""
    sweep = evidence.find(f"icl_regression.training_h{heads}")
    return override(sweep, steps=1000, log_every=40, seeds=16)


class RolledActivation(Activation):
    """The same for other functions in place of the exponential."""

    def sample(self, key: Key[Array, ""]) -> Prompts:
        prompts = super().sample(key)
        return prompts._replace(query=jnp.roll(prompts.query, 1, axis=-1))


def rolled_activation(name: str) -> Sweep:
    """A few short runs of it."""
    experiment = RolledActivation(
        heads=2, activation=name, steps=1000, log_every=100, learning_rate=0.02
    )
    return Sweep(experiment, seeds=8)
