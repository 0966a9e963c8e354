"""Readings of sweeps on made-up results whose answers are known."""

import numpy as np
import pytest
import xarray

from figures.rf_attention import readings
from figures.rf_attention.readings import beyond, chosen, levels, median_apart, oracle, relative
from sims.rf_attention.experiment import PENALTIES
from theory.rf_attention import spectra
from theory.rf_attention.setting import Setting
from theory.rf_attention.targets import NAMES, target_energies

ATTRS = {"dimension": 8, "keys": 4, "smallest": 50, "largest": 200, "heads": 20}


def training(seed=0):
    """Errors (seed, step, size, target, penalty) as a sweep of learning curves has them."""
    rng = np.random.default_rng(seed)
    shape = (3, 1, 3, len(NAMES), len(PENALTIES))
    dims = ("seed", "step", "size", "target", "penalty")
    errors = {name: (dims, rng.uniform(0.1, 1.0, shape)) for name in ("error", "gcv")}
    return xarray.Dataset(errors, {"seed": range(3), "step": [0]}, ATTRS)


def test_errors_are_over_the_population_s_variance():
    raw = training()
    found = relative(raw)
    whole = spectra.variance(target_energies("g1", Setting(8, 4)))
    np.testing.assert_allclose(
        found.error.sel(target="g1", seed=1).values,
        raw.error.isel(seed=1, step=0, target=NAMES.index("g1")).values / whole,
    )
    assert found["size"].values.tolist() == [50, 100, 200] and "validation" not in found


def test_the_oracle_takes_the_penalty_of_least_mean_error():
    curve = relative(training())
    for size in range(3):
        for target in range(len(NAMES)):
            means = curve.error.values[:, size, target].mean(axis=0)
            assert int(chosen(curve)[size, target]) == means.argmin()
            np.testing.assert_array_equal(
                oracle(curve).values[:, size, target],
                curve.error.values[:, size, target, means.argmin()],
            )


def test_cells_within_three_standard_errors_are_not_far():
    theory = xarray.DataArray([[1.0, 1.0, 1.0]], dims=("size", "target"))
    # Means 1.2, 1.5, 1; standard errors of means .1, .1, 0: the second is five of them away.
    spread = np.array([-0.1, 0.1]) * 2**0.5 / 2**0.5
    values = np.array([1.2, 1.5, 1.0])[None] + spread[:, None] * np.array([1.0, 1.0, 0.0])
    errors = xarray.DataArray(values[:, None], dims=("seed", "size", "target"))
    assert beyond(errors, theory) == pytest.approx(0.5)
    assert beyond(errors.isel(target=[0, 2]), theory.isel(target=[0, 2])) == 0.0
    assert median_apart(errors, theory) == pytest.approx(0.2)


def test_levels_are_met_with_as_many_of_a_pool_s_eigenvalues():
    """A pool that has exactly theory's eigenvalues, each as often as its multiplicity."""
    setting = Setting(4, 3)
    spectrum = spectra.rfa_spectrum(setting)
    order = np.argsort(-spectrum.eigenvalues)
    values = np.repeat(spectrum.eigenvalues[order], spectrum.multiplicities[order].astype(int))
    pool = xarray.Dataset(
        {"eigenvalue": (("seed", "step", "mode"), values[None, None, :2500])},
        attrs={"dimension": 4, "keys": 3},
    )
    found = levels(pool, "attention")
    known = np.isfinite(found.found.values)
    np.testing.assert_allclose(found.found.values[known], found.theory.values[known])
    assert known[:8].all() and found.degree.values[0] == 0


def test_pairs_are_compared_seed_by_seed(monkeypatch):
    curve = relative(training())
    found = readings.paired({"A": curve, "B": curve}, "A", "B", "f2", 100)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
    double = curve.assign(error=2 * curve.error)
    assert readings.paired({"A": double, "B": curve}, "A", "B", "f2", 100).value == pytest.approx(2)
