"""The sweeps of the room, at their presets.

`quick` departs from the authors' settings (rate 1e-3 constant, 256 prompts, 500,001 steps) to fit
two CPU cores; section 6.1 of the spec measures what that changes: gamma, not the invariants. Seeds:
a share of at least 90 % can be shown from 29 on, and one in five two-headed nets is same-sign.
"""

from typing import Any

from sims.engine.experiment import with_settings
from sims.engine.sweep import Sweep
from sims.icl_regression.model import ACTIVATIONS
from sims.icl_regression.training import LinearTraining, Training
from sims.icl_regression.variants import SGD, Activation, Anisotropic, MultiTask

_PAPER = {"steps": 500_000, "log_every": 1000, "prompts": 256, "learning_rate": 1e-3}
_PAPER |= {"final_fraction": 1.0}


def _presets(
    kind: type[Training], seeds: int, paper_seeds: int = 16, *, quick: dict[str, Any], **fixed: Any
) -> dict[str, Sweep]:
    return {
        "smoke": Sweep(kind(**fixed, steps=200, log_every=20), seeds=2),
        "quick": Sweep(kind(**fixed, **quick), seeds=seeds),
        "paper": Sweep(kind(**fixed, **_PAPER), seeds=paper_seeds),
    }


_SOFTMAX = {
    f"training_h{heads}": _presets(
        Training, seeds, 256, heads=heads, quick={"steps": steps, "log_every": 40}
    )
    for heads, steps, seeds in (
        *((1, 4000, 32), (2, 4000, 48)),
        *((3, 6000, 32), (4, 6000, 32), (8, 6000, 32)),
    )
}

_TASKS = {
    f"tasks_h{heads}": _presets(
        MultiTask,
        seeds,
        heads=heads,
        quick={"steps": steps, "log_every": 100, "learning_rate": 0.02},
    )
    for heads, steps, seeds in ((1, 3000, 12), (2, 4000, 12), (3, 6000, 12), (4, 6000, 32))
}
_TASKS["tasks_shared"] = _presets(
    MultiTask,
    12,
    heads=4,
    shared=True,
    length=40,
    quick={"steps": 4000, "log_every": 100, "learning_rate": 0.02},
)

_ACTIVATIONS = {
    f"activation_{name}": _presets(
        Activation,
        10,
        heads=2,
        activation=name,
        quick={"steps": 3000, "log_every": 50, "prompts": 128},
    )
    for name in ACTIVATIONS
}

# Constant rates, for the gamma that the optimiser's noise sets; slower rates take longer.
_CONSTANT = Training(heads=2, final_fraction=1.0, steps=8000, log_every=200)
_BATCHES = {"prompts": [16, 32, 64]}
_RATES = {
    name: {
        "smoke": Sweep(with_settings(_CONSTANT, steps=200), {"learning_rate": rates}, 2),
        "quick": Sweep(
            with_settings(_CONSTANT, steps=steps), {"learning_rate": rates, **_BATCHES}, 8
        ),
        "paper": Sweep(
            with_settings(_CONSTANT, steps=25 * steps),
            {"learning_rate": [rate / 5 for rate in rates], "prompts": [64, 128, 256]},
            32,
        ),
    }
    for name, steps, rates in (("rates", 8000, [0.01, 0.02]), ("rates_slow", 16_000, [0.005]))
}

SWEEPS = {
    **_SOFTMAX,
    "linear": _presets(
        LinearTraining, 16, 64, quick={"steps": 3000, "log_every": 30, "prompts": 128}
    ),
    **_TASKS,
    "anisotropic": _presets(Anisotropic, 12, heads=2, quick={"steps": 4000, "log_every": 100}),
    **_ACTIVATIONS,
    **_RATES,
    "sgd": {
        "smoke": Sweep(SGD(heads=2, steps=200, log_every=20), seeds=2),
        "quick": Sweep(
            SGD(
                heads=2,
                steps=4000,
                log_every=20,
                prompts=128,
                learning_rate=0.05,
                final_fraction=1.0,
            ),
            seeds=32,
        ),
        "paper": Sweep(
            SGD(heads=2, **_PAPER | {"steps": 40_000, "log_every": 200, "learning_rate": 0.01}),
            seeds=64,
        ),
    },
}
