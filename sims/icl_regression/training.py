"""Training attention on fresh prompts every step [icl-9.1]."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from sims.engine.experiment import Arrays, Experiment, static, traced
from sims.engine.optimisers import optimiser
from sims.icl_regression.data import Prompts, sample_prompts
from sims.icl_regression.model import SoftmaxAttention, initial_attention, predict_linear


class TrainingState(NamedTuple):
    """The net and Adam's moments."""

    model: SoftmaxAttention
    memory: optax.OptState


class Training(Experiment):
    """Adam on the squared error of the target, from PyTorch's default initial values.

    Logs the circuits `kq` and `ov`, from which every metric follows [icl-8.1], and the loss of the
    training batches, which are fresh and so estimate the risk.
    """

    dims = {"kq": ("head", "key", "query"), "ov": ("head", "key")}

    heads: int = static(default=2, help="attention heads H", ge=1)
    dimension: int = static(default=5, help="covariate dimension d", ge=1)
    length: int = static(default=40, help="pairs per prompt L", ge=2)
    prompts: int = static(default=64, help="prompts per step", ge=1)
    noise_variance: float = traced(default=0.1, help="variance of the labels' noise", ge=0)
    learning_rate: float = traced(default=0.01, help="Adam's initial rate", gt=0)
    final_fraction: float = traced(
        default=0.01, help="last rate over first, by a cosine", ge=0, le=1
    )

    def sample(self, key: Key[Array, ""]) -> Prompts:
        """The prompts of one step."""
        return sample_prompts(
            key,
            prompts=self.prompts,
            dimension=self.dimension,
            length=self.length,
            noise_variance=self.noise_variance,
            root=self.root(),
        )

    def root(self) -> Float[Array, "dimension dimension"] | None:
        """A square root of the covariates' covariance; None where it is the identity."""
        return None

    def initial(self, key: Key[Array, ""]) -> SoftmaxAttention:
        """The net before training."""
        return initial_attention(key, heads=self.heads, dimension=self.dimension)

    def predict(self, model: SoftmaxAttention, prompts: Prompts) -> Float[Array, "prompt *task"]:
        """Predicted targets."""
        return model(prompts)

    def descent(self) -> optax.GradientTransformation:
        """The optimiser."""
        return optimiser(
            "adam", self.learning_rate, steps=self.steps, final_fraction=self.final_fraction
        )

    def init(self, key: Key[Array, ""]) -> TrainingState:
        model = self.initial(key)
        return TrainingState(model, self.descent().init(model))  # pyright: ignore[reportArgumentType]

    def step(self, state: TrainingState, key: Key[Array, ""]) -> tuple[TrainingState, Arrays]:
        prompts = self.sample(key)

        def loss(model: SoftmaxAttention) -> Array:
            return jnp.mean((self.predict(model, prompts) - prompts.target) ** 2)

        value, gradient = jax.value_and_grad(loss)(state.model)
        change, memory = self.descent().update(gradient, state.memory)
        return TrainingState(optax.apply_updates(state.model, change), memory), {"loss": value}  # pyright: ignore[reportArgumentType]

    def observe(self, state: TrainingState, key: Key[Array, ""]) -> Arrays:
        kq, ov = state.model.circuits()
        return {"kq": kq, "ov": ov}


class LinearTraining(Training):
    """The same with linear attention, whose 1/L stays at the training length [icl-2.3]."""

    heads: int = static(default=1, help="attention heads H", ge=1)

    def predict(self, model: SoftmaxAttention, prompts: Prompts) -> Float[Array, " prompt"]:
        return predict_linear(*model.circuits(), prompts, self.length)
