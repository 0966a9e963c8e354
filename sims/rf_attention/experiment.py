"""Learning curves as runs: one seed draws data, target and heads, and fits every training size."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from sims.engine.errors import UserError
from sims.engine.experiment import Arrays, Experiment, named_key, static, traced
from sims.rf_attention.data import TARGETS, doubling, sample_direction, sample_inputs
from sims.rf_attention.features import MODELS, gram
from sims.rf_attention.ridge import ridge_path

# Relative penalties, of the mean eigenvalue of the Gram matrix.
PENALTIES = (1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)


class LearningCurve(Experiment):
    """Ridge regression on random features, at nested training sizes (E1, E2, E5).

    A run has one step, which logs mean squared errors; models share data and target at a seed.
    """

    precision = "float64"
    dims = {
        "error": ("size", "target", "penalty"),
        "gcv": ("size", "target", "penalty"),
        "validation": ("size", "target", "penalty"),
    }

    steps: int = static(default=1, help="number of steps", ge=1)
    log_every: int = static(default=1, help="steps between two log points", ge=1)
    model: str = static(default="attention", help="features", choices=tuple(MODELS))
    targets: str = static(default="monomials", help="targets", choices=tuple(TARGETS))
    dimension: int = static(default=8, help="token dimension d", ge=2)
    keys: int = static(default=8, help="keys N", ge=1)
    heads: int = static(default=200, help="heads M; the network has M (d + 1) units", ge=1)
    block: int = static(default=50, help="heads held at once", ge=1)
    smallest: int = static(default=50, help="smallest training size; they double", ge=2)
    largest: int = static(default=800, help="largest training size", ge=2)
    test: int = static(default=1000, help="test samples", ge=1)
    query_key_mean: float = traced(default=0.0, help="w0, mean of query-key weights", ge=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.heads % self.block:
            divisors = [n for n in range(1, self.heads + 1) if self.heads % n == 0]
            nearest = min(divisors, key=lambda n: abs(n - self.block))
            raise UserError(
                f"block = {self.block}: expected a divisor of heads = {self.heads}; the nearest is "
                f"{nearest}"
            )
        if self.smallest > self.largest:
            raise UserError(
                f"smallest = {self.smallest}: expected at most largest = {self.largest}; the "
                f"nearest valid value is {self.largest}"
            )
        if (last := int(doubling(self.smallest, self.largest)[-1])) != self.largest:
            raise UserError(
                f"largest = {self.largest}: expected smallest = {self.smallest} times a power of "
                f"two; the nearest below is {last}"
            )

    def init(self, key: Key[Array, ""]) -> Array:
        return jax.random.key_data(key)

    def step(self, state: Array, key: Key[Array, ""]) -> tuple[Array, Arrays]:
        def role(name: str) -> Array:
            return named_key(jax.random.wrap_key_data(state, impl="threefry2x32"), name)

        train = sample_inputs(role("train"), self.largest, self.dimension, self.keys)
        test = sample_inputs(role("test"), self.test, self.dimension, self.keys)
        both = jax.tree.map(lambda *parts: jnp.concatenate(parts), train, test)
        make = TARGETS[self.targets]
        values = make(both, sample_direction(role("direction"), self.dimension))
        labels, targets = values[: self.largest], values[self.largest :]
        kernel = gram(
            role(self.model),
            both,
            self.largest,
            model=self.model,
            heads=self.heads,
            block=self.block,
            query_key_mean=self.query_key_mean,
        )
        penalties = jnp.asarray(PENALTIES, kernel.dtype)
        paths, held = [], []
        for size in map(int, doubling(self.smallest, self.largest)):
            own, cross = kernel[:size, :size], kernel[self.largest :, :size]
            paths.append(ridge_path(own, cross, labels[:size], targets, penalties))
            part = size * 4 // 5
            held.append(
                ridge_path(
                    own[:part, :part],
                    own[part:, :part],
                    labels[:part],
                    labels[part:size],
                    penalties,
                ).error
            )
        stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *paths)
        return state, {
            "error": stacked.error,
            "gcv": stacked.gcv,
            "validation": jnp.stack(held),
        }
