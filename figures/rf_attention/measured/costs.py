"""What targets cost: norms, their bounds and growth, samples for a half, the bound on the error."""

from __future__ import annotations

import jax
import numpy as np
import xarray

from sims.rf_attention.data import monomials, sample_direction, sample_inputs
from sims.rf_attention.features import Scales, limit
from theory.rf_attention import curves, norms, spectra, vector_sector
from theory.rf_attention.setting import Setting
from theory.rf_attention.targets import target_energies

KEYS = (4, 8, 16, 32, 64)
DIMENSIONS = (8, 16, 32, 64)
SIZES = (Setting(8, 8), Setting(16, 16))


def thresholds() -> xarray.Dataset:
    """C-RFA-24: samples to learn half of the levels of degree 1 and 2 in the keys, d = 8.

    Returns:
        `half` (model, degree, keys).
    """
    found = np.empty((2, 2, len(KEYS)))
    for column, keys in enumerate(KEYS):
        setting = Setting(8, keys)
        models = spectra.rfa_spectrum(setting), spectra.rfmlp_spectrum(setting)
        for degree in (1, 2):
            for row, (spectrum, level) in enumerate(
                zip(models, ((0, degree), (degree,)), strict=True)
            ):
                found[row, degree - 1, column] = curves.half_learnt(spectrum, level)
    return xarray.Dataset(
        {"half": (("model", "degree", "keys"), found)},
        {"model": ["RFA", "RFMLP"], "degree": [1, 2], "keys": list(KEYS)},
    )


def complexities() -> xarray.Dataset:
    """B of f_p by number of keys (RFMLP, d = 8), of g_p by dimension (RFA, 8 keys)."""
    keys = KEYS[:4]
    network = np.empty((5, len(keys)))
    for column, count in enumerate(keys):
        setting = Setting(8, count)
        spectrum = spectra.rfmlp_spectrum(setting)
        for p in range(1, 6):
            parts = spectra.as_partitions(spectra.monomial_energies(p, False, setting))
            network[p - 1, column] = norms.squared_norm(parts, spectrum)
    attention = np.empty((3, len(DIMENSIONS)))
    for column, dimension in enumerate(DIMENSIONS):
        setting = Setting(dimension, 8)
        spectrum = spectra.rfa_spectrum(setting)
        for p in (1, 2, 3):
            parts = spectra.monomial_energies(p, True, setting)
            attention[p - 1, column] = norms.squared_norm(parts, spectrum)
    values = {"network": (("power", "keys"), network)}
    values |= {"attention": (("degree", "dimension"), attention)}
    at = {"power": range(1, 6), "keys": list(keys), "degree": [1, 2, 3]}
    return xarray.Dataset(values, {**at, "dimension": list(DIMENSIONS)})


def cheapest() -> xarray.Dataset:
    """C-RFA-17: squared norm of the cheapest function within a tenth of g_1, by dimension.

    Returns:
        `norm` (model, dimension): RFA's from its exact levels, BRFA's at w0 = 1 by Monte Carlo.
    """
    found = np.empty((2, len(DIMENSIONS)))
    for column, dimension in enumerate(DIMENSIONS):
        setting = Setting(dimension, 1)
        spectrum, parts = spectra.rfa_spectrum(setting), target_energies("g1", setting)
        lam = np.array([spectrum.at(level) for level in parts])
        found[0, column] = norms.least_norm(lam, np.array(list(parts.values())), 0.1)
        found[1, column] = norms.least_norm(*vector_sector.first_weighted(dimension, 1.0), 0.1)
    at = {"model": ["RFA", "BRFA"], "dimension": list(DIMENSIONS)}
    return xarray.Dataset({"norm": (("model", "dimension"), found)}, at)


def lifting(model: str) -> xarray.Dataset:
    """C-RFA-12: B over numbers of keys, relative to that of eight; RFA's does not move."""
    errors = []
    for power in range(1, 6):
        found = []
        for keys in (8, 2, 32):
            setting = Setting(8, keys)
            energies = spectra.monomial_energies(power, False, setting)
            if model == "network":
                spectrum = spectra.rfmlp_spectrum(setting)
                found.append(norms.squared_norm(spectra.as_partitions(energies), spectrum))
            else:
                found.append(norms.squared_norm(energies, spectra.rfa_spectrum(setting)))
        errors.append(max(abs(value / found[0] - 1) for value in found))
    return xarray.Dataset({"error": ("power", errors)})


def growing_norm() -> xarray.Dataset:
    """C-RFA-12: y' K_n^{-1} y of f_1 for nested training sets, RFA, d = N = 8."""
    with jax.enable_x64(True):
        key = jax.random.key(0, impl="threefry2x32")
        inputs = sample_inputs(key, 1200, 8, 8)
        labels = monomials(inputs, sample_direction(jax.random.fold_in(key, 1), 8))[:, 0]
        run = jax.jit(lambda rows: limit(rows, 1200, model="attention", scales=Scales()))
        kernel, labels = np.asarray(run(inputs)), np.asarray(labels)
    sizes = [75, 150, 300, 600, 1200]
    values = [labels[:n] @ np.linalg.solve(kernel[:n, :n], labels[:n]) for n in sizes]
    return xarray.Dataset({"norm": ("size", values)}, {"size": sizes})


def tensor_bounds(broken: bool) -> xarray.Dataset:
    """C-RFA-13: B over its bound, `ratio`, and of which cases the bound is `tight` (case).

    Broken: the bound of one power of the keys less, as if values did not read them once more.
    """
    ratios, tight = [], []
    for dimension in (8, 16, 64):
        for p in (1, 2, 3):
            for weighted in (False, True):
                setting = Setting(dimension, 8)
                parts = spectra.monomial_energies(p, weighted, setting)
                found = norms.squared_norm(parts, spectra.rfa_spectrum(setting))
                bound = norms.tensor_bound(p if weighted else 0, p + weighted - broken)
                ratios.append(found / (bound * (dimension**p if weighted else 1)))
                tight.append(dimension == 64 and p < 3 and not weighted)
    return xarray.Dataset({"ratio": ("case", ratios), "tight": ("case", tight)})


def omniscient_bound(broken: bool) -> xarray.Dataset:
    """C-RFA-22: excess of E over B (Tr + delta)/(4 n), noise-free; E0 >= 1 would only help.

    Broken: the bound at the rate 1/n^2.
    """
    excess = []
    for setting in SIZES:
        spectrum = spectra.rfa_spectrum(setting)
        whole = float(spectrum.eigenvalues @ spectrum.multiplicities) + spectrum.tail
        for p in (1, 2, 3, 4):
            parts = spectra.monomial_energies(p, False, setting)
            norm = norms.squared_norm(parts, spectrum)
            for n in (50, 200, 800, 3200):
                ridge = 1e-6 * whole
                error = curves.infinite_width(spectrum, parts, n, ridge)
                bound = norm * (whole + ridge) / (4 * (n**2 if broken else n))
                excess.append(max(0.0, error / bound - 1))
    return xarray.Dataset({"error": ("case", excess)})
