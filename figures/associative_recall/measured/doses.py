"""Doses of a direction in normalised states, beside their laws."""

from __future__ import annotations

import numpy as np
import xarray

from sims.associative_recall import middle_mlp, norm
from theory.associative_recall import norm as formulas

HEADS, WIDTH, INNER = 8, 32, 8


def attention(strengths: list[float], doses: list[float], normed: bool) -> xarray.Dataset:
    """Attention on a dosed token over the sink's, and the law [ar-7.1].

    Returns:
        `found`, `predicted` (score, dose).
    """
    found = [[norm.second_sink(b, m, normed=normed) for m in doses] for b in strengths]
    law = [[float(formulas.relative_attention(b, m)) for m in doses] for b in strengths]
    dims = ("score", "dose")
    return xarray.Dataset(
        {"found": (dims, found), "predicted": (dims, law)}, {"score": strengths, "dose": doses}
    )


def lifetimes(doses: list[float], step: float, least: float) -> xarray.Dataset:
    """Layers for which a dosed token looks like the sink [ar-7.2].

    Returns:
        `layers` (dose, draw).
    """
    found = norm.layers_alive(doses, step=step, least=least, width=1024, draws=4)
    return xarray.Dataset({"layers": (("dose", "draw"), found)}, {"dose": doses})


def scores(doses: list[float], normed: bool) -> xarray.Dataset:
    """Scores of random heads by dose, and the law [ar-7.3].

    Returns:
        `found`, `predicted` (head, dose).
    """
    found, law = [], []
    for seed in range(HEADS):
        made = norm.dosed(doses, normed=normed, width=WIDTH, inner=INNER, seed=seed)
        found.append(made.scores)
        known = (made.plain, made.along, made.norm, made.cosine)
        law.append([float(formulas.dosed_score(*known, m, WIDTH)) for m in doses])
    dims = ("head", "dose")
    return xarray.Dataset(
        {"found": (dims, np.array(found)), "predicted": (dims, law)}, {"dose": doses}
    )


def middle(
    doses: list[float], score: float, step: float, layers: int, along: bool
) -> xarray.Dataset:
    """A token's way through nets whose middle MLP makes it a sink, and the law [ar-7.4].

    Returns:
        `found`, `predicted`, the attention on it over the first token's, `cosine` (dose, layer).
    """
    way = middle_mlp.followed(doses, score=score, step=step, layers=layers, along=along)
    drift = step * np.sqrt(np.arange(layers - 2))
    law = formulas.relative_attention(score, np.asarray(doses)[:, None], drift)
    dims = ("dose", "layer")
    parts = {"found": way.attention, "predicted": law, "cosine": way.cosine}
    return xarray.Dataset(
        {name: (dims, values) for name, values in parts.items()},
        {"dose": doses, "layer": np.arange(3, layers + 1)},
    )
