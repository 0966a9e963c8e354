"""Retraining a kept net, without a curriculum, on a larger N (section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import xarray
from jaxtyping import Array, Key

from sims.engine.experiment import named_key, settings_of
from sims.rnn_timescales.model import LeakyRNN
from sims.rnn_timescales.stages import analyse
from sims.rnn_timescales.training import Curriculum, CurriculumState


def retraining(
    training: xarray.Dataset, *, stage: int, targets: Sequence[int], epochs: int
) -> xarray.Dataset:
    """Accuracy on N' after training the net of N = `stage` on N' alone.

    The head that read `stage` is asked N'; rate, batch and test are those of the sweep, the
    velocity starts at zero.

    Args:
        targets: N', each from the same net.
        epochs: of `log_every` steps.

    Returns:
        `accuracy` (n, ..., target).
    """
    names = settings_of(Curriculum).keys() & training.attrs.keys()
    settings: dict[str, Any] = {name: training.attrs[name] for name in names}
    for name in settings:
        kind: Any = settings_of(Curriculum)[name].type
        settings[name] = kind(settings[name])
    settings |= {"forget": 1, "first": max(targets), "window": 1}
    settings["last"] = max(settings["last"], max(targets))
    experiment = Curriculum(**settings)

    def each(net: LeakyRNN, start: Array, key: Key[Array, ""]) -> dict[str, Array]:
        head = stage - start
        own = (net.readout[head][None], net.readout_bias[head][None])
        heads = experiment.heads
        readout, bias = (jnp.broadcast_to(a, (heads, *a.shape[1:])) for a in own)
        wide = LeakyRNN(
            net.raw_timescale,
            net.input_weight,
            net.input_bias,
            net.recurrent,
            net.recurrent_bias,
            readout,
            bias,
            net.dynamics,
        )

        def one(target: Array) -> Array:
            memory = experiment.descent().init(wide)  # pyright: ignore[reportArgumentType]
            state = CurriculumState(wide, memory, target, target)
            keys = jax.random.split(named_key(key, "steps"), epochs * experiment.log_every)
            state, _ = jax.lax.scan(experiment.step, state, keys)
            return experiment.observe(state, named_key(key, "test"))["accuracy"][0]

        return {"accuracy": jax.lax.map(one, jnp.asarray(targets))}

    return analyse(training, [stage], each, {"accuracy": ("target",)}, {"target": list(targets)})
