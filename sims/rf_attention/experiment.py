"""The room's runs: one seed draws data, target and heads.

`LearningCurve` fits every training size, `WidthCurve` every number of heads, `Pool` decomposes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.engine.errors import UserError
from sims.engine.experiment import Arrays, Experiment, draw, named_key, static, traced
from sims.rf_attention.data import TARGETS, Samples, doubling, sample_direction, sample_inputs
from sims.rf_attention.features import MODELS, Scales, features, gram, limit, units
from sims.rf_attention.ridge import Path, primal_path, ridge_errors, ridge_path

# Relative penalties, of the mean eigenvalue of the Gram matrix.
PENALTIES = (1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)


class Problem(NamedTuple):
    """Rows of training samples, then of test samples.

    Attributes:
        labels: of the training samples, with noise.
        targets: of the test samples, without.
    """

    inputs: Samples
    labels: Float[Array, "train target"]
    targets: Float[Array, "test target"]


class Widening(NamedTuple):
    """State of a `WidthCurve`.

    Attributes:
        key: data of the key that the heads are drawn from.
        problem: the run's rows.
        total: the Gram matrix, not scaled.
        drawn: blocks of heads in it.
        limit: error of infinitely many.
    """

    key: Array
    problem: Problem
    total: Float[Array, "sample train"]
    drawn: Array
    limit: Float[Array, " target"]


class Regression(Experiment):
    """What all runs of the room share: data, target, features and their scales.

    Models share data and target at a seed.
    """

    precision = "float64"
    alone = True  # devices that decompose whole batches wait for each other's LAPACK threads

    steps: int = static(default=0, help="none: a run is one evaluation", ge=0)
    log_every: int = static(default=1, help="steps between two log points", ge=1)
    model: str = static(default="attention", help="features", choices=tuple(MODELS))
    targets: str = static(default="monomials", help="targets", choices=tuple(TARGETS))
    dimension: int = static(default=8, help="token dimension d", ge=2)
    keys: int = static(default=8, help="keys N", ge=1)
    query_key_mean: float = traced(default=0.0, help="w0, mean of query-key weights", ge=0)
    radius: float = traced(default=1.0, help="R, norm of tokens", gt=0)
    bias: float = traced(default=1.0, help="b, appended to tokens", ge=0)
    weight_scale: float = traced(default=0.5, help="sigma_w, s.d. of query-key weights", gt=0)
    noise_variance: float = traced(default=0.0, help="sigma^2, variance of label noise", ge=0)

    @property
    def scales(self) -> Scales:
        """What the features' laws depend on."""
        return Scales(self.query_key_mean, self.radius, self.bias, self.weight_scale)

    def problem(self, key: Key[Array, ""], train: int, test: int) -> Problem:
        """Training and test rows of a run."""
        parts = [
            sample_inputs(named_key(key, name), count, self.dimension, self.keys)
            for name, count in (("train", train), ("test", test))
        ]
        inputs = jax.tree.map(lambda *rows: jnp.concatenate(rows), *parts)
        direction = sample_direction(named_key(key, "direction"), self.dimension)
        values = TARGETS[self.targets](inputs, direction)
        noise = draw(jax.random.normal, named_key(key, "noise"), values[:train].shape, values.dtype)
        labels = values[:train] + jnp.sqrt(self.noise_variance) * noise
        return Problem(inputs, labels, values[train:])

    def init(self, key: Key[Array, ""]) -> Array:
        return jax.random.key_data(key)


class LearningCurve(Regression):
    """Ridge regression on random features, at nested training sizes.

    Observed are mean squared errors and the variance of the targets, both over the test rows.
    """

    dims = {
        "error": ("size", "target", "penalty"),
        "gcv": ("size", "target", "penalty"),
        "validation": ("size", "target", "penalty"),
        "variance": ("target",),
    }

    heads: int = static(default=200, help="heads M, of d + 1 units each; 0: infinitely many", ge=0)
    block: int = static(default=50, help="heads held at once", ge=1)
    smallest: int = static(default=50, help="smallest training size; they double", ge=2)
    largest: int = static(default=800, help="largest training size", ge=2)
    test: int = static(default=1000, help="test samples", ge=1)
    validate: bool = static(default=False, help="also fit four fifths, to choose the penalty")

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_heads(self.heads, self.block, self.query_key_mean)
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

    def observe(self, state: Array, key: Key[Array, ""]) -> Arrays:
        run = _wrapped(state)
        problem = self.problem(run, self.largest, self.test)
        fit = self._fits(named_key(run, self.model), problem)
        paths, held = [], []
        for size in map(int, doubling(self.smallest, self.largest)):
            paths.append(fit(size, slice(self.largest, None), problem.targets))
            if self.validate:
                part = size * 4 // 5
                held.append(fit(part, slice(part, size), problem.labels[part:size]).error)
        stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *paths)
        variance = problem.targets.var(axis=0)
        found = {"error": stacked.error, "gcv": stacked.gcv, "variance": variance}
        return found | ({"validation": jnp.stack(held)} if self.validate else {})

    def _fits(self, key: Key[Array, ""], problem: Problem) -> Callable[..., Path]:
        """Fits of the first rows, held against any others: dual, or primal where n > k."""
        penalties = jnp.asarray(PENALTIES, "float64")
        width = self.heads * (self.dimension + 1) or self.largest
        options: dict[str, Any] = {"model": self.model, "scales": self.scales}
        drawn = {**options, "heads": self.heads, "block": self.block}
        dual = min(width, self.largest)
        if self.heads:
            kernel = gram(key, problem.inputs, dual, **drawn)
        else:
            kernel = limit(problem.inputs, dual, **options)
        whole = features(key, problem.inputs, **drawn) if self.largest > width else None

        def fit(size: int, rows: slice, targets: Array) -> Path:
            labels = problem.labels[:size]
            if whole is not None and size > width:
                return primal_path(whole[:size], whole[rows], labels, targets, penalties)
            return ridge_path(kernel[:size, :size], kernel[rows, :size], labels, targets, penalties)

        return fit


class WidthCurve(Regression):
    """Ridge regression at one training size and penalty while heads are added.

    A step adds a block of heads to the Gram matrix; a log point solves. Step s has s * block heads,
    those of `LearningCurve` at the same block; before the first head the error is not a number.
    `limit` is the error of infinitely many heads on the same data, without a mean of the weights.
    """

    dims = {"error": ("target",), "limit": ("target",)}

    steps: int = static(default=16, help="blocks of heads", ge=1)
    block: int = static(default=100, help="heads in a step", ge=1)
    train: int = static(default=300, help="training samples n", ge=2)
    test: int = static(default=500, help="test samples", ge=1)
    penalty: float = traced(default=1e-2, help="of the Gram matrix's mean eigenvalue", gt=0)

    def init(self, key: Key[Array, ""]) -> Widening:
        problem = self.problem(key, self.train, self.test)
        kernel = limit(problem.inputs, self.train, model=self.model, scales=self.scales)
        heads = jax.random.key_data(named_key(key, self.model))
        nothing = jnp.asarray(0, "int32")
        return Widening(
            heads, problem, jnp.zeros_like(kernel), nothing, self._errors(kernel, problem)
        )

    def step(self, state: Widening, key: Key[Array, ""]) -> tuple[Widening, Arrays]:
        heads = jax.random.fold_in(_wrapped(state.key), state.drawn)
        block = MODELS[self.model](heads, state.problem.inputs, self.block, self.scales)
        total = state.total + block @ block[: self.train].T
        return state._replace(total=total, drawn=state.drawn + 1), {}

    def observe(self, state: Widening, key: Key[Array, ""]) -> Arrays:
        units_drawn = state.drawn * units(self.model, self.block, self.dimension)
        error = self._errors(state.total / units_drawn, state.problem)
        return {"error": error, "limit": state.limit}

    def _errors(self, kernel: Array, problem: Problem) -> Array:
        own, cross = kernel[: self.train], kernel[self.train :]
        return ridge_errors(own, cross, problem.labels, problem.targets, self.penalty)


class Pool(Regression):
    """Eigenvalues of a kernel over a pool of samples, and targets' energies in them ([rfa-4.4]).

    The Gram matrix over P is decomposed: eigenvalues s_j in falling order, energies (u_j'y)^2/P.
    """

    dims = {"eigenvalue": ("mode",), "energy": ("mode", "target")}

    heads: int = static(default=200, help="heads M, of d + 1 units each; 0: infinitely many", ge=0)
    block: int = static(default=50, help="heads held at once", ge=1)
    pool: int = static(default=1600, help="samples P", ge=2)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_heads(self.heads, self.block, self.query_key_mean)

    def observe(self, state: Array, key: Key[Array, ""]) -> Arrays:
        run = _wrapped(state)
        problem = self.problem(run, self.pool, 0)
        options: dict[str, Any] = {"model": self.model, "scales": self.scales}
        if self.heads:
            drawn = {**options, "heads": self.heads, "block": self.block}
            kernel = gram(named_key(run, self.model), problem.inputs, self.pool, **drawn)
        else:
            kernel = limit(problem.inputs, self.pool, **options)
        values, vectors = jnp.linalg.eigh(kernel / self.pool)
        energy = (vectors.T @ problem.labels) ** 2 / self.pool
        return {"eigenvalue": values[::-1], "energy": energy[::-1]}


def _wrapped(data: Array) -> Key[Array, ""]:
    return jax.random.wrap_key_data(data, impl="threefry2x32")


def _check_heads(heads: int, block: int, mean: float) -> None:
    if not heads and mean:
        raise UserError(
            f"query_key_mean = {mean}: expected 0 with heads = 0; infinitely many heads have a "
            "closed form without a mean only, the nearest is heads = 6400"
        )
    if heads % block:
        divisors = [n for n in range(1, heads + 1) if heads % n == 0]
        nearest = min(divisors, key=lambda n: abs(n - block))
        raise UserError(
            f"block = {block}: expected a divisor of heads = {heads}; the nearest is {nearest}"
        )
