"""Linear attention trained on moments, against a PyTorch loop over tokens.

Linear attention is linear in theta = sum_h KQ^h_ij OV^h_k, j a covariate: yhat = theta.f with the
features f = S_ik x_qj, S = sum_l z_l z_l'/L [icl-2.3]. So the loss is theta'F theta - 2 g'theta + c
with F = E f f', g = E f y_q, c = E y_q^2, and neither prompts nor their number enter a step.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from benchmarks.icl_training import DIMENSION, LENGTH, NOISE, SEEDS, WIDTH, theirs
from benchmarks.measure import Round, Row, Work, alternate, installed, timed
from sims.icl_regression.data import Prompts, sample_prompts
from sims.icl_regression.model import (
    SoftmaxAttention,
    initial_attention,
    predict_linear,
    tokens,
)

STEPS, ROUNDS, HEADS, MOMENT_PROMPTS = 500, 6, 4, 1 << 14
FEATURES = WIDTH * DIMENSION * WIDTH


class Moments(NamedTuple):
    """F, g and c of the loss."""

    second: Float[Array, "feature feature"]
    cross: Float[Array, " feature"]
    target: Float[Array, ""]


def rows() -> list[Row]:
    """One row; the gradients are compared first."""
    apart = disagreement(prompts=512)
    assert apart < 1e-6, f"gradients of the two forms differ by {apart:.1e}"
    other = theirs(HEADS, 256, linear=True) if installed("torch") else None
    times = alternate({"ours": ours(), "torch": other}, ROUNDS)
    remark = (
        f"float64 gradients of the two forms on the same 512 prompts differ by {apart:.0e}; the "
        f"moments are of {MOMENT_PROMPTS} prompts, made once and not timed, where PyTorch draws "
        "256 fresh prompts a step"
    )
    name = f"moment_form: step of linear attention, H = {HEADS}"
    return [Row(name, times["ours"], "PyTorch, tokens", times["torch"], work(HEADS), remark)]


def work(heads: int) -> Work:
    """Of one step: F theta, the circuits, theta, and the way back; all fits the cache."""
    square = 2 * WIDTH**3
    circuits = square + 2 * WIDTH**2
    return Work(single=2 * FEATURES**2 + 3 * heads * (circuits + 2 * FEATURES))


def sample(key: Array, prompts: int, dtype: str) -> Prompts:
    """Prompts of the benchmark's size."""
    return sample_prompts(
        key,
        prompts=prompts,
        dimension=DIMENSION,
        length=LENGTH,
        noise_variance=NOISE,
        dtype=dtype,
    )


def moments(prompts: Prompts) -> Moments:
    """Of a finite set of prompts."""
    pairs = tokens(prompts)
    squares = jnp.einsum("pli,plk->pik", pairs, pairs) / pairs.shape[1]
    features = jnp.einsum("pik,pj->pijk", squares, prompts.query).reshape(len(pairs), -1)
    return Moments(
        features.T @ features / len(pairs),
        features.T @ prompts.target / len(pairs),
        jnp.mean(prompts.target**2),
    )


def moment_loss(model: SoftmaxAttention, given: Moments) -> Array:
    """The mean squared error over the prompts that the moments are of."""
    kq, ov = model.circuits()
    theta = jnp.einsum("hij,hk->ijk", kq[:, :, :-1], ov).reshape(-1)
    return theta @ (given.second @ theta) - 2 * given.cross @ theta + given.target


def token_loss(model: SoftmaxAttention, prompts: Prompts) -> Array:
    """The same from the prompts themselves."""
    predicted = predict_linear(*model.circuits(), prompts, prompts.covariates.shape[1])
    return jnp.mean((predicted - prompts.target) ** 2)


def disagreement(prompts: int) -> float:
    """Largest difference of the two forms' gradients in float64, over the largest entry."""
    with jax.enable_x64(True):
        key = jax.random.key(0, impl="threefry2x32")
        model = initial_attention(key, heads=HEADS, dimension=DIMENSION)
        model = jax.tree.map(lambda leaf: leaf.astype("float64"), model)
        data = sample(key, prompts, "float64")
        one = jax.grad(token_loss)(model, data)
        two = jax.grad(moment_loss)(model, moments(data))
        apart = jax.tree.map(lambda a, b: (jnp.abs(a - b).max(), jnp.abs(a).max()), one, two)
        pairs = np.asarray(jax.tree.leaves(apart)).reshape(-1, 2)
    return float(pairs[:, 0].max() / pairs[:, 1].max())


def ours() -> Round:
    """A round of Adam on the moments, the seeds together: seconds per seed and step."""
    key = jax.random.key(1, impl="threefry2x32")
    given = jax.jit(lambda key: moments(sample(key, MOMENT_PROMPTS, "float32")))(key)
    adam = optax.adam(1e-3)

    def train(key: Array, given: Moments) -> Array:
        model = initial_attention(key, heads=HEADS, dimension=DIMENSION)

        def step(state: tuple, _: None) -> tuple[tuple, Array]:
            model, memory = state
            value, slope = jax.value_and_grad(moment_loss)(model, given)
            change, memory = adam.update(slope, memory)
            return (optax.apply_updates(model, change), memory), value

        begin = model, adam.init(model)  # pyright: ignore[reportArgumentType]
        return jax.lax.scan(step, begin, None, length=STEPS)[1]

    together = jax.jit(jax.vmap(train, (0, None)))
    return timed(together, jax.random.split(key, SEEDS), given, units=SEEDS * STEPS)
