"""Retraining a kept net, without a curriculum, on a larger N [rnn-8.7]."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Bool, Key

from sims.engine.experiment import Arrays, static, traced
from sims.rnn_timescales.model import LeakyRNN
from sims.rnn_timescales.training import Curriculum, CurriculumState


class Retraining(Curriculum):
    """A net of the stage N = `origin` trained on N' = `target` alone.

    The head that read N is asked N'; rate, batch and test are those of the sweep that it starts
    from, the velocity starts at zero. A run whose stage was not reached has no net and diverges.
    """

    may_diverge = True

    origin: int = static(default=6, help="N of the stage that it starts from", ge=2)
    target: int = traced(default=8, help="N' that it is asked", ge=2)

    @property
    def stages(self) -> int:
        return 0

    def begin(self, key: Key[Array, ""], start: Arrays) -> CurriculumState:
        head = self.origin - start["list_start"]
        readout, offset = (start[name][head] for name in ("readout", "readout_bias"))
        net = LeakyRNN(
            raw_timescale=start["raw_timescale"],
            input_weight=start["input_weight"],
            input_bias=start["bias"],
            recurrent=start["recurrent"],
            recurrent_bias=jnp.zeros_like(start["bias"]),
            readout=jnp.broadcast_to(readout, (self.heads, *readout.shape)),
            readout_bias=jnp.broadcast_to(offset, (self.heads, *offset.shape)),
            dynamics=self.dynamics,
        )
        target = jnp.asarray(self.target, "int32")
        return CurriculumState(net, self.descent().init(net), target, target)  # pyright: ignore[reportArgumentType]

    def advance(
        self, state: CurriculumState, observed: Arrays
    ) -> tuple[CurriculumState, Bool[Array, ""]]:
        return state, jnp.asarray(False)
