"""Falsifiers: sweeps of broken variants, broken readings of whole ones, and made-up data.

A broken sweep is as large as the one it stands for, so that a check that fails on it does so for
the break and not for want of nets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import xarray

from figures.evidence import Evidence, override
from figures.rnn_timescales.readings.stages import MULTI, NAMES, SINGLE, SWEEPS
from sims.engine.identity import settings
from sims.engine.sweep import Start, Sweep
from sims.rnn_timescales.gated import GatedCurriculum
from sims.rnn_timescales.presets import BOTH
from sims.rnn_timescales.retraining import Retraining
from sims.rnn_timescales.tasks import SMALLEST
from theory.rnn_timescales import authors, linear
from theory.rnn_timescales.setting import TASKS

# Gated nets that train in seconds.
GATED = Sweep(
    GatedCurriculum(units=16, sequences=32, last=4, steps=800, log_every=100, learning_rate=1e-2),
    BOTH,
    6,
)
# Where retraining starts, where it goes and for how many epochs.
ORIGIN, TARGETS, AGAIN = 6, [6, 8, 10], 4
Labelled = TypeVar("Labelled", xarray.Dataset, xarray.DataArray)


def frozen(evidence: Evidence) -> xarray.Dataset:
    """DMS nets whose time constants never move."""
    return evidence.sweep(override(evidence.find(SWEEPS["dms"]), timescale_rate=0.0))


def smooth(evidence: Evidence) -> xarray.Dataset:
    """DMS nets without the clamp."""
    return evidence.sweep(override(evidence.find(SWEEPS["dms"]), smooth=True))


def retrained(evidence: Evidence, task: str) -> xarray.Dataset:
    """A task's nets trained on larger N alone, as small as those that they start from."""
    start = evidence.find(SWEEPS[task])
    own: dict[str, Any] = settings(start.base)
    own |= {"steps": AGAIN * own["log_every"], "origin": ORIGIN}
    axes = BOTH | {"target": TARGETS}
    return evidence.sweep(
        Sweep(Retraining(**own), axes, start.seeds, Start(start, ORIGIN - SMALLEST))
    )


def one_curriculum(found: Labelled, forget: int) -> Labelled:
    """The nets of one curriculum in the place of both."""
    return found.sel(forget=[forget, forget]).assign_coords(forget=[SINGLE, MULTI])


def swapped(found: Labelled) -> Labelled:
    """The curricula in each other's places."""
    return found.assign_coords(forget=SINGLE + MULTI - found.forget)


def backwards(found: Labelled) -> Labelled:
    """The stages in reverse order."""
    return found.assign_coords(n=found.n.values[::-1])


def first_as_last(found: Labelled) -> Labelled:
    """The stage of the smallest N in the place of every other."""
    return found.isel(n=[0] * found.sizes["n"]).assign_coords(n=found.n.values)


def solved(by_kind: Mapping[str, float]) -> xarray.DataArray:
    """Made-up runs that solved so much, four seeds that differ by a stage: (kind, seed)."""
    stages = np.array([np.roll([0.0, 1.0, 0.0, 1.0], place) for place in range(len(by_kind))])
    values = np.array(list(by_kind.values()))[:, None] + stages
    coords = {"kind": list(by_kind), "seed": range(4)}
    return xarray.DataArray(values, coords, ("kind", "seed"), attrs={"cap": 40, "budget": 1})


def turning(least: Sequence[float]) -> Mapping[str, xarray.DataArray]:
    """Made-up mean tau, parabolas in N with their least values there, seeds a little apart.

    Args:
        least: N* at 16, 32, 64 and 128 units.

    Returns:
        by task, (units, seed, n).
    """
    n = np.arange(2, 17)
    seeds = np.tile([-0.3, -0.1, 0.1, 0.3], 2)
    at = np.array(least)[:, None, None] + seeds[:, None]
    coords = {"units": [16, 32, 64, 128], "seed": range(len(seeds)), "n": n}
    tau = xarray.DataArray(1.4 + 0.01 * (n - at) ** 2, coords, ("units", "seed", "n"))
    return dict.fromkeys(TASKS, tau)


def as_theirs(moved: float = 1.0, averaged: bool = False) -> tuple[xarray.Dataset, xarray.Dataset]:
    """Made-up training at the authors' settings that does what theirs did, three seeds.

    Args:
        moved: so much of their fall of mean tau.
        averaged: the loss is the mean over heads in place of their sum.

    Returns:
        the first epoch alone, of twelve seeds, and both curricula.
    """
    scatter, epoch = np.array([-0.001, 0.0, 0.001]), 600
    last = len(authors.MEAN_TAU[NAMES[SINGLE]])
    raw, loss = np.empty((2, 3, last, 1)), np.full((2, 3, last + 1), np.nan)
    for at, name in enumerate(NAMES.values()):
        falls = [authors.fall(name, n) for n in range(authors.FIRST_N, authors.FIRST_N + last)]
        raw[at, ..., 0] = authors.INITIAL_TAU - moved * np.array(falls) + scatter[:, None]
        known = np.array(authors.FIRST_LOSSES[name])
        heads = np.arange(1, len(known) + 1) if averaged and NAMES[MULTI] == name else 1
        loss[at, :, 1 : len(known) + 1] = known / heads + scatter[:, None]
    first = authors.FIRST_LOSSES[NAMES[SINGLE]][0] + np.tile(scatter, 4)
    start = np.full((2, 3, last + 1, 1), authors.INITIAL_TAU)
    kept = np.broadcast_to(epoch * (1 + np.arange(last)), (2, 3, last))
    dims = ("forget", "seed")
    both = xarray.Dataset(
        {
            "raw_timescale": ((*dims, "stage", "unit"), raw),
            "kept": ((*dims, "stage"), kept),
            "timescale": ((*dims, "step", "unit"), start),
            "loss": ((*dims, "step"), loss),
        },
        {"forget": list(NAMES), "stage": range(last), "step": epoch * np.arange(last + 1)},
        {"hold": 1, "smooth": 0, "log_every": epoch, "steps": epoch * last},
    )
    return xarray.Dataset({"loss": (("seed", "step"), np.stack([first, first], axis=1))}), both


def exponential(tau: Any, hold: int, lag: Any) -> Any:
    """exp(-l/tau) in the place of an isolated unit's autocorrelation."""
    return np.exp(-lag / tau)


def without_rates(*weights: np.ndarray) -> linear.System:
    """The linear network with w_in in place of b = D_a w_in."""
    return linear.linear_network(*weights)._replace(drive=weights[1])
