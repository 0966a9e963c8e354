"""The best sink and the cost of none, by formula and by search."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import xarray

from sims.associative_recall import one_layer
from theory.associative_recall import one_layer as formulas
from theory.associative_recall.setting import Setting

TASKS = (Setting(4.0, 8.0), Setting(6.0, 16.0))
SHARES = (0.2, 0.5, 0.8)


def best_sinks(broken: bool) -> xarray.Dataset:
    """b* against the numerical optimum on a grid within the law's range [ar-2.3].

    The break leaves g out of the logarithm.

    Returns:
        `found`, `predicted` (point).
    """
    found, predicted = [], []
    grid = itertools.product(
        TASKS, (formulas.SHARP, 11.0, 12.0, 14.0), (7.0, 9.0, 11.0, 13.0), SHARES[1:]
    )
    for setting, match, gain, matched in grid:
        best = formulas.best_sink(match, gain, setting, matched)
        near = gain * np.exp(best - match) <= formulas.NEAR
        if not near or np.exp(best) < formulas.FAR * setting.pairs:
            continue
        found.append(best)
        law = float(formulas.sink_law(match, gain, setting, matched))
        predicted.append(law - broken * np.log(gain) / 3)
    return xarray.Dataset({"found": ("point", found), "predicted": ("point", predicted)})


def costs() -> xarray.Dataset:
    """The least excess without a sink: explicit layers of many gains, and the formula [ar-2.4].

    Returns:
        `found`, `predicted` (task, matched), in nats.
    """
    gains = jnp.linspace(1, 10, 1801)
    found, predicted = [], []
    for setting in TASKS:
        pairs, values = int(setting.pairs), int(setting.values)
        sizes = {"prompts": 1, "keys": 8, "pairs": pairs, "values": values}
        both = []
        for matched in (1.0, 0.0):
            prompts = one_layer.sample_pairs(jax.random.key(0), matched=matched, **sizes)
            net = one_layer.look_up(25.0, 1.0, 0.0, keys=8, values=values)

            def loss(gain: jax.Array, net=net, prompts=prompts) -> jax.Array:
                scaled = net._replace(read=gain * net.read)
                return one_layer.losses(scaled, prompts, sink=False)[0]

            both.append(np.asarray(jax.vmap(loss)(gains), "float64"))
        for matched in SHARES:
            total = matched * both[0] + (1 - matched) * (both[1] - np.log(values))
            found.append(total.min())
            predicted.append(formulas.cost_without_sink(setting, matched)[0])
    dims, shape = ("task", "matched"), (len(TASKS), len(SHARES))
    parts = {"found": found, "predicted": predicted}
    return xarray.Dataset(
        {name: (dims, np.reshape(values, shape)) for name, values in parts.items()},
        {"matched": list(SHARES)},
    )
