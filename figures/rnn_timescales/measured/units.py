"""Isolated leaky units: autocorrelation, recall, and repeated estimates of their timescale."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Float, Key

from figures.rnn_timescales.measured.fits import larger
from figures.rnn_timescales.measured.nets import LAGS, LINE, TRIALS, WARM_UP, leaky_net, streamed
from sims.engine.experiment import draw, named_key
from sims.engine.program import run_key
from sims.rnn_timescales.model import Dynamics, LeakyRNN, activity
from sims.rnn_timescales.tasks import training_bits
from sims.rnn_timescales.timescales import autocorrelation, timescales

# Repeats simulated at once.
_TOGETHER = 8


def isolated(taus: Sequence[float], hold: int, steps: int) -> xarray.Dataset:
    """Autocorrelations of isolated units, 10 trials of fair bits.

    With an input weight of 1 and no bias states are never negative, where leaky ReLU is the
    identity; `lowest` is the smallest state seen.

    Args:
        taus: in bits.
        hold: steps for which each bit is held.
        steps: bits of a trial.

    Returns:
        `rho` (lag, tau) at lags 0 .. 30 bits, and `lowest`.
    """
    count = len(taus)
    net = _side_by_side(taus, Dynamics(hold=hold))
    rho, lowest = streamed(net, np.zeros(count), steps)
    return xarray.Dataset(
        {"rho": (("lag", "tau"), rho[:, :count]), "lowest": ((), lowest)}, {"tau": list(taus)}
    )


def impulse(taus: Sequence[float], delays: Sequence[int], steps: int) -> xarray.Dataset:
    """R^2_k of one unit's best linear reading of x_{t-k}, from its response r to one bit.

    For independent bits it is r_k^2 / sum_j r_j^2. One net of one unit for each tau, in float64.

    Args:
        taus: in steps.
        delays: k.
        steps: for which the response is summed.

    Returns:
        `recall` (tau, delay).
    """
    with jax.enable_x64(True):
        one, zero = jnp.ones(1), jnp.zeros(1)
        nets = jax.vmap(lambda tau: leaky_net(one, jnp.zeros((1, 1)), tau[None], zero))
        bits = jnp.zeros((steps, 1)).at[0].set(1)
        run = jax.jit(jax.vmap(lambda net: activity(net, jnp.zeros((1, 1)), bits)[:, 0, 0]))
        response = np.asarray(run(nets(jnp.asarray(taus))))
    recall = response[:, list(delays)] ** 2 / (response**2).sum(axis=1, keepdims=True)
    return xarray.Dataset(
        {"recall": (("tau", "delay"), recall)}, {"tau": list(taus), "delay": list(delays)}
    )


def repeated(taus: Sequence[float], repeats: int, steps: int, fitted: int) -> xarray.Dataset:
    """The estimates of isolated units, from 10 trials of p ~ U(0, 1) each time.

    Args:
        taus: in steps.
        repeats: how many; a multiple of 8.
        steps: of a trial.
        fitted: of how many repeats the authors' own fit is made, which takes long.

    Returns:
        `slowest`, `weighted`, `integrated`, `lag_one`, `double` and `authors` (repeat, tau), in
        steps; see `timescales` and `larger`. `authors` is NaN past those that were fitted.
    """
    flat = _correlations(taus, repeats, steps)
    with jax.enable_x64(True):
        found = {name: np.asarray(v) for name, v in timescales(jnp.asarray(flat))._asdict().items()}
    count = fitted * len(taus)
    found["authors"] = np.append(larger(flat[:, :count]), np.full(flat.shape[1] - count, np.nan))
    shape = (repeats, len(taus))
    return xarray.Dataset(
        {name: (("repeat", "tau"), values.reshape(shape)) for name, values in found.items()},
        {"tau": list(taus)},
    )


def _correlations(
    taus: Sequence[float], repeats: int, steps: int
) -> Float[np.ndarray, "lag repeated"]:
    """rho of every unit in every repeat, repeats slowest."""
    count = len(taus)
    net = _side_by_side(taus)

    @jax.jit
    def states(keys: Key[Array, " repeat"]) -> Array:
        def drawn(key: Key[Array, ""]) -> Array:
            uniform = draw(
                jax.random.uniform, named_key(key, "bits"), (steps + WARM_UP, TRIALS), "float32"
            )
            chance = jax.random.uniform(named_key(key, "chance"), (TRIALS,), "float32")
            return training_bits("parity", uniform, chance)

        bits = jnp.moveaxis(jax.vmap(drawn)(keys), 0, 1).reshape(steps + WARM_UP, -1)
        found = activity(net, jnp.zeros((bits.shape[1], count)), bits)[WARM_UP:]
        return found.reshape(steps, len(keys), TRIALS, count).transpose(1, 2, 0, 3)

    correlated = jax.jit(jax.vmap(autocorrelation))
    rho = []
    for some in jax.random.split(run_key(jnp.asarray(0)), repeats).reshape(-1, _TOGETHER):
        activities = np.asarray(states(some), "float64")
        with jax.enable_x64(True):
            rho.append(np.asarray(correlated(jnp.asarray(activities))))
    return np.moveaxis(np.concatenate(rho), 1, 0).reshape(LAGS + 1, -1)


def _side_by_side(taus: Sequence[float], dynamics: Dynamics = LINE) -> LeakyRNN:
    """One net of units that hear the input and not each other."""
    count = len(taus)
    silent = np.zeros((count, count))
    return leaky_net(np.ones(count), silent, np.asarray(taus), np.zeros(count), dynamics)
