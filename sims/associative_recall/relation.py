"""Facts about subjects: heads find the subject of a prompt, and the answer has to be looked up.

A prompt is `FIRST t_1 ... t_5 r`: among five tokens is one subject, the others are noise, and the
last token is a relation. The answer is a fixed random function of subject and relation; a share of
the labels is random instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import xarray
from jaxtyping import Array, Float, Int, Key

from sims.associative_recall.circuits import accuracy
from sims.associative_recall.interventions import contributions
from sims.associative_recall.training import warmed_adam
from sims.associative_recall.transformer import (
    Transformer,
    check_width,
    forward,
    initial_transformer,
)
from sims.engine.analysis import experiment_of, over_runs, state_of
from sims.engine.errors import UserError
from sims.engine.experiment import Arrays, Experiment, draw, named_key, static, traced

SUBJECTS, RELATIONS, NOISE, ANSWERS, TOKENS = 32, 4, 16, 16, 5
SIZE = 1 + SUBJECTS + NOISE + RELATIONS
WATCHED = 256


def table() -> Int[np.ndarray, "subject relation"]:
    """The facts, which all runs share."""
    return np.random.default_rng(0).integers(ANSWERS, size=(SUBJECTS, RELATIONS))


class Facts(NamedTuple):
    """A batch of prompts; labels are the answer, or with some probability any."""

    tokens: Int[Array, "prompt position"]
    answer: Int[Array, " prompt"]
    label: Int[Array, " prompt"]


def sample_facts(key: Key[Array, ""], prompts: int, noise: Float[Array, ""] | float) -> Facts:
    """Draw prompts, of whose labels a share `noise` is uniform on all answers."""
    uniform = draw(jax.random.uniform, key, (prompts, TOKENS + 5))
    counts = jnp.array([NOISE] * TOKENS + [SUBJECTS, RELATIONS, TOKENS, ANSWERS])
    drawn = jnp.floor(uniform[:, :-1] * counts).astype("int32")
    filler, (subject, relation, place, other) = drawn[:, :TOKENS], drawn[:, TOKENS:].T
    there = jax.nn.one_hot(place, TOKENS, dtype=bool)
    middle = jnp.where(there, 1 + subject[:, None], 1 + SUBJECTS + filler)
    first, last = jnp.zeros((prompts, 1), "int32"), 1 + SUBJECTS + NOISE + relation[:, None]
    answer = jnp.asarray(table(), "int32")[subject, relation]
    label = jnp.where(uniform[:, -1] < noise, other, answer)
    return Facts(jnp.concatenate([first, middle, last], axis=1), answer, label)


class State(NamedTuple):
    """The net, Adam's moments and the steps done."""

    net: Transformer
    memory: optax.OptState
    done: Int[Array, ""]


class Relation(Experiment):
    """Adam on fresh prompts.

    Staged training has two halves. In the first one all but the last layer's MLP, which is cut,
    learns from labels without noise; in the second one that MLP alone learns from noisy ones.
    """

    layers: int = static(default=1, help="layers", ge=1)
    heads: int = static(default=1, help="heads of a layer", ge=1)
    width: int = static(default=32, help="width of the residual stream", ge=1)
    hidden: int = static(default=64, help="units of each layer's MLP; 0 for none", ge=0)
    staged: bool = static(default=False, help="whether the last MLP is trained after the rest")
    prompts: int = static(default=64, help="prompts per step", ge=1)
    noise: float = traced(default=0.0, help="share of random labels", ge=0, le=1)
    learning_rate: float = traced(default=0.01, help="Adam's largest rate", gt=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_width(self.width, self.heads)
        if self.staged and not self.hidden:
            raise UserError("hidden = 0 with staged = true: expected an MLP to train at the end")

    def descent(self) -> optax.GradientTransformation:
        """The optimiser, whose rate rises and falls in each half of staged training."""
        return warmed_adam(self.learning_rate, self.steps // 2 if self.staged else self.steps)

    def late(self, state: State) -> Array:
        """1 in the second half of staged training, else 0."""
        return (state.done >= self.steps // 2).astype("float32")

    def mlps(self, state: State) -> Float[Array, " layer"] | None:
        """Factors of the MLPs: the last one is cut in the first half of staged training."""
        return jnp.ones(self.layers).at[-1].set(self.late(state)) if self.staged else None

    def allowed(self, change: Transformer, state: State) -> Transformer:
        """The part of a change that this half of staged training makes."""
        late = self.late(state)
        early = jax.tree.map(lambda leaf: (1 - late) * leaf, change)
        last = {
            name: getattr(early, name).at[-1].set(late * getattr(change, name)[-1])
            for name in ("inward", "outward")
        }
        return early._replace(**last)

    def init(self, key: Key[Array, ""]) -> State:
        net = initial_transformer(
            key,
            tokens=SIZE,
            answers=ANSWERS,
            layers=self.layers,
            heads=self.heads,
            width=self.width,
            hidden=self.hidden,
        )
        return State(net, self.descent().init(net), jnp.zeros((), "int32"))  # pyright: ignore

    def step(self, state: State, key: Key[Array, ""]) -> tuple[State, Arrays]:
        noise = self.noise * self.late(state) if self.staged else self.noise
        prompts = sample_facts(key, self.prompts, noise)

        def loss(net: Transformer) -> Array:
            logits = forward(net, prompts.tokens, mlps=self.mlps(state)).logits
            chances = jax.nn.log_softmax(logits)
            return -jnp.take_along_axis(chances, prompts.label[:, None], axis=1).mean()

        value, gradient = jax.value_and_grad(loss)(state.net)
        change, memory = self.descent().update(gradient, state.memory)  # pyright: ignore
        if self.staged:
            change = self.allowed(change, state)  # pyright: ignore
        net: Transformer = optax.apply_updates(state.net, change)  # pyright: ignore
        return State(net, memory, state.done + 1), {"loss": value}

    def observe(self, state: State, key: Key[Array, ""]) -> Arrays:
        prompts = sample_facts(named_key(key, "facts"), WATCHED, 0.0)
        logits = forward(state.net, prompts.tokens, mlps=self.mlps(state)).logits
        return {"accuracy": accuracy(logits, prompts.answer)}


def apart(
    logits: Float[Array, "prompt answer"], answer: Int[Array, " prompt"]
) -> Float[Array, " prompt"]:
    """The right answer's logit less the mean of the others', to which parts of a net add up."""
    right = jnp.take_along_axis(logits, answer[:, None], axis=1)[:, 0]
    return (right - logits.mean(axis=1)) * ANSWERS / (ANSWERS - 1)


def margins(
    logits: Float[Array, "prompt answer"], answer: Int[Array, " prompt"]
) -> Float[Array, " prompt"]:
    """The right answer's log-odds against another, as if all others were as likely [ar-8.1].

    It is the difference of two logits where the others' are equal.
    """
    right = jax.nn.one_hot(answer, ANSWERS, dtype=bool)
    others = jax.nn.logsumexp(jnp.where(right, -jnp.inf, logits), axis=1)
    return jnp.where(right, logits, 0.0).sum(axis=1) - others + jnp.log(ANSWERS - 1.0)


def parts(training: xarray.Dataset, *, prompts: int) -> xarray.Dataset:
    """What embedding, heads and MLPs add to the right answer's logit, and what cuts cost.

    Returns:
        By run: `accuracy`; `margin`, mean in nats; `embedding`, `attention` (layer), `mlp` (layer),
        what they add to the right answer's logit less the mean of the others', mean; `lowers`, the
        share of prompts for which the last MLP lowers that; `without_mlp` and `without_heads`,
        accuracy with those of all layers cut. Without an MLP its contributions are 0.
    """
    setting = experiment_of(training)
    assert isinstance(setting, Relation)
    asked = sample_facts(named_key(jax.random.key(0), "asked"), prompts, 0.0)
    layers, heads = setting.layers, setting.heads

    def read(net: Transformer) -> dict[str, Array]:
        added = jax.vmap(apart, (0, None))(contributions(net, asked.tokens), asked.answer)
        ends = [1, 1 + layers * heads]
        embedding, attention, mlp = jnp.split(added, ends)
        mlp = mlp if setting.hidden else jnp.zeros((layers, prompts))

        def right(**cut: Any) -> Array:
            return accuracy(forward(net, asked.tokens, **cut).logits, asked.answer)

        return {
            "accuracy": right(),
            "margin": margins(forward(net, asked.tokens).logits, asked.answer).mean(),
            "embedding": embedding.mean(),
            "attention": attention.mean(axis=1).reshape(layers, heads).sum(axis=1),
            "mlp": mlp.mean(axis=1),
            "lowers": (mlp[-1] < 0).mean(),
            "without_mlp": right(mlps=jnp.zeros(layers)),
            "without_heads": right(kept=jnp.zeros((layers, heads))),
        }

    by_layer = {name: ("layer",) for name in ("attention", "mlp")}
    return over_runs(read, training, state_of(training).net, dims=by_layer)
