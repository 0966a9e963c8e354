"""Falsifiers: short sweeps of broken variants, broken readings of them, and made-up data.

Short sweeps take a few seconds each: enough for a check to fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import xarray

from figures.evidence import Evidence
from figures.rnn_timescales.readings.analyses import retrained
from figures.rnn_timescales.readings.stages import MULTI, SINGLE, by_n
from sims.engine.sweep import Start, Sweep
from sims.rnn_timescales import representation, robustness
from sims.rnn_timescales.gated import GatedCurriculum
from sims.rnn_timescales.presets import BOTH, EPOCH
from sims.rnn_timescales.retraining import Retraining
from sims.rnn_timescales.tasks import SMALLEST
from sims.rnn_timescales.training import Curriculum
from theory.rnn_timescales import linear
from theory.rnn_timescales.setting import LENGTHENED, TASKS, WEIGHT_NOISE

_SHORT: dict[str, Any] = {"task": "dms", "last": 5, "steps": 12 * EPOCH}
# Time constants that never move, and time constants that no clamp can absorb.
FROZEN = Sweep(Curriculum(**_SHORT, timescale_rate=0.0), BOTH, 4)
SMOOTH = Sweep(Curriculum(**_SHORT, smooth=True), BOTH, 4)
GATED = Sweep(
    GatedCurriculum(units=16, sequences=32, last=4, steps=800, log_every=100, learning_rate=1e-2),
    BOTH,
    2,
)
Labelled = TypeVar("Labelled", xarray.Dataset, xarray.DataArray)
# The last N of those nets that most runs reach, and the one before.
LAST, BEFORE = 4, 3


def frozen(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Nets whose time constants never moved."""
    return (evidence.sweep(FROZEN),)


def smooth(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Nets without the clamp."""
    return (evidence.sweep(SMOOTH),)


def frozen_stages(evidence: Evidence) -> xarray.Dataset:
    """Stages of nets whose time constants never moved."""
    return by_n(evidence.sweep(FROZEN))


def one_list(evidence: Evidence) -> xarray.Dataset:
    """Stages of multi-head's runs in the place of both curricula."""
    return one_curriculum(frozen_stages(evidence), MULTI)


def one_curriculum(found: xarray.Dataset, forget: int) -> xarray.Dataset:
    """The nets of one curriculum in the place of both."""
    return found.sel(forget=[forget, forget]).assign_coords(forget=[SINGLE, MULTI])


def swapped(found: Labelled) -> Labelled:
    """The curricula in each other's places."""
    return found.assign_coords(forget=SINGLE + MULTI - found.forget)


def moments(evidence: Evidence) -> xarray.Dataset:
    """Moments of short runs of frozen nets."""
    settings: dict[str, Any] = {"trials": 4, "steps": 1000, "task": "dms"}
    return representation.moments(evidence.sweep(FROZEN), stages=[2, LAST], **settings)


def same_stage(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Timescales of the nets of N = 2 in the place of the last."""
    sweep = evidence.sweep(FROZEN)
    found = representation.timescales(sweep, stages=[2], trials=4, steps=1000)
    return (found.sel(n=[2, 2]).assign_coords(n=[2, LAST]),)


def backwards(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Moments with the stages in reverse order."""
    found = moments(evidence)
    return (found.assign_coords(n=found.n.values[::-1]),)


def shuffled_probes(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Probes of frozen nets with the answers of other streams."""
    return (representation.probes(evidence.sweep(FROZEN), stages=[LAST], shuffled=True),)


def probes_of_one(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Probes of multi-head's frozen nets in the place of both curricula's."""
    found = representation.probes(evidence.sweep(FROZEN), stages=[LAST])
    return (one_curriculum(found, MULTI),)


def without_signs(evidence: Evidence) -> xarray.Dataset:
    """Frozen nets with the moduli of their recurrent weights."""
    return abs(evidence.sweep(FROZEN)[["recurrent", "raw_timescale", "kept"]])


def random_units(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Units taken at random, ablated in the place of short and of long tau."""
    return (robustness.ablation(evidence.sweep(FROZEN), stages=[LAST], removed=2, by="random"),)


def remembered(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Accuracy on older N, the curricula in each other's places."""
    return (swapped(robustness.forgetting(evidence.sweep(FROZEN), stages=[LAST])),)


def readout_moved(evidence: Evidence) -> xarray.Dataset:
    """The readout moved in the place of W or tau."""
    return robustness.perturbation(
        evidence.sweep(FROZEN),
        stages=[LAST],
        strengths=[LENGTHENED, WEIGHT_NOISE],
        what="readout",
        draws=2,
    )


def retrained_alike(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Retraining of one curriculum's nets as both."""
    again = Retraining(**{**_SHORT, "steps": EPOCH}, timescale_rate=0.0, origin=BEFORE)
    start = Start(FROZEN, BEFORE - SMALLEST)
    sweep = Sweep(again, {**BOTH, "target": [BEFORE, LAST]}, FROZEN.seeds, start)
    return (one_curriculum(retrained(evidence.sweep(sweep)), SINGLE),)


def solved(by_kind: Mapping[str, float]) -> xarray.DataArray:
    """Made-up runs that solved so much, four seeds that differ by a stage: (kind, seed)."""
    values = np.array(list(by_kind.values()))[:, None] + np.array([0.0, 1.0, 0.0, 1.0])
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
    seeds = np.array([-0.3, -0.1, 0.1, 0.3])
    at = np.array(least)[:, None, None] + seeds[:, None]
    coords = {"units": [16, 32, 64, 128], "seed": range(4), "n": n}
    tau = xarray.DataArray(1.4 + 0.01 * (n - at) ** 2, coords, ("units", "seed", "n"))
    return dict.fromkeys(TASKS, tau)


def exponential(tau: Any, hold: int, lag: Any) -> Any:
    """exp(-l/tau) in the place of an isolated unit's autocorrelation."""
    return np.exp(-lag / tau)


def without_rates(*weights: np.ndarray) -> linear.System:
    """The linear network with w_in in place of b = D_a w_in."""
    return linear.linear_network(*weights)._replace(drive=weights[1])
