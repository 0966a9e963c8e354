"""The sweeps of the room, at their presets (section 5); `paper` is the spec's full preset.

The paper's own settings are not known in full: these are our presets.
"""

from typing import Any

from sims.engine.sweep import Sweep
from sims.rf_attention.experiment import LearningCurve

_SMOKE: dict[str, Any] = {"heads": 20, "block": 10, "smallest": 20, "largest": 40, "test": 50}
_SIZE: dict[str, Any] = {"dimension": 16, "keys": 16}
_PAPER = {**_SIZE, "heads": 1000, "smallest": 100, "largest": 3200, "test": 1500}
_MIDDLE = {**_SIZE, "heads": 400, "smallest": 800, "largest": 800}


def _presets(**fixed: Any) -> dict[str, Sweep]:
    return {
        "smoke": Sweep(LearningCurve(**fixed, **_SMOKE), seeds=2),
        "quick": Sweep(LearningCurve(**fixed), seeds=10),
        "paper": Sweep(LearningCurve(**fixed, **_PAPER), seeds=5),
    }


def _interplay(model: str, means: list[float]) -> dict[str, Sweep]:
    """From the size on where RFA stands on its first plateau on g_1: 800 in the spec, d = N = 16.

    That is .45 of the samples that half of g_1's second level takes (1780 there, 279 for d = N =
    8), so 125 in quick.
    """
    base: dict[str, Any] = {"model": model, "targets": "interplay"}
    axes = {"query_key_mean": means}
    return {
        "smoke": Sweep(LearningCurve(**base, **_SMOKE), axes, 2),
        "quick": Sweep(LearningCurve(**base, smallest=125, largest=500), axes, 10),
        "paper": Sweep(LearningCurve(**base, **_MIDDLE), axes, 10),
    }


SWEEPS = {
    "rfa": _presets(),
    "brfa": _presets(query_key_mean=1.0),
    "rfmlp": _presets(model="network"),
    "interplay": _interplay("attention", [0.0, 0.5, 1.0, 2.0, 4.0]),
    "interplay_rfmlp": _interplay("network", [0.0]),
}
