"""Several tasks at once: what heads must add up to, how many it takes [icl-7.1] to [icl-7.3].

Task n reads the coordinates S_n, s of them, through a beta of its own of variance 1/s per
coordinate; labels have noise s2, the target none. Heads KQ_h = diag(omega^h), OV_h = diag(mu^h),
stacked as W (head, coordinate) and M (head, task), predict for small omega and M'1 = 0

    yhat_n = (1/L) sum_l y_nl (x_l - xbar)' diag((M'W)_n) x_q,

so a net is, up to its gamma, the matrix M'W of steps per task and coordinate.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from theory.icl_regression.setting import Setting

Masks = Bool[np.ndarray, "task dimension"]
Steps = Float[Array | np.ndarray, "task dimension"]

# Of alternating least squares, which gain a digit in one or two.
_ROUNDS = 100


def losses(steps: Steps, masks: Masks, setting: Setting) -> Float[Array, " task"]:
    """Loss of each task per unit of signal, for the matrix of steps M'W [icl-7.1].

    From the Wishart moments of the centred scatter with n = L - 1: 1 + (n/(L s)) sum_S (w_i^2
    - 2 w_i) + (n/L^2)(1 + s2) sum_i w_i^2.
    """
    length, free = setting.length, setting.length - 1
    inside = masks * (jnp.square(steps) - 2 * jnp.asarray(steps))
    spread = (1 + setting.noise_variance) / length * jnp.square(steps).sum(axis=1)
    return 1 + free / length * (inside.sum(axis=1) / masks.sum(axis=1) + spread)


def optimal_steps(heads: int, masks: Masks, setting: Setting) -> Steps:
    """The matrix M'W of least mean loss that `heads` heads can realise [icl-7.2].

    From N + 1 heads on every matrix can be realised: L/(L + s (1 + s2)) on a task's own support,
    nothing off it. Two heads give every task the same row times a factor of its own; where all
    supports are equally large and overlap alike the factors are 1 and the row is
    L/(L + (N/k) s (1 + s2)) on a coordinate that k of the N tasks read.

    Raises:
        ValueError: one head, which is no gradient step, or a number between these two.
    """
    tasks, size = len(masks), masks.sum(axis=1)[:, None]
    strength = (1 + setting.noise_variance) / setting.length
    if heads > tasks:
        return np.asarray(masks / (1 + size * strength))
    if heads != 2:
        raise ValueError(f"heads = {heads}: expected 2, or at least {tasks + 1} for {tasks} tasks")
    # Either of row and factors is a least-squares problem given the other.
    factor = np.ones((tasks, 1))
    for _ in range(_ROUNDS):
        own = masks / size
        square = (own * factor**2).sum(axis=0) + strength * (factor**2).sum()
        row = (own * factor).sum(axis=0) / square
        square = (own * row**2).sum(axis=1) + strength * (row**2).sum()
        factor = ((own * row).sum(axis=1) / square)[:, None]
    return factor * row


def construction(
    steps: Steps, heads: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "head task"], Float[np.ndarray, "head dimension"]]:
    """M and W with M'1 = 0 whose product is nearest to `steps`: W = M'^+ steps, M at random.

    N columns orthogonal to 1 span N dimensions from N + 1 heads on, and then M'W = steps exactly;
    with N heads they cannot [icl-7.3].
    """
    m = rng.normal(size=(heads, len(steps)))
    m = m - m.mean(axis=0)
    return m, np.linalg.pinv(m.T) @ np.asarray(steps)
