"""Fits of all units of a 500-unit network on one core, against SciPy's curve_fit unit by unit.

The work: one and two exponentials to lags 0..30 of the autocorrelations of isolated leaky units
with tau in 1..8, as in [rnn-8.2], and the choice between them. Both sides run in one process,
pinned to one core, in seconds of its processor (other work on it does not count); the smallest of a
few rounds counts, compilation apart. The last number is the share of units whose two exponentials
SciPy fits more than .1 % better.

    uv run python benchmarks/rnn_fits.py [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import time

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import curve_fit
from scipy.signal import lfilter

from sims.engine.devices import prepare
from sims.rnn_timescales.timescales import autocorrelation, fit, timescales

UNITS, TRIALS, STEPS, ROUNDS = 500, 10, 5_000, 5
LAGS = np.arange(31.0)


def correlations() -> jax.Array:
    """Of isolated leaky units under bits whose probability each trial draws."""
    rng = np.random.default_rng(0)
    each = []
    for tau in rng.uniform(1, 8, UNITS):
        bits = rng.random((TRIALS, STEPS)) < rng.random((TRIALS, 1))
        activity = lfilter([1 / tau], [1, 1 / tau - 1], bits, axis=1)
        each.append(autocorrelation(jnp.asarray(activity)[..., None]))
    return jnp.concatenate(each, axis=1)


def theirs(rho: np.ndarray) -> list[float]:
    """The authors' fits: the residual sum of squares of two exponentials for each unit."""

    def one(x, a, t):
        return a * np.exp(-x / t)

    def two(x, a, t1, t2, c):
        return a * c * np.exp(-x / t1) + a * (1 - c) * np.exp(-x / t2)

    left = []
    for y in rho.T:
        curve_fit(one, LAGS, y, maxfev=2000, bounds=((0, 0), (1, 100)))
        try:
            found, _ = curve_fit(two, LAGS, y, maxfev=2000, bounds=((0, 0, 0, 0), (1, 100, 100, 1)))
            left.append(float(((two(LAGS, *found) - y) ** 2).sum()))
        except RuntimeError:
            left.append(np.inf)
    return left


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    prepare("cpu")
    with jax.enable_x64(True):
        rho = correlations()
        begun = time.process_time()
        jax.block_until_ready(timescales(rho))
        first, times = time.process_time() - begun, []
        for _ in range(ROUNDS):
            begun = time.process_time()
            jax.block_until_ready(timescales(rho))
            times.append(time.process_time() - begun)
        mine = np.asarray(jax.jit(fit)(rho)[1].rss)
    begun = time.process_time()
    with np.errstate(divide="ignore", over="ignore"):
        left = theirs(np.asarray(rho))
    found = {
        "ours": min(times),
        "compilation": first - min(times),
        "scipy": time.process_time() - begun,
        "worse": float((mine > 1.001 * np.array(left)).mean()),
    }
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        ratio = found["scipy"] / found["ours"]
        print(
            f"{UNITS} units: {found['ours']:.2f} s (compilation {found['compilation']:.1f} s), "
            f"scipy {found['scipy']:.1f} s ({ratio:.0f}x), worse for {found['worse']:.1%}"
        )


if __name__ == "__main__":
    main()
