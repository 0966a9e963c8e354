"""Look-ups by vectors, written out: random keys, labels on simplices and circles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.optimize
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


def sphere_attention(
    *, pairs: int, dimension: int, scores: Sequence[float], draws: int, seed: int = 0
) -> Float[np.ndarray, "score draw"]:
    """Attention of a key on itself among P random ones of length 1, at a score times the cosine."""
    rng = np.random.default_rng(seed)
    keys = rng.normal(size=(draws, pairs, dimension)).astype("float32")
    keys /= np.linalg.norm(keys, axis=-1, keepdims=True)
    cosines = np.einsum("nd,npd->np", keys[:, 0], keys)
    return np.stack([1 / np.exp(score * (cosines - 1)).sum(axis=1) for score in scores])


def store_accuracy(
    *, facts: int, dimension: int, values: int, draws: int, seed: int = 0
) -> Float[np.ndarray, " draw"]:
    """Share of facts that a sum of outer products gives back, store by store.

    W = sum over facts of u_f(i) e_i' with keys e_i and read-outs u_n drawn from N(0, I/d); a fact
    is there if u_n' W e_i is largest at its own value.
    """
    rng, found = np.random.default_rng(seed), []
    for _ in range(draws):
        keys = rng.normal(size=(facts, dimension)) / dimension**0.5
        reads = rng.normal(size=(values, dimension)) / dimension**0.5
        held = rng.integers(values, size=facts)
        weights = reads[held].T @ keys
        said = (keys @ weights.T @ reads.T).argmax(axis=1)
        found.append((said == held).mean())
    return np.array(found)


def separable(*, facts: int, dimension: int, draws: int, seed: int = 0) -> int:
    """How often random signs of random keys are those of some linear function, by programs.

    Minimising nothing subject to sign_i w'x_i >= 1 is feasible exactly then.
    """
    rng, count = np.random.default_rng(seed), 0
    for _ in range(draws):
        keys = rng.normal(size=(facts, dimension)) * rng.choice([-1.0, 1.0], size=(facts, 1))
        found = scipy.optimize.linprog(
            np.zeros(dimension), A_ub=-keys, b_ub=-np.ones(facts), bounds=(None, None)
        )
        count += found.status == 0
    return count
