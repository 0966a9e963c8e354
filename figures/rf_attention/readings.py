"""What the room's figures and checks read: errors of sweeps, and the theory at their settings.

Errors are relative to the target's variance, at the penalty of least mean error over seeds
(oracle), unless said otherwise. The three models share data, target and seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import xarray

from figures.evidence import Evidence, override
from figures.rf_attention.measured.spectra import head_matrices
from figures.statistics import Estimate, paired_ratio
from sims.rf_attention.data import doubling
from sims.rf_attention.experiment import PENALTIES
from theory.rf_attention import curves, shared_heads, spectra
from theory.rf_attention.authors import INDEPENDENT
from theory.rf_attention.setting import Setting
from theory.rf_attention.targets import NAMES, target_energies

MODELS = ("RFA", "BRFA", "RFMLP")

Curves = Mapping[str, xarray.Dataset]
Formula = Literal["own", "scalar", "wrong width", "limit"]


def swept(evidence: Evidence, name: str, **more: Any) -> xarray.Dataset:
    """A sweep by its name, with other settings or `seeds` where these are given."""
    return evidence.sweep(override(evidence.find(name), **more) if more else name)


def learning_curves(evidence: Evidence, **more: Any) -> dict[str, xarray.Dataset]:
    """Finished learning curves by model, with coordinates, relative to the targets' variance.

    Args:
        more: other settings or `seeds`; see `swept`.
    """
    attention = swept(evidence, "rf_attention.curves", **more)
    found = [attention.sel(query_key_mean=mean) for mean in (0.0, 1.0)]
    found.append(swept(evidence, "rf_attention.curves_rfmlp", **more))
    return {name: relative(part) for name, part in zip(MODELS, found, strict=True)}


def limit_curves(evidence: Evidence) -> dict[str, xarray.Dataset]:
    """The same of infinitely many heads."""
    names = {"RFA": "rf_attention.limit", "RFMLP": "rf_attention.limit_rfmlp"}
    return {model: relative(evidence.sweep(name)) for model, name in names.items()}


def relative(training: xarray.Dataset) -> xarray.Dataset:
    """`error`, `gcv` and what else there is over each target's variance, (seed, size, target,
    penalty).

    The variance is the population's ([rfa-3.4]), not the test set's, whose own scatter
    would be that of the errors at n = 50.
    """
    setting = setting_of(training)
    named = last(training).assign_coords(target=list(NAMES))
    whole = [spectra.variance(target_energies(name, setting)) for name in NAMES]
    scale = xarray.DataArray(whole, {"target": list(NAMES)})
    kept = [name for name in ("error", "gcv", "validation") if name in named]
    found = xarray.Dataset({name: named[name] / scale for name in kept})
    return found.transpose("seed", "size", "target", "penalty").assign_attrs(training.attrs)


def last(training: xarray.Dataset) -> xarray.Dataset:
    """The only step of learning curves, with training sizes and penalties as coordinates."""
    sizes = doubling(int(training.attrs["smallest"]), int(training.attrs["largest"]))
    at = training.isel(step=-1, drop=True)
    return at.assign_coords(size=sizes, penalty=list(PENALTIES))


def setting_of(training: xarray.Dataset) -> Setting:
    """The geometry of a sweep."""
    return Setting(int(training.attrs["dimension"]), int(training.attrs["keys"]))


def oracle(curve: xarray.Dataset) -> xarray.DataArray:
    """Errors (seed, size, target) at the penalty of least mean error over seeds."""
    return curve.error.isel(penalty=chosen(curve))


def chosen(curve: xarray.Dataset) -> xarray.DataArray:
    """Index of the oracle's penalty, (size, target)."""
    return curve.error.mean("seed").argmin("penalty").transpose("size", "target")


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
        parts = target_energies(name, setting)
        for row, size in enumerate(curve["size"].values):
            penalty = PENALTIES[int(best[row, column])]
            found[row, column] = theory(parts, int(size), penalty) / spectra.variance(parts)
    return xarray.DataArray(found, best.coords, best.dims)


def theories(evidence: Evidence, formula: Formula = "own") -> dict[str, xarray.DataArray]:
    """Theory on RFA's and RFMLP's learning curves."""
    found = learning_curves(evidence)
    return {name: predicted(evidence, found[name], name, formula) for name in ("RFA", "RFMLP")}


def pooled_theory(
    evidence: Evidence, fitted: bool = False, corrected: bool = True
) -> xarray.DataArray:
    """The pooled eigenframework on BRFA's curve at its penalties, relative, (size, target).

    Args:
        fitted: divide by 1 - n/P, as if training points had no error.
        corrected: divide at all.
    """
    curve = learning_curves(evidence)["BRFA"]
    pool = evidence.sweep("rf_attention.pool").isel(step=-1, drop=True)
    best, count = chosen(curve), pool.sizes["mode"]
    sizes = [int(n) for n in curve["size"].values if n <= count // 4]
    best = best.sel(size=sizes)
    found = np.zeros(best.shape)
    for column, name in enumerate(NAMES):
        whole = spectra.variance(target_energies(name, setting_of(curve)))
        for row, size in enumerate(sizes):
            each = []
            for seed in range(pool.sizes["seed"]):
                lam = np.maximum(pool.eigenvalue.isel(seed=seed).values, 0)
                energy = pool.energy.isel(seed=seed, target=column).values
                ridge = PENALTIES[int(best[row, column])] * lam.sum()
                error = curves.pooled(lam, energy, size, ridge, fitted)
                each.append(error * (1 if corrected else 1 - size / count))
            found[row, column] = np.mean(each) / whole
    return xarray.DataArray(found, best.coords, best.dims)


def levels(pool: xarray.Dataset, model: str) -> xarray.Dataset:
    """Theory's eigenvalues in falling order, and the means of as many of a pool's.

    Returns:
        `theory`, `found`, `multiplicity` (level).
    """
    setting = setting_of(pool)
    of = spectra.rfmlp_spectrum if model == "network" else spectra.rfa_spectrum
    spectrum = of(setting)
    order = np.argsort(-spectrum.eigenvalues)[:16]
    values = pool.eigenvalue.isel(step=-1).mean("seed").values
    at, means = 0, []
    for index in order:
        count = int(spectrum.multiplicities[index])
        means.append(values[at : at + count].mean() if at + count <= len(values) else np.nan)
        at += count
    dims = ("level",)
    found = {"theory": (dims, spectrum.eigenvalues[order]), "found": (dims, means)}
    found["multiplicity"] = (dims, spectrum.multiplicities[order])
    degrees = [sum(spectrum.levels[index]) for index in order]
    return xarray.Dataset({**found, "degree": (dims, degrees)})


def paired(found: Curves, over: str, under: str, target: str, size: int) -> Estimate:
    """Ratio of two models' errors, seed by seed."""
    at = {"target": target, "size": size}
    one, other = (oracle(found[model]).sel(at).values for model in (over, under))
    return paired_ratio(one, other)


def median_apart(errors: xarray.DataArray, theory: xarray.DataArray) -> float:
    """Median over cells of |mean/theory - 1|."""
    return float(np.median(abs(errors.mean("seed") / theory - 1)))


def beyond(errors: xarray.DataArray, theory: xarray.DataArray) -> float:
    """Of the cells whose mean over seeds is more than three standard errors from theory, the
    largest |mean/theory - 1|; 0 where there is none."""
    apart = abs(errors.mean("seed") / theory - 1)
    error = errors.std("seed", ddof=1) / errors.sizes["seed"] ** 0.5 / theory
    return float(apart.where(apart > 3 * error, 0.0).max())


def table_ratios(found: Curves, target_of: Callable[[str], str] = str) -> xarray.Dataset:
    """Ours over the independent table.

    Args:
        target_of: which of our targets stands against the table's.

    Returns:
        `log_ratio` and `apart`, the difference over its standard error, (target, model, size).
    """
    logs, apart = np.empty((len(INDEPENDENT), 3, 5)), np.empty((len(INDEPENDENT), 3, 5))
    for row, (target, models) in enumerate(INDEPENDENT.items()):
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
    at = {"target": list(INDEPENDENT), "model": list(MODELS), "size": sizes}
    return xarray.Dataset({"log_ratio": (dims, logs), "apart": (dims, apart)}, at)
