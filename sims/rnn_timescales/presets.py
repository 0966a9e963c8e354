"""The sweeps of the room, at their presets.

`quick` has 32 units, `standard` the same with larger N and more set-ups (a quarter of an hour on
two cores), `paper` the authors' 500 [rnn-10.1]; `sizes` varies the number of units, `authors` goes
with 500 units as far as two cores do. Where runs end early the number of steps is only a cap. How
the small settings were found is in [rnn-10.3].
"""

from collections.abc import Mapping
from typing import Any

from sims.engine.experiment import with_settings
from sims.engine.identity import settings
from sims.engine.sweep import Start, Sweep
from sims.rnn_timescales.gated import GatedCurriculum
from sims.rnn_timescales.retraining import Retraining
from sims.rnn_timescales.tasks import SMALLEST
from sims.rnn_timescales.training import Curriculum

# Steps of an epoch: of nets of 32 units, of the paper's, and of gated nets.
EPOCH, PAPER_EPOCH, GATED_EPOCH = 200, 600, 300
_SMOKE: dict[str, Any] = {"units": 8, "sequences": 16, "steps": 40, "log_every": 20}
_SMOKE_LAST = 3
_PAPER: dict[str, Any] = {"units": 500, "sequences": 256, "log_every": PAPER_EPOCH}
_PAPER |= {"test_batches": 50, "learning_rate": 0.05}
# The authors' LSTMs [rnn-2.6].
_PAPER_GATED: dict[str, Any] = {
    "units": 500,
    "learning_rate": 1e-3,
    "test_batches": 50,
    "last": 50,
    "steps": 100 * GATED_EPOCH,
}

# Single-head forgets what it has solved, multi-head (cumulative) does not.
BOTH = {"forget": [1, 0]}
_TAUS = {"lowest": [1.0, 2.0, 3.0]}
# U(1, 1.3), U(1, 2), U(2, 2.3), U(2, 3): weak and strong, narrow and wide initial tau.
_STARTS = {"lowest": [1.0, 2.0], "spread": [0.3, 1.0]}
# Numbers of units of single-head nets, to find where their mean tau turns.
_SIZES = {"units": [16, 24, 32, 48, 64, 128]}
# Time constants that all begin alike and never move; one N that is asked from the start.
_FIXED: dict[str, Any] = {"spread": 0.0, "timescale_rate": 0.0}
_ALONE: dict[str, Any] = {"forget": 0, "add": 0}


def _small(epochs: int, **settings: Any) -> Curriculum:
    """The experiment's own defaults, 32 units."""
    return Curriculum(steps=epochs * EPOCH, **settings)


def _large(epochs: int, **settings: Any) -> Curriculum:
    """The authors' settings, 500 units."""
    return Curriculum(steps=epochs * PAPER_EPOCH, **_PAPER, **settings)


def _gated(cell: str, **settings: Any) -> GatedCurriculum:
    return GatedCurriculum(cell=cell, log_every=GATED_EPOCH, **settings)


def _with_smoke(standard: Sweep, **others: Sweep) -> Mapping[str, Sweep]:
    """Presets of a sweep, with `smoke`, which has its axes and only shows that everything runs."""
    base = with_settings(standard.base, last=_SMOKE_LAST, window=1, first=2, **_SMOKE)
    axes = {name: values for name, values in standard.axes.items() if name != "first"}
    return {"smoke": Sweep(base, axes, 2), "standard": standard, **others}


def _tiny(base: Curriculum | GatedCurriculum, axes: Mapping[str, Any]) -> Sweep:
    return Sweep(with_settings(base, last=_SMOKE_LAST, **_SMOKE), axes, 2)


def _fixed(**task: str) -> Mapping[str, Sweep]:
    """Time constants that stay where they begin."""
    return _with_smoke(
        Sweep(_small(60, last=12, **_FIXED, **task), _TAUS | BOTH, 12),
        quick=Sweep(_small(25, last=12, forget=0, **_FIXED, **task), _TAUS, 4),
        paper=Sweep(_large(400, last=40, **_FIXED, **task), _TAUS | BOTH, 4),
    )


def _direct(**task: str) -> Mapping[str, Sweep]:
    """One N alone; so many seeds that a share of them below one half can be told from it."""
    small = _small(30, last=10, **_ALONE, **task)
    return _with_smoke(
        Sweep(small, {"first": [3, 5, 6, 7, 8, 10]}, 8),
        quick=Sweep(small, {"first": [3, 8]}, 8),
        paper=Sweep(_large(50, last=20, **_ALONE, **task), {"first": [3, 5, 10, 15, 20]}, 8),
    )


def _together(**task: str) -> Mapping[str, Sweep]:
    """All heads at once, from the first step on."""
    small = _small(25, last=8, window=7, forget=0, **task)
    return _with_smoke(
        Sweep(small, {}, 8),
        quick=Sweep(small, {}, 4),
        paper=Sweep(_large(50, last=11, window=10, forget=0, **task), {}, 4),
    )


# As far as two cores go with the authors' settings, and their first epoch alone, which costs
# seconds and is the same in both curricula.
_AUTHORS, _FIRST = _large(40, last=11), _large(1, last=2)
_SIZES_DMS, _SIZES_PARITY = _small(80, task="dms", last=16), _small(300, last=14)

_CURRICULA: dict[str, Mapping[str, Sweep]] = {
    "dms": _with_smoke(
        Sweep(_small(160, task="dms", last=14), BOTH, 12),
        quick=Sweep(_small(80, task="dms", last=12), BOTH, 12),
        paper=Sweep(_large(400, task="dms", last=30), BOTH, 4),
    ),
    "parity": _with_smoke(
        Sweep(_small(300, last=12), BOTH, 24),
        quick=Sweep(_small(110, last=12), BOTH, 12),
        paper=Sweep(_large(400, last=30), BOTH, 4),
    ),
    "fixed_parity": _fixed(),
    "fixed_dms": _fixed(task="dms"),
    "direct_parity": _direct(),
    "direct_dms": _direct(task="dms"),
    "together_parity": _together(),
    "together_dms": _together(task="dms"),
}
_VARIANTS: dict[str, Mapping[str, Sweep]] = {
    "sliding_parity": _with_smoke(
        Sweep(_small(60, last=10, window=5, forget=1), {}, 4),
        paper=Sweep(_large(100, last=31, window=10, forget=5, add=5), {}, 4),
    ),
    "smooth_dms": _with_smoke(
        Sweep(_small(100, task="dms", last=12, smooth=True), BOTH, 8),
        paper=Sweep(_large(400, task="dms", last=30, smooth=True), BOTH, 4),
    ),
    "inside_dms": _with_smoke(
        Sweep(_small(80, task="dms", last=12, inside=True), BOTH, 4),
        paper=Sweep(_large(400, task="dms", last=30, inside=True), BOTH, 4),
    ),
    "initial_dms": _with_smoke(
        Sweep(_small(80, task="dms", last=10), _STARTS | BOTH, 16),
        paper=Sweep(_large(400, task="dms", last=30), _STARTS | BOTH, 4),
    ),
    "held_parity": _with_smoke(
        Sweep(_small(60, last=8, inside=True, hold=3), BOTH, 4),
        paper=Sweep(_large(200, last=20, inside=True, hold=10), BOTH, 4),
    ),
}
_GATED: dict[str, Mapping[str, Sweep]] = {
    "gru": {
        "smoke": _tiny(_gated("gru"), BOTH),
        "standard": Sweep(_gated("gru", steps=60 * GATED_EPOCH), BOTH, 8),
        "paper": Sweep(_gated("gru", **_PAPER_GATED), BOTH, 4),
    },
    "lstm": {
        "smoke": _tiny(_gated("lstm"), BOTH),
        "standard": Sweep(_gated("lstm", steps=60 * GATED_EPOCH), BOTH, 8),
        "paper": Sweep(_gated("lstm", **_PAPER_GATED), BOTH, 4),
    },
}
_OTHER_SIZES: dict[str, Mapping[str, Sweep]] = {
    "authors_parity": {
        "smoke": _tiny(_AUTHORS, BOTH),
        "authors": Sweep(_AUTHORS, BOTH, 3),
        "paper": Sweep(_AUTHORS, BOTH, 4),
    },
    "authors_first": {
        "smoke": Sweep(with_settings(_FIRST, **_SMOKE), {}, 2),
        "authors": Sweep(_FIRST, {}, 12),
        "paper": Sweep(_FIRST, {}, 12),
    },
    "sizes_dms": {
        "smoke": _tiny(_SIZES_DMS, {"units": [8, 12]}),
        "sizes": Sweep(_SIZES_DMS, _SIZES, 8),
    },
    "sizes_parity": {
        "smoke": _tiny(_SIZES_PARITY, {"units": [8, 12]}),
        "sizes": Sweep(_SIZES_PARITY, _SIZES, 8),
    },
}


def _retrained(origin: Sweep, n: int, targets: list[int], epochs: int) -> Sweep:
    """The nets of `origin` that solved N = `n`, trained on each target alone."""
    own = settings(origin.base)
    own |= {"last": max(own["last"], *targets), "steps": epochs * own["log_every"]}
    start = Start(origin, n - SMALLEST)
    return Sweep(Retraining(**own, origin=n), BOTH | {"target": targets}, origin.seeds, start)


# Where retraining starts, where it goes, and for how many epochs.
_PARITY, _DMS = _CURRICULA["parity"], _CURRICULA["dms"]
_FAR = [16, 22, 28, 34, 40, 46]
_RETRAINED: dict[str, Mapping[str, Sweep]] = {
    "retrained_parity": {
        "smoke": _retrained(_PARITY["smoke"], 2, [2, 3], 1),
        "standard": _retrained(_PARITY["standard"], 6, [6, 8, 10], 4),
        "paper": _retrained(_PARITY["paper"], 16, _FAR, 20),
    },
    "retrained_dms": {
        "smoke": _retrained(_DMS["smoke"], 2, [2, 3], 1),
        "standard": _retrained(_DMS["standard"], 6, [6, 8, 10, 12], 3),
        "paper": _retrained(_DMS["paper"], 16, _FAR, 20),
    },
}

SWEEPS = _CURRICULA | _VARIANTS | _RETRAINED | _OTHER_SIZES | _GATED
