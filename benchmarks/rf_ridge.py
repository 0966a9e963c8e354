"""A whole ridge path against scikit-learn's Ridge fitted per cell, on one core.

The work, at the quick sizes of `rf_attention` and one seed: 30 penalties, 5 training sizes, 5
targets, 3 models. Features are given to both; ours decomposes one Gram matrix per size, theirs fits
each cell. scikit-learn is no dependency of ours; in an environment of its own:

    python -m venv benchenv && benchenv/bin/pip install scikit-learn -e .
    benchenv/bin/python benchmarks/rf_ridge.py [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

from sims.engine.devices import prepare
from sims.rf_attention.experiment import LearningCurve
from sims.rf_attention.features import Scales, features
from sims.rf_attention.ridge import ridge_path

SIZES, PENALTIES = (50, 100, 200, 400, 800), np.geomspace(1e-6, 1.0, 30)
MODELS = {"RFA": ("attention", 0.0), "BRFA": ("attention", 1.0), "RFMLP": ("network", 0.0)}


def ours(train: np.ndarray, test: np.ndarray, labels: np.ndarray, targets: np.ndarray):
    """Errors (size, target, penalty): one Gram matrix for all, one decomposition a size."""

    @jax.jit
    def run(train, test, labels, targets, penalties):
        kernel, cross = train @ train.T, test @ train.T
        return [
            ridge_path(kernel[:n, :n], cross[:, :n], labels[:n], targets, penalties).error
            for n in SIZES
        ]

    arrays = [jnp.asarray(part) for part in (train, test, labels, targets, PENALTIES)]
    compiled = run.lower(*arrays).compile()
    begun = time.perf_counter()
    found = jax.block_until_ready(compiled(*arrays))
    return np.stack(found), time.perf_counter() - begun


def theirs(train: np.ndarray, test: np.ndarray, labels: np.ndarray, targets: np.ndarray):
    """The same by scikit-learn, cell by cell."""
    from sklearn.linear_model import Ridge  # pyright: ignore[reportMissingImports]

    begun, found = time.perf_counter(), np.empty((len(SIZES), labels.shape[1], len(PENALTIES)))
    for row, n in enumerate(SIZES):
        mean = (train[:n] ** 2).sum() / n
        for target in range(labels.shape[1]):
            for column, penalty in enumerate(PENALTIES):
                fit = Ridge(alpha=penalty * mean, fit_intercept=False, solver="cholesky")
                fit.fit(train[:n], labels[:n, target])
                error = fit.predict(test) - targets[:, target]
                found[row, target, column] = np.mean(error**2)
    return found, time.perf_counter() - begun


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the times as JSON")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    prepare("cpu")
    try:
        import sklearn  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError:
        print("scikit-learn is missing; see the head of this file", file=sys.stderr)
        return 2
    times: dict[str, dict[str, float]] = {}
    with jax.enable_x64(True):
        key = jax.random.key(0, impl="threefry2x32")
        problem = LearningCurve().problem(key, SIZES[-1], 1000)
        labels, targets = (np.asarray(part)[:, :5] for part in (problem.labels, problem.targets))
        for name, (model, mean) in MODELS.items():
            drawn = np.asarray(
                features(key, problem.inputs, model=model, heads=200, block=50, scales=Scales(mean))
            )
            rows = drawn[: SIZES[-1]], drawn[SIZES[-1] :], labels, targets
            mine, fast = ours(*rows)
            other, slow = theirs(*rows)
            np.testing.assert_allclose(mine, other, rtol=1e-4)
            times[name] = {"ours": fast, "scikit-learn": slow, "times faster": slow / fast}
    if options.json:
        print(json.dumps(times, indent=1))
        return 0
    for name, row in times.items():
        print(name, "  ".join(f"{label}: {value:.2f}" for label, value in row.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
