"""Networks that run in leaky ReLU's linear range."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray

from figures.rnn_timescales.measured.nets import leaky_net, random_network, reach, streamed
from sims.rnn_timescales.model import activity


def network(units: int, radius: float, steps: int) -> xarray.Dataset:
    """Autocorrelations of a random network that runs in leaky ReLU's linear range.

    A constant bias carries every state by more than the input can ever move it, so that no state
    is negative; `lowest` is the smallest state seen.

    Args:
        radius: spectral radius of A.
        steps: of each of 10 trials of fair bits.

    Returns:
        `rho` (lag, unit), `population` (lag,), `lowest`, and the network: `recurrent`, `drive`,
        `tau`.
    """
    recurrent, drive, tau = random_network(units, radius)
    rest = reach(recurrent, drive, tau)
    net = leaky_net(drive, recurrent, tau, (np.eye(units) - recurrent) @ rest)
    rho, lowest = streamed(net, rest, steps)
    return xarray.Dataset(
        {
            "rho": (("lag", "unit"), rho[:, :-1]),
            "population": ("lag", rho[:, -1]),
            "lowest": ((), lowest),
            "recurrent": (("unit", "source"), recurrent),
            "drive": ("unit", drive),
            "tau": ("unit", tau),
        }
    )


def echoes(units: int, reached: int, steps: int) -> xarray.Dataset:
    """A network's response to one bit over what it does without, in float64.

    Args:
        reached: units that the input reaches; the others hear neither it nor those it reaches.
        steps: for which the response is followed.

    Returns:
        `response` (lag, unit), the smallest state `lowest`, and the network: `recurrent`, `drive`,
        `tau`.
    """
    recurrent, drive, tau = random_network(units, 0.8)
    drive[reached:] = 0
    recurrent[reached:, :reached] = 0
    rest = reach(recurrent, drive, tau)
    with jax.enable_x64(True):
        net = leaky_net(drive, recurrent, tau, (np.eye(units) - recurrent) @ rest)
        start = jnp.broadcast_to(jnp.asarray(rest), (2, units))
        bits = jnp.zeros((steps, 2)).at[0, 0].set(1)
        states = np.asarray(jax.jit(activity)(net, start, bits))
    return xarray.Dataset(
        {
            "response": (("lag", "unit"), states[:, 0] - states[:, 1]),
            "lowest": ((), states.min()),
            "recurrent": (("unit", "source"), recurrent),
            "drive": ("unit", drive),
            "tau": ("unit", tau),
        }
    )
