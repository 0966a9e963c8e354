"""Where mean tau of single-head nets turns from falling to rising, N*, its law in H [rnn-8.9]."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.optimize
import scipy.special
import xarray
from jaxtyping import Bool, Float

from figures.evidence import Evidence
from figures.rnn_timescales.readings.stages import by_n
from figures.statistics import Estimate
from theory.rnn_timescales.constructive import UNITS

# Single-head nets of several sizes, by task.
SWEEPS = {"parity": "rnn_timescales.sizes_parity", "dms": "rnn_timescales.sizes_dms"}
RESAMPLES = 400
# Standard deviation of ln N* that a fit may not go below: N comes in steps of one.
LEAST_SCATTER = 0.03


class Turns(NamedTuple):
    """N* by size, of all seeds and of each resampling of them.

    Attributes:
        units: H.
        value: vertices; where `censored`, the last N of a tau that still falls, a lower bound.
        drawn: the same of resampled seeds, (resample, size), with `drawn_censored`.
        seeds: how many.
    """

    units: Float[np.ndarray, " size"]
    value: Float[np.ndarray, " size"]
    censored: Bool[np.ndarray, " size"]
    drawn: Float[np.ndarray, "resample size"]
    drawn_censored: Bool[np.ndarray, "resample size"]
    seeds: int

    def interval(self, value: float, drawn: Float[np.ndarray, " draw"], method: str) -> Estimate:
        """Percentiles about `value`, widened by sqrt(n/(n - 1)): resampling n seeds is narrower."""
        wider = np.sqrt(self.seeds / (self.seeds - 1))
        low, high = value + wider * (np.quantile(drawn, (0.025, 0.975)) - value)
        return Estimate(value, float(low), float(high), f"{method}, 95 % bootstrap over seeds")

    def growth(self, small: int, large: int) -> Estimate:
        """N* of nets of `large` units less that of nets of `small`.

        A lower bound of one is an upper or a lower bound of the difference, open to that side.

        Raises:
            IndexError: no such size.
        """
        one, other = (int(np.flatnonzero(self.units == size)[0]) for size in (small, large))
        gap = float(self.value[other] - self.value[one])
        drawn = self.drawn[:, other] - self.drawn[:, one]
        found = self.interval(gap, drawn, "difference of N*")
        low = -np.inf if self.censored[one] else found.low
        return found._replace(low=low, high=np.inf if self.censored[other] else found.high)


def curves_of(evidence: Evidence, task: str) -> xarray.DataArray:
    """Mean tau against N of a task's nets; see `curves`."""
    return curves(evidence.sweep(SWEEPS[task]))


def curves(sweep: xarray.Dataset) -> xarray.DataArray:
    """Mean tau over units, (units, seed, n), NaN where N was not solved."""
    return by_n(sweep).tau.mean("unit").transpose("units", "seed", "n")


def vertex(n: Float[np.ndarray, " n"], tau: Float[np.ndarray, " n"]) -> tuple[float, bool]:
    """The N of least tau, from a parabola through up to five points about it.

    Returns:
        N*, and whether tau still falls at the last N, which is then a lower bound of N*; NaN
        where fewer than three N are known.
    """
    known = np.isfinite(tau)
    n, tau = n[known], tau[known]
    if len(n) < 3:
        return np.nan, True
    least = int(tau.argmin())
    if least == len(n) - 1:
        return float(n[-1]), True
    near = slice(max(0, least - 2), least + 3)
    square, slope, _ = np.polyfit(n[near], tau[near], 2)
    if square <= 0:
        return float(n[least]), False
    return float(np.clip(-slope / (2 * square), n[near][0], n[near][-1])), False


def turns(tau: xarray.DataArray) -> Turns:
    """N* of the seeds' mean tau, over the N that every seed solved, by size.

    Args:
        tau: see `curves`.
    """
    rng = np.random.default_rng(0)
    n, count = tau.n.values.astype("float64"), tau.seed.size
    found, drawn = [], []
    for rows in tau.values.astype("float64"):
        found.append(vertex(n, rows.mean(axis=0)))
        chosen = rng.integers(count, size=(RESAMPLES, count))
        drawn.append([vertex(n, curve) for curve in rows[chosen].mean(axis=1)])
    value, censored = np.array(found).T
    values, bounds = np.moveaxis(np.array(drawn), 0, 1).transpose(2, 0, 1)
    units = tau.units.values.astype("float64")
    return Turns(units, value, censored.astype(bool), values, bounds.astype(bool), count)


def power_law(
    units: Float[np.ndarray, " size"],
    turn: Float[np.ndarray, " size"],
    censored: Bool[np.ndarray, " size"],
) -> tuple[float, float]:
    """Exponent g and factor c of N* = c H^g by maximum likelihood (Tobit).

    ln N* is normal about ln c + g ln H; where censored, it is anywhere above its bound.
    """
    x, y = np.log(units), np.log(turn)
    centre = x.mean()
    slope, level = np.polyfit(x - centre, y, 1)

    def loss(parameters: np.ndarray) -> float:
        level, slope, scatter = parameters
        z = (y - level - slope * (x - centre)) / np.exp(scatter)
        terms = np.where(censored, scipy.special.log_ndtr(-z), -(z**2) / 2 - scatter)
        return -float(terms.sum())

    if censored.any():  # else the line of least squares is it
        bounds = [(None, None), (None, None), (np.log(LEAST_SCATTER), 0.0)]
        start = (level, slope, -1.5)
        level, slope, _ = scipy.optimize.minimize(loss, start, bounds=bounds, method="L-BFGS-B").x
    return float(slope), float(np.exp(level - slope * centre))


def exponent(found: Turns) -> Estimate:
    """g of N* ~ H^g with its interval; every resampling is of all sizes at once."""
    value, _ = power_law(found.units, found.value, found.censored)
    drawn = [
        power_law(found.units, *pair)[0]
        for pair in zip(found.drawn, found.drawn_censored, strict=True)
    ]
    bounds = f"{int(found.censored.sum())} of {len(found.units)} censored"
    return found.interval(value, np.array(drawn), f"censored regression, {bounds}")


def at_turn(task: str, sweep: xarray.Dataset, found: Turns) -> dict[str, np.ndarray]:
    """What might set N*, by size, each read at N* between whole N, the mean over seeds.

    Units that the nets written down need [rnn-7.2], [rnn-7.4] over all, and absorbed units over all
    and over those needed; epochs of the stage.
    """
    stages = by_n(sweep)
    known = stages.tau.notnull().sum("unit")
    share = ((stages.tau <= 1).sum("unit") / known).mean("seed", skipna=False)
    before = stages.solved.shift(n=1).where(stages.n > stages.n[0], 0.0)
    epochs = (stages.solved - before).mean("seed", skipna=False)
    needed = np.array([UNITS[task](turn) for turn in found.value]) / found.units
    absorbed = _read(share, found)
    return {
        "needed share": needed,
        "absorbed share": absorbed,
        "absorbed per needed": absorbed / needed,
        "epochs": _read(epochs, found),
    }


def spread(values: Float[np.ndarray, " size"]) -> float:
    """Largest over smallest; NaN of fewer than two."""
    values = values[np.isfinite(values)]
    return float(values.max() / values.min()) if len(values) > 1 else np.nan


def _read(values: xarray.DataArray, found: Turns) -> Float[np.ndarray, " size"]:
    """`values` (units, n) at N* of each size, between whole N; NaN where nothing is known."""
    read = []
    for row, turn in zip(values.transpose("units", "n").values, found.value, strict=True):
        known = np.isfinite(row)
        some = known.any() and np.isfinite(turn)
        read.append(np.interp(turn, values.n.values[known], row[known]) if some else np.nan)
    return np.array(read)
