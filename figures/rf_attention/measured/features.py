"""Errors of identities of features, Gram matrices, ridge paths and targets.

Every function returns `error`, one for each draw or case; what makes it another function is the
falsifier's break.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import xarray

from sims.rf_attention.data import Samples, monomials, sample_direction, sample_inputs
from sims.rf_attention.features import Scales, gram
from sims.rf_attention.ridge import norm_constrained, ridge_path
from theory.rf_attention import kernels, spectra
from theory.rf_attention.setting import Setting
from theory.rf_attention.targets import TARGETS

SETTING = Setting(8, 8)


def symmetries(change: str, broken: bool) -> xarray.Dataset:
    """C-RFA-1, 2: the features' kernel under a permutation of keys, and with every key twice.

    Args:
        change: "order" or "twice".
        broken: weight keys by their position, or sum over keys rather than average.
    """
    with jax.enable_x64(True):
        plain = _inputs(0)
        order = np.arange(8)[::-1] if change == "order" else np.arange(16) % 8
        kernels = []
        for keys in (plain.keys, plain.keys[:, order]):
            scale = 1.0
            if broken and change == "order":
                keys = keys * (1 + 0.1 * np.arange(keys.shape[1])[:, None])
            elif broken:
                scale = keys.shape[1] ** 2
            kernels.append(scale * _features(Samples(plain.query, keys)))
    return xarray.Dataset({"error": ((), float(abs(kernels[0] - kernels[1]).max()))})


def distinct_tokens(model: str) -> xarray.Dataset:
    """C-RFA-3: how much a permutation of keys changes the kernel; the network tells keys apart."""
    with jax.enable_x64(True):
        plain = _inputs(0)
        one = _features(plain, model)
        other = _features(Samples(plain.query, plain.keys[:, ::-1]), model)
        return xarray.Dataset({"error": ((), float(abs(one - other).max() / abs(one).max()))})


def rotations(together: bool) -> xarray.Dataset:
    """C-RFA-7: RFA's kernel under separate rotations of queries and keys; BRFA's needs them equal.

    Args:
        together: rotate BRFA's queries and keys alike, rather than apart.
    """
    rng = np.random.default_rng(0)
    one, other = _tokens(rng, 6), _tokens(rng, 6)
    turns = [np.linalg.qr(rng.normal(size=(8, 8)))[0] for _ in range(2)]
    errors = []
    for mean, second in ((0.0, turns[1]), (1.0, turns[0] if together else turns[1])):
        plain = kernels.rfa_kernel(one, other, SETTING, mean)
        turned, moved = ((q @ turns[0], k @ second) for q, k in (one, other))
        errors.append(np.abs(kernels.rfa_kernel(turned, moved, SETTING, mean) - plain).max())
    return xarray.Dataset({"error": ("model", errors)})


def positive(shift: float) -> xarray.Dataset:
    """C-RFA-8: the most negative eigenvalue of Gram matrices over their trace.

    Args:
        shift: subtracted from every kernel.
    """
    tokens = _tokens(np.random.default_rng(1), 40)
    grams = [
        kernels.rfa_kernel(tokens, tokens, SETTING),
        kernels.rfa_kernel(tokens, tokens, SETTING, 1.0),
        kernels.rfmlp_kernel(tokens, tokens, SETTING),
    ]
    lowest = [np.linalg.eigvalsh(g - shift).min() / np.trace(g) for g in grams]
    return xarray.Dataset({"error": ("model", [max(0.0, -low) for low in lowest])})


def ridge_is_constrained(broken: bool) -> xarray.Dataset:
    """C-RFA-32: the path's norm falls, and the constrained fit is stationary on its ball.

    The Lagrange condition of min |y - Phi u|^2 with |u|^2 <= K: Phi'(Phi u - y) = -delta u, |u|^2 =
    K. Broken: the interpolating u scaled down to the ball instead.
    """
    rng = np.random.default_rng(0)
    phi, y = rng.normal(size=(20, 60)), rng.normal(size=20)
    kernel = phi @ phi.T
    errors = []
    with jax.enable_x64(True):
        own, labels = jax.numpy.asarray(kernel), jax.numpy.asarray(y)
        penalties = jax.numpy.geomspace(1e-6, 10, 15)
        path = ridge_path(own, own, labels[:, None], labels[:, None], penalties)
        errors.append(float(np.maximum(np.diff(np.asarray(path.norm)[0]), 0).max()))
        interpolating = phi.T @ np.linalg.solve(kernel, y)
        for share in (0.9, 0.5, 0.1):
            bound = share * float(interpolating @ interpolating)
            dual, delta = norm_constrained(own, labels, bound)
            u = share**0.5 * interpolating if broken else phi.T @ np.asarray(dual)
            force = phi.T @ (phi @ u - y) + float(delta) * u
            errors.append(abs(float(u @ u) / bound - 1))
            errors.append(float(np.linalg.norm(force) / np.linalg.norm(phi.T @ y)))
    return xarray.Dataset({"error": ("condition", errors)})


def energies(broken: bool) -> xarray.Dataset:
    """C-RFA-11: variances of targets, 400,000 samples, against the sum of their energies.

    Broken: levels (a, 0) of the weighted targets divided by N.
    """
    with jax.enable_x64(True):
        key = jax.random.key(0, impl="threefry2x32")
        inputs = sample_inputs(key, 400_000, 8, 8)
        values = np.asarray(monomials(inputs, sample_direction(jax.random.fold_in(key, 1), 8)))
    errors = []
    for index, (power, weighted) in enumerate(TARGETS.values()):
        parts = spectra.monomial_energies(power, weighted, SETTING)
        if broken:
            parts = {k: v / (8 if weighted and not k[1] else 1) for k, v in parts.items()}
        errors.append(abs(values[:, index].var() / spectra.variance(parts) - 1))
    return xarray.Dataset({"error": ("target", errors)})


def _inputs(seed: int) -> Samples:
    return sample_inputs(jax.random.key(seed, impl="threefry2x32"), 6, 8, 8)


def _features(samples: Samples, model: str = "attention") -> np.ndarray:
    key = jax.random.key(7, impl="threefry2x32")
    options: Any = {"model": model, "heads": 20, "block": 10, "scales": Scales(0.5)}
    return np.asarray(gram(key, samples, len(samples.query), **options))


def _tokens(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    found = rng.normal(size=(count, 9, 8))
    found /= np.linalg.norm(found, axis=-1, keepdims=True)
    return found[:, 0], found[:, 1:]
