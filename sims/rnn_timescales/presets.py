"""The sweeps of the room, at their presets (section 8.2).

`quick` is 32 units, `paper` the authors' size; `standard` lies between and is a quarter of an hour.
"""

from typing import Any

from sims.engine.sweep import Sweep
from sims.rnn_timescales.training import Curriculum

_SMOKE: dict[str, Any] = {"units": 8, "sequences": 16, "last": 3, "steps": 40, "log_every": 20}
_PAPER: dict[str, Any] = {"units": 500, "sequences": 256, "log_every": 600, "test_batches": 50}
_PAPER |= {"learning_rate": 0.05}

# Single-head forgets what it has solved, multi-head (cumulative) does not.
_BOTH = {"forget": [1, 0]}

SWEEPS = {
    "dms": {
        "smoke": Sweep(Curriculum(task="dms", **_SMOKE), _BOTH, 2),
        "quick": Sweep(Curriculum(task="dms", last=12, steps=80 * 200), _BOTH, 8),
        "paper": Sweep(Curriculum(task="dms", last=30, steps=400 * 600, **_PAPER), _BOTH, 4),
    },
    "parity": {
        "smoke": Sweep(Curriculum(**_SMOKE), _BOTH, 2),
        "quick": Sweep(Curriculum(last=12, steps=150 * 200), _BOTH, 8),
        "paper": Sweep(Curriculum(last=30, steps=400 * 600, **_PAPER), _BOTH, 4),
    },
}
