"""One attention layer that looks pairs up, its tokens one-hot: the smallest net with a sink.

A token is a pair (key, value); the query is a key alone. Each head scores a pair by a learned
number for (query's key, pair's key) and reads its value through a learned matrix; a sink that every
query may attend to has a learned score and carries no value. Names: P pairs, V values, N keys.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import xarray
from jaxtyping import Array, Bool, Float, Int, Key

from sims.engine.analysis import lead, over_runs, state_of
from sims.engine.errors import UserError
from sims.engine.experiment import Arrays, Experiment, draw, named_key, static, traced
from sims.engine.optimisers import optimiser


class Pairs(NamedTuple):
    """Prompts of one layer; where the query has a match it is the first pair's key."""

    keys: Int[Array, "prompt pair"]
    values: Int[Array, "prompt pair"]
    query: Int[Array, " prompt"]
    matched: Bool[Array, " prompt"]


class PairedAttention(NamedTuple):
    """Scores by (query, key), the sink's score, and what a head reads of a value."""

    score: Float[Array, "head query key"]
    sink: Float[Array, " head"]
    read: Float[Array, "head value answer"]


def sample_pairs(
    key: Key[Array, ""],
    *,
    prompts: int,
    keys: int,
    pairs: int,
    values: int,
    matched: Array | float,
) -> Pairs:
    """Distinct keys and distinct values in random order; a share `matched` has its query there."""
    sizes = (keys, values, 1)
    uniform = draw(jax.random.uniform, key, (prompts, sum(sizes)))
    _, order = jax.lax.top_k(uniform[:, :keys], pairs + 1)
    _, answers = jax.lax.top_k(uniform[:, keys : keys + values], pairs)
    found = uniform[:, -1] < matched
    return Pairs(order[:, :pairs], answers, jnp.where(found, order[:, 0], order[:, pairs]), found)


def attend(net: PairedAttention, prompts: Pairs, *, sink: bool) -> Float[Array, "prompt head slot"]:
    """Attention on each pair and, last, on the sink; the sink's is 0 where there is none."""
    count = net.score.shape[-1]
    queries = jnp.einsum("pq,hqk->phk", jax.nn.one_hot(prompts.query, count), net.score)
    scores = jnp.einsum("phk,pik->phi", queries, jax.nn.one_hot(prompts.keys, count))
    # Minus infinity would be a NaN in the gradient.
    closed = jnp.where(sink, net.sink, -1e9)
    closed = jnp.broadcast_to(closed[:, None], (*scores.shape[:2], 1))
    return jax.nn.softmax(jnp.concatenate([scores, closed], axis=-1), axis=-1)


def logits(net: PairedAttention, prompts: Pairs, *, sink: bool) -> Float[Array, "prompt answer"]:
    """Sum over heads of what they read."""
    attention = attend(net, prompts, sink=sink)[..., :-1]
    held = jax.nn.one_hot(prompts.values, net.read.shape[1])
    return jnp.einsum("phi,piv,hva->pa", attention, held, net.read)


def losses(net: PairedAttention, prompts: Pairs, *, sink: bool) -> Float[Array, " prompt"]:
    """Cross entropy in nats: the match's value, or the mean over all answers without a match."""
    chances = jax.nn.log_softmax(logits(net, prompts, sink=sink))
    answered = jnp.take_along_axis(chances, prompts.values[:, :1], axis=1)[:, 0]
    return -jnp.where(prompts.matched, answered, chances.mean(axis=1))


def look_up(
    match: float, gain: float, sink: float, *, keys: int, values: int, unlike: float = 0.0
) -> PairedAttention:
    """A written-down net of one head: score `match` on equal keys, gain on the value read.

    Args:
        unlike: score of keys that differ.
    """
    score = jnp.where(jnp.eye(keys, dtype=bool), match, unlike)
    return PairedAttention(score[None], jnp.asarray([sink]), gain * jnp.eye(values)[None])


class State(NamedTuple):
    """The net and Adam's moments."""

    net: PairedAttention
    memory: optax.OptState


class Sinks(Experiment):
    """Adam on one layer; a share of the queries has no match and a uniform answer."""

    heads: int = static(default=1, help="attention heads", ge=1)
    keys: int = static(default=12, help="keys N", ge=2)
    pairs: int = static(default=4, help="pairs of a prompt P", ge=1)
    values: int = static(default=8, help="values V", ge=2)
    sink: bool = static(default=True, help="whether there is a token without a value")
    start: str = static(
        default="small",
        help="small random numbers, or a second head that is uniform with read-out -I",
        choices=("small", "cancelling"),
    )
    prompts: int = static(default=128, help="prompts per step", ge=1)
    matched: float = traced(default=0.5, help="share of queries with a match", gt=0, le=1)
    learning_rate: float = traced(default=0.03, help="Adam's initial rate", gt=0)
    scale: float = traced(default=0.1, help="standard deviation of initial numbers", ge=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        most = min(self.keys - 1, self.values)
        if self.pairs > most:
            raise UserError(
                f"pairs = {self.pairs}: expected at most {most}, since a prompt's keys differ from "
                f"each other and from a query without a match (keys = {self.keys}), and its values "
                f"do (values = {self.values})"
            )
        if self.start == "cancelling" and self.heads < 2:
            raise UserError(
                f"heads = {self.heads} with start = cancelling: expected at least 2, since the "
                "second head is the one that cancels"
            )

    def descent(self) -> optax.GradientTransformation:
        """The optimiser."""
        return optimiser("adam", self.learning_rate, steps=self.steps, final_fraction=0.05)

    def init(self, key: Key[Array, ""]) -> State:
        shapes = {
            "score": (self.heads, self.keys, self.keys),
            "sink": (self.heads,),
            "read": (self.heads, self.values, self.values),
        }
        net = PairedAttention(
            **{
                name: self.scale * draw(jax.random.normal, named_key(key, name), shape)
                for name, shape in shapes.items()
            }
        )
        if self.start == "cancelling":
            eye = jnp.eye(self.values)
            read = net.read.at[0].set(eye).at[1].set(-eye)
            net = net._replace(score=net.score.at[1].set(0.0), read=read)
        return State(net, self.descent().init(net))  # pyright: ignore[reportArgumentType]

    def sample(self, key: Key[Array, ""], prompts: int) -> Pairs:
        """Prompts of the task."""
        return sample_pairs(
            key,
            prompts=prompts,
            keys=self.keys,
            pairs=self.pairs,
            values=self.values,
            matched=self.matched,
        )

    def step(self, state: State, key: Key[Array, ""]) -> tuple[State, Arrays]:
        prompts = self.sample(key, self.prompts)

        def loss(net: PairedAttention) -> Array:
            return losses(net, prompts, sink=self.sink).mean()

        value, gradient = jax.value_and_grad(loss)(state.net)
        change, memory = self.descent().update(gradient, state.memory)  # pyright: ignore
        net: PairedAttention = optax.apply_updates(state.net, change)  # pyright: ignore
        return State(net, memory), {"loss": value}


def learned(net: PairedAttention) -> dict[str, Float[Array, " head"]]:
    """The numbers B, b, g of each head: means on the diagonal above those off it.

    Scores are counted from that of keys that differ.
    """

    def above(square: Float[Array, "head n n"]) -> tuple[Array, Array]:
        count = square.shape[-1]
        on = jnp.trace(square, axis1=1, axis2=2) / count
        off = (square.sum(axis=(1, 2)) - count * on) / (count * (count - 1))
        return on - off, off

    match, unlike = above(net.score)
    gain, _ = above(net.read)
    return {"match": match, "sink": net.sink - unlike, "gain": gain}


def readings(training: xarray.Dataset, *, prompts: int) -> xarray.Dataset:
    """What trained layers learned, and what they attend to on fresh prompts.

    Returns:
        By run: `match`, `gain`, `sink` (head); `mass_matched`, `mass_unmatched` on the sink (head);
        `excess`, the loss in nats above (1 - pi) log V, where pi is the share with a match.
    """
    about = training.attrs
    sizes = {name: int(about[name]) for name in ("keys", "pairs", "values")}
    with_sink = bool(about["sink"])
    nets = state_of(training).net
    first = lead(training)
    shares = training["matched"] if "matched" in training.coords else float(about["matched"])
    grid = xarray.zeros_like(training.diverged, dtype="float32") + shares
    share = np.asarray(grid.transpose(*first).values, "float32")

    def read(net: PairedAttention, share: Array) -> dict[str, Array]:
        found = dict(learned(net))
        loss = {}
        for name, matched in (("matched", 1.0), ("unmatched", 0.0)):
            key = named_key(jax.random.key(0), name)
            fresh = sample_pairs(key, prompts=prompts, matched=matched, **sizes)
            found[f"mass_{name}"] = attend(net, fresh, sink=with_sink)[..., -1].mean(axis=0)
            loss[name] = losses(net, fresh, sink=with_sink).mean()
        floor = jnp.log(float(sizes["values"]))
        excess = share * loss["matched"] + (1 - share) * (loss["unmatched"] - floor)
        return {**found, "excess": excess}

    by_head = ("match", "sink", "gain", "mass_matched", "mass_unmatched")
    return over_runs(read, training, nets, share, dims={name: ("head",) for name in by_head})
