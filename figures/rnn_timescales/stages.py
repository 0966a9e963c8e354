"""What every figure of the room shares: stages by N, colours, and short broken sweeps."""

from __future__ import annotations

import numpy as np
import scipy.stats
import xarray
from jaxtyping import Float, Real
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sims.engine.sweep import Sweep
from sims.rnn_timescales.presets import BOTH, EPOCH
from sims.rnn_timescales.tasks import SMALLEST
from sims.rnn_timescales.training import Curriculum

SINGLE, MULTI = 1, 0
NAMES = {SINGLE: "single-head", MULTI: "multi-head"}
# Section 9: the authors' colours, by task and curriculum.
COLORS = {
    ("parity", SINGLE): "#D48A6A",
    ("parity", MULTI): "#489174",
    ("dms", SINGLE): "#803515",
    ("dms", MULTI): "#0E573A",
}
TITLES = {"parity": "N-parity", "dms": "N-DMS"}
SWEEPS = {task: f"rnn_timescales.{task}" for task in TITLES}

# Short sweeps for broken variants: enough for a check to fail, a few seconds each.
_SHORT = {"task": "dms", "last": 5, "steps": 12 * EPOCH}
FROZEN = Sweep(Curriculum(**_SHORT, timescale_rate=0.0), BOTH, 4)  # pyright: ignore[reportArgumentType]
SMOOTH = Sweep(Curriculum(**_SHORT, smooth=True), BOTH, 4)  # pyright: ignore[reportArgumentType]


def whole_numbers(*grid: Axes) -> None:
    """Ticks at whole N."""
    for axes in grid:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


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
    """The largest N that at least half of the runs of every curriculum solved."""
    share = stages.solved.notnull().mean("seed")
    others = [name for name in share.dims if name != "n"]
    good = (share >= 0.5).all(others)
    return int(stages.n.where(good).max())


def solved_by(stages: xarray.Dataset, epochs: float = np.inf) -> xarray.DataArray:
    """The largest N that each run solved within so many epochs; 1 where none."""
    return stages.n.where(stages.solved <= epochs).max("n").fillna(SMALLEST - 1)


def spearman(values: Float[np.ndarray, "seed n"], n: Real[np.ndarray, " n"]) -> np.ndarray:
    """Spearman's rho with N, by seed; 0 where nothing varies."""

    def one(row: np.ndarray) -> float:
        known = np.isfinite(row)
        if known.sum() < 3 or np.ptp(row[known]) == 0:
            return 0.0
        return float(scipy.stats.spearmanr(n[known], row[known])[0])  # pyright: ignore[reportArgumentType]

    return np.array([one(row) for row in values])
