"""Spectra against traces and quadrature, and the constants of heads that share their weights."""

from __future__ import annotations

import numpy as np
import xarray

from theory.rf_attention import kernels, shared_heads, spectra
from theory.rf_attention.setting import Setting

SIZES = (Setting(8, 8), Setting(16, 16))


def traces(broken: bool) -> xarray.Dataset:
    """C-RFA-9: RFA's eigenvalues times multiplicities against the trace of its kernel.

    Broken: the eigenvalues of (a, b) without their 1/N.
    """
    errors = []
    for setting in SIZES:
        found = spectra.rfa_spectrum(setting)
        inner = np.array([bool(b) for _, b in found.levels])
        values = found.eigenvalues * np.where(inner & broken, setting.keys, 1)
        whole = spectra.rfa_trace(setting)
        errors.append(abs(values @ found.multiplicities / whole - 1))
    return xarray.Dataset({"error": ("size", errors)})


def network_levels(broken: bool) -> xarray.Dataset:
    """C-RFA-10: RFMLP's levels (), (1), (1, 1), (2) against quadrature over the law of <z, z'>.

    With few tokens E[kappa P_a P_b] is a small product quadrature. Broken: a token less.
    """
    setting = Setting(4, 2)
    found = spectra.rfmlp_spectrum(setting._replace(keys=1 if broken else 2))
    t, w = spectra.quadrature(4, 60)
    total = t[:, None, None] + t[:, None] + t
    kernel = kernels.arc_cosine((1 + total) / 4)
    weights = w[:, None, None] * w[:, None] * w
    wanted = {
        (): np.sum(weights * kernel),
        (1,): np.sum(weights * kernel * t),
        (1, 1): np.sum(weights * kernel * t * t[:, None]),
        (2,): np.sum(weights * kernel * spectra.gegenbauer(2, t, 4)[2]),
    }
    errors = [abs(found.at(level) / value - 1) for level, value in wanted.items()]
    return xarray.Dataset({"error": ("level", errors)})


def head_matrices(*, dimension: int, keys: int) -> xarray.Dataset:
    """The Monte-Carlo constants of RFA's theory at finite heads."""
    setting = Setting(dimension, keys)
    found = shared_heads.head_matrices(setting, spectra.rfa_spectrum(setting), heads=200)
    return xarray.Dataset({"matrix": (("level", "head", "row", "column"), found)})
