"""The nets that a curriculum kept, and the same analysis of each of them.

A stage is addressed by its largest N. Analyses use the same random streams for every net, so that
nets are compared on equal terms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Int, Key

from sims.engine.analysis import lead, over_runs
from sims.engine.program import run_key
from sims.rnn_timescales.model import Dynamics, LeakyRNN
from sims.rnn_timescales.tasks import SMALLEST

Analysis = Callable[[LeakyRNN, Int[Array, ""], Key[Array, ""]], Mapping[str, Array]]


def nets(training: xarray.Dataset, n: int) -> tuple[LeakyRNN, Int[np.ndarray, "*net"]]:
    """Every run's net at the stage of largest N = `n`, and the smallest N of its head list.

    Leading axes: the sweep's axes and seeds; NaN where the stage was not reached.

    Raises:
        ValueError: the sweep has no such stage.
    """
    if not 0 <= n - SMALLEST < training.sizes["stage"]:
        last = training.sizes["stage"] + SMALLEST - 1
        raise ValueError(f"no stage N = {n}: the sweep asks for N = {SMALLEST} .. {last}")
    at = training.isel(stage=n - SMALLEST)
    settings = {**training.coords, **training.attrs}
    dynamics = Dynamics(*(settings[name] for name in ("inside", "hold", "smooth")))

    def kept(name: str) -> np.ndarray:
        return at[name].transpose(*lead(training), ...).values

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

    every = one
    for _ in lead(training):
        every = jax.vmap(every)
    names = ("raw_timescale", "input_weight", "bias", "recurrent", "readout", "readout_bias")
    return every({name: jnp.asarray(kept(name)) for name in names}), kept("list_start")


def analyse(
    training: xarray.Dataset,
    stages: Sequence[int],
    analysis: Analysis,
    dims: Mapping[str, Sequence[str]],
    coords: Mapping[str, Sequence] | None = None,
) -> xarray.Dataset:
    """`analysis(net, smallest N of its list, key)` of every run at every N in `stages`.

    Returns:
        Dataset with dimensions `n`, the sweep's axes, and `dims` by name.
    """
    key = run_key(jnp.asarray(0))

    def one(net: LeakyRNN, start: Int[Array, ""]) -> Mapping[str, Array]:
        return analysis(net, start, key)

    # One net after the other: shared over two CPU devices, analyses with FFT and LAPACK in them
    # hung, and memory would grow with their number.
    found = [over_runs(one, training, *nets(training, n), dims=dims, coords=coords) for n in stages]
    return xarray.concat(found, xarray.IndexVariable("n", list(stages)), coords="minimal")
