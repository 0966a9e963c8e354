"""Attention to normalised states, written out: a sink, a token that is made one, and their fate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

State = Float[np.ndarray, "... width"]


def rms_normed(state: State) -> State:
    """RMSNorm without gains: each state is brought to a root mean square of 1."""
    return state / np.sqrt(np.square(state).mean(axis=-1, keepdims=True))


def second_sink(score: float, dose: float, *, normed: bool, width: int = 16) -> float:
    """Attention on a token with a dose of the sink's direction, over that on the sink.

    The stream holds the sink, the token and six others, all across each other; the query points
    along the sink and scores it `score`.
    """
    states = np.eye(8, width)
    states[1] += dose * states[0]
    seen = rms_normed(states) / width**0.5 if normed else states
    logits = score * seen[:, 0]
    weights = np.exp(logits - logits.max())
    return float(weights[1] / weights[0])


def layers_alive(
    doses: Sequence[float], *, step: float, least: float, width: int, draws: int, seed: int = 0
) -> Float[np.ndarray, "dose draw"]:
    """Layers before the cosine with the sink's direction falls below `least`, in random streams.

    Each layer adds an increment of norm `step` and random direction to a token of norm 1 that holds
    the dose.
    """
    rng, found = np.random.default_rng(seed), np.zeros((len(doses), draws))
    state = np.zeros((len(doses), draws, width))
    state[..., 0], state[..., 1] = np.asarray(doses)[:, None], 1.0
    alive = np.ones(found.shape, bool)
    while alive.any():
        change = rng.normal(size=(draws, width))
        state += step * change / np.linalg.norm(change, axis=-1, keepdims=True)
        alive &= state[..., 0] >= least * np.linalg.norm(state, axis=-1)
        found += alive
    return found


class Doses(NamedTuple):
    """Scores of one query by dose, and what is known of them without a dose.

    Attributes:
        scores: of the token, by dose.
        plain, along: of its state and of the direction, without normalisation.
        norm, cosine: of the state, and of state and direction.
    """

    scores: Float[np.ndarray, " dose"]
    plain: float
    along: float
    norm: float
    cosine: float


def dosed(doses: Sequence[float], *, normed: bool, width: int, inner: int, seed: int) -> Doses:
    """A random head's score of a random token, with doses of a random direction."""
    rng = np.random.default_rng(seed)
    query, key = rng.normal(size=(2, width, inner)) / width**0.5
    asking, token, direction = rng.normal(size=(3, width))
    direction /= np.linalg.norm(direction)
    reads = key @ (rms_normed(asking) @ query) / inner**0.5
    states = token + np.asarray(doses)[:, None] * direction
    seen = rms_normed(states) if normed else states
    norm = float(np.linalg.norm(token))
    plain, along = float(token @ reads), float(direction @ reads)
    return Doses(seen @ reads, plain, along, norm, float(token @ direction) / norm)
