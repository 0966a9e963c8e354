"""Section 6's quick table, which the room must reproduce."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray

from figures.evidence import Check
from figures.rf_attention.readings import MODELS, Curves, learning_curves, oracle
from theory.claims import Verdict

# Section 6's quick table, ten seeds of the spec's own prototype: target -> model -> n = 50 .. 800.
TABLE = {
    "f1": {
        "RFA": (0.079, 0.021, 0.0077, 0.0040, 0.0023),
        "BRFA": (0.195, 0.133, 0.098, 0.060, 0.032),
        "RFMLP": (0.469, 0.180, 0.046, 0.022, 0.017),
    },
    "f2": {
        "RFA": (1.05, 0.633, 0.281, 0.090, 0.042),
        "BRFA": (1.16, 0.699, 0.345, 0.177, 0.109),
        "RFMLP": (1.14, 1.10, 1.10, 1.07, 1.02),
    },
    "f4": {
        "RFA": (1.06, 0.759, 0.501, 0.336, 0.271),
        "BRFA": (1.09, 0.811, 0.538, 0.381, 0.307),
        "RFMLP": (1.10, 1.08, 1.10, 1.07, 1.03),
    },
    "g1": {
        "RFA": (0.610, 0.551, 0.501, 0.342, 0.153),
        "BRFA": (0.543, 0.479, 0.392, 0.251, 0.148),
        "RFMLP": (0.873, 0.751, 0.670, 0.582, 0.533),
    },
    "g3": {
        "RFA": (0.721, 0.657, 0.603, 0.554, 0.421),
        "BRFA": (0.661, 0.608, 0.544, 0.467, 0.389),
        "RFMLP": (0.913, 0.828, 0.740, 0.671, 0.624),
    },
}


def table_ratios(found: Curves, target_of: Callable[[str], str] = str) -> xarray.Dataset:
    """Ours over section 6's quick table.

    Args:
        target_of: which of our targets stands against the table's.

    Returns:
        `log_ratio` and `apart`, the difference over its standard error, (target, model, size).
    """
    logs, apart = np.empty((len(TABLE), 3, 5)), np.empty((len(TABLE), 3, 5))
    for row, (target, models) in enumerate(TABLE.items()):
        for column, (model, values) in enumerate(models.items()):
            errors = oracle(found[model]).sel(target=target_of(target))
            errors = errors.transpose("seed", "size").values
            own = errors.mean(axis=0)
            # The table's standard error is taken equal to ours.
            deviation = (2 / len(errors)) ** 0.5 * errors.std(axis=0, ddof=1)
            logs[row, column] = np.log(own / values)
            apart[row, column] = np.abs(own - values) / deviation
    dims = ("target", "model", "size")
    sizes = found["RFA"]["size"].values
    at = {"target": list(TABLE), "model": list(MODELS), "size": sizes}
    return xarray.Dataset({"log_ratio": (dims, logs), "apart": (dims, apart)}, at)


def reproduces(ratios: xarray.Dataset) -> Verdict:
    """C-RFA-36: cells of the quick table further than three standard errors from ours."""
    far = int((ratios.apart > 3).sum())
    means = np.exp(ratios.log_ratio.mean(["target", "size"]))
    good = far <= 3 and float(abs(means - 1).max()) <= 0.03
    detail = {f"geometric mean, {m}": float(means.sel(model=m)) for m in means.model.values}
    method = f"cells of {ratios.apart.size} further apart than 3 s.e. of the difference"
    expected = "<= 3; geometric mean of ours over the table 1 +- .03 for each model"
    return Verdict(
        "C-RFA-36", float(far), None, method, expected, "holds" if good else "fails", detail
    )


_SWAPPED = {"f1": "g1", "g1": "f1"}

CHECKS = (
    Check(
        "C-RFA-36",
        reproduces,
        lambda e: (table_ratios(learning_curves(e)),),
        lambda e: (table_ratios(learning_curves(e), lambda t: _SWAPPED.get(t, t)),),
        ("quick",),
    ),
)
