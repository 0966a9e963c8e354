"""The nets that a curriculum kept, and the same analysis of each of them.

A stage is addressed by its largest N. Analyses use the same random streams for every net, so that
nets are compared on equal terms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Int, Key

from sims.engine.program import run_key
from sims.rnn_timescales.model import Dynamics, LeakyRNN
from sims.rnn_timescales.tasks import SMALLEST

Analysis = Callable[[LeakyRNN, Int[Array, ""], Key[Array, ""]], Mapping[str, Array]]


def nets(training: xarray.Dataset, n: int) -> tuple[LeakyRNN, Int[Array, " net"]]:
    """Every run's net at the stage of largest N = `n`, and the smallest N of its head list.

    Leading axis `net`: the sweep's axes and seeds, flattened; NaN where the stage was not reached.

    Raises:
        ValueError: the sweep has no such stage.
    """
    if not 0 <= n - SMALLEST < training.sizes["stage"]:
        last = training.sizes["stage"] + SMALLEST - 1
        raise ValueError(f"no stage N = {n}: the sweep asks for N = {SMALLEST} .. {last}")
    at = training.isel(stage=n - SMALLEST)

    def flat(name: str) -> Array:
        values = at[name].transpose(*lead(training), ...).values
        return jnp.asarray(values.reshape(-1, *values.shape[len(lead(training)) :]))

    settings = {**training.coords, **training.attrs}
    dynamics = Dynamics(*(settings[name] for name in ("inside", "hold", "smooth")))
    names = ("raw_timescale", "input_weight", "bias", "recurrent", "readout", "readout_bias")

    def one(part: Mapping[str, Array]) -> LeakyRNN:
        return LeakyRNN(
            raw_timescale=part["raw_timescale"],
            input_weight=part["input_weight"],
            input_bias=part["bias"],
            recurrent=part["recurrent"],
            recurrent_bias=jnp.zeros_like(part["bias"]),
            readout=part["readout"],
            readout_bias=part["readout_bias"],
            dynamics=dynamics,
        )

    net = jax.vmap(one)({name: flat(name) for name in names})
    return net, flat("list_start")


def lead(training: xarray.Dataset) -> list[str]:
    """The sweep's axes, `seed` included."""
    return [str(name) for name in training.raw_timescale.dims if name not in {"stage", "unit"}]


def analyse(
    training: xarray.Dataset,
    stages: Sequence[int],
    analysis: Analysis,
    dims: Mapping[str, Sequence[str]],
    coords: Mapping[str, Sequence] | None = None,
) -> xarray.Dataset:
    """`analysis(net, smallest N of its list, key)` of every run at every N in `stages`.

    Nets are taken one after the other, so that memory does not grow with their number.

    Returns:
        Dataset with dimensions `n`, the sweep's axes, and `dims` by name.
    """
    axes = lead(training)
    shape = [training.sizes[name] for name in axes]
    key = run_key(jnp.asarray(0))

    # On one device: shared over two CPU devices, analyses with FFT and LAPACK in them hung.
    @eqx.filter_jit
    def every(net: LeakyRNN, start: Int[Array, " net"]) -> Mapping[str, Array]:
        return jax.lax.map(lambda pair: analysis(pair[0], pair[1], key), (net, start))

    with jax.default_matmul_precision("highest"):
        found = [jax.device_get(every(*nets(training, n))) for n in stages]
    parts = {
        name: (
            ("n", *axes, *dims.get(name, ())),
            np.stack([each[name] for each in found]).reshape(
                len(stages), *shape, *found[0][name].shape[1:]
            ),
        )
        for name in found[0]
    }
    at = {name: training[name].values for name in axes}
    return xarray.Dataset(parts, {"n": list(stages), **at, **(coords or {})})
