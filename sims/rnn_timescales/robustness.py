"""Decisions in time, and what is left of them when a net is damaged.

Sources: [rnn-8.3], [rnn-8.5], [rnn-8.6].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import xarray
from jaxtyping import Array, Float, Int, Key

from sims.engine.experiment import draw, named_key
from sims.rnn_timescales.model import (
    LeakyRNN,
    effective_input,
    initial_activity,
    raw_timescale,
    relax,
)
from sims.rnn_timescales.stages import analyse
from sims.rnn_timescales.tasks import SMALLEST, fair_bits, sliding_labels

# Of the 1,100 steps of a stream the first 100 do not count.
WARM_UP, DECISIONS, STREAMS = 100, 1000, 10


def decisions(
    net: LeakyRNN, heads: Int[Array, " head"], key: Key[Array, ""], bits: Float[Array, "time s"]
) -> Int[Array, "time head s"]:
    """The class that each of `heads` names after every bit."""
    cell, chosen = net.cell(), (net.readout[heads], net.readout_bias[heads])
    start = initial_activity(key, bits.shape[1], len(cell.leak))

    def step(state: Array, now: Array) -> tuple[Array, Array]:
        for _ in range(net.dynamics.hold):
            state = relax(cell.leak, net.dynamics, state, effective_input(cell, state, now))
        logits = jnp.einsum("su,hcu->hsc", state, chosen[0]) + chosen[1][:, None]
        return state, logits.argmax(axis=-1)

    return jax.lax.scan(step, start, bits)[1]


def accuracy(
    net: LeakyRNN,
    heads: Int[Array, " head"],
    asked: Int[Array, " head"],
    task: str,
    largest: int,
    key: Key[Array, ""],
) -> Float[Array, " head"]:
    """Share of right decisions in time of each head on its N, p = 1/2; NaN for a net of NaN.

    Args:
        heads: which readouts decide.
        asked: the N that each of them is asked.
        largest: an N that none of `asked` exceeds.

    Source: [rnn-8.3].
    """
    bits = fair_bits(named_key(key, "bits"), WARM_UP + DECISIONS, STREAMS)
    said = decisions(net, heads, named_key(key, "start"), bits)
    right = sliding_labels(task, bits, largest)[:, asked - SMALLEST]
    share = jnp.mean((said == right)[WARM_UP:], axis=(0, 2))
    return jnp.where(jnp.isfinite(net.raw_timescale).all(), share, jnp.nan)


def forgetting(training: xarray.Dataset, *, stages: Sequence[int]) -> xarray.Dataset:
    """`accuracy` on every N up to the net's own, by the head that was last asked it [rnn-8.3].

    Returns:
        `accuracy` (n, ..., asked); NaN for N above the net's.
    """
    task, largest = str(training.attrs["task"]), max(stages)
    asked = jnp.arange(SMALLEST, largest + 1)

    def each(net: LeakyRNN, start: Array, key: Key[Array, ""]) -> dict[str, Array]:
        # A list that moved on asked the earlier N of its first heads.
        heads = jnp.clip(asked - start, 0, net.readout.shape[0] - 1)
        return {"accuracy": accuracy(net, heads, asked, task, largest, key)}

    found = analyse(
        training, stages, each, {"accuracy": ("asked",)}, {"asked": [int(n) for n in asked]}
    )
    return found.where(found.asked <= found.n)


def ablation(
    training: xarray.Dataset, *, stages: Sequence[int], removed: int, by: str = "timescale"
) -> xarray.Dataset:
    """Accuracy at the net's own N with one unit removed at a time [rnn-8.5].

    A removed unit loses its row and column of W, its input weight and its column of every readout
    (the authors clear head 0 only, and leave a constant in what the others read).

    Args:
        removed: how many units, the shortest and the longest timescales.
        by: `"timescale"`, or `"random"` for units taken at random: the null.

    Returns:
        `accuracy` (n, ..., side, rank), `intact` and `timescale` of the removed units.
    """
    task, largest = str(training.attrs["task"]), max(stages)

    def at(n: int) -> xarray.Dataset:
        def each(net: LeakyRNN, start: Array, key: Key[Array, ""]) -> dict[str, Array]:
            head, asked = _own(start, n)
            order = jnp.argsort(net.timescale())
            if by == "random":
                order = jax.random.permutation(named_key(key, "order"), order)
            units = jnp.stack([order[:removed], order[-removed:]])

            def one(unit: Array) -> Array:
                return accuracy(_without(net, unit), head, asked, task, largest, key)[0]

            return {
                "accuracy": jax.lax.map(jax.vmap(one), units),
                "intact": accuracy(net, head, asked, task, largest, key)[0],
                "timescale": net.timescale()[units],
            }

        dims = {name: ("side", "rank") for name in ("accuracy", "timescale")}
        return analyse(training, [n], each, dims, {"side": ["short", "long"]})

    return xarray.concat([at(n) for n in stages], "n")


def perturbation(
    training: xarray.Dataset,
    *,
    stages: Sequence[int],
    strengths: Sequence[float],
    what: str,
    draws: int = 10,
) -> xarray.Dataset:
    """Accuracy at the net's own N under random changes of norm `strength` times the norm [rnn-8.6].

    Args:
        what: `"recurrent"` (W + eps |W| Z/|Z|), `"timescale"` (tau + eps |tau| |z|/|z|: longer
            only), or `"readout"`, a control.
        draws: changes drawn per net and strength.

    Returns:
        `accuracy` (n, ..., strength) and `intact`; accuracy is the mean over draws.

    Raises:
        KeyError: no such `what`.
    """
    task, largest = str(training.attrs["task"]), max(stages)
    sizes = jnp.asarray(strengths, "float32")

    def at(n: int) -> xarray.Dataset:
        def each(net: LeakyRNN, start: Array, key: Key[Array, ""]) -> dict[str, Array]:
            head, asked = _own(start, n)

            def one(strength: Array) -> Array:
                def drawn(own: Key[Array, ""]) -> Array:
                    changed = _changed(net, what, strength, own)
                    return accuracy(changed, head, asked, task, largest, key)[0]

                keys = jax.random.split(named_key(key, "change"), draws)
                return jax.vmap(drawn)(keys).mean()

            intact = accuracy(net, head, asked, task, largest, key)[0]
            return {"accuracy": jax.lax.map(one, sizes), "intact": intact}

        return analyse(
            training, [n], each, {"accuracy": ("strength",)}, {"strength": list(strengths)}
        )

    return xarray.concat([at(n) for n in stages], "n")


def resolution(
    training: xarray.Dataset, *, stages: Sequence[int], holds: Sequence[int]
) -> xarray.Dataset:
    """Accuracy at the net's own N where each bit is held for another number of steps.

    Time constants stay as they are in bits [rnn-2.3]: a net that has learnt a flow in time,
    not a map from bit to bit, bears it.

    Returns:
        `accuracy` (n, ..., hold).
    """
    task, largest = str(training.attrs["task"]), max(stages)

    def at(n: int) -> xarray.Dataset:
        def each(net: LeakyRNN, start: Array, key: Key[Array, ""]) -> dict[str, Array]:
            head, asked = _own(start, n)
            found = []
            for hold in holds:
                slower = dataclasses.replace(net, dynamics=net.dynamics._replace(hold=hold))
                found.append(accuracy(slower, head, asked, task, largest, key)[0])
            return {"accuracy": jnp.stack(found)}

        return analyse(training, [n], each, {"accuracy": ("hold",)}, {"hold": list(holds)})

    return xarray.concat([at(n) for n in stages], "n")


def _own(start: Int[Array, ""], n: int) -> tuple[Int[Array, " head"], Int[Array, " head"]]:
    """The head that reads N = `n`, the largest of a list that begins at `start`, and n."""
    return (n - start)[None], jnp.asarray([n])


def _without(net: LeakyRNN, unit: Int[Array, ""]) -> LeakyRNN:
    stays = (jnp.arange(len(net.raw_timescale)) != unit).astype(net.recurrent.dtype)
    return eqx.tree_at(
        lambda tree: (tree.recurrent, tree.input_weight, tree.readout),
        net,
        (net.recurrent * stays * stays[:, None], net.input_weight * stays, net.readout * stays),
    )


def _changed(net: LeakyRNN, what: str, strength: Array, key: Key[Array, ""]) -> LeakyRNN:
    parts = {"recurrent": net.weights(), "timescale": net.timescale(), "readout": net.readout}
    part = parts[what]
    noise = draw(jax.random.normal, key, part.shape, part.dtype)
    if what == "timescale":
        noise = jnp.abs(noise)
    if what == "recurrent":
        noise = noise * (1 - jnp.eye(len(noise), dtype=noise.dtype))
    moved = part + strength * jnp.linalg.norm(part) * noise / jnp.linalg.norm(noise)
    if what == "timescale":
        return eqx.tree_at(lambda tree: tree.raw_timescale, net, raw_timescale(moved, net.dynamics))
    return eqx.tree_at(lambda tree: getattr(tree, what), net, moved)
