"""The transformer as one writes it on paper: loops in float64, and beside it the one under test."""

import jax
import numpy as np

from sims.associative_recall import transformer

# The net under test, as one program: operation by operation it takes seconds to compile.
forward = jax.jit(transformer.forward, static_argnames="form")


def wide(net):
    """Weights in float64."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, "float64"), net)


def states(net, row, normed=False, offsets="all", own="all", copies=True, changes=None):
    """States that each layer takes in and those at the end, and attention by layer and head."""
    width, inner = net.query.shape[2:]
    factor = 1 / inner**0.5 if normed else (width / inner) ** 0.5 / 2
    x, passed, attention = net.embed[row], [], []

    def seen(state):
        size = (state**2).mean(axis=-1, keepdims=True) ** 0.5
        return state / size if normed else state

    for layer in range(len(net.query)):
        if changes is not None:
            x = x + changes[layer]
        passed.append(x)
        new, looked = x.copy(), np.zeros((net.query.shape[1], len(row), len(row)))
        for head in range(net.query.shape[1]):
            q, k, v = (seen(x) @ part[layer, head] for part in (net.query, net.key, net.value))
            for i in range(len(row)):
                itself = i == 0 or own == "all" or (own == "first" and layer == 0)
                reads = i == 0 or layer > 0 or copies
                places = [j for j in range(i + 1) if (j < i or itself) and (j > 0 or reads)] or [i]
                by_offset = offsets == "all" or layer == 0
                scores = np.array(
                    [
                        q[i] @ k[j] * factor + by_offset * net.bias[layer, head, min(i - j, 7)]
                        for j in places
                    ]
                )
                weights = np.exp(scores) / np.exp(scores).sum()
                looked[head, i, places] = weights
                new[i] += weights @ v[places] @ net.output[layer, head]
        if net.inward is not None:
            new = new + np.maximum(seen(new) @ net.inward[layer], 0) @ net.outward[layer]
        x = new
        attention.append(looked)
    return [*passed, seen(x)], attention


def literal(net, row, **form):
    """Logits of one prompt, head by head and token by token."""
    return states(net, row, **form)[0][-1][-1] @ net.unembed
