"""The nets that a curriculum kept, by their largest N."""

from __future__ import annotations

import numpy as np
import scipy.stats
import xarray
from jaxtyping import Float, Real

from figures.evidence import Evidence
from sims.engine.errors import UserError
from sims.rnn_timescales.tasks import SMALLEST
from theory.rnn_timescales import setting

# Values of the axis `forget`, and the curricula that they are.
SINGLE, MULTI = 1, 0
NAMES = {SINGLE: setting.SINGLE, MULTI: setting.MULTI}

# Both curricula with the default units, by task.
SWEEPS = {"parity": "rnn_timescales.parity", "dms": "rnn_timescales.dms"}


def stages_of(evidence: Evidence, task: str) -> xarray.Dataset:
    """The stages of one task's sweep; see `by_n`."""
    return by_n(evidence.sweep(SWEEPS[task]))


def cap_of(evidence: Evidence, sweep: str) -> float:
    """The largest number of epochs that runs of a named sweep may take."""
    base = evidence.find(sweep).base
    return base.steps / base.log_every


def by_n(training: xarray.Dataset) -> xarray.Dataset:
    """The kept stages of a sweep by their largest N.

    Returns:
        `tau` (..., n, unit) in bits, the epoch `solved` at which each N was (..., n), both NaN
        where it was not.
    """
    raw, dt = training.raw_timescale, 1 / training.attrs["hold"]
    tau = dt + np.log1p(np.exp(raw)) if training.attrs["smooth"] else raw.where(~(raw < dt), dt)
    epochs = training.kept / training.attrs["log_every"]
    found = xarray.Dataset({"tau": tau, "solved": epochs.where(epochs > 0)})
    return found.assign_coords(stage=found.stage + SMALLEST).rename(stage="n")


def last_n(stages: xarray.Dataset) -> int:
    """The largest N that at least half of the runs of every curriculum solved.

    Raises:
        UserError: there is none, as at a preset that only shows that everything runs.
    """
    share = stages.solved.notnull().mean("seed")
    others = [name for name in share.dims if name != "n"]
    good = (share >= 0.5).all(others)
    if not good.any():
        raise UserError(
            "no N was solved by half of the runs, so there are no nets to look into: expected a "
            "preset that trains to the end, as quick"
        )
    return int(stages.n.where(good).max())


def solved_by(stages: xarray.Dataset, epochs: float = np.inf) -> xarray.DataArray:
    """The largest N that each run solved within so many epochs; 1 where none."""
    return stages.n.where(stages.solved <= epochs).max("n").fillna(SMALLEST - 1)


def average(found: xarray.Dataset, forget: int, statistic: str = "mean") -> xarray.DataArray:
    """A statistic of tau over units, (seed, n) in bits, for one curriculum.

    Args:
        found: stages, see `by_n`.
        forget: `SINGLE` or `MULTI`.
        statistic: `"mean"`, `"std"` or `"max"`.

    Raises:
        KeyError: another statistic.
    """
    tau = found.tau.sel(forget=forget)
    values = {"mean": tau.mean, "std": tau.std, "max": tau.max}[statistic]("unit", skipna=False)
    return values.transpose("seed", "n")


def reached(values: xarray.DataArray) -> Float[np.ndarray, " seed"]:
    """The values that are finite: of the seeds that got so far, or of the runs there are."""
    return values.values[np.isfinite(values.values)]


def spearman(
    values: Float[np.ndarray, "seed n"], n: Real[np.ndarray, " n"]
) -> Float[np.ndarray, " seed"]:
    """Spearman's rho with N, by seed; 0 where nothing varies."""

    def one(row: np.ndarray) -> float:
        known = np.isfinite(row)
        if known.sum() < 3 or np.ptp(row[known]) == 0:
            return 0.0
        return float(scipy.stats.spearmanr(n[known], row[known])[0])  # pyright: ignore[reportArgumentType]

    return np.array([one(row) for row in values])
