"""Optimisers whose hyperparameters are data, so that a sweep over them compiles once.

Built inside the traced step, an optax transformation takes tracers for its learning rate, momentum
and schedule; only its kind is structure.
"""

from __future__ import annotations

import optax
from jaxtyping import Array, Float

Scalar = float | Float[Array, ""]

KINDS = ("adam", "sgd", "nesterov")


def optimiser(
    kind: str,
    learning_rate: Scalar,
    *,
    steps: int,
    final_fraction: Scalar = 1.0,
    momentum: Scalar = 0.9,
) -> optax.GradientTransformation:
    """An optax transformation with a cosine schedule.

    The rate falls from `learning_rate` to `final_fraction * learning_rate` over `steps` along half
    a cosine; `final_fraction = 1` keeps it constant, so a constant and a decaying schedule are two
    values of one traced setting (Loshchilov & Hutter 2017, without restarts).

    Args:
        kind: `"adam"` (Kingma & Ba 2015), `"sgd"` (heavy ball) or `"nesterov"`.
        learning_rate: initial rate, per step.
        steps: length of the schedule.
        final_fraction: last rate over first.
        momentum: Adam's first-moment decay, or the velocity's decay.

    Raises:
        ValueError: unknown kind.
    """
    rate = optax.cosine_decay_schedule(learning_rate, steps, alpha=final_fraction)  # pyright: ignore[reportArgumentType]
    if kind == "adam":
        return optax.adam(rate, b1=momentum)  # pyright: ignore[reportArgumentType]
    if kind in KINDS:
        return optax.sgd(rate, momentum=momentum, nesterov=kind == "nesterov")  # pyright: ignore[reportArgumentType]
    raise ValueError(f"unknown optimiser {kind!r}: expected one of {', '.join(KINDS)}")
