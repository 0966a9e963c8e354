"""A net whose middle MLP makes a token a sink, written down, and that token's way through it.

Tokens are FIRST, MARKED, OTHER and LAST, their embeddings across each other and of norm 1. The head
of each layer scores what points along FIRST and adds nothing to the stream. The second layer's MLP
finds the marked token and adds a dose of a direction to it; the MLP of each later layer adds a step
across everything so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sims.associative_recall.transformer import (
    OFFSETS,
    Form,
    Stream,
    Transformer,
    attend,
    mlp_output,
)

FIRST, MARKED, OTHER, LAST = range(4)
PROMPT = (FIRST, OTHER, MARKED, OTHER, LAST)


def middle_mlp(
    score: float, dose: float, direction: Float[np.ndarray, " width"], step: float, layers: int
) -> Transformer:
    """The net, of a width of 4 and the number of layers.

    Args:
        score: what the last token scores a state along FIRST.
        dose: norm of what the second layer's MLP adds.
        direction: of that, of norm 1.
        step: norm of what each later MLP adds to the marked token.
    """
    width = 4 + layers
    basis = np.eye(width)
    inward, outward = np.zeros((layers, width, 1)), np.zeros((layers, 1, width))
    inward[1:, MARKED, 0] = 1.0
    marked = basis[MARKED] + dose * direction
    # A normalised state shows the mark the less the longer it is, which each MLP makes up for.
    outward[1, 0] = dose * direction / width**0.5
    for layer in range(2, layers):
        change = step * basis[4 + layer]
        outward[layer, 0] = change * np.linalg.norm(marked) / (width**0.5 * marked[MARKED])
        marked = marked + change
    reads = np.zeros((2, layers, 1, width, 1))
    reads[0, :, 0, LAST, 0] = reads[1, :, 0, FIRST, 0] = (score / width) ** 0.5
    parts = {
        "embed": basis[:4],
        "query": reads[0],
        "key": reads[1],
        "value": np.zeros((layers, 1, width, 1)),
        "output": np.zeros((layers, 1, 1, width)),
        "bias": np.zeros((layers, 1, OFFSETS)),
        "unembed": np.zeros((width, 1)),
        "inward": inward,
        "outward": outward,
    }
    return Transformer(**{name: jnp.asarray(part, "float32") for name, part in parts.items()})


class Way(NamedTuple):
    """What the marked token is at each layer from the third, dose by dose.

    Attributes:
        attention: the last token's on it, over that on FIRST.
        cosine: of its state and FIRST's.
    """

    attention: Float[np.ndarray, "dose layer"]
    cosine: Float[np.ndarray, "dose layer"]


@jax.jit
def _run(nets: Transformer) -> tuple[Array, Array]:
    form, place, tokens = Form(normed=True), PROMPT.index(MARKED), jnp.asarray(PROMPT)

    def one(net: Transformer) -> tuple[Array, Array]:
        def through(stream: Stream, layer: Transformer) -> tuple[Stream, tuple[Array, Array]]:
            weights, _ = attend(layer, 0, stream, len(PROMPT), form, None)
            states = stream[..., 0] / jnp.linalg.norm(stream[..., 0], axis=0)
            last = weights[0, -1, :, 0]
            told = last[place] / last[0], states[:, place] @ states[:, 0]
            return stream + mlp_output(layer, 0, stream, form), told

        # One program for all layers: written out, so many of them take long to compile.
        ends = {"embed": net.embed, "unembed": net.unembed}
        by_layer = {n: v[:, None] for n, v in net._asdict().items() if n not in ends}
        stream = net.embed[tokens].T[..., None]
        _, told = jax.lax.scan(
            lambda at, layer: through(at, Transformer(**ends, **layer)), stream, by_layer
        )
        attention, cosine = told
        return attention[2:], cosine[2:]

    return jax.lax.map(one, nets)


def followed(
    doses: Sequence[float], *, score: float, step: float, layers: int, along: bool = True
) -> Way:
    """The marked token's way through nets with different doses.

    Args:
        along: the dose is along FIRST; otherwise in a random direction, the same in all nets.
    """
    random = np.random.default_rng(0).normal(size=4 + layers)
    direction = np.eye(4 + layers)[FIRST] if along else random / np.linalg.norm(random)
    nets = [middle_mlp(score, dose, direction, step, layers) for dose in doses]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *nets)
    return Way(*(np.asarray(part, "float64") for part in _run(stacked)))
