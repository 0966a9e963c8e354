"""Kernels in closed form against series, integrals and finitely many heads."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import scipy.integrate
import scipy.special
import xarray

from sims.rf_attention.data import sample_inputs
from sims.rf_attention.features import Scales, gram
from theory.rf_attention import kernels
from theory.rf_attention.setting import Setting

HEADS = (100, 400, 1600, 6400)
_BLOCK, _DRAWS, _POINTS = 100, 40, 40


def arc_cosine(broken: bool) -> xarray.Dataset:
    """C-RFA-4: closed form against series and integral; broken: twice the kernel."""
    r = np.linspace(-0.9, 0.9, 19)
    series = np.polynomial.polynomial.polyval(r, kernels.arc_cosine_series(200))
    closed = np.asarray(kernels.arc_cosine(r)) * (2 if broken else 1)
    direct = [_expected(0.0, 0.0, float(c)) for c in r[::6]]
    errors = [np.abs(closed - series).max(), np.abs(closed[::6] - np.array(direct)).max()]
    return xarray.Dataset({"error": ("kind", errors)})


def biased_arc_cosine(broken: bool) -> xarray.Dataset:
    """C-RFA-5: closed form against Hermite series and integral, no mean, equal inputs.

    Broken: the exponential term is left out.
    """
    errors = []
    for m1, m2 in ((0.3, -0.8), (1.0, 1.0), (0.0, 0.7)):
        for r in (-0.6, 0.2, 0.8):
            closed = float(kernels.biased_arc_cosine(m1, m2, r))
            if broken:
                s = np.sqrt(1 - r**2)
                power = (m1**2 - 2 * r * m1 * m2 + m2**2) / (2 * s**2)
                closed -= s / (2 * np.pi) * np.exp(-power)
            left, right = (kernels.hermite_coefficients(m, 60) for m in (m1, m2))
            orders = np.arange(60)
            logs = np.array([np.log(np.arange(1, n + 1)).sum() for n in orders])
            series = float(np.sum(left * right * np.sign(r) ** orders
                                  * np.exp(orders * np.log(abs(r)) - logs)))  # fmt: skip
            errors += [abs(closed - series), abs(closed - _expected(m1, m2, r))]
    r = np.linspace(-0.9, 0.9, 19)
    errors.append(np.abs(kernels.biased_arc_cosine(0.0, 0.0, r) - kernels.arc_cosine(r)).max())
    for m in (-1.0, 0.0, 0.8):
        square = scipy.integrate.quad(
            lambda z, m=m: (m + z) ** 2 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), -m, 12.0
        )[0]
        errors.append(abs(float(kernels.biased_arc_cosine(m, m, 1.0)) - square))
    return xarray.Dataset({"error": ("kind", errors)})


def _expected(m1: float, m2: float, r: float) -> float:
    """E relu(m1 + Z1) relu(m2 + Z2) by quadrature over Z1, with E relu(m2 + Z2) given it exact."""
    s = np.sqrt(1 - r**2)

    def inner(z: float) -> float:
        mean = m2 + r * z
        cdf = scipy.special.ndtr(mean / s)
        density = np.exp(-((mean / s) ** 2) / 2) / np.sqrt(2 * np.pi)
        return (m1 + z) * (mean * cdf + s * density) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    return float(scipy.integrate.quad(inner, -m1, 12.0, epsabs=1e-13, epsrel=1e-12)[0])


def kernel_errors() -> xarray.Dataset:
    """C-RFA-6: kernels of M heads against the exact ones, d = 8, N = 4, 40 samples, 40 draws.

    Returns:
        `rms` error over entries (draw, model, heads) of nested heads, and `size`, the exact
        kernels' root mean square (model).
    """
    setting = Setting(8, 4)
    with jax.enable_x64(True):
        inputs = sample_inputs(jax.random.key(0, impl="threefry2x32"), _POINTS, 8, 4)
        pair = np.asarray(inputs.query), np.asarray(inputs.keys)
        rms, sizes = np.empty((_DRAWS, 3, len(HEADS))), []
        for column, (model, w0) in enumerate((("attention", 0.0), ("attention", 1.0),
                                              ("network", 0.0))):  # fmt: skip
            if model == "network":
                exact = kernels.rfmlp_kernel(pair, pair, setting)
            else:
                exact = kernels.rfa_kernel(pair, pair, setting, w0)
            sizes.append(float(np.sqrt(np.mean(exact**2))))

            def part(key: jax.Array, model: str = model, w0: float = w0) -> jax.Array:
                options: dict[str, Any] = {"model": model, "scales": Scales(w0)}
                return gram(key, inputs, _POINTS, heads=_BLOCK, block=_BLOCK, **options)

            run = jax.jit(lambda keys, part=part: jax.lax.map(part, keys))
            for draw in range(_DRAWS):
                key = jax.random.fold_in(jax.random.key(1, impl="threefry2x32"), 10 * draw + column)
                parts = np.asarray(run(jax.random.split(key, HEADS[-1] // _BLOCK)))
                sums = np.cumsum(parts, axis=0)
                for row, heads in enumerate(HEADS):
                    count = heads // _BLOCK
                    error = sums[count - 1] / count - exact
                    rms[draw, column, row] = np.sqrt(np.mean(error**2))
    at = {"model": ["RFA", "BRFA", "RFMLP"], "heads": list(HEADS)}
    found = {"rms": (("draw", "model", "heads"), rms), "size": (("model",), sizes)}
    return xarray.Dataset(found, at)
