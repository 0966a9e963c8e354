"""One head on several tasks: a kernel regressor, at the optimum of its true loss [icl-7.6].

The head is KQ = diag(omega), OV = diag(mu). Given x_q its logits are x_l.u with u = omega o x_q:
again |u| times iid normals, so that what the attention reads has the same three moments as that of
one task [icl-4.1], at a = |u|, and only the mean over x_q differs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.interpolate
import scipy.optimize
import scipy.special
from jaxtyping import Bool, Float

from theory.icl_regression.setting import Setting
from theory.icl_regression.true_loss import NODES, head_given_radius

Masks = Bool[np.ndarray, "task dimension"]

# Nodes in |x|^2/2 of each kind of coordinate, and where the moments are tabulated in a.
SQUARES = 10
TABLE = np.linspace(0.02, 10.0, 200)


class TaskOptimum(NamedTuple):
    """The best single head.

    Attributes:
        omega: by coordinate.
        mu: by task.
        loss: mean over tasks, per unit of signal.
    """

    omega: Float[np.ndarray, " dimension"]
    mu: Float[np.ndarray, " task"]
    loss: float


def optimum(masks: Masks, setting: Setting) -> TaskOptimum:
    """The minimum over omega, which is alike for coordinates that the same tasks read, and mu.

    Args:
        masks: the support of each task; all of its coordinates have betas of variance 1/s.
        setting: its noise is that of the labels, per unit of signal; the target has none.
    """
    kinds, of = np.unique(masks, axis=1, return_inverse=True)
    sizes = np.bincount(of.ravel())
    squares, weights = _squares(sizes)
    moments = _moments(float(setting.length))

    def powers(omega: Float[np.ndarray, " kind"]) -> tuple[np.ndarray, np.ndarray]:
        return _powers(np.abs(omega), kinds, sizes, squares, weights, moments, setting)

    def loss(omega: Float[np.ndarray, " kind"]) -> float:
        signal, power = powers(omega)
        return float(np.mean(1 - signal**2 / power))

    start = np.full(len(sizes), float(setting.dimension) ** -0.5)
    found = scipy.optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-6})
    signal, power = powers(found.x)
    return TaskOptimum(np.abs(found.x)[of.ravel()], signal / power, loss(found.x))


def _powers(
    omega: Float[np.ndarray, " kind"],
    kinds: Bool[np.ndarray, "task kind"],
    sizes: np.ndarray,
    squares: Float[np.ndarray, "kind node"],
    weights: Float[np.ndarray, " node"],
    moments: scipy.interpolate.CubicSpline,
    setting: Setting,
) -> tuple[np.ndarray, np.ndarray]:
    """(b, q) of each task, whose loss is 1 - 2 mu b + mu^2 q.

    With v = u/|u|, m = sum p_l g_l and S = |p|^2, X'p is v m plus what is normal with variance S
    in every direction across v: b = E m (v.x_q)_S/s, and q = E (m^2 |v_S|^2 + S (s - |v_S|^2))/s
    + s2 E S, sums over the support of the task.
    """
    size2 = omega**2 @ squares
    a = np.sqrt(size2)
    ratio, square, spread = moments(a).T
    own = kinds @ sizes
    along = kinds @ (omega[:, None] * squares) / a
    part = kinds @ (omega[:, None] ** 2 * squares) / size2
    signal = (along * ratio * a) @ weights / own
    read = (square * part + spread * (own[:, None] - part)) @ weights / own
    return signal, read + float(setting.noise_variance) * (spread @ weights)


def _squares(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of |x|^2 on each kind of coordinate, (kind, node), and their probabilities."""
    rules = [scipy.special.roots_genlaguerre(SQUARES, size / 2 - 1) for size in sizes]
    squares = np.meshgrid(*(2 * nodes for nodes, _ in rules), indexing="ij")
    weights = np.meshgrid(*(weight / weight.sum() for _, weight in rules), indexing="ij")
    return np.stack([part.ravel() for part in squares]), np.prod(weights, axis=0).ravel()


def _moments(length: float) -> scipy.interpolate.CubicSpline:
    """E m/a, E m^2 and E S as functions of a."""
    mean, square, spread = head_given_radius(TABLE, length, NODES)
    return scipy.interpolate.CubicSpline(TABLE, np.stack([mean / TABLE, square, spread], axis=1))
