"""Learning curves of kernel and random-feature ridge regression.

Derived in [rfa-4.1], [rfa-4.2], [rfa-4.4] and [rfa-5.6].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import scipy.optimize
from jaxtyping import Float

from theory.rf_attention.spectra import Level, Spectrum

# log of the smallest regularisation that is looked for.
_LOWEST = -60.0


def infinite_width(
    spectrum: Spectrum,
    energies: Mapping[Level, float],
    samples: int,
    ridge: float,
    noise_variance: float = 0.0,
) -> float:
    """Excess test error of kernel ridge regression, the omniscient risk.

    With delta' = ridge + tail, kap solves n = sum m lam/(lam + kap) + delta'/kap; E0 = n/(n - sum m
    (lam/(lam + kap))^2); E = E0 [sum (kap/(lam + kap))^2 c^2 + noise], less the noise itself.

    Args:
        ridge: delta, added to the diagonal of the Gram matrix.

    Raises:
        ValueError: a target's level is not in the spectrum.
    """
    aligned = _aligned(spectrum, energies)
    lam, count, rest = spectrum.eigenvalues, spectrum.multiplicities, ridge + spectrum.tail
    return _omniscient(lam, count, aligned, samples, rest).excess(noise_variance)


def pooled(
    eigenvalues: Float[np.ndarray, " mode"],
    energies: Float[np.ndarray, " mode"],
    samples: int,
    ridge: float,
    fitted: bool = False,
) -> float:
    """Test error without noise, from eigenpairs over a pool of P points ([rfa-4.4]).

    The formula of infinite width with the pool's eigenvalues and energies is the mean error over
    the pool, training points included, whose error is (ridge/(n kap))^2 of the others'. Hence the
    division by 1 - n/P + (n/P) (ridge/(n kap))^2; its first form, by 1 - n/P, is that of no
    ridge. Keep samples <= P/4.

    Args:
        eigenvalues: of K/P.
        energies: squared projections of the target's values on the eigenvectors, over P.
        fitted: take training points' error as zero, the first form of [rfa-4.4].
    """
    found = _omniscient(eigenvalues, np.ones(len(eigenvalues)), energies, samples, ridge)
    share = samples / len(eigenvalues)
    kept = 0.0 if fitted else (ridge / (samples * found.kap)) ** 2
    return found.excess(0.0) / (1 - share + share * kept)


def finite_width(
    spectrum: Spectrum,
    energies: Mapping[Level, float],
    samples: int,
    width: int,
    ridge: float,
    noise_variance: float = 0.0,
) -> float:
    """Excess test error with `width` random features ([rfa-4.2]).

    With z = sum m lam/(lam + gam) + tail/gam, q = sum m (lam/(lam + gam))^2 and kap = gam (1 -
    z/k), gam solves n = z + ridge/kap. Confirmed by simulation (C-RFA-19).

    Args:
        width: k; for RFA the number of trained weights M (d + 1).

    Raises:
        ValueError: a target's level is not in the spectrum.
    """
    lam, count = spectrum.eigenvalues, spectrum.multiplicities

    def spent(gam: float) -> float:
        return float(np.sum(count * lam / (lam + gam)) + spectrum.tail / gam)

    # z < k: with fewer modes than features, for every gam.
    full = spent(np.exp(_LOWEST)) > width
    lowest = _root(lambda log: spent(np.exp(log)) - width, _LOWEST) if full else _LOWEST

    def used(log: float) -> float:
        gam = np.exp(log)
        z = spent(gam)
        left = max(1 - z / width, 1e-300)
        return z + ridge / (gam * left) - samples

    gam = np.exp(_root(used, lowest + 1e-12))
    z, q = spent(gam), float(np.sum(count * (lam / (lam + gam)) ** 2))
    kap = gam * (1 - z / width)
    missed = gam / (lam + gam) - kap * lam / (lam + gam) ** 2 * width / (width - q)
    bias = float(np.sum(missed * _aligned(spectrum, energies)))
    factor = 1 - (q * (width - 2 * z) + z**2) / (samples * (width - q))
    return (bias + noise_variance) / factor - noise_variance


class _Risk(NamedTuple):
    bias: float
    factor: float
    kap: float

    def excess(self, noise_variance: float) -> float:
        return self.factor * (self.bias + noise_variance) - noise_variance


def _omniscient(
    lam: np.ndarray, count: np.ndarray, aligned: np.ndarray, samples: int, rest: float
) -> _Risk:
    def used(log: float) -> float:
        kap = np.exp(log)
        return float(np.sum(count * lam / (lam + kap)) + rest / kap) - samples

    kap = np.exp(_root(used, _LOWEST))
    learnt = float(np.sum(count * (lam / (lam + kap)) ** 2))
    bias = float(np.sum((kap / (lam + kap)) ** 2 * aligned))
    return _Risk(bias, samples / (samples - learnt), float(kap))


def half_learnt(spectrum: Spectrum, level: Level, ridge: float = 0.0) -> float:
    """Samples at which half of a level's energy is left, for infinite width.

    At kap = lam/(sqrt 2 - 1), n = sum m lam'/(lam' + kap) + (ridge + tail)/kap.
    """
    lam, count = spectrum.eigenvalues, spectrum.multiplicities
    kap = spectrum.at(level) / (2**0.5 - 1)
    return float(np.sum(count * lam / (lam + kap)) + (ridge + spectrum.tail) / kap)


def plateaus(energies: Mapping[Level, float]) -> list[tuple[Level, float]]:
    """Relative error left as the levels of a target are learnt one after the other.

    Returns:
        Level and the share of the variance in the levels of higher total degree in the keys and
        query than it, from low to high.
    """
    whole = {level: value for level, value in energies.items() if any(level)}
    total = sum(whole.values())
    order = sorted(whole, key=sum)
    left, found = total, []
    for level in order:
        left -= whole[level]
        found.append((level, max(left / total, 0.0)))
    return found


def _root(function: Callable[[float], float], low: float) -> float:
    return float(scipy.optimize.brentq(function, low, 20.0, xtol=1e-14))  # pyright: ignore[reportArgumentType]


def _aligned(spectrum: Spectrum, energies: Mapping[Level, float]) -> Float[np.ndarray, " level"]:
    found = np.zeros(len(spectrum.levels))
    for level, value in energies.items():
        if level not in spectrum.levels:
            raise ValueError(f"the target has a part in level {level}, which is not computed")
        found[spectrum.levels.index(level)] = value
    return found
