"""Linear networks of leaky units driven by independent bits: exact second moments.

h_t = A h_{t-1} + b x_t with A = I - D_a + D_a W, b = D_a w_in, D_a = diag(1/tau), and bits of
variance p (1 - p) [rnn-5.1].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Complex, Float

from theory.rnn_timescales.setting import FAIR

Vector = Float[np.ndarray, " unit"]
Matrix = Float[np.ndarray, "unit unit"]


class System(NamedTuple):
    """h_t = matrix @ h_{t-1} + drive x_t.

    Attributes:
        matrix: A = I - D_a + D_a W.
        drive: b = D_a w_in.
    """

    matrix: Matrix
    drive: Vector


def linear_network(recurrent: Matrix, drive: Vector, tau: Vector) -> System:
    """The leaky network without its nonlinearity [rnn-5.1].

    Args:
        recurrent: W.
        drive: w_in.
        tau: time constants in steps, at least 1.

    Raises:
        ValueError: a tau below 1.
    """
    rate = rates(tau)
    return System(np.eye(len(rate)) - np.diag(rate) + rate[:, None] * recurrent, rate * drive)


def rates(tau: Vector) -> Vector:
    """a = 1/tau. The model uses max(tau, 1): give that of trained networks.

    Raises:
        ValueError: a tau below 1.
    """
    if np.min(tau) < 1:
        raise ValueError(f"expected time constants of at least one step, got {np.min(tau)}")
    return 1 / np.asarray(tau, float)


def spectral_radius(matrix: Matrix) -> float:
    """The largest modulus of an eigenvalue; the slowest mode's timescale is -1/ln of it.

    Source: [rnn-5.2].
    """
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def stationary_covariance(system: System, variance: float = FAIR) -> Matrix:
    """S = A S A' + variance b b' [rnn-5.1].

    Args:
        variance: of the input bits, p (1 - p).

    Raises:
        ValueError: the spectral radius is not below 1: nothing is stationary.
    """
    _stable(system.matrix)
    noise = variance * np.outer(system.drive, system.drive)
    return scipy.linalg.solve_discrete_lyapunov(system.matrix, noise)


def lagged_covariances(
    system: System, covariance: Matrix, lags: int = 30
) -> Float[np.ndarray, "lag unit unit"]:
    """cov(h_{t+l}, h_t) = A^l S for l = 0 .. lags [rnn-5.1]."""
    found = [covariance]
    for _ in range(lags):
        found.append(system.matrix @ found[-1])
    return np.stack(found)


def unit_autocorrelation(
    covariances: Float[np.ndarray, "lag unit unit"],
) -> Float[np.ndarray, "lag unit"]:
    """rho_i(l) = (A^l S)_ii / S_ii; NaN for a unit that never moves [rnn-5.1]."""
    each = np.diagonal(covariances, axis1=1, axis2=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return each / each[0]


def population_autocorrelation(
    covariances: Float[np.ndarray, "lag unit unit"],
) -> Float[np.ndarray, " lag"]:
    """The autocorrelation of the sum of all units, (1' A^l S 1)/(1' S 1) [rnn-5.1]."""
    whole = covariances.sum(axis=(1, 2))
    return whole / whole[0]


def modal_autocorrelation(system: System, lags: int = 30) -> Float[np.ndarray, "lag unit"]:
    """rho_i(l) as a mixture of the modes' exponentials, A = V diag(lambda) V^-1.

    With bt = V^-1 b and G_mn = bt_m conj(bt_n)/(1 - lambda_m conj(lambda_n)), the covariance at lag
    l is sum_m V_im (G V^H)_mi lambda_m^l: each mode has the timescale -1/ln|lambda_m|, and complex
    pairs are damped oscillations. Source: [rnn-5.2].

    Raises:
        ValueError: the spectral radius is not below 1.
    """
    _stable(system.matrix)
    values, vectors = np.linalg.eig(system.matrix)
    drive = np.linalg.solve(vectors, system.drive.astype(complex))
    modes = drive[:, None] * drive.conj() / (1 - values[:, None] * values.conj())
    weights: Complex[np.ndarray, "unit mode"] = vectors * (modes @ vectors.conj().T).T
    each = np.real(values ** np.arange(lags + 1)[:, None] @ weights.T)
    return each / each[0]


def memory(
    system: System, lags: int, variance: float = FAIR, ridge: float = 0.0
) -> Float[np.ndarray, " lag"]:
    """R^2_k = var x (A^k b)' (S + ridge I)^-1 A^k b of the best linear reading of x_{t-k}.

    The sum over all k is the dimension for every stable A that the input reaches whole (Jaeger
    2001); S is inverted on its numerical range, which float64 resolves for few units only: beyond a
    dozen give a ridge, and hold the sum against `capacity` with the same one. Source: [rnn-5.3].

    Args:
        lags: k = 0 .. lags.

    Raises:
        ValueError: the spectral radius is not below 1.
    """
    covariance = stationary_covariance(system, variance)
    echoes = [system.drive]
    for _ in range(lags):
        echoes.append(system.matrix @ echoes[-1])
    inverse = np.linalg.pinv(covariance + ridge * np.eye(len(covariance)), hermitian=True)
    return variance * np.einsum("ki,ij,kj->k", echoes, inverse, echoes, optimize=True)


def capacity(system: System, variance: float = FAIR, ridge: float = 0.0) -> float:
    """sum_k R^2_k over all k = tr (S + ridge I)^-1 S.

    At ridge 0 it is the number of units that the input reaches, of which no two move alike.

    Source: [rnn-5.3].

    Raises:
        ValueError: the spectral radius is not below 1.
    """
    if ridge == 0:
        _stable(system.matrix)
        reached = system.drive != 0
        for _ in system.drive:
            reached = reached | ((system.matrix != 0) @ reached)
        return float(reached.sum())
    values = np.linalg.eigvalsh(stationary_covariance(system, variance))
    return float((values / (values + ridge)).sum())


def _stable(matrix: Matrix) -> None:
    radius = spectral_radius(matrix)
    if radius >= 1:
        raise ValueError(
            f"expected a spectral radius below 1, got {radius:.4g}: no stationary state"
        )
