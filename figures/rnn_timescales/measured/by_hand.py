"""Nets that were written down, run as trained ones are."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray

from figures.rnn_timescales.measured.nets import leaky_net
from sims.engine.program import run_key
from sims.rnn_timescales.model import LeakyRNN
from sims.rnn_timescales.robustness import accuracy
from theory.rnn_timescales import constructive


def by_hand(task: str, single: Sequence[int], together: Sequence[int], cut: bool) -> xarray.Dataset:
    """Accuracy in time of nets written down, 10 fair streams of 1,000 decisions.

    Args:
        task: `"parity"` or `"dms"`.
        single: N of nets with one head.
        together: N of nets with all heads up to it, for parity.
        cut: remove the last unit of the delay line.

    Returns:
        `accuracy` (net, head), the last head repeated where a net has fewer, and `units` (net,);
        `n` and the number of `heads` by net.
    """
    build = {"parity": constructive.parity, "dms": constructive.dms}[task]
    nets = [(build(n), [n]) for n in single]
    nets += [(constructive.all_parities(n), list(range(2, n + 1))) for n in together]
    largest = max(*single, *together, 2)
    width = max(len(net.tau) for net, _ in nets)
    count = [len(net.tau) for net, _ in nets]
    if cut:
        for net, asked in nets:
            line = max(asked) - 2
            net.drive[line] = net.recurrent[line] = net.recurrent[:, line] = 0
    # One compilation for all: silent units fill the smaller nets, their last head the others.
    padded = [_padded(net, width, largest - 1) for net, _ in nets]
    heads = [list(range(len(asked))) for _, asked in nets]
    heads, asked = (
        jnp.asarray([row + row[-1:] * (largest - 1 - len(row)) for row in rows])
        for rows in (heads, [asked for _, asked in nets])
    )
    one = functools.partial(accuracy, task=task, largest=largest, key=run_key(jnp.asarray(0)))

    @jax.jit
    def every(nets: LeakyRNN, heads: jax.Array, asked: jax.Array) -> jax.Array:
        return jax.lax.map(lambda each: one(each[0], each[1], each[2]), (nets, heads, asked))

    with jax.default_matmul_precision("highest"):
        found = every(jax.tree.map(lambda *parts: jnp.stack(parts), *padded), heads, asked)
    return xarray.Dataset(
        {"accuracy": (("net", "head"), np.asarray(found)), "units": ("net", count)},
        {"n": ("net", [*single, *together]), "heads": ("net", [len(a) for _, a in nets])},
    )


def _padded(net: constructive.Network, width: int, heads: int) -> LeakyRNN:
    """The model with these weights; further units are silent, further heads say nothing."""
    units, own = width - len(net.tau), heads - len(net.readout)
    recurrent = np.pad(net.recurrent, ((0, units), (0, units)))
    line = leaky_net(
        np.pad(net.drive, (0, units)), recurrent,
        np.pad(net.tau, (0, units), constant_values=1), np.pad(net.bias, (0, units)),
    )  # fmt: skip
    readout = jnp.asarray(np.pad(net.readout, ((0, own), (0, 0), (0, units))), "float32")
    offset = jnp.asarray(np.pad(net.readout_bias, ((0, own), (0, 0))), "float32")
    return dataclasses.replace(line, readout=readout, readout_bias=offset)
