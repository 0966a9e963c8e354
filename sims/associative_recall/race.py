"""Two routes to one answer that learn from one error: factors in series against a single number."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.integrate
import scipy.optimize
from jaxtyping import Float


def lead(rarity: float, factors: int, start: float, total: float) -> float:
    """gamma - m once gamma + m reaches `total`, by the gradient flow of both routes.

    The context's logit gamma is a product of `factors` equal numbers that start at `start`, and all
    of them see every prompt; the memory's logit m is one number that starts at 0 and is seen once
    in `rarity` prompts. What is missing of a larger sum drives both, so that time may be counted in
    units of it.
    """

    def flow(_: float, state: Float[np.ndarray, " number"]) -> Float[np.ndarray, " number"]:
        numbers = state[:-1]
        partial = [np.prod(np.delete(numbers, i)) for i in range(factors)]
        return np.array([*partial, 1 / rarity])

    def full(_: float, state: Float[np.ndarray, " number"]) -> float:
        return float(np.prod(state[:-1]) + state[-1] - total)

    stop: Any = full
    stop.terminal = True
    begin = np.array([start] * factors + [0.0])
    found: Any = scipy.integrate.solve_ivp(
        flow, (0, 10 * rarity * total), begin, events=stop, rtol=1e-8, atol=1e-10
    )
    end = found.y_events[0][0]
    return float(np.prod(end[:-1]) - end[-1])


def tie(factors: int, start: float, total: float) -> float:
    """The rarity at which neither route leads, by bisection over `lead`."""

    def of(log: float) -> float:
        return lead(float(np.exp(log)), factors, start, total)

    return float(np.exp(scipy.optimize.brentq(of, np.log(0.02), np.log(500.0), xtol=1e-6)))  # pyright: ignore
