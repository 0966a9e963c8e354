"""The sweeps of the room by name, at their presets.

`standard` has more seeds and longer training; `smoke` only shows that the pipe is open.
"""

from __future__ import annotations

from typing import Any

from sims.associative_recall.one_layer import Sinks
from sims.associative_recall.training import Recall
from sims.engine.sweep import Sweep

Presets = dict[str, Sweep]

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


def _recall(seeds: int, steps: int, axes: dict[str, tuple[float, ...]]) -> Presets:
    """Two layers of four heads on context, memory and conflict prompts."""
    quick, longer = {**_QUICK, "steps": steps}, {**_QUICK, "steps": 2 * steps}
    return {
        "smoke": Sweep(Recall(**_SMOKE), axes, 2),
        "quick": Sweep(Recall(**quick), axes, seeds),
        "standard": Sweep(Recall(**longer), axes, 2 * seeds),
    }


SWEEPS: dict[str, Presets] = {
    "sinks": _sinks(6, (0.5, 0.8)),
    "no_sink": _sinks(6, (0.5, 0.8), sink=False),
    "two_heads": _sinks(12, (0.5,), sink=False, heads=2),
    "recall": _recall(16, 800, {}),
    "conflict": {
        preset: sweep
        for preset, sweep in _recall(8, 800, {"follows": _CHANCES}).items()
        if preset != "quick"
    },
}
