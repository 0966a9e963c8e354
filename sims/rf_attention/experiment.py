"""Learning curves as runs: one seed draws data, target and heads, and fits every training size."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from sims.engine.experiment import Arrays, Experiment, named_key, static, traced
from sims.rf_attention.data import TARGETS, doubling, sample_direction, sample_inputs
from sims.rf_attention.features import MODELS, gram
from sims.rf_attention.ridge import ridge_path

# Relative penalties, of the mean eigenvalue of the Gram matrix.
PENALTIES = (1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)


class LearningCurve(Experiment):
    """Ridge regression on random features, at nested training sizes (E1 to E3, E5, E7).

    A run has one step, which logs mean squared errors; models share data and target at a seed.
    """

    precision = "float64"
    dims = {
        "error": ("size", "target", "penalty"),
        "gcv": ("size", "target", "penalty"),
        "validation": ("size", "target", "penalty"),
        "norm": ("size", "target", "penalty"),
        "variance": ("target",),
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
    noise: float = traced(default=0.0, help="label noise, in variances of the target", ge=0)

    def init(self, key: Key[Array, ""]) -> Array:
        return jax.random.key_data(key)

    def step(self, state: Array, key: Key[Array, ""]) -> tuple[Array, Arrays]:
        def role(name: str) -> Array:
            return named_key(jax.random.wrap_key_data(state, impl="threefry2x32"), name)

        train = sample_inputs(role("train"), self.largest, self.dimension, self.keys)
        test = sample_inputs(role("test"), self.test, self.dimension, self.keys)
        both = jax.tree.map(lambda *parts: jnp.concatenate(parts), train, test)
        make = TARGETS[self.targets][0]
        values = make(both, sample_direction(role("direction"), self.dimension))
        targets = values[self.largest :]
        variance = targets.var(axis=0)
        noise = jax.random.normal(role("noise"), values[: self.largest].shape, values.dtype)
        labels = values[: self.largest] + jnp.sqrt(self.noise * variance) * noise
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
        found = {**stacked._asdict(), "validation": jnp.stack(held), "variance": variance}
        return state, found
