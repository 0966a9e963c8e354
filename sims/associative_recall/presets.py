"""The sweeps of the room by name, at their presets.

`standard` has more seeds and longer training, `secondary` the nets of three layers among which
sinks are searched; `smoke` only shows that the pipe is open.
"""

from __future__ import annotations

from typing import Any

from sims.associative_recall.one_layer import Sinks
from sims.associative_recall.relation import Relation
from sims.associative_recall.training import Recall
from sims.engine.experiment import Experiment
from sims.engine.sweep import Sweep

Presets = dict[str, Sweep]
Axes = dict[str, tuple[Any, ...]]

_SMOKE: dict[str, Any] = {"steps": 40, "log_every": 20, "keep_state": True}
_QUICK: dict[str, Any] = {"steps": 1000, "log_every": 100, "keep_state": True}
# The c of `recall` is a fourth.
_CHANCES = (0.3, 0.5, 0.9)


def _sinks(seeds: int, shares: tuple[float, ...], **fixed: Any) -> Presets:
    """One layer, at one or several shares of queries with a match."""
    axes, longer = {"matched": shares}, {**_QUICK, "steps": 3000}
    return {
        "smoke": Sweep(Sinks(**fixed, **_SMOKE), axes, 2),
        "quick": Sweep(Sinks(**fixed, **_QUICK), axes, seeds),
        "standard": Sweep(Sinks(**fixed, **longer), axes, 4 * seeds),
    }


def _long(kind: type[Experiment], steps: int, axes: Axes, seeds: int, **fixed: Any) -> Presets:
    """A sweep that takes too long for `quick`."""
    longer = {**_QUICK, "steps": steps}
    return {
        "smoke": Sweep(kind(**fixed, **_SMOKE), axes, 2),
        "standard": Sweep(kind(**fixed, **longer), axes, seeds),
    }


_DEEPER: dict[str, Any] = {
    "mix": "unknown",
    "normed": True,
    "layers": 3,
    "hidden": 64,
    "own": "first",
    "offsets": "first",
    "learning_rate": 0.003,
}
_COPIES: Axes = {"copies": (True, False)}
SWEEPS: dict[str, Presets] = {
    "sinks": _sinks(6, (0.5, 0.8)),
    "no_sink": _sinks(6, (0.5, 0.8), sink=False),
    "two_heads": _sinks(12, (0.5,), sink=False, heads=2),
    "recall": {
        "quick": Sweep(Recall(**{**_QUICK, "steps": 800}), {}, 16),
        **_long(Recall, 1600, {}, 32),
    },
    "conflict": _long(Recall, 1600, {"follows": _CHANCES}, 16),
    "agree": _long(Recall, 600, {"facts": (32, 128, 512, 4096)}, 6, mix="agree"),
    "choice": _long(
        Recall,
        1000,
        {"own": ("all", "none"), "offsets": ("all", "first")},
        12,
        mix="unknown",
        normed=True,
    ),
    "relation": _long(Relation, 800, {"heads": (1, 2, 4)}, 12),
    "bare": _long(Relation, 800, {"heads": (1, 2, 4)}, 12, hidden=0),
    "noisy": _long(Relation, 800, {"noise": (0.0, 0.1, 0.2, 0.4)}, 12, layers=2, heads=4),
    "staged": _long(Relation, 800, {"noise": (0.0, 0.2)}, 12, layers=2, heads=4, staged=True),
    "secondary": {
        "smoke": Sweep(Recall(**_DEEPER, **_SMOKE), _COPIES, 2),
        "secondary": Sweep(Recall(**_DEEPER, **{**_QUICK, "steps": 3000}), _COPIES, 24),
    },
}
