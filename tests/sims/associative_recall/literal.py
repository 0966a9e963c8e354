"""The transformer as one writes it on paper: loops in float64, nothing of the code under test."""

import jax
import numpy as np


def wide(net):
    """Weights in float64."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, "float64"), net)


def literal(net, row):
    """Logits of one prompt, head by head and token by token."""
    width, inner = net.query.shape[2:]
    x = net.embed[row]
    for layer in range(len(net.query)):
        new = x.copy()
        for head in range(net.query.shape[1]):
            q, k, v = (x @ part[layer, head] for part in (net.query, net.key, net.value))
            for i in range(len(row)):
                scores = np.array(
                    [
                        q[i] @ k[j] * (width / inner) ** 0.5 / 2
                        + net.bias[layer, head, min(i - j, 7)]
                        for j in range(i + 1)
                    ]
                )
                weights = np.exp(scores) / np.exp(scores).sum()
                new[i] += weights @ v[: i + 1] @ net.output[layer, head]
        x = new
    return x[-1] @ net.unembed
