"""The reduced model's gradient flow to t = 100, eight starts at once, against SciPy start by start.

Both solve the same stiff equations [icl-5.1] by an implicit method of fifth order with tolerance
1e-9, to the same 101 times.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.measure import Row, Work, alternate, timed
from theory.icl_regression.flow import gradient_flow
from theory.icl_regression.setting import SETTING

HEADS, STARTS, END, ROUNDS = 4, 8, 100.0, 3


def rows() -> list[Row]:
    """One row; the two paths are compared first."""
    omega, mu = starts(STARTS)
    times = np.linspace(0.0, END, 101)
    with jax.enable_x64(True):
        flow = jax.jit(jax.vmap(lambda a, b, t: gradient_flow(a, b, t, SETTING), (0, 0, None)))
        given = [jnp.asarray(part) for part in (omega, mu, times)]
        found = np.concatenate(flow(*given), axis=-1)
        other, evaluations = theirs(omega, mu, times)
        apart = float(np.abs(found - other).max())
        assert apart < 1e-5, f"the two flows differ by {apart:.1e}"
        sides = {
            "ours": timed(flow, *given, units=STARTS),
            "scipy": timed(theirs, omega, mu, times, units=STARTS),
        }
        seconds = alternate(sides, ROUNDS)
    counted = Work(double=evaluations * field_operations(HEADS))
    remark = (
        f"paths differ by at most {apart:.0e}; the floor counts the {evaluations:.0f} evaluations "
        "of the field that SciPy needs, an exponential as one operation"
    )
    name = f"reduced_flow: a path to t = 100, H = {HEADS}"
    return [Row(name, seconds["ours"], "SciPy Radau", seconds["scipy"], counted, remark)]


def starts(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Small (omega, mu), start by start."""
    omega, mu = 0.1 * np.random.default_rng(0).normal(size=(2, count, HEADS))
    return omega, mu


def field_operations(heads: int) -> int:
    """Of one evaluation: d omega omega', exp, [E o mu mu'] omega and E mu, and the rest."""
    return heads**2 * (2 + 1 + 4 + 2) + 10 * heads


def theirs(omega: np.ndarray, mu: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, float]:
    """The paths (start, time, 2 heads) and the mean number of evaluations of the field."""
    d, c, heads = float(SETTING.dimension), float(SETTING.c), omega.shape[1]

    def field(_: float, state: np.ndarray) -> np.ndarray:
        omega, mu = state[:heads], state[heads:]
        kernel, overlap = np.exp(d * np.outer(omega, omega)), mu @ omega
        along_omega = mu - overlap * mu - d * c * (kernel * np.outer(mu, mu)) @ omega
        return np.concatenate([along_omega, omega - overlap * omega - c * kernel @ mu])

    paths, evaluations = [], 0
    for start in np.concatenate([omega, mu], axis=1):
        span = (times[0], times[-1])
        found = solve_ivp(field, span, start, "Radau", t_eval=times, rtol=1e-9, atol=1e-9)
        paths.append(found.y.T)
        evaluations += found.nfev
    return np.stack(paths), evaluations / len(omega)
