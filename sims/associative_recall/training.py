"""Training transformers on recall: facts in the context, in the weights, both or neither."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from sims.associative_recall.prompts import (
    CONFLICT,
    CONTEXT,
    MEMORY,
    MIXES,
    NONE,
    Prompts,
    Task,
    sample_prompts,
)
from sims.associative_recall.transformer import (
    Form,
    Transformer,
    check_width,
    forward,
    initial_transformer,
)
from sims.engine.errors import UserError
from sims.engine.experiment import Arrays, Experiment, named_key, static, traced

# The rate rises over so many steps, and falls to this share of itself by a cosine.
WARM_UP, FINAL = 50, 0.05
# Prompts of each kind at a log point.
WATCHED = 64


class State(NamedTuple):
    """The net and Adam's moments."""

    net: Transformer
    memory: optax.OptState


def cross_entropy(
    logits: Float[Array, "prompt answer"], prompts: Prompts
) -> Float[Array, " prompt"]:
    """Loss in nats, prompt by prompt; where no answer is right, the mean over all of them."""
    chances = jax.nn.log_softmax(logits)
    answered = jnp.take_along_axis(chances, prompts.answer[:, None], axis=1)[:, 0]
    return -jnp.where(prompts.kind == NONE, chances.mean(axis=1), answered)


def warmed_adam(rate: Array | float, steps: int) -> optax.GradientTransformation:
    """Adam whose rate rises, then falls by a cosine; after `steps` all of it again.

    Optax wants a schedule's heights as numbers, so the rate is a factor.
    """
    shape = optax.warmup_cosine_decay_schedule(0.0, 1.0, min(WARM_UP, steps // 2), steps, FINAL)
    return optax.chain(
        optax.scale_by_adam(),
        optax.scale_by_schedule(lambda count: shape(count % steps)),  # pyright: ignore
        optax.scale(-rate),
    )


class Recall(Experiment):
    """Adam on fresh prompts; logs accuracy on each kind and the answers to conflicts."""

    layers: int = static(default=2, help="layers", ge=1)
    heads: int = static(default=4, help="heads of a layer", ge=1)
    width: int = static(default=32, help="width of the residual stream", ge=1)
    hidden: int = static(default=0, help="units of each layer's MLP; 0 for none", ge=0)
    normed: bool = static(default=False, help="whether states are normalised where they are read")
    offsets: str = static(
        default="all", help="layers whose scores know the offset", choices=("all", "first")
    )
    own: str = static(
        default="all",
        help="layers where a token may attend to itself",
        choices=("all", "first", "none"),
    )
    copies: bool = static(
        default=True, help="whether heads of layer 1 may read the first token from later ones"
    )
    mix: str = static(default="conflict", help="which prompts are trained on", choices=tuple(MIXES))
    facts: int = static(default=16, help="keys with a fact in the weights", ge=1)
    novel: int = static(default=16, help="keys without", ge=1)
    values: int = static(default=8, help="answers V", ge=2)
    pairs: int = static(default=4, help="pairs of a prompt P", ge=1)
    prompts: int = static(default=64, help="prompts per step", ge=1)
    follows: float = traced(
        default=0.8, help="probability that the answer to a conflict is the context's", ge=0, le=1
    )
    learning_rate: float = traced(default=0.01, help="Adam's largest rate", gt=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        most = min(self.task.keys, self.values) - 1
        if self.pairs > most:
            raise UserError(
                f"pairs = {self.pairs}: expected at most {most}, since a prompt's keys differ from "
                f"each other and from the query ({self.task.keys} keys), and its values from each "
                f"other and from the fact (values = {self.values})"
            )
        check_width(self.width, self.heads)

    @property
    def task(self) -> Task:
        """The sizes of the task."""
        return Task(self.facts, self.novel, self.values, self.pairs)

    @property
    def form(self) -> Form:
        """What the net computes beside its weights."""
        return Form(self.normed, self.offsets, self.own, self.copies)

    def descent(self) -> optax.GradientTransformation:
        """The optimiser."""
        return warmed_adam(self.learning_rate, self.steps)

    def sample(self, key: Key[Array, ""]) -> Prompts:
        """The prompts of one step."""
        return sample_prompts(key, self.task, self.prompts, self.follows, mix=self.mix)

    def init(self, key: Key[Array, ""]) -> State:
        net = initial_transformer(
            key,
            tokens=self.task.tokens,
            answers=self.values,
            layers=self.layers,
            heads=self.heads,
            width=self.width,
            hidden=self.hidden,
        )
        return State(net, self.descent().init(net))  # pyright: ignore[reportArgumentType]

    def step(self, state: State, key: Key[Array, ""]) -> tuple[State, Arrays]:
        prompts = self.sample(key)

        def loss(net: Transformer) -> Array:
            return cross_entropy(forward(net, prompts.tokens, self.form).logits, prompts).mean()

        value, gradient = jax.value_and_grad(loss)(state.net)
        change, memory = self.descent().update(gradient, state.memory)  # pyright: ignore
        net: Transformer = optax.apply_updates(state.net, change)  # pyright: ignore
        return State(net, memory), {"loss": value}

    def observe(self, state: State, key: Key[Array, ""]) -> Arrays:
        found: dict[str, Array] = {}
        for name, kind in (("context", CONTEXT), ("memory", MEMORY), ("conflict", CONFLICT)):
            prompts = sample_prompts(named_key(key, name), self.task, WATCHED, self.follows, kind)
            logits = forward(state.net, prompts.tokens, self.form).logits
            target = prompts.held if kind == CONFLICT else prompts.answer
            found[name] = (logits.argmax(axis=1) == target).mean()
        return found
