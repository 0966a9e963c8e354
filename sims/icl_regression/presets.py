"""The sweeps of the room, at their presets.

`quick` departs from the authors' settings (rate 1e-3 constant, 256 prompts, 500,001 steps) to fit
two CPU cores; section 6.1 of the spec measures what that changes: gamma, not the invariants. Seeds:
a share of at least 95 % can be shown from 59 on, and one in five two-headed nets is same-sign.
"""

from sims.engine.sweep import Sweep
from sims.icl_regression.training import LinearTraining, Training

_QUICK = {"steps": 4000, "log_every": 40}
_PAPER = {"steps": 500_000, "log_every": 1000, "prompts": 256, "learning_rate": 1e-3}

_SOFTMAX = {
    f"training_h{heads}": {
        "smoke": Sweep(Training(heads=heads, steps=200, log_every=20), seeds=2),
        "quick": Sweep(Training(heads=heads, **_QUICK | {"steps": steps}), seeds=seeds),
        "paper": Sweep(Training(heads=heads, **_PAPER, final_fraction=1.0), seeds=256),
    }
    for heads, steps, seeds in (
        *((1, 4000, 32), (2, 4000, 80)),
        *((3, 6000, 64), (4, 6000, 64), (8, 6000, 64)),
    )
}

_LINEAR = {
    "smoke": Sweep(LinearTraining(steps=200, log_every=20), seeds=2),
    "quick": Sweep(LinearTraining(steps=3000, log_every=30, prompts=128), seeds=16),
    "paper": Sweep(LinearTraining(**_PAPER, final_fraction=1.0), seeds=64),
}

SWEEPS = {**_SOFTMAX, "linear": _LINEAR}
