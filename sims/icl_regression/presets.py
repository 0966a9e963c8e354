"""The sweeps of the room by name, at their presets.

`paper` has the authors' settings [icl-9.1]; `quick` departs from them in rate, batch and steps to
fit two CPU cores, which changes gamma but not what theory says of a net at its gamma [icl-9.3];
`smoke` only shows that the pipe is open. Seeds: a share of at least 90 % can be shown from 29 on,
and one in five two-headed nets is same-sign.
"""

from typing import Any

from sims.engine.experiment import with_settings
from sims.engine.sweep import Sweep
from sims.icl_regression.training import LinearTraining, Training
from sims.icl_regression.variants import SGD, Activation, Anisotropic, MultiTask

Presets = dict[str, Sweep]

_SMOKE: dict[str, Any] = {"steps": 200, "log_every": 20}
# 500,000 steps; theirs count the first log point as a step.
_PAPER: dict[str, Any] = {"steps": 500_000, "log_every": 1000, "prompts": 256}
_PAPER |= {"learning_rate": 1e-3, "final_fraction": 1.0}


def _presets(
    kind: type[Training], quick: dict[str, Any], seeds: int, paper_seeds: int = 16, **fixed: Any
) -> Presets:
    """An experiment with `fixed` settings at the three presets."""
    return {
        "smoke": Sweep(kind(**fixed, **_SMOKE), seeds=2),
        "quick": Sweep(kind(**fixed, **quick), seeds=seeds),
        "paper": Sweep(kind(**fixed, **_PAPER), seeds=paper_seeds),
    }


def _softmax(heads: int, steps: int, seeds: int) -> Presets:
    """One to eight heads on a single task; more heads take longer to sort themselves."""
    return _presets(Training, {"steps": steps, "log_every": 40}, seeds, 256, heads=heads)


def _tasks(heads: int, steps: int, seeds: int, **fixed: Any) -> Presets:
    """Two tasks, each with a beta of its own unless `shared`."""
    quick = {"steps": steps, "log_every": 100, "learning_rate": 0.02}
    return _presets(MultiTask, quick, seeds, heads=heads, **fixed)


def _activation(name: str) -> Presets:
    """Two heads with another function in place of the exponential."""
    quick = {"steps": 3000, "log_every": 50, "prompts": 128}
    return _presets(Activation, quick, 10, heads=2, activation=name)


def _rates(steps: int, rates: list[float]) -> Presets:
    """Constant rates, for the gamma that the optimiser's noise sets; slower rates take longer."""
    constant = Training(heads=2, final_fraction=1.0, steps=steps, log_every=200)
    slower = {"learning_rate": [rate / 5 for rate in rates], "prompts": [64, 128, 256]}
    return {
        "smoke": Sweep(with_settings(constant, steps=200), {"learning_rate": rates}, 2),
        "quick": Sweep(constant, {"learning_rate": rates, "prompts": [16, 32, 64]}, 8),
        "paper": Sweep(with_settings(constant, steps=25 * steps), slower, 32),
    }


def _sgd() -> Presets:
    """Plain SGD at a constant rate, whose time is that of the flow."""
    quick = {"steps": 4000, "prompts": 128, "learning_rate": 0.05, "final_fraction": 1.0}
    paper = _PAPER | {"steps": 40_000, "log_every": 200, "learning_rate": 0.01}
    return {
        "smoke": Sweep(SGD(heads=2, **_SMOKE), seeds=2),
        "quick": Sweep(SGD(heads=2, log_every=20, **quick), seeds=32),
        "paper": Sweep(SGD(heads=2, **paper), seeds=64),
    }


_LINEAR = {"steps": 3000, "log_every": 30, "prompts": 128}
_ANISOTROPIC = {"steps": 4000, "log_every": 100}

SWEEPS: dict[str, Presets] = {
    "training_h1": _softmax(heads=1, steps=4000, seeds=32),
    "training_h2": _softmax(heads=2, steps=4000, seeds=48),
    "training_h3": _softmax(heads=3, steps=6000, seeds=32),
    "training_h4": _softmax(heads=4, steps=6000, seeds=32),
    "training_h8": _softmax(heads=8, steps=6000, seeds=32),
    "linear": _presets(LinearTraining, _LINEAR, 16, 64),
    "tasks_h1": _tasks(heads=1, steps=3000, seeds=12),
    "tasks_h2": _tasks(heads=2, steps=4000, seeds=12),
    "tasks_h3": _tasks(heads=3, steps=6000, seeds=12),
    "tasks_h4": _tasks(heads=4, steps=6000, seeds=32),
    "tasks_shared": _tasks(heads=4, steps=4000, seeds=12, shared=True, length=40),
    "anisotropic": _presets(Anisotropic, _ANISOTROPIC, 12, heads=2),
    "activation_linear": _activation("linear"),
    "activation_square": _activation("square"),
    "activation_tanh": _activation("tanh"),
    "rates": _rates(steps=8000, rates=[0.01, 0.02]),
    "rates_slow": _rates(steps=16_000, rates=[0.005]),
    "sgd": _sgd(),
}
