"""Look-ups by vectors, written out: random keys, labels on simplices and circles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray
from jaxtyping import Float


def random_keys(
    *, dimensions: Sequence[int], pairs: Sequence[int], draws: int, unit: bool, seed: int = 0
) -> xarray.Dataset:
    """How often a Gaussian key's inner product with itself is the largest of P.

    Args:
        unit: normalise all keys to length 1.

    Returns:
        `accuracy` (dimension, pairs), from `draws` prompts each.
    """
    rng = np.random.default_rng(seed)
    found = np.empty((len(dimensions), len(pairs)))
    for i, dimension in enumerate(dimensions):
        for j, count in enumerate(pairs):
            keys = rng.normal(size=(draws, count, dimension)).astype("float32")
            if unit:
                keys /= np.linalg.norm(keys, axis=-1, keepdims=True)
            scores = np.einsum("nd,npd->np", keys[:, 0], keys)
            found[i, j] = (scores.argmax(axis=1) == 0).mean()
    return xarray.Dataset(
        {"accuracy": (("dimension", "pairs"), found)},
        {"dimension": list(dimensions), "pairs": list(pairs)},
        {"draws": draws},
    )


def simplex(labels: int) -> Float[np.ndarray, "label dimension"]:
    """Unit vectors from the middle of a simplex to its corners."""
    centred = np.eye(labels) - 1 / labels
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def circle(labels: int) -> Float[np.ndarray, "label 2"]:
    """Unit vectors at equal angles."""
    angles = 2 * np.pi * np.arange(labels) / labels
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def attention_on_itself(vectors: Float[np.ndarray, "label dimension"], score: float) -> float:
    """Softmax attention of the first of some unit vectors on itself among all of them."""
    logits = score * (vectors @ vectors[0])
    weights = np.exp(logits - logits.max())
    return float(weights[0] / weights.sum())
