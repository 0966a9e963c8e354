"""The sweeps of the room, at their presets (section 8.2).

`quick` has 32 units, `standard` the same with larger N and more set-ups (a quarter of an hour on
two cores), `paper` the authors' 500. Where runs end early the number of steps is only a cap.
"""

from typing import Any

from sims.engine.experiment import with_settings
from sims.engine.sweep import Sweep
from sims.rnn_timescales.training import Curriculum

EPOCH, PAPER_EPOCH = 200, 600
_SMOKE: dict[str, Any] = {"units": 8, "sequences": 16, "steps": 40, "log_every": 20}
_PAPER: dict[str, Any] = {"units": 500, "sequences": 256, "log_every": PAPER_EPOCH}
_PAPER |= {"test_batches": 50, "learning_rate": 0.05}

# Single-head forgets what it has solved, multi-head (cumulative) does not.
BOTH = {"forget": [1, 0]}
TAUS = {"lowest": [1.0, 2.0, 3.0]}
# U(1, 1.3), U(1, 2), U(2, 2.3), U(2, 3): weak and strong, narrow and wide initial tau.
STARTS = {"lowest": [1.0, 2.0], "spread": [0.3, 1.0]}


def _quick(epochs: int, **settings: Any) -> Curriculum:
    return Curriculum(steps=epochs * EPOCH, **settings)


def _paper(epochs: int, **settings: Any) -> Curriculum:
    return Curriculum(steps=epochs * PAPER_EPOCH, **_PAPER, **settings)


def _smoke(sweep: Sweep) -> Sweep:
    """A sweep of the same axes that only shows that everything runs."""
    base = with_settings(sweep.base, last=3, window=1, first=2, **_SMOKE)
    axes = {name: values for name, values in sweep.axes.items() if name not in ("first", "units")}
    return Sweep(base, axes, 2)


_FIXED: dict[str, Any] = {"spread": 0.0, "timescale_rate": 0.0}
_ALONE: dict[str, Any] = {"forget": 0, "add": 0}
# Sizes of single-head nets, to find where their mean tau turns.
_SIZES = {"units": [16, 24, 32, 48, 64, 128]}

_QUICK = {
    "dms": Sweep(_quick(80, task="dms", last=12), BOTH, 12),
    "parity": Sweep(_quick(110, last=12), BOTH, 12),
    "fixed_parity": Sweep(_quick(25, last=12, forget=0, **_FIXED), TAUS, 4),
    "direct_parity": Sweep(_quick(30, last=10, **_ALONE), {"first": [3, 5, 8]}, 4),
    "together_parity": Sweep(_quick(25, last=8, window=7, forget=0), {}, 4),
}
_STANDARD = {
    "dms": Sweep(_quick(160, task="dms", last=14), BOTH, 12),
    "parity": Sweep(_quick(300, last=12), BOTH, 24),
    "fixed_parity": Sweep(_quick(60, last=12, **_FIXED), TAUS | BOTH, 12),
    "direct_parity": Sweep(_quick(30, last=10, **_ALONE), {"first": [3, 5, 6, 7, 8, 10]}, 8),
    "together_parity": Sweep(_quick(25, last=8, window=7, forget=0), {}, 8),
    "sliding_parity": Sweep(_quick(60, last=10, window=5, forget=1), {}, 4),
    "smooth_dms": Sweep(_quick(100, task="dms", last=12, smooth=True), BOTH, 8),
    "inside_dms": Sweep(_quick(80, task="dms", last=12, inside=True), BOTH, 4),
    "initial_dms": Sweep(_quick(80, task="dms", last=10), STARTS | BOTH, 16),
    "held_parity": Sweep(_quick(60, last=8, inside=True, hold=3), BOTH, 4),
}
_FULL = {
    "dms": Sweep(_paper(400, task="dms", last=30), BOTH, 4),
    "parity": Sweep(_paper(400, last=30), BOTH, 4),
    "fixed_parity": Sweep(_paper(400, last=40, **_FIXED), TAUS | BOTH, 4),
    "direct_parity": Sweep(_paper(50, last=20, **_ALONE), {"first": [3, 5, 10, 15, 20]}, 4),
    "together_parity": Sweep(_paper(50, last=11, window=10, forget=0), {}, 4),
    "sliding_parity": Sweep(_paper(100, last=31, window=10, forget=5, add=5), {}, 4),
    "smooth_dms": Sweep(_paper(400, task="dms", last=30, smooth=True), BOTH, 4),
    "inside_dms": Sweep(_paper(400, task="dms", last=30, inside=True), BOTH, 4),
    "initial_dms": Sweep(_paper(400, task="dms", last=30), STARTS | BOTH, 4),
    "held_parity": Sweep(_paper(200, last=20, inside=True, hold=10), BOTH, 4),
}

# The authors' settings as far as two cores go, for the numbers that their checkpoints give.
_AUTHORS = _paper(40, last=11)

SWEEPS = {
    name: {
        "smoke": _smoke(_STANDARD[name]),
        **({"quick": _QUICK[name]} if name in _QUICK else {}),
        "standard": _STANDARD[name],
        "paper": _FULL[name],
    }
    for name in _STANDARD
}
SWEEPS["authors_parity"] = {
    "smoke": _smoke(Sweep(_AUTHORS, BOTH, 3)),
    "authors": Sweep(_AUTHORS, BOTH, 3),
    "paper": Sweep(_AUTHORS, BOTH, 4),
}
# Their first epoch alone, which costs seconds and is the same in both curricula.
_FIRST = _paper(1, last=2)
SWEEPS["authors_first"] = {
    "smoke": Sweep(with_settings(_FIRST, **_SMOKE), {}, 2),
    "authors": Sweep(_FIRST, {}, 12),
    "paper": Sweep(_FIRST, {}, 12),
}
for _name, _many in (
    ("sizes_dms", _quick(80, task="dms", last=16)),
    ("sizes_parity", _quick(300, last=14)),
):
    SWEEPS[_name] = {
        "smoke": Sweep(with_settings(_many, last=3, **_SMOKE), {"units": [8, 12]}, 2),
        "sizes": Sweep(_many, _SIZES, 8),
    }
