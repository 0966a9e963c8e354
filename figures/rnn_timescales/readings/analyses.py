"""Tables of trained nets and of isolated units, and at which N nets are looked into."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray

from figures.evidence import Evidence
from figures.rnn_timescales.measured.fits import of_nets
from figures.rnn_timescales.measured.units import repeated
from figures.rnn_timescales.readings.stages import SWEEPS, last_n, stages_of
from sims.rnn_timescales import representation, robustness
from sims.rnn_timescales.tasks import SMALLEST
from theory.rnn_timescales.setting import ESTIMATED

# Streams that drive a net, and their length.
TRIALS, STEPS = 10, 4000
# Past the bound of 100 of the fit; the authors' script has the same filter, commented out.
BOUND = 99.0
# Repeated estimates of isolated units. The weighted one scatters by 7 % of the truth: 320 repeats
# know its mean to half a per cent.
REPEATS, REPEATED_STEPS = 320, 20_000
# Of how many of them, and of how many nets of each curriculum, the authors' own fit is made: it
# takes a twentieth of a second a unit.
FITTED, FITTED_NETS = 40, 4
# Relative sizes of a change of W or tau, three a decade as the authors have them.
STRENGTHS = (0.01, 0.0215, 0.0464, 0.1, 0.215, 0.464, 1.0)
# Units removed one at a time, shortest and longest: of 32, and of the authors' 500.
REMOVED, PAPER_REMOVED = 4, 20
# Nets of one N trained on larger ones alone, by task [rnn-8.7].
RETRAINED = {"parity": "rnn_timescales.retrained_parity", "dms": "rnn_timescales.retrained_dms"}


def stage_of(evidence: Evidence, task: str) -> int:
    """The N whose nets are damaged: the largest that most runs of both curricula solved."""
    return last_n(stages_of(evidence, task))


def shown(evidence: Evidence, task: str, count: int = 3) -> list[int]:
    """N at which nets are looked into: from 2 to the last, about `count` of them."""
    last = stage_of(evidence, task)
    return sorted({int(n) for n in np.linspace(SMALLEST, last, count).round()})


def timescales_of(evidence: Evidence, task: str) -> xarray.Dataset:
    """All four estimators at the shown N, under p ~ U(0, 1)."""
    stages = shown(evidence, task)
    return evidence.table(
        representation.timescales, SWEEPS[task], stages=stages, trials=TRIALS, steps=STEPS
    )


def authors_fit_of(evidence: Evidence, task: str) -> xarray.Dataset:
    """The larger timescale by the authors' own fit at the first and the last N, of few nets."""
    ends = shown(evidence, task, 2)
    settings: dict[str, Any] = {"seeds": FITTED_NETS, "trials": TRIALS, "steps": STEPS}
    return evidence.table(of_nets, SWEEPS[task], stages=ends, **settings)


def moments_of(evidence: Evidence, task: str, count: int = 3) -> xarray.Dataset:
    """Moments at the shown N, under p = 1/2 whatever the nets' own task."""
    return evidence.table(
        representation.moments,
        SWEEPS[task],
        stages=shown(evidence, task, count),
        trials=TRIALS,
        steps=STEPS,
        task="dms",
    )


def repeated_estimates(evidence: Evidence) -> xarray.Dataset:
    """The four estimates of isolated units' timescales and the authors', (repeat, tau) in steps."""
    settings: dict[str, Any] = {"repeats": REPEATS, "steps": REPEATED_STEPS, "fitted": FITTED}
    return evidence.table(repeated, taus=list(ESTIMATED), **settings)


def per_net(found: xarray.Dataset, estimator: str) -> xarray.DataArray:
    """Mean timescale of each net: the authors' rule over units above 1, the others over all.

    Units whose autocorrelation is at the fit's bound are dropped from the authors' rule, or one of
    them would outweigh all others; `weighted` keeps them.

    Args:
        found: see `timescales_of`.
        estimator: one of its variables.
    """
    values = found[estimator]
    if estimator == "slowest":
        values = values.where((values > 1) & (values < BOUND))
    return values.mean("unit")


def relative(found: xarray.Dataset) -> xarray.DataArray:
    """Accuracy as a share of the intact net's, chance at 0: (acc - 1/2)/(intact - 1/2)."""
    return (found.accuracy - 0.5) / (found.intact - 0.5)


def perturbed(evidence: Evidence, task: str, what: str) -> xarray.Dataset:
    """W (`"recurrent"`) or tau (`"timescale"`) moved by each of `STRENGTHS`."""
    return evidence.table(
        robustness.perturbation,
        SWEEPS[task],
        stages=[stage_of(evidence, task)],
        strengths=list(STRENGTHS),
        what=what,
    )


def ablated(evidence: Evidence, task: str) -> tuple[xarray.Dataset, xarray.Dataset]:
    """One unit removed at a time: of shortest and longest tau, and as many at random, twice."""
    settings: dict[str, Any] = {"stages": [stage_of(evidence, task)]}
    settings["removed"] = PAPER_REMOVED if evidence.preset == "paper" else REMOVED
    by_tau = evidence.table(robustness.ablation, SWEEPS[task], **settings)
    return by_tau, evidence.table(robustness.ablation, SWEEPS[task], **settings, by="random")


def remembered(evidence: Evidence, task: str) -> xarray.Dataset:
    """Accuracy on every N so far."""
    stage = [stage_of(evidence, task)]
    return evidence.table(robustness.forgetting, SWEEPS[task], stages=stage)


def retrained(training: xarray.Dataset) -> xarray.Dataset:
    """Accuracy on larger N at the end of retraining; NaN for nets that never solved the first."""
    last = training[["accuracy"]].isel(step=-1, head=0)
    return last.where(training.diverged < 0).assign_attrs(training.attrs)


def first_seed(found: xarray.Dataset) -> int:
    """The first seed whose nets reached every N of some moments, to be shown as an example."""
    others = [name for name in found.variance.dims if name != "seed"]
    reached = np.isfinite(found.variance).all(others)
    return int(found.seed.values[int(reached.argmax("seed"))])
