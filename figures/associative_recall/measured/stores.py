"""Look-ups among random keys and stores of facts, drawn, beside their laws."""

from __future__ import annotations

import numpy as np
import xarray

from sims.associative_recall import geometry, race
from theory.associative_recall import interference
from theory.associative_recall import race as formulas

Store = tuple[int, int, int]


def sphere(
    pairs: list[int], dimensions: list[int], scores: list[float], alone: bool
) -> xarray.Dataset:
    """Mean attention on the match over 20,000 draws, and the law [ar-4.4].

    Args:
        alone: the law without interference.

    Returns:
        `attention`, `predicted` (pairs, dimension, score).
    """
    grid = [(p, d, b) for p in pairs for d in dimensions for b in scores]
    found = [
        geometry.sphere_attention(pairs=p, dimension=d, scores=scores, draws=20_000).mean(axis=1)
        for p in pairs
        for d in dimensions
    ]
    law = [
        1 / (1 + (p - 1) * np.exp(-b)) if alone else float(interference.annealed_mass(b, d, p))
        for p, d, b in grid
    ]
    shape, dims = (len(pairs), len(dimensions), len(scores)), ("pairs", "dimension", "score")
    parts = {"attention": found, "predicted": law}
    return xarray.Dataset(
        {name: (dims, np.reshape(values, shape)) for name, values in parts.items()},
        {"pairs": pairs, "dimension": dimensions, "score": scores},
    )


def stored(stores: list[Store], broken: bool) -> xarray.Dataset:
    """Share of facts given back over 100 stores, and the law [ar-4.5].

    The break leaves the 1/N out, facts that share a value.

    Returns:
        `accuracy`, `predicted` (store), of M facts in d dimensions with N values each.
    """
    found, law = [], []
    for facts, dimension, values in stores:
        made = geometry.store_accuracy(facts=facts, dimension=dimension, values=values, draws=100)
        found.append(made.mean())
        among = np.inf if broken else values
        noise = float(interference.store_noise(facts, dimension, among))
        law.append(interference.store_accuracy(noise, values))
    return xarray.Dataset({"accuracy": ("store", found), "predicted": ("store", law)})


def cover(stores: list[tuple[int, int]]) -> xarray.Dataset:
    """How often random signs of M keys in d dimensions are separable, and the count [ar-4.6].

    Returns:
        `share`, `predicted` (store).
    """
    draws = 400
    found = [geometry.separable(facts=m, dimension=d, draws=draws) / draws for m, d in stores]
    law = [interference.separable(m, d) for m, d in stores]
    return xarray.Dataset(
        {"share": ("store", found), "predicted": ("store", law)}, attrs={"draws": draws}
    )


def ties(factors: list[int], starts: list[float], total: float, alone: bool) -> xarray.Dataset:
    """The rarity at which neither route leads, by its flow, and the law [ar-3.3].

    Args:
        alone: the flow has one factor, whatever is asked for.

    Returns:
        `found`, `predicted` (factors, start).
    """
    found = [[race.tie(1 if alone else n, g, total) for g in starts] for n in factors]
    law = [[float(formulas.tie(n, g, total)) for g in starts] for n in factors]
    dims = ("factors", "start")
    return xarray.Dataset(
        {"found": (dims, found), "predicted": (dims, law)}, {"factors": factors, "start": starts}
    )
