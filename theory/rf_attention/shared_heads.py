"""Learning curves of RFA at finite heads, whose d + 1 features share their weights.

Beyond the paper ([rfa-4.3]). Notation: in the eigenbasis of the kernel, head m is the
matrix A(W_m) of its D = d + 1 features' coefficients, (mode, D), and the kernel of M heads is
(1/M) sum_m A(W_m) A(W_m)'. Leave head m out of its resolvent and put it back by Woodbury's formula,
a D x D inverse. What the other heads leave, G, is a number G_l on every level l (RFA is invariant
to separate rotations of query and keys, under which a level is irreducible), so that as M grows

    1/G_l = kap + s_l,   s_l = E_W tr[(I + Lambda(W))^{-1} C_l(W)]/m_l,
    Lambda(W) = (1/M) sum_l G_l C_l(W),   C_l(W) = A(W)' P_l A(W)   (D x D),

with P_l the projector on level l and m_l its dimension. E_W tr C_l = m_l lam_l. Given the kernel,
kap and the error are those of infinite width ([rfa-4.1]), with lam/(lam + kap) replaced by s G
and (kap/(lam + kap))^2 by -kap^2 dG/dkap.

The scalar formula, `curves.finite_width` at k = M D, is the case Lambda = alpha I. Two things are
lost in it. The bias feature is larger than the others and carries other levels; with Lambda =
diag(alpha I, beta), two numbers, C_l averaged over W, f_1 gains half of what it lacks and f_2 loses
10 %. And Lambda fluctuates from head to head, for C_l is built from one W: that of the levels
(1, 2) is near |W|^2 I + W'W. The D x D matrices are therefore kept, from a sample of heads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import scipy.interpolate
import scipy.linalg
import scipy.optimize
from jaxtyping import Float

from theory.rf_attention.setting import Setting
from theory.rf_attention.spectra import Level, Spectrum, harmonics

# Levels whose matrices are sampled; all others share the shape of what they leave.
SAMPLED = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1))
_CHUNK = 2000
# log kap, from where the ridge alone counts (kap > ridge/n) to where nothing is learnt.
# Errors are within 3e-4 of those on a grid of 400 (measured: 2.2e-4).
_GRID = np.linspace(-28.5, 2.0, 60)

Matrices = Float[np.ndarray, "level head feature feature"]


def head_matrices(
    setting: Setting, spectrum: Spectrum, heads: int = 100, samples: int = 40_000, seed: int = 0
) -> Matrices:
    """C_l(W) of a sample of heads: the levels `SAMPLED`, and last the shape of all others.

    Coefficients are averages over `samples` pairs of one query and one key, each C_l the product
    of those of two halves (so that noise adds no bias), symmetrised, its negative eigenvalues
    dropped, and scaled to the exact E tr C_l = m_l lam_l (1 for the last).
    """
    rng = np.random.default_rng(seed)
    width = setting.dimension + 1
    weights = setting.weight_scale * rng.normal(size=(heads, width, width))
    halves, second = [], np.zeros((heads, width, width))
    for _ in range(2):
        sums = [0.0] * len(SAMPLED)
        for _ in range(samples // 2 // _CHUNK):
            query, key = (_sphere(rng, setting) for _ in range(2))
            drawn = _features(query, key, weights, setting)
            second += np.einsum("qhc,qhe->hce", drawn, drawn, optimize=True)
            flat = drawn.reshape(_CHUNK, -1)
            left, right = (_harmonics(tokens / setting.radius) for tokens in (query, key))
            for index, (a, b) in enumerate(SAMPLED):
                basis = np.einsum("qi,qj->qij", left[a], right[b]).reshape(_CHUNK, -1)
                sums[index] = sums[index] + basis.T @ flat
        halves.append([part / (samples // 2 // _CHUNK * _CHUNK) for part in sums])
    found = []
    for one, other in zip(*halves, strict=True):
        one, other = (part.reshape(-1, heads, width) for part in (one, other))
        found.append(_positive(np.einsum("jhc,jhe->hce", one, other, optimize=True)))
    rest = second / (2 * (samples // 2 // _CHUNK * _CHUNK)) - sum(found)
    traces = [
        spectrum.at(level) * harmonics(level[0], setting.dimension)
        * harmonics(level[1], setting.dimension) for level in SAMPLED
    ]  # fmt: skip
    whole = zip([*found, _positive(rest)], [*traces, 1.0], strict=True)
    return np.stack([part * trace / np.trace(part.mean(axis=0)) for part, trace in whole])


class Strengths(NamedTuple):
    """s_l(kap) of `heads` heads.

    Attributes:
        spectrum: levels and multiplicities.
        log: of s_l and, last, of the factor that a tail's eigenvalues get, over log kap.
    """

    spectrum: Spectrum
    log: scipy.interpolate.CubicSpline


def strengths(spectrum: Spectrum, matrices: Matrices, heads: int) -> Strengths:
    """Solve the fixed point for s_l over a grid of kap, from large kap down."""
    count = np.array([spectrum.levels.index(level) for level in SAMPLED])
    lam, mult = spectrum.eigenvalues, spectrum.multiplicities
    others = np.setdiff1d(np.arange(len(lam)), count)
    identity = np.eye(matrices.shape[-1])

    def spread(log: np.ndarray) -> np.ndarray:
        """Of the sampled levels' s and the others' common factor, s of all levels."""
        whole = lam * np.exp(log[-1])
        whole[count] = np.exp(log[:-1])
        return whole

    def apart(log: np.ndarray, kap: float) -> tuple[np.ndarray, np.ndarray]:
        """What the equations lack at log s, and its derivative."""
        s = spread(log)
        left = 1 / (kap + s)
        share = mult[others] * lam[others] * left[others]
        rest = float(share.sum()) + spectrum.tail / kap
        used = np.tensordot(np.append(left[count], rest), matrices, 1) / heads
        read = np.linalg.inv(identity + used) @ matrices
        traces = np.trace(read, axis1=2, axis2=3).sum(axis=1)
        # d tr (R C_l) = -tr (R C_k R C_l) d (factor of C_k).
        flat, turned = (x.reshape(len(x), -1) for x in (read, read.swapaxes(2, 3)))
        factors = np.append(-s[count] * left[count] ** 2, -float(share @ (s * left)[others]))
        slopes = -flat @ turned.T / heads * factors / traces[:, None]
        implied = traces / matrices.shape[1]
        implied[:-1] /= mult[count]
        return log - np.log(implied), np.eye(len(log)) - slopes

    before = log = np.append(np.log(lam[count]), 0.0)
    found = []
    for kap in np.exp(_GRID[::-1]):
        before, log = log, 2 * log - before
        for _ in range(20):
            gap, slope = apart(log, kap)
            log = log - np.linalg.solve(slope, gap)
            if np.abs(gap).max() < 1e-7:  # one step more than enough: Newton's squares it
                break
        else:
            raise ValueError(f"no fixed point at kap = {kap:.3g} with {heads} heads")
        found.append(np.append(np.log(spread(log)), log[-1]))
    return Strengths(spectrum, scipy.interpolate.CubicSpline(_GRID, np.stack(found[::-1])))


def shared_width(
    found: Strengths,
    energies: Mapping[Level, float],
    samples: int,
    ridge: float,
    noise_variance: float = 0.0,
) -> float:
    """Excess test error of RFA with finitely many heads.

    Raises:
        ValueError: a target's level is not in the spectrum.
    """
    spectrum = found.spectrum
    mult, tail = spectrum.multiplicities, spectrum.tail

    def used(log: float) -> float:
        kap, s = np.exp(log), np.exp(found.log(log))
        return (
            float(np.sum(mult * s[:-1] / (kap + s[:-1])) + (tail * s[-1] + ridge) / kap) - samples
        )

    log = float(scipy.optimize.brentq(used, _GRID[0], _GRID[-1], xtol=1e-12))  # pyright: ignore[reportArgumentType]
    kap, s = np.exp(log), np.exp(found.log(log))
    slope = s * found.log(log, 1)  # ds/dlog kap
    left = kap / (kap + s[:-1])
    missed = left**2 * (1 + slope[:-1] / kap)
    learnt = float(np.sum(mult * (1 - 2 * left + missed)) + tail * slope[-1] / kap)
    aligned = np.zeros(len(mult))
    for level, value in energies.items():
        aligned[spectrum.levels.index(level)] = value
    bias = float(np.sum(missed * aligned))
    return samples / (samples - learnt) * (bias + noise_variance) - noise_variance


def _sphere(rng: np.random.Generator, setting: Setting) -> np.ndarray:
    normal = rng.normal(size=(_CHUNK, setting.dimension))
    return setting.radius * normal / np.linalg.norm(normal, axis=1, keepdims=True)


def _features(query: np.ndarray, key: np.ndarray, weights: np.ndarray, setting: Setting):
    one, other = (np.pad(x, ((0, 0), (0, 1)), constant_values=setting.bias) for x in (query, key))
    scores = np.einsum("qi,hij,qj->qh", one, weights, other, optimize=True)
    return np.maximum(scores, 0)[:, :, None] * other[:, None, :]


def _harmonics(tokens: np.ndarray) -> list[np.ndarray]:
    """Orthonormal harmonics of degree 0, 1, 2 at points of the unit sphere, (point, harmonic)."""
    count, d = tokens.shape
    scale = (d * (d + 2)) ** 0.5
    row, column = np.triu_indices(d, 1)
    mixed = scale * tokens[:, row] * tokens[:, column]
    squares = scale / 2**0.5 * tokens**2 @ scipy.linalg.helmert(d).T
    return [np.ones((count, 1)), d**0.5 * tokens, np.concatenate([mixed, squares], axis=1)]


def _positive(matrices: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh((matrices + matrices.swapaxes(1, 2)) / 2)
    return np.einsum("hij,hj,hkj->hik", vectors, np.maximum(values, 0), vectors)
