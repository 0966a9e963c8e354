"""The sweeps of the room, at their presets; `paper` is at the size reported of the paper.

The paper's own settings are not known in full ([rfa-7.1]): these are our presets.
"""

from typing import Any

from sims.engine.sweep import Sweep
from sims.rf_attention.experiment import LearningCurve, Pool, WidthCurve

_SMOKE: dict[str, Any] = {"heads": 20, "block": 10, "smallest": 20, "largest": 40, "test": 50}
_SIZE: dict[str, Any] = {"dimension": 16, "keys": 16}
_PAPER = {**_SIZE, "heads": 1000, "smallest": 100, "largest": 3200, "test": 1500}
_MIDDLE = {**_SIZE, "heads": 400, "smallest": 800, "largest": 800}


def _curves(model: str) -> dict[str, Sweep]:
    """Learning curves, of attention without and with a mean of the query-key weights."""
    base: dict[str, Any] = {"model": model, "validate": True}
    axes = {"query_key_mean": [0.0, 1.0]} if model == "attention" else {}
    return {
        "smoke": Sweep(LearningCurve(**base, **_SMOKE), axes, 2),
        "quick": Sweep(LearningCurve(**base), axes, 10),
        "paper": Sweep(LearningCurve(**base, **_PAPER), axes, 5),
    }


def _interplay(model: str, means: list[float]) -> dict[str, Sweep]:
    """From the size on where RFA stands on its first plateau on g_1: 800 at d = N = 16.

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


def _limit(model: str) -> dict[str, Sweep]:
    """Infinitely many heads (C-RFA-18, 22); one theory for all presets, so one size."""
    base: dict[str, Any] = {"model": model, "heads": 0, "block": 1, "largest": 400}
    whole = Sweep(LearningCurve(**base, test=500), seeds=6)
    small: dict[str, Any] = {"largest": 50, "test": 50}
    return {
        "smoke": Sweep(LearningCurve(**{**base, **small}), seeds=2),
        "quick": whole,
        "paper": whole,
    }


def _widths(model: str) -> dict[str, Sweep]:
    """Error against heads at fixed n (C-RFA-21, 35)."""
    return {
        "smoke": Sweep(WidthCurve(model=model, steps=4, block=10, train=30, test=50), seeds=2),
        "quick": Sweep(WidthCurve(model=model), seeds=6),
        "paper": Sweep(WidthCurve(model=model, **_SIZE, train=800, test=1500), seeds=10),
    }


def _peak(model: str) -> dict[str, Sweep]:
    """Through k = n with next to no penalty, by n/36 units: M = 11 is k = n/4 at d = 8."""
    base: dict[str, Any] = {"model": model, "block": 11, "penalty": 2.5e-5}
    whole = Sweep(WidthCurve(**base, steps=16, train=396), seeds=5)
    return {
        "smoke": Sweep(WidthCurve(**base, steps=3, train=99, test=50), seeds=2),
        "quick": whole,
        "paper": whole,
    }


def _expressive(model: str) -> dict[str, Sweep]:
    """Targets that are no polynomials, d = 3 (C-RFA-30)."""
    base: dict[str, Any] = {"model": model, "targets": "functions", "dimension": 3, "keys": 4}
    axes = {"query_key_mean": [0.0, 1.0] if model == "attention" else [0.0]}
    large: dict[str, Any] = {"heads": 600, "block": 100}
    return {
        "smoke": Sweep(LearningCurve(**{**base, **_SMOKE}), axes, 2),
        "quick": Sweep(LearningCurve(**base, **large), axes, 8),
        "paper": Sweep(LearningCurve(**base, **large, largest=3200), axes, 5),
    }


def _floor(model: str) -> dict[str, Sweep]:
    """A target that is not additive in the keys, d = 8, N = 4 (C-RFA-29)."""
    base: dict[str, Any] = {"model": model, "targets": "functions", "keys": 4}
    axes = {"query_key_mean": [0.0, 1.0] if model == "attention" else [0.0]}
    size: dict[str, Any] = {"smallest": 1500, "largest": 1500}
    return {
        "smoke": Sweep(LearningCurve(**{**base, **_SMOKE}), axes, 2),
        "quick": Sweep(LearningCurve(**base, **size), axes, 3),
        "paper": Sweep(LearningCurve(**base, **size, heads=800), axes, 5),
    }


def _thresholds(model: str) -> dict[str, Sweep]:
    """Small training sizes for several numbers of keys, d = 8."""
    base: dict[str, Any] = {"model": model, "smallest": 6}
    return {
        "smoke": Sweep(LearningCurve(**{**base, **_SMOKE}), {"keys": [2, 4]}, 2),
        "quick": Sweep(LearningCurve(**base, largest=384), {"keys": [4, 8]}, 4),
        "paper": Sweep(LearningCurve(**base, largest=1536, heads=400), {"keys": [4, 8, 16, 32]}, 5),
    }


def _noise() -> dict[str, Sweep]:
    """Label noise on targets of variance one (C-RFA-34)."""
    base: dict[str, Any] = {"targets": "interplay"}
    axes = {"noise_variance": [0.0, 0.25, 1.0]}
    whole = Sweep(LearningCurve(**base, smallest=300, largest=300, test=500), axes, 6)
    return {
        "smoke": Sweep(LearningCurve(**base, **_SMOKE), axes, 2),
        "quick": whole,
        "paper": whole,
    }


_POOLED: dict[str, Any] = {"query_key_mean": 1.0}
_EXACT: dict[str, Any] = {"dimension": 4, "keys": 3, "heads": 0, "block": 1}

SWEEPS = {
    "curves": _curves("attention"),
    "curves_rfmlp": _curves("network"),
    "interplay": _interplay("attention", [0.0, 0.5, 1.0, 2.0, 4.0]),
    "interplay_rfmlp": _interplay("network", [0.0]),
    "limit": _limit("attention"),
    "limit_rfmlp": _limit("network"),
    "widths": _widths("attention"),
    "widths_rfmlp": _widths("network"),
    "peak": _peak("attention"),
    "peak_rfmlp": _peak("network"),
    "expressive": _expressive("attention"),
    "expressive_rfmlp": _expressive("network"),
    "floor": _floor("attention"),
    "floor_rfmlp": _floor("network"),
    "keys": _thresholds("attention"),
    "keys_rfmlp": _thresholds("network"),
    "noise": _noise(),
    "pool": {
        "smoke": Sweep(Pool(**_POOLED, heads=20, block=10, pool=160), seeds=2),
        "quick": Sweep(Pool(**_POOLED), seeds=3),
        "paper": Sweep(Pool(**_POOLED, **_SIZE, heads=1000, pool=6400)),
    },
    "spectrum": {
        "smoke": Sweep(Pool(**_EXACT, pool=200)),
        "quick": Sweep(Pool(**_EXACT, pool=2500)),
        "paper": Sweep(Pool(**_EXACT, pool=2500)),
    },
    "spectrum_rfmlp": {
        "smoke": Sweep(Pool(model="network", **_EXACT, pool=200)),
        "quick": Sweep(Pool(model="network", **_EXACT, pool=2500)),
        "paper": Sweep(Pool(model="network", **_EXACT, pool=2500)),
    },
}
