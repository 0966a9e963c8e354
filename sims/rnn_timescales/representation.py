"""What a net's activity holds: moments, dimension, and what can be read from it.

Sources: [rnn-8.1], [rnn-8.2], [rnn-8.4], [rnn-8.8].
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Float, Int, Key

from sims.engine.experiment import draw, named_key
from sims.rnn_timescales.model import (
    SLOPE,
    LeakyRNN,
    activity,
    effective_input,
    initial_activity,
)
from sims.rnn_timescales.stages import analyse
from sims.rnn_timescales.tasks import SMALLEST, fair_bits, sliding_labels, training_bits
from sims.rnn_timescales.timescales import autocorrelation
from sims.rnn_timescales.timescales import timescales as estimates

BURN_IN = 500
EXPLAINED = 0.9
# Streams and steps of the linear probes; half of the streams fit, half test.
STREAMS, STEPS = 20, 500


def simulated(
    net: LeakyRNN, key: Key[Array, ""], trials: int, steps: int, task: str
) -> tuple[Float[Array, "trial step unit"], Float[Array, " unit"]]:
    """Activity after a burn-in of 500 steps, under the training streams of `task`, and gains.

    A unit's gain is the mean slope of its nonlinearity, .01 where what enters it is negative and
    else 1: the state's own sign outside, that of the effective input inside [rnn-6.1].
    """
    uniform = draw(jax.random.uniform, named_key(key, "bits"), (BURN_IN + steps, trials), "float32")
    chance = jax.random.uniform(named_key(key, "chance"), (trials,), "float32")
    bits = training_bits(task, uniform, chance)
    start = initial_activity(named_key(key, "start"), trials, len(net.raw_timescale))
    states = activity(net, start, bits)
    entering = states[BURN_IN:]
    if net.dynamics.inside:
        cell = net.cell()
        entering = jax.vmap(lambda h, x: effective_input(cell, h, x))(states[:-1], bits[1:])
        entering = entering[BURN_IN - 1 :]
    gain = SLOPE + (1 - SLOPE) * (entering > 0).mean(axis=(0, 1))
    return states[BURN_IN:].swapaxes(0, 1), gain


def moments(
    training: xarray.Dataset, *, stages: Sequence[int], trials: int, steps: int, task: str
) -> xarray.Dataset:
    """Autocorrelations, variances, gains and dimension of the activity.

    Args:
        task: whose streams drive the nets: `"parity"`, p ~ U(0, 1) for every trial, as the authors
            measure timescales; `"dms"`, p = 1/2, as the linear theory takes it.

    Returns:
        `rho` (n, ..., lag, unit), `variance` and `gain` (n, ..., unit), see `simulated`;
        `dimension` (n, ..., trial): leading principal components whose variances add up to at most
        90 % (the authors' index, one below the usual count).
    """

    def each(net: LeakyRNN, start: Array, key: Key[Array, ""]) -> dict[str, Array]:
        states, gain = simulated(net, key, trials, steps, task)
        return {
            "rho": autocorrelation(states),
            "variance": states.var(axis=1).mean(axis=0),
            "gain": gain,
            "dimension": jax.vmap(dimension)(states),
        }

    dims = {"rho": ("lag", "unit"), "variance": ("unit",), "gain": ("unit",)}
    found = analyse(training, stages, each, {**dims, "dimension": ("trial",)})
    reached = np.isfinite(found.variance).all("unit")
    return found.where(reached)


def dimension(states: Float[Array, "step unit"]) -> Int[Array, ""]:
    """Number of leading principal components with cumulative variance of at most 90 % [rnn-8.8]."""
    values = jnp.linalg.eigvalsh(jnp.cov(states.T))[::-1]
    return jnp.sum(jnp.cumsum(values) <= EXPLAINED * values.sum())


def timescales(
    training: xarray.Dataset, *, stages: Sequence[int], trials: int, steps: int
) -> xarray.Dataset:
    """The four estimators of every unit's timescale, from streams with p ~ U(0, 1) [rnn-8.2].

    Returns:
        `slowest`, `weighted`, `integrated`, `lag_one`, `double` (n, ..., unit), see
        `sims.rnn_timescales.timescales.Timescales`.
    """
    rho = moments(training, stages=stages, trials=trials, steps=steps, task="parity").rho
    order = [str(name) for name in rho.dims if name not in ("lag", "unit")]
    flat = rho.stack(net=[*order, "unit"]).transpose("lag", "net")
    with jax.enable_x64(True):
        found = jax.device_get(estimates(jnp.asarray(flat.values, "float64")))._asdict()
    return xarray.Dataset(
        {name: ("net", values) for name, values in found.items()}, {"net": flat.net}
    ).unstack("net")


def probes(
    training: xarray.Dataset, *, stages: Sequence[int], beyond: int = 1, shuffled: bool = False
) -> xarray.Dataset:
    """Accuracy of linear readings of every N's answer from the state, p = 1/2.

    Least squares on half of the streams, tested on the other half [rnn-8.4].

    Args:
        beyond: N up to so many above the net's own.
        shuffled: answers of one stream for the states of another: the null.

    Returns:
        `accuracy` (n, ..., asked).
    """
    task, largest = str(training.attrs["task"]), max(stages) + beyond

    def each(net: LeakyRNN, start: Array, key: Key[Array, ""]) -> dict[str, Array]:
        bits = fair_bits(named_key(key, "bits"), largest + STEPS, STREAMS)
        begin = initial_activity(named_key(key, "start"), STREAMS, len(net.raw_timescale))
        answers = sliding_labels(task, bits, largest)[largest:]
        return {"states": activity(net, begin, bits)[largest:], "answers": answers}

    raw = analyse(
        training,
        stages,
        each,
        {"states": ("time", "stream", "unit"), "answers": ("time", "asked", "stream")},
    )
    asked = np.arange(SMALLEST, largest + 1)
    axes = [str(name) for name in raw.states.dims if name not in ("time", "stream", "unit")]
    answers = raw.answers.roll(stream=STREAMS // 2 - 1 if shuffled else 0, roll_coords=False)
    shares = xarray.apply_ufunc(
        _read,
        raw.states,
        answers,
        input_core_dims=[["time", "stream", "unit"], ["time", "stream", "asked"]],
        output_core_dims=[["asked"]],
        vectorize=True,
    )
    found = xarray.Dataset({"accuracy": shares.transpose(*axes, "asked")}, {"asked": asked})
    return found.where(found.asked <= found.n + beyond)


def _read(
    states: Float[np.ndarray, "time stream unit"], answers: Int[np.ndarray, "time stream asked"]
) -> Float[np.ndarray, " asked"]:
    if not np.isfinite(states).all():
        return np.full(answers.shape[-1], np.nan)
    design = np.concatenate([states, np.ones_like(states[..., :1])], axis=-1).astype("float64")
    half = states.shape[1] // 2
    flat = [part.reshape(-1, part.shape[-1]) for part in (design[:, :half], answers[:, :half])]
    weights = np.linalg.lstsq(flat[0], 2.0 * flat[1] - 1, rcond=None)[0]
    said = design[:, half:] @ weights > 0
    return np.mean(said == (answers[:, half:] == 1), axis=(0, 1))
