"""A net of two layers whose circuit is written down: induction beside a look-up memory.

The stream holds three blocks: the token, the token before it, and answers. In layer 1 head 0 copies
the token before; head 1 does nothing. In layer 2 head 0 looks for tokens that follow the query's
key and reads their values (induction); head 1 attends to the last token itself, finds the query
there as the token before, and reads its fact (memory).
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from sims.associative_recall.prompts import KEYS, Task
from sims.associative_recall.transformer import OFFSETS, Transformer


def written_down(
    task: Task,
    *,
    copy: float,
    strength: float,
    aversion: float,
    gain: float,
    memory: float,
) -> Transformer:
    """The net, with a width of twice the vocabulary and the number of values.

    Args:
        copy: score of the token before in layer 1.
        strength: score of equal predecessors in layer 2.
        aversion: what the last token's score for itself is lowered by in the induction head.
        gain: logit that full attention on a value adds.
        memory: logit that a fact adds.
    """
    count, values = task.tokens, task.values
    width = 2 * count + values
    scale = (width / count) ** 0.5 / 2
    token, before = np.eye(count, width), np.eye(count, width, count)
    answers = np.eye(values, width, 2 * count)
    names = ("query", "key", "value")
    parts = {name: np.zeros((2, 2, width, count)) for name in names}
    output = np.zeros((2, 2, count, width))
    bias = np.zeros((2, 2, OFFSETS))
    bias[0, 0, 1] = copy
    parts["value"][0, 0], output[0, 0] = token.T, before
    parts["query"][1, 0], parts["key"][1, 0] = strength / scale * before.T, before.T
    bias[1, 0, 0] = -aversion
    first_value = KEYS + task.keys
    reads = np.zeros((count, values))
    reads[first_value:] = gain * np.eye(values)
    parts["value"][1, 0], output[1, 0] = token.T, reads @ answers
    bias[1, 1, 0] = 60.0
    holds = np.zeros((count, values))
    holds[KEYS : KEYS + task.facts] = memory * np.eye(values)[task.table()]
    parts["value"][1, 1], output[1, 1] = before.T, holds @ answers
    return Transformer(
        embed=jnp.asarray(token, "float32"),
        **{name: jnp.asarray(part, "float32") for name, part in parts.items()},
        output=jnp.asarray(output, "float32"),
        bias=jnp.asarray(bias, "float32"),
        unembed=jnp.asarray(answers.T, "float32"),
    )
