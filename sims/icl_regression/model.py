"""Multi-head softmax attention that reads a prompt of regression pairs [icl-2.1].

A token is a pair (x_l, y_l) of width e = d + 1; the query token is (x_q, 0). The query attends to
the pairs only. Each head has the full width e, there are no biases and no residual stream. With N
tasks a token carries N labels, e = d + N, and the layer has N outputs [icl-7.1]; a single task has
no task axis.
"""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from sims.engine.experiment import draw, named_key
from sims.icl_regression.data import Prompts

Circuits = tuple[Float[Array, "head token token"], Float[Array, "head token *task"]]
Weights = Float[Array, "prompt head length"]


class SoftmaxAttention(eqx.Module):
    """One layer: yhat = sum_h O^h V^h Z softmax(Z' K^h' Q^h z_q / sqrt(e)).

    The paper's Q, K, V, O are `query`, `key`, `value`, `output`; all four are trained.
    """

    query: Float[Array, "head token token"]
    key: Float[Array, "head token token"]
    value: Float[Array, "head token token"]
    output: Float[Array, "head *task token"]

    def circuits(self) -> Circuits:
        """KQ = K'Q / sqrt(e) (rows: key coordinate) and OV = V'O', all that the output depends on.

        The label column of KQ meets the query token's zero and is never used; the label row weighs
        the keys' labels and has to vanish.
        """
        scale = self.key.shape[-1] ** -0.5
        kq = scale * jnp.einsum("hri,hrj->hij", self.key, self.query)
        return kq, jnp.einsum("hri,h...r->hi...", self.value, self.output)

    def __call__(self, prompts: Prompts) -> Float[Array, "prompt *task"]:
        """Predicted targets."""
        return predict(*self.circuits(), prompts)


def initial_attention(
    key: Key[Array, ""], *, heads: int, dimension: int, tasks: int | None = None
) -> SoftmaxAttention:
    """PyTorch's default for linear layers: uniform on +-1/sqrt(fan in) [icl-9.1].

    The fan-in is e for Q, K and V and e H for O, whose heads are concatenated.

    Args:
        tasks: number of labels per token; None stands for one, without a task axis.
    """
    width = dimension + (tasks or 1)

    def uniform(name: str, shape: tuple[int, ...], fan_in: int) -> Array:
        bound = fan_in**-0.5
        return draw(jax.random.uniform, named_key(key, name), shape, "float32", -bound, bound)

    square = (heads, width, width)
    return SoftmaxAttention(
        query=uniform("query", square, width),
        key=uniform("key", square, width),
        value=uniform("value", square, width),
        output=uniform("output", (heads, *((tasks,) if tasks else ()), width), width * heads),
    )


def tokens(prompts: Prompts) -> Float[Array, "prompt length token"]:
    """The pairs as tokens (x_l, y_l)."""
    covariates, labels = prompts.covariates, prompts.labels
    return jnp.concatenate([covariates, labels.reshape(*covariates.shape[:2], -1)], axis=-1)


def logits(kq: Float[Array, "head token token"], prompts: Prompts) -> Weights:
    """Attention logits z_l' KQ (x_q, 0); KQ z_q first, then one product per pair."""
    queries = jnp.einsum("hij,pj->phi", kq[:, :, : prompts.query.shape[1]], prompts.query)
    return jnp.einsum("phi,pli->phl", queries, tokens(prompts))


def predict(
    kq: Float[Array, "head token token"],
    ov: Float[Array, "head token *task"],
    prompts: Prompts,
    attend: Callable[[Weights], Weights] = jax.nn.softmax,
) -> Float[Array, "prompt *task"]:
    """Predicted targets sum_h OV^h . sum_l p_l^h z_l from the circuits alone.

    Args:
        attend: from logits to attention weights that add up to 1 over the pairs.
    """
    attention = attend(logits(kq, prompts))
    read = jnp.einsum("phl,pli->phi", attention, tokens(prompts))
    return jnp.einsum("phi,hi...->p...", read, ov)


# The post's three [icl-2.4]: all have f(0) = 1 and C_f = f'(0)/f(0) = 1.
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda score: 1 + score,
    "square": lambda score: (1 + score / 2) ** 2,
    "tanh": lambda score: 1 + jnp.tanh(score),
}


def normalised(activation: str) -> Callable[[Weights], Weights]:
    """Attention weights f(s_l)/sum_k f(s_k), by the name of f in `ACTIVATIONS` [icl-2.4]."""

    def attend(scores: Weights) -> Weights:
        values = ACTIVATIONS[activation](scores)
        return values / values.sum(axis=-1, keepdims=True)

    return attend


def predict_linear(
    kq: Float[Array, "head token token"],
    ov: Float[Array, "head token"],
    prompts: Prompts,
    length: int,
) -> Float[Array, " prompt"]:
    """Linear attention [icl-2.3]: (1/length) sum_h sum_l (z_l' KQ^h z_q)(z_l . OV^h).

    `length` stays at the training length when prompts of another length are read.
    """
    values = jnp.einsum("pli,hi->phl", tokens(prompts), ov)
    return jnp.einsum("phl,phl->p", logits(kq, prompts), values) / length


def literal_forward(model: SoftmaxAttention, prompts: Prompts) -> Float[Array, "prompt *task"]:
    """The network as written, head by head and token by token: the oracle of `predict`."""
    width = model.key.shape[-1]
    pairs = tokens(prompts)
    query = jnp.pad(prompts.query, ((0, 0), (0, width - prompts.query.shape[1])))
    total = jnp.zeros_like(prompts.target)
    for q, k, v, o in zip(model.query, model.key, model.value, model.output, strict=True):
        scores = ((pairs @ k.T) * (query @ q.T)[:, None, :]).sum(-1) / jnp.sqrt(1.0 * width)
        weights = jnp.exp(scores - scores.max(axis=1, keepdims=True))
        weights = weights / weights.sum(axis=1, keepdims=True)
        read = (weights[..., None] * (pairs @ v.T)).sum(axis=1)
        total = total + jnp.einsum("pr,...r->p...", read, o)
    return total


def reduced_circuits(
    omega: Float[Array, " head"], mu: Float[Array, " head"], dimension: int
) -> tuple[Float[Array, "head token token"], Float[Array, "head token"]]:
    """The reduced model [icl-2.5]: KQ^h = omega_h I on covariates, OV^h = mu_h on the label."""
    covariates = jnp.diag(jnp.ones(dimension + 1, omega.dtype).at[-1].set(0))
    label = jnp.zeros(dimension + 1, mu.dtype).at[-1].set(1)
    return omega[:, None, None] * covariates, mu[:, None] * label
