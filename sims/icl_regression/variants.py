"""Training on other data, with other attention, and by another rule [icl-9.1]."""

from __future__ import annotations

import optax
from jaxtyping import Array, Float, Key

from sims.engine.errors import UserError
from sims.engine.experiment import Arrays, static, traced
from sims.engine.optimisers import optimiser
from sims.icl_regression.data import (
    Prompts,
    correlated_root,
    sample_tasks,
    supports,
)
from sims.icl_regression.model import (
    ACTIVATIONS,
    SoftmaxAttention,
    initial_attention,
    normalised,
    predict,
)
from sims.icl_regression.training import Training, TrainingState


class MultiTask(Training):
    """Several tasks on the same covariates, each with coordinates of its own [icl-7.1].

    The loss is the mean over tasks, of signal variance 1 each, and the target has no noise; the
    authors' losses are `support` times ours.
    """

    dims = {"kq": ("head", "key", "query"), "ov": ("head", "key", "task")}

    dimension: int = static(default=6, help="covariate dimension d", ge=1)
    length: int = static(default=48, help="pairs per prompt L", ge=2)
    tasks: int = static(default=2, help="tasks N", ge=2)
    support: int = static(default=4, help="coordinates that a task reads", ge=1)
    shared: bool = static(default=False, help="one beta for all tasks, not one each")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.support > self.dimension:
            raise UserError(
                f"support = {self.support}: expected at most dimension = {self.dimension}; the "
                f"nearest valid value is {self.dimension}"
            )

    def sample(self, key: Key[Array, ""]) -> Prompts:
        return sample_tasks(
            key,
            prompts=self.prompts,
            length=self.length,
            noise_variance=self.noise_variance,
            masks=supports(self.tasks, self.dimension, self.support),
            shared=self.shared,
        )

    def initial(self, key: Key[Array, ""]) -> SoftmaxAttention:
        return initial_attention(key, heads=self.heads, dimension=self.dimension, tasks=self.tasks)


class Anisotropic(Training):
    """Covariates whose coordinates i, j correlate as correlation^|i-j| [icl-6.8]."""

    correlation: float = traced(
        default=0.5, help="correlation of neighbouring coordinates", ge=0, lt=1
    )

    def root(self) -> Float[Array, "dimension dimension"]:
        return correlated_root(self.correlation, self.dimension)


class Activation(Training):
    """Another function in place of the softmax's exponential [icl-2.4].

    1 + s may sum to nearly zero, which gives the loss heavy tails: gradients are clipped to norm 1.
    """

    activation: str = static(
        default="linear", help="f of f(s)/sum f(s)", choices=tuple(ACTIVATIONS)
    )

    def predict(self, model: SoftmaxAttention, prompts: Prompts) -> Float[Array, " prompt"]:
        return predict(*model.circuits(), prompts, normalised(self.activation))

    def descent(self) -> optax.GradientTransformation:
        return optax.chain(optax.clip_by_global_norm(1.0), super().descent())


class SGD(Training):
    """Plain SGD, whose time is rate times step: the clock of the gradient flow [icl-5.6].

    Logs besides, per head, what sets the speed of the factors: `kq_rate`, mean diagonal of
    K'K + Q'Q on covariates, and `ov_rate`, |O|^2 + |V's label column|^2.
    """

    dims = {**Training.dims, "kq_rate": ("head",), "ov_rate": ("head",)}

    def descent(self) -> optax.GradientTransformation:
        return optimiser(
            "sgd",
            self.learning_rate,
            steps=self.steps,
            final_fraction=self.final_fraction,
            momentum=0.0,
        )

    def observe(self, state: TrainingState, key: Key[Array, ""]) -> Arrays:
        model = state.model
        squares = (model.key**2 + model.query**2).sum(axis=1)[:, : self.dimension]
        labels = (model.output**2).sum(axis=-1) + (model.value[:, :, -1] ** 2).sum(axis=-1)
        rates = {"kq_rate": squares.mean(axis=-1), "ov_rate": labels}
        return {**super().observe(state, key), **rates}
