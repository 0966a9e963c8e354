"""Training under a curriculum [rnn-3.1], [rnn-3.2].

A curriculum is four numbers: the first head list is N = `first` .. `first + window - 1`; each time
it is solved, the `forget` smallest are dropped and `add` are appended. Heads are indexed by
position in the list, so a list that moves asks a larger N of the same weights.

    single-head: window 1, forget 1    cumulative (multi-head): window 1, forget 0
    sliding: window w, forget f, add f    all N at once: window n, forget 0

The authors' train.py does the same with lists of heads.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key, PyTree

from sims.engine.errors import UserError
from sims.engine.experiment import Arrays, Experiment, draw, static, traced
from sims.engine.optimisers import optimiser
from sims.rnn_timescales.model import (
    INITIAL_SCALE,
    Dynamics,
    LeakyRNN,
    Logits,
    initial_net,
    last_activity,
)
from sims.rnn_timescales.tasks import (
    SMALLEST,
    TASKS,
    Bits,
    labels,
    length,
    longest,
    training_bits,
)

MOMENTUM, LARGEST_NORM, THRESHOLD = 0.1, 2.0, 0.98


class CurriculumState(NamedTuple):
    """The net, the velocity, and the head list N = `smallest` .. `largest`."""

    net: PyTree
    memory: optax.OptState
    smallest: Int[Array, ""]
    largest: Int[Array, ""]


class HeadLists(Experiment):
    """Training of any net on a head list that moves on; an epoch is `log_every` steps.

    After each epoch the head list is solved when both the mean accuracy over its heads and that of
    its largest N exceed 98 % on fresh test streams; then the list moves on, and what `keep` names
    is kept as the stage N - 2 of its largest N. A run ends when it solves the largest N of all.
    """

    dims = {"accuracy": ("head",)}
    # Each run has streams of its own lengths and ends at its own time. On one core, lists alike: as
    # fast as vmapped nets at 32 units, 1.7 times as fast at 128 and 500.
    alone = True

    steps: int = static(default=30_000, help="largest number of steps", ge=1)
    log_every: int = static(default=200, help="steps of an epoch", ge=1)
    task: str = static(default="parity", help="task", choices=TASKS)
    units: int = static(default=32, help="recurrent units H", ge=2)
    sequences: int = static(default=64, help="streams per step", ge=1)
    test_batches: int = static(default=20, help="test batches after an epoch", ge=1)
    last: int = static(default=12, help="largest N of all", ge=2)
    first: int = traced(default=2, help="smallest N of the first head list", ge=2)
    window: int = traced(default=1, help="heads of the first list", ge=1)
    forget: int = traced(default=1, help="smallest N dropped when solved", ge=0)
    add: int = traced(default=1, help="N appended when solved", ge=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first + self.window - 1 > self.last:
            raise UserError(
                f"first = {self.first} with window = {self.window} asks for N = "
                f"{self.first + self.window - 1}, above last = {self.last}; the nearest valid "
                f"window is {max(1, self.last - self.first + 1)}"
            )

    @property
    def heads(self) -> int:
        """Heads that the longest list needs."""
        return self.last - SMALLEST + 1

    @property
    def stages(self) -> int:
        return self.heads

    def start(self, net: PyTree, memory: optax.OptState) -> CurriculumState:
        """A net before its first head list."""
        smallest = jnp.asarray(self.first, "int32")
        return CurriculumState(
            net, memory, smallest, smallest + jnp.asarray(self.window, "int32") - 1
        )

    def answers(
        self, net: PyTree, state: CurriculumState, key: Key[Array, ""]
    ) -> tuple[Logits, Int[Array, "head sequence"], Bool[Array, " head"]]:
        """Logits and right answers of one fresh batch, and which heads are in the list."""
        raise NotImplementedError

    def wanted(
        self, bits: Bits, state: CurriculumState
    ) -> tuple[Int[Array, "head sequence"], Bool[Array, " head"]]:
        """The right answers by head, and which heads are in the list."""
        asked = state.smallest + jnp.arange(self.heads)
        of = jnp.minimum(asked - SMALLEST, self.last - SMALLEST)
        return labels(self.task, bits, self.last)[of], asked <= state.largest

    def loss(self, net: PyTree, state: CurriculumState, key: Key[Array, ""]) -> Float[Array, ""]:
        """The sum over the list's heads of the mean cross-entropy of one fresh batch."""
        logits, wanted, active = self.answers(net, state, key)
        entropy = optax.softmax_cross_entropy_with_integer_labels(logits, wanted).mean(axis=1)
        return jnp.sum(jnp.where(active, entropy, 0.0))

    def observe(self, state: CurriculumState, key: Key[Array, ""]) -> Arrays:
        def batch(_: None, own: Key[Array, ""]) -> tuple[None, Float[Array, " head"]]:
            logits, wanted, _active = self.answers(state.net, state, own)
            return None, jnp.mean(logits.argmax(axis=-1) == wanted, axis=1)

        _, right = jax.lax.scan(batch, None, jax.random.split(key, self.test_batches))
        active = state.smallest + jnp.arange(self.heads) <= state.largest
        return {
            # of a head that is not in the list: 0, so that nothing waits for it
            "accuracy": jnp.where(active, right.mean(axis=0), 0.0),
            "smallest": state.smallest,
            "largest": state.largest,
        }

    def solved(self, state: CurriculumState, observed: Arrays) -> Bool[Array, ""]:
        """Whether the head list is learnt."""
        newest = state.largest - state.smallest
        accuracy = observed["accuracy"]
        mean = accuracy.sum() / (newest + 1)
        return (mean > THRESHOLD) & (accuracy[newest] > THRESHOLD)

    def stage(self, state: CurriculumState, observed: Arrays) -> Int[Array, ""]:
        """The stage that is reached, -1 for none."""
        return jnp.where(self.solved(state, observed), state.largest - SMALLEST, -1)

    def advance(
        self, state: CurriculumState, observed: Arrays
    ) -> tuple[CurriculumState, Bool[Array, ""]]:
        solved = self.solved(state, observed)
        done = solved & (state.largest + self.add > self.last)
        moves = solved & ~done
        return state._replace(
            smallest=state.smallest + jnp.where(moves, self.forget, 0),
            largest=state.largest + jnp.where(moves, self.add, 0),
        ), done | (solved & (jnp.asarray(self.add) == 0))


class Curriculum(HeadLists):
    """Leaky nets under SGD on the sum over heads of the cross-entropy; solved nets are kept.

    Symbols: tau `timescale` (`raw_timescale` before the clamp), w_in `input_weight`, W `recurrent`,
    b_h + b_in `bias`, W_k and b_k `readout` and `readout_bias`.
    """

    dims = {
        "accuracy": ("head",),
        "timescale": ("unit",),
        "raw_timescale": ("unit",),
        "input_weight": ("unit",),
        "bias": ("unit",),
        "recurrent": ("unit", "source"),
        "readout": ("head", "class", "unit"),
        "readout_bias": ("head", "class"),
    }

    inside: bool = static(default=False, help="nonlinearity inside (Mod), not outside (Stack)")
    hold: int = static(default=1, help="steps for which a bit is held, dt = 1/hold", ge=1)
    smooth: bool = static(default=False, help="softplus in place of the clamp at dt")
    learning_rate: float = traced(default=0.1, help="SGD's rate", gt=0)
    timescale_rate: float = traced(default=1.0, help="tau's rate over the others'; 0 fixes", ge=0)
    lowest: float = traced(default=1.0, help="smallest initial tau, in bits", gt=0)
    spread: float = traced(default=1.0, help="initial tau: lowest + spread U(0, 1)", ge=0)

    @property
    def dynamics(self) -> Dynamics:
        """The kind of unit."""
        return Dynamics(self.inside, self.hold, self.smooth)

    def descent(self) -> optax.GradientTransformation:
        """SGD with Nesterov momentum .1 after clipping the global norm at 2."""
        return optax.chain(
            optax.clip_by_global_norm(LARGEST_NORM),
            optimiser("nesterov", self.learning_rate, steps=self.steps, momentum=MOMENTUM),
        )

    def init(self, key: Key[Array, ""]) -> CurriculumState:
        net = initial_net(
            key,
            units=self.units,
            heads=self.heads,
            lowest=self.lowest,
            spread=self.spread,
            dynamics=self.dynamics,
        )
        return self.start(net, self.descent().init(net))  # pyright: ignore[reportArgumentType]

    def step(self, state: CurriculumState, key: Key[Array, ""]) -> tuple[CurriculumState, Arrays]:
        value, gradient = jax.value_and_grad(self.loss)(state.net, state, key)
        slower = gradient.raw_timescale * self.timescale_rate
        gradient = eqx.tree_at(lambda net: net.raw_timescale, gradient, slower)
        change, memory = self.descent().update(gradient, state.memory)
        net = optax.apply_updates(state.net, change)  # pyright: ignore[reportArgumentType]
        return state._replace(net=net, memory=memory), {"loss": value}

    def answers(
        self, net: LeakyRNN, state: CurriculumState, key: Key[Array, ""]
    ) -> tuple[Logits, Int[Array, "head sequence"], Bool[Array, " head"]]:
        time = longest(self.last)
        # One draw for all: each further one adds a tenth to the time to compile.
        shape = (time + self.units + 2, self.sequences)
        uniform = draw(jax.random.uniform, key, shape, "float32")
        bits = training_bits(self.task, uniform[:time], uniform[-1])
        start = INITIAL_SCALE * uniform[time:-2].T
        taken = length(uniform[-2, 0], state.largest)
        logits = net.read(last_activity(net, start, bits, taken))
        return logits, *self.wanted(bits, state)

    def observe(self, state: CurriculumState, key: Key[Array, ""]) -> Arrays:
        return {**super().observe(state, key), "timescale": state.net.timescale()}

    def keep(self, state: CurriculumState, observed: Arrays) -> tuple[Array, Arrays]:
        net = state.net
        return self.stage(state, observed), {
            "raw_timescale": net.raw_timescale,
            "input_weight": net.input_weight,
            "bias": net.input_bias + net.recurrent_bias,
            "recurrent": net.weights(),
            "readout": net.readout,
            "readout_bias": net.readout_bias,
            "list_start": state.smallest,
        }
