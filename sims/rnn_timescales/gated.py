"""Gated nets, GRU and LSTM, under the same curricula [rnn-2.6].

The units are flax's. With s the logistic function and x in {-1, +1}:

    GRU (Cho et al. 2014, with the reset after the product):
        r, z = s(W x + b + U h),  n = tanh(W_n x + b_n + r (U_n h + c_n)),  h <- (1 - z) n + z h
    LSTM (Hochreiter & Schmidhuber 1997, with Gers et al.'s forget gate):
        i, f, o = s(W x + U h + b),  g = tanh(W_g x + U_g h + b_g),  c <- f c + i g,  h <- o tanh(c)

Each gate has weights W, U and a bias of its own. The authors' LSTMs are PyTorch's, which adds two
biases where flax has one; their code has no GRU.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key, PyTree

from sims.engine.experiment import Arrays, batch_max, draw, named_key, static, traced
from sims.engine.optimisers import optimiser
from sims.rnn_timescales.model import CLASSES, Activity, Logits
from sims.rnn_timescales.tasks import Bits, length, longest
from sims.rnn_timescales.training import LARGEST_NORM, CurriculumState, HeadLists

CELLS = {"gru": nn.GRUCell, "lstm": nn.OptimizedLSTMCell}


class GatedNet(NamedTuple):
    """flax's parameters of a cell, and the readouts W_k, b_k."""

    cell: PyTree
    readout: Float[Array, "head class unit"]
    readout_bias: Float[Array, "head class"]

    def read(self, state: Activity) -> Logits:
        """Logits of every head."""
        return jnp.einsum("su,hcu->hsc", state, self.readout) + self.readout_bias[:, None]


def cell_of(kind: str, units: int) -> nn.RNNCellBase:
    """flax's cell, to be initialised as PyTorch does: all uniform on +-1/sqrt(units).

    Args:
        kind: a key of `CELLS`.

    Raises:
        KeyError: no such kind.
    """

    def uniform(key: Key[Array, ""], shape: tuple[int, ...], dtype: Any = "float32") -> Array:
        return draw(jax.random.uniform, key, shape, dtype, -(units**-0.5), units**-0.5)

    return CELLS[kind](units, kernel_init=uniform, recurrent_kernel_init=uniform, bias_init=uniform)


def initial_net(key: Key[Array, ""], kind: str, units: int, heads: int) -> GatedNet:
    """All parameters uniform on +-1/sqrt(units)."""

    def uniform(name: str, shape: tuple[int, ...]) -> Array:
        bound = units**-0.5
        return draw(jax.random.uniform, named_key(key, name), shape, "float32", -bound, bound)

    cell = cell_of(kind, units)
    own, one = named_key(key, "cell"), jnp.zeros((1, 1), "float32")
    return GatedNet(
        cell=cell.init(own, cell.initialize_carry(own, one.shape), one)["params"],
        readout=uniform("readout", (heads, CLASSES, units)),
        readout_bias=uniform("readout_bias", (heads, CLASSES)),
    )


def last_activity(
    kind: str, parameters: PyTree, units: int, bits: Bits, length: Int[Array, ""]
) -> Activity:
    """h after the last `length` bits of right-aligned streams, from zero; bits enter as -1 and +1.

    Steps that no run of the batch needs are not taken.
    """
    cell, time, needed = cell_of(kind, units), len(bits), batch_max(length)

    def step(state: PyTree, now: tuple[Array, Array]) -> tuple[PyTree, None]:
        t, inputs = now

        def moved(old: PyTree) -> PyTree:
            new, _ = cell.apply({"params": parameters}, old, inputs)  # pyright: ignore[reportGeneralTypeIssues]
            return jax.tree.map(lambda a, b: jnp.where(time - t <= length, b, a), old, new)

        return jax.lax.cond(time - t <= needed, moved, lambda old: old, state), None

    inputs = (2 * bits - 1)[..., None]
    zero = cell.initialize_carry(jax.random.key(0), inputs.shape[1:])  # whatever the key
    dtype = jnp.result_type(inputs, *jax.tree.leaves(parameters))  # as the cell's new state has
    start = jax.tree.map(lambda leaf: leaf.astype(dtype), zero)
    last, _ = jax.lax.scan(step, start, (jnp.arange(time), inputs))
    return last[1] if kind == "lstm" else last


class GatedCurriculum(HeadLists):
    """GRU or LSTM under Adam, on streams with p = 1/2."""

    log_every: int = static(default=300, help="steps of an epoch", ge=1)
    cell: str = static(default="gru", help="kind of unit", choices=tuple(CELLS))
    learning_rate: float = traced(default=3e-3, help="Adam's rate", gt=0)

    def descent(self) -> optax.GradientTransformation:
        """Adam after clipping the global norm at 2."""
        return optax.chain(
            optax.clip_by_global_norm(LARGEST_NORM),
            optimiser("adam", self.learning_rate, steps=self.steps),
        )

    def init(self, key: Key[Array, ""]) -> CurriculumState:
        net = initial_net(key, self.cell, self.units, self.heads)
        return self.start(net, self.descent().init(net))  # pyright: ignore[reportArgumentType]

    def step(self, state: CurriculumState, key: Key[Array, ""]) -> tuple[CurriculumState, Arrays]:
        value, gradient = jax.value_and_grad(self.loss)(state.net, state, key)
        change, memory = self.descent().update(gradient, state.memory)
        net = optax.apply_updates(state.net, change)
        return state._replace(net=net, memory=memory), {"loss": value}

    def answers(
        self, net: GatedNet, state: CurriculumState, key: Key[Array, ""]
    ) -> tuple[Logits, Int[Array, "head sequence"], Bool[Array, " head"]]:
        time = longest(self.last)
        uniform = draw(jax.random.uniform, key, (time + 1, self.sequences), "float32")
        bits = (uniform[:time] < 0.5).astype("float32")
        taken = length(uniform[-1, 0], state.largest)
        logits = net.read(last_activity(self.cell, net.cell, self.units, bits, taken))
        return logits, *self.wanted(bits, state)

    def keep(self, state: CurriculumState, observed: Arrays) -> tuple[Array, Arrays]:
        # When each N was solved is all that is asked of these nets, so that no weights are kept.
        return self.stage(state, observed), {"list_start": state.smallest}
