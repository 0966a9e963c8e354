"""Identities of features, kernels, spectra and norms: the largest error, and a break of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np
import scipy.integrate
import scipy.special
import xarray

from figures.evidence import Check, Evidence
from figures.rf_attention.readings import TARGETS
from sims.rf_attention.data import Samples, monomials, sample_direction, sample_inputs
from sims.rf_attention.features import Scales, gram, limit
from sims.rf_attention.ridge import norm_constrained, ridge_path
from theory.claims import State, Verdict
from theory.rf_attention import curves, kernels, norms, spectra
from theory.rf_attention.setting import Setting

SETTING = Setting(8, 8)
SIZES = (Setting(8, 8), Setting(16, 16))


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


def norm_of_keys(changes: xarray.Dataset, growing: xarray.Dataset) -> Verdict:
    """C-RFA-12: B does not move with N, and the interpolating fit's norm grows to it."""
    whole = norms.squared_norm(
        spectra.monomial_energies(1, False, SETTING), spectra.rfa_spectrum(SETTING)
    )
    moved = float(changes.error.max())
    steps = np.diff(growing.norm.values)
    missing = 1 - float(growing.norm[-1]) / whole
    good = moved <= 1e-8 and steps.min() >= 0 and 0 <= missing <= 0.01
    state: State = "holds" if good else "fails"
    detail = {f"y'K^-1 y, n = {int(n)}": float(growing.norm.sel(size=n)) for n in growing["size"]}
    expected = "<= 1e-8; y'K^-1 y of f_1 rises to within 1 % of B"
    method = "largest relative change of B from N = 8 to 2 and 32"
    return Verdict("C-RFA-12", moved, None, method, expected, state,
                   detail | {"B(f_1)": whole})  # fmt: skip


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


def tensor_bounds(broken: bool) -> xarray.Dataset:
    """C-RFA-13: excess of B over its bound, and for f_1, f_2 at d = 64 what it lacks to .95 of it.

    Broken: the bound of one power of the keys less, as if values did not read them once more.
    """
    errors = []
    for dimension in (8, 16, 64):
        for p in (1, 2, 3):
            for weighted in (False, True):
                setting = Setting(dimension, 8)
                parts = spectra.monomial_energies(p, weighted, setting)
                found = norms.squared_norm(parts, spectra.rfa_spectrum(setting))
                bound = norms.tensor_bound(p if weighted else 0, p + weighted - broken)
                ratio = found / (bound * (dimension**p if weighted else 1))
                errors.append(max(0.0, ratio - 1))
                if dimension == 64 and p < 3 and not weighted:
                    errors.append(max(0.0, 0.95 - ratio))
    return xarray.Dataset({"error": ("case", errors)})


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


def _expected(m1: float, m2: float, r: float) -> float:
    """E relu(m1 + Z1) relu(m2 + Z2) by quadrature over Z1, with E relu(m2 + Z2) given it exact."""
    s = np.sqrt(1 - r**2)

    def inner(z: float) -> float:
        mean = m2 + r * z
        cdf = scipy.special.ndtr(mean / s)
        density = np.exp(-((mean / s) ** 2) / 2) / np.sqrt(2 * np.pi)
        return (m1 + z) * (mean * cdf + s * density) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    return float(scipy.integrate.quad(inner, -m1, 12.0, epsabs=1e-13, epsrel=1e-12)[0])


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


def largest(claim: str, limit: float, more: bool = False) -> Callable[[xarray.Dataset], Verdict]:
    """Decides by the largest error, or where `more` by the smallest being above the limit."""

    def decide(found: xarray.Dataset) -> Verdict:
        value = float(found.error.min() if more else found.error.max())
        state: State = "holds" if (value > limit if more else value <= limit) else "fails"
        method = f"{'smallest' if more else 'largest'} of {found.error.size} errors"
        sign = ">" if more else "<="
        return Verdict(claim, value, None, method, f"{sign} {limit:g}", state)

    return decide


def _check(
    claim: str, limit: float, function: Callable, good: Any, bad: Any, more: bool = False
) -> Check:
    return Check(
        claim,
        largest(claim, limit, more),
        lambda evidence: (evidence.table(function, **good),),
        lambda evidence: (evidence.table(function, **bad),),
    )


def _both(**settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of a table as it is and as its falsifier."""
    return {**settings, "broken": False}, {**settings, "broken": True}


def _norms(model: str) -> Callable[[Evidence], tuple[xarray.Dataset, xarray.Dataset]]:
    return lambda e: (e.table(lifting, model=model), e.table(growing_norm))


CHECKS: Iterable[Check] = (
    _check("C-RFA-1", 1e-12, symmetries, *_both(change="order")),
    _check("C-RFA-2", 1e-12, symmetries, *_both(change="twice")),
    _check(
        "C-RFA-3", 1e-2, distinct_tokens, {"model": "network"}, {"model": "attention"}, more=True
    ),
    _check("C-RFA-4", 1e-9, arc_cosine, *_both()),
    _check("C-RFA-5", 1e-9, biased_arc_cosine, *_both()),
    _check("C-RFA-7", 1e-7, rotations, {"together": True}, {"together": False}),
    _check("C-RFA-8", 1e-10, positive, {"shift": 0.0}, {"shift": 0.3}),
    _check("C-RFA-11", 0.03, energies, *_both()),
    Check("C-RFA-12", norm_of_keys, _norms("attention"), _norms("network")),
    _check("C-RFA-13", 1e-9, tensor_bounds, *_both()),
    _check("C-RFA-32", 1e-8, ridge_is_constrained, *_both()),
)
