"""What BRFA pays for targets <beta, a(t) x + b(t) x0>, t = <x0, x> ([rfa-5.4]).

BRFA's kernel of one key is invariant to common rotations only, and has no Mercer decomposition in
closed form; the functions that are linear in beta are a sector of their own. With z(t) = (x0 = e1,
x = t e1 + sqrt(1 - t^2) e2) the kernel acts on Phi(t) = a x + b x0, two components in the plane of
e1 and e2, through

    H(t, t') = E_R[h(z(t), R z(t')) R_{1:2, 1:2}]   (2 x 2, R a Haar rotation),

and the squared norm of <beta, Phi> in L2 is E_t |Phi(t)|^2/d.
"""

from __future__ import annotations

import numpy as np
import scipy.special
from jaxtyping import Float

from theory.rf_attention.kernels import hermite_coefficients
from theory.rf_attention.spectra import quadrature

_TERMS = 40
_CHUNK = 10  # what the processor's cache holds
# (sign, 1, row, column) of all products of a row's sign and a column's.
_SIGNS = np.stack(
    [np.outer([1, one], [other, both]) for one in (1, -1) for other in (1, -1) for both in (1, -1)]
)[:, None]

Operator = Float[np.ndarray, "component component"]


def sector(
    dimension: int, mean: float, nodes: int = 24, rotations: int = 3000, seed: int = 0
) -> tuple[Operator, np.ndarray, np.ndarray]:
    """The kernel on the sector at R = b = 1, in an orthonormal basis, and its quadrature.

    h = kappa(w0 t, w0 t', r) <x~, x~'> with r = (1 + <x0, x0'>)(1 + <x, x'>)/4 by its Hermite
    series sum_n c_n(w0 t) c_n(w0 t') r^n/n!; `rotations` draws of the first two rows and columns of
    R, under all their signs.

    Args:
        mean: w0; 0 for RFA.
        nodes: values of t, Gauss-Jacobi.

    Returns:
        The operator over (component, t), symmetrised; t; weights.
    """
    t, weights = quadrature(dimension, nodes)
    tokens = np.stack([t, np.sqrt(1 - t**2)])
    orders = np.arange(_TERMS)
    coefficients = hermite_coefficients(mean * t, _TERMS)
    coefficients = coefficients * np.exp(-scipy.special.gammaln(orders + 1) / 2)[:, None]
    pairs = np.einsum("nt,nu->ntu", coefficients, coefficients)
    rng = np.random.default_rng(seed)
    total = np.zeros((2, 2, nodes, nodes))
    for _ in range(rotations // _CHUNK):
        frame = np.linalg.qr(rng.normal(size=(_CHUNK, dimension, 2)))[0]
        # All signs of rows and columns: odd moments of R are then nil, not merely small. They would
        # multiply the kernel's constant, which is far larger than the rest.
        block = (frame[:, :2] * _SIGNS).reshape(-1, 2, 2)
        inner = 1 + np.einsum("it,qij,ju->qtu", tokens, block, tokens, optimize=True)
        r = (1 + block[:, :1, :1]) * inner / 4
        kernel = np.zeros_like(r)
        for pair in pairs[::-1]:
            kernel *= r
            kernel += pair
        kernel *= inner
        total += np.einsum("qtu,qij->ijtu", kernel, block, optimize=True)
    scale = np.sqrt(weights)
    found = total / (rotations // _CHUNK * len(block)) * scale[:, None] * scale
    whole = found.transpose(0, 2, 1, 3).reshape(2 * nodes, 2 * nodes)
    return (whole + whole.T) / 2, t, weights


def first_weighted(
    dimension: int, mean: float
) -> tuple[Float[np.ndarray, " mode"], Float[np.ndarray, " mode"]]:
    """Eigenvalues of the sector, and in them the energies of g_1 = <x0, x> <beta, x>, Phi = t x."""
    operator, t, weights = sector(dimension, mean)
    phi = (np.stack([t**2, t * np.sqrt(1 - t**2)]) * np.sqrt(weights)).reshape(-1)
    values, vectors = np.linalg.eigh(operator)
    return np.maximum(values, 0), (vectors.T @ phi) ** 2 / dimension
