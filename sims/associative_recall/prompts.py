"""Prompts that ask for a fact of the context or of the weights, or set one against the other.

A prompt is `FIRST k_1 v_1 ... k_P v_P q LAST`; one answer is asked for at the last token. Keys of
the context are distinct, values too. Tokens are numbered FIRST, LAST, keys (those with a fact in
the weights first), values.

| type     | query              | answer                                                    |
| -------- | ------------------ | --------------------------------------------------------- |
| CONTEXT  | novel, in context  | its value                                                 |
| MEMORY   | has a fact, absent | the fact, which is no value of the context                |
| CONFLICT | has a fact, there  | its value with probability c, else the fact, which is not |
|          |                    | among the values                                          |
| NONE     | novel, absent      | none: each value as likely as another                     |
| AGREE    | has a fact, there  | its value, which is the fact                              |
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from sims.engine.experiment import draw

FIRST, LAST, KEYS = 0, 1, 2
CONTEXT, MEMORY, CONFLICT, NONE, AGREE = range(5)
# Shares of the types in training, by what is trained on.
MIXES = {
    "conflict": {CONTEXT: 0.4, MEMORY: 0.3, CONFLICT: 0.3},
    "unknown": {CONTEXT: 0.4, MEMORY: 0.3, NONE: 0.3},
    "agree": {AGREE: 1.0},
}


class Task(NamedTuple):
    """Sizes of the task, and the seed of its facts, which all runs share."""

    facts: int = 16
    novel: int = 16
    values: int = 8
    pairs: int = 4
    seed: int = 0

    @property
    def keys(self) -> int:
        """Keys with and without a fact."""
        return self.facts + self.novel

    @property
    def tokens(self) -> int:
        """Size of the vocabulary."""
        return KEYS + self.keys + self.values

    def table(self) -> Int[np.ndarray, " fact"]:
        """The facts f: key -> value, a fixed random map."""
        return np.random.default_rng(self.seed).integers(self.values, size=self.facts)


class Prompts(NamedTuple):
    """A batch of prompts.

    Attributes:
        tokens: the sequence.
        kind: CONTEXT, MEMORY, CONFLICT, NONE or AGREE.
        needle: position of the value that follows the query's key; that of the first pair where
            the query is not in the context.
        held: the value there.
        fact: the query's fact; 0 where it has none.
        answer: what is asked for; 0 where nothing is.
    """

    tokens: Int[Array, "prompt position"]
    kind: Int[Array, " prompt"]
    needle: Int[Array, " prompt"]
    held: Int[Array, " prompt"]
    fact: Int[Array, " prompt"]
    answer: Int[Array, " prompt"]


def sample_prompts(
    key: Key[Array, ""],
    task: Task,
    prompts: int,
    follows: Float[Array, ""] | float,
    kind: int | None = None,
    mix: str = "conflict",
) -> Prompts:
    """Draw prompts in the shares of a mix, or all of one kind.

    Args:
        follows: probability c that the answer to a conflict is the context's.
        mix: one of `MIXES`.
    """
    # One call for all of it, and the largest of uniform numbers for draws without replacement.
    sizes = (task.keys, task.values, 1, 1, 1, 1)
    uniform = draw(jax.random.uniform, key, (prompts, sum(sizes)))
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    by_key, by_value, which, where, chosen, side = jnp.split(uniform, ends, axis=1)
    which, where, chosen, side = (part[:, 0] for part in (which, where, chosen, side))
    among, shares = (jnp.asarray(list(part)) for part in (MIXES[mix], MIXES[mix].values()))
    drawn = among[jnp.searchsorted(jnp.cumsum(shares)[:-1], which)].astype("int32")
    kinds = drawn if kind is None else jnp.full(prompts, kind, "int32")
    novel, absent = (kinds == CONTEXT) | (kinds == NONE), (kinds == MEMORY) | (kinds == NONE)
    count = jnp.where(novel, task.novel, task.facts)
    query = jnp.floor(chosen * count).astype("int32") + jnp.where(novel, task.facts, 0)
    fact = jnp.where(novel, 0, jnp.asarray(task.table(), "int32")[jnp.where(novel, 0, query)])
    others = by_key - 2 * jax.nn.one_hot(query, task.keys)
    _, keys = jax.lax.top_k(others, task.pairs)
    _, values = jax.lax.top_k(
        by_value - 2 * jax.nn.one_hot(fact, task.values) * ~novel[:, None], task.pairs
    )
    place = jnp.floor(where * task.pairs).astype("int32")
    there = jax.nn.one_hot(place, task.pairs, dtype=bool) & ~absent[:, None]
    keys = jnp.where(there, query[:, None], keys)
    values = jnp.where(there & (kinds == AGREE)[:, None], fact[:, None], values)
    held = jnp.take_along_axis(values, place[:, None], axis=1)[:, 0]
    to_context = novel | ((kinds == CONFLICT) & (side < follows))
    pairs = jnp.stack([KEYS + keys, KEYS + task.keys + values], axis=2).reshape(prompts, -1)
    ends_of = [jnp.full(prompts, FIRST), KEYS + query, jnp.full(prompts, LAST)]
    first, asked, last = (part[:, None].astype("int32") for part in ends_of)
    answer = jnp.where(kinds == NONE, 0, jnp.where(to_context, held, fact))
    return Prompts(
        tokens=jnp.concatenate([first, pairs.astype("int32"), asked, last], axis=1),
        kind=kinds,
        needle=2 + 2 * jnp.where(absent, 0, place),
        held=held,
        fact=fact,
        answer=answer,
    )
