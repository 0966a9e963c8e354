"""A whole ridge path against scikit-learn's Ridge fitted per cell.

The work, at the quick sizes of `rf_attention` and one seed: 30 penalties, 5 training sizes, 5
targets. Features are given to both; ours decomposes one Gram matrix per size, theirs fits each
cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.measure import Row, Work, alternate, installed, timed
from sims.rf_attention.experiment import LearningCurve
from sims.rf_attention.features import Scales, features
from sims.rf_attention.ridge import ridge_path

SIZES, PENALTIES = (50, 100, 200, 400, 800), np.geomspace(1e-6, 1.0, 30)
TEST, TARGETS, HEADS, ROUNDS = 1000, 5, 200, 2
MODELS = {"RFA": ("attention", 0.0), "BRFA": ("attention", 1.0), "RFMLP": ("network", 0.0)}


def rows() -> list[Row]:
    """A row for each model; errors are compared first."""
    with jax.enable_x64(True):
        return [row(name) for name in MODELS]


def row(name: str) -> Row:
    """One model's features."""
    given = data(*MODELS[name], SIZES[-1])
    arrays = [jnp.asarray(part) for part in given]
    jax.block_until_ready(ours(*arrays))  # compiles, and warms up
    sides = {"ours": timed(ours, *arrays), "sklearn": None}
    remark = ""
    if installed("sklearn"):
        np.testing.assert_allclose(ours(*arrays), theirs(*given), rtol=1e-4)
        sides["sklearn"] = timed(theirs, *given)
        remark = "the errors of all cells are equal to 1e-4"
    times = alternate(sides, ROUNDS, warm=False)
    counted = work(SIZES, given[0].shape[1], TEST)
    title = f"rf_ridge: paths of {name}, n = 50 to 800"
    return Row(title, times["ours"], "scikit-learn", times["sklearn"], counted, remark)


def data(model: str, mean: float, largest: int) -> list[np.ndarray]:
    """Features of training and test rows, labels, and targets of the test rows."""
    key = jax.random.key(0, impl="threefry2x32")
    problem = LearningCurve().problem(key, largest, TEST)
    labels, targets = (np.array(part)[:, :TARGETS] for part in (problem.labels, problem.targets))
    options = {"model": model, "heads": HEADS, "block": 50, "scales": Scales(mean)}
    drawn = np.array(features(key, problem.inputs, **options))
    return [drawn[:largest], drawn[largest:], labels, targets]


def work(sizes: Sequence[int], width: int, test: int) -> Work:
    """Half a Gram matrix and the test rows' products; for each size eigenpairs and the path.

    Eigenpairs of n rows take 4 n^3/3 for the tridiagonal form and 2 n^3 for turning vectors back;
    what comes between depends on the matrix and is not counted. Then 2 T n^2 to turn T test rows,
    and 2 T n for each target and penalty. The features are read once.
    """
    largest, cells = max(sizes), TARGETS * len(PENALTIES)
    products = (largest * (largest + 1) + 2 * test * largest) * width
    paths = sum(10 * n**3 / 3 + 2 * test * n**2 + 2 * test * n * cells for n in sizes)
    return Work(double=products + paths, bytes=8 * (largest + test) * width)


@jax.jit
def ours(
    train: jax.Array, test: jax.Array, labels: jax.Array, targets: jax.Array
) -> list[jax.Array]:
    """Errors (size, target, penalty): one Gram matrix for all, one decomposition a size."""
    kernel, cross = train @ train.T, test @ train.T
    penalties = jnp.asarray(PENALTIES)
    return [
        ridge_path(kernel[:n, :n], cross[:, :n], labels[:n], targets, penalties).error
        for n in SIZES
    ]


def theirs(train: np.ndarray, test: np.ndarray, labels: np.ndarray, targets: np.ndarray):
    """The same by scikit-learn, cell by cell."""
    from sklearn.linear_model import Ridge  # pyright: ignore[reportMissingImports]

    found = np.empty((len(SIZES), labels.shape[1], len(PENALTIES)))
    for row, n in enumerate(SIZES):
        mean = (train[:n] ** 2).sum() / n
        for target in range(labels.shape[1]):
            for column, penalty in enumerate(PENALTIES):
                fit = Ridge(alpha=penalty * mean, fit_intercept=False, solver="cholesky")
                fit.fit(train[:n], labels[:n, target])
                error = fit.predict(test) - targets[:, target]
                found[row, target, column] = np.mean(error**2)
    return found
