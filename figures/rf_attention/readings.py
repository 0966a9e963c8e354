"""What the room's figures and checks read: errors of sweeps, and the theory at their settings.

Errors are relative to the target's variance, at the penalty of least mean error over seeds
(oracle), unless said otherwise. The three models share data, target and seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import scipy.stats
import xarray
from jaxtyping import Float

from figures.evidence import Evidence
from figures.statistics import Estimate, mean
from figures.style import BLUE, GREEN, ORANGE
from sims.rf_attention.data import doubling
from sims.rf_attention.experiment import PENALTIES
from theory.rf_attention import curves, shared_heads, spectra
from theory.rf_attention.setting import Setting

MODELS = ("RFA", "BRFA", "RFMLP")
COLORS = {"RFA": BLUE, "BRFA": GREEN, "RFMLP": ORANGE}
# Power and whether weighted by <x0, x>^p, by target.
TARGETS = {
    **{f"f{p}": (p, False) for p in (1, 2, 3, 4)},
    **{f"g{p}": (p, True) for p in (1, 2, 3)},
}
NAMES = tuple(TARGETS)

Curves = Mapping[str, xarray.Dataset]
Formula = Literal["own", "scalar", "wrong width", "limit"]


def learning_curves(evidence: Evidence) -> dict[str, xarray.Dataset]:
    """Finished learning curves by model, with coordinates, relative to the targets' variance."""
    attention = evidence.sweep("rf_attention.curves")
    found = [attention.sel(query_key_mean=mean) for mean in (0.0, 1.0)]
    found.append(evidence.sweep("rf_attention.curves_rfmlp"))
    return {name: relative(part) for name, part in zip(MODELS, found, strict=True)}


def limit_curves(evidence: Evidence) -> dict[str, xarray.Dataset]:
    """The same of infinitely many heads."""
    names = {"RFA": "limit", "RFMLP": "limit_rfmlp"}
    return {name: relative(evidence.sweep(f"rf_attention.{s}")) for name, s in names.items()}


def relative(training: xarray.Dataset) -> xarray.Dataset:
    """`error`, `gcv` and what else there is over each target's variance, (seed, size, target,
    penalty).

    The variance is the population's (theory, section 4.4), not the test set's, whose own scatter
    would be that of the errors at n = 50.
    """
    setting = setting_of(training)
    named = last(training).assign_coords(target=list(NAMES))
    whole = [spectra.variance(energies(name, setting)) for name in NAMES]
    scale = xarray.DataArray(whole, {"target": list(NAMES)})
    kept = [name for name in ("error", "gcv", "validation") if name in named]
    found = xarray.Dataset({name: named[name] / scale for name in kept})
    return found.transpose("seed", "size", "target", "penalty").assign_attrs(training.attrs)


def last(training: xarray.Dataset) -> xarray.Dataset:
    """The only step of learning curves, with training sizes and penalties as coordinates."""
    sizes = doubling(int(training.attrs["smallest"]), int(training.attrs["largest"]))
    at = training.isel(step=-1, drop=True)
    return at.assign_coords(size=sizes, penalty=list(PENALTIES))


def energies(name: str, setting: Setting) -> dict[tuple[int, int], float]:
    """A target's squared norms by level."""
    return spectra.monomial_energies(*TARGETS[name], setting)


def setting_of(training: xarray.Dataset) -> Setting:
    """The geometry of a sweep."""
    return Setting(int(training.attrs["dimension"]), int(training.attrs["keys"]))


def oracle(curve: xarray.Dataset) -> xarray.DataArray:
    """Errors (seed, size, target) at the penalty of least mean error over seeds."""
    return curve.error.isel(penalty=chosen(curve))


def chosen(curve: xarray.Dataset) -> xarray.DataArray:
    """Index of the oracle's penalty, (size, target)."""
    return curve.error.mean("seed").argmin("penalty").transpose("size", "target")


def head_matrices(*, dimension: int, keys: int) -> xarray.Dataset:
    """The Monte-Carlo constants of RFA's theory at finite heads."""
    setting = Setting(dimension, keys)
    found = shared_heads.head_matrices(setting, spectra.rfa_spectrum(setting), heads=200)
    return xarray.Dataset({"matrix": (("level", "head", "row", "column"), found)})


class Predictor:
    """Theory of a model at one geometry and number of heads: excess error, absolute.

    Args:
        formula: "own" is RFA's with heads that share their weights and RFMLP's scalar one;
            "scalar" takes k = M (d + 1) for both, "wrong width" k = M, "limit" infinite heads.
    """

    def __init__(
        self, evidence: Evidence, model: str, setting: Setting, heads: int, formula: Formula = "own"
    ) -> None:
        self.network = model == "RFMLP"
        of = spectra.rfmlp_spectrum if self.network else spectra.rfa_spectrum
        self.spectrum, self.formula = of(setting), formula
        self.width = heads * (1 if formula == "wrong width" else setting.dimension + 1)
        self.trace = float(self.spectrum.eigenvalues @ self.spectrum.multiplicities)
        self.trace += self.spectrum.tail
        if formula == "own" and not self.network:
            table = evidence.table(head_matrices, dimension=setting.dimension, keys=setting.keys)
            self.strengths = shared_heads.strengths(self.spectrum, table.matrix.values, heads)

    def __call__(
        self,
        parts: Mapping[tuple[int, int], float],
        samples: int,
        penalty: float,
        noise_variance: float = 0.0,
    ) -> float:
        """Of a target by its energies, at a relative penalty."""
        levels = spectra.as_partitions(parts) if self.network else parts
        rest = (samples, penalty * self.trace, noise_variance)
        if self.formula == "limit":
            return curves.infinite_width(self.spectrum, levels, *rest)
        if self.formula == "own" and not self.network:
            return shared_heads.shared_width(self.strengths, levels, *rest)
        samples, ridge, noise = rest
        return curves.finite_width(self.spectrum, levels, samples, self.width, ridge, noise)


def predicted(
    evidence: Evidence, curve: xarray.Dataset, model: str, formula: Formula = "own"
) -> xarray.DataArray:
    """Theory at the oracle's penalties, relative, (size, target)."""
    setting = setting_of(curve)
    theory = Predictor(evidence, model, setting, int(curve.attrs["heads"]), formula)
    best = chosen(curve)
    found = np.empty(best.shape)
    for column, name in enumerate(NAMES):
        parts = energies(name, setting)
        for row, size in enumerate(curve["size"].values):
            penalty = PENALTIES[int(best[row, column])]
            found[row, column] = theory(parts, int(size), penalty) / spectra.variance(parts)
    return xarray.DataArray(found, best.coords, best.dims)


def paired(found: Curves, over: str, under: str, target: str, size: int) -> Estimate:
    """Geometric mean over seeds of the ratio of two models' errors, 95 % paired t on logarithms."""
    at = {"target": target, "size": size}
    logs = np.log(oracle(found[over]).sel(at).values / oracle(found[under]).sel(at).values)
    half = scipy.stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / len(logs) ** 0.5
    values = np.exp([logs.mean(), logs.mean() - half, logs.mean() + half])
    value, low, high = map(float, values)
    return Estimate(value, low, high, f"ratio of errors, {len(logs)} seeds, 95 % paired t")


def jackknife(
    statistic: Callable[[Float[np.ndarray, "seed ..."]], float], values: np.ndarray
) -> Estimate:
    """A statistic of means over seeds, 95 % t from its pseudo-values with one seed left out."""
    count, whole = len(values), statistic(values)
    parts = [statistic(np.delete(values, seed, axis=0)) for seed in range(count)]
    found = mean(count * whole - (count - 1) * np.array(parts))
    return Estimate(whole, found.low, found.high, f"jackknife over {count} seeds, 95 % t")


def excess_apart(errors: xarray.DataArray, theory: xarray.DataArray, limit: float) -> float:
    """Of cells (size, target), the largest |mean/theory - 1| over what it may be: `limit` or three
    standard errors, whichever is more."""
    count = errors.sizes["seed"]
    error = errors.std("seed", ddof=1) / count**0.5 / theory
    apart = abs(errors.mean("seed") / theory - 1)
    return float((apart / np.maximum(limit, 3 * error)).max())
