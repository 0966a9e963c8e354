"""Learning curves of random-feature attention, with sliders for N, d and M."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures.report.interactive import Control, Interactive, numbers_of
from sims.rf_attention.experiment import PENALTIES
from theory.rf_attention import spectra
from theory.rf_attention.setting import Setting
from theory.rf_attention.targets import NAMES, target_energies

if TYPE_CHECKING:
    from figures.report.entries import PaperEntry

KEYS = DIMENSIONS = (4, 8, 16, 32)
HEADS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
# Harmonics up to this degree in the query and in the keys; what is above is the spectrum's tail.
DEGREE = 6


def data(paper: PaperEntry) -> dict[str, Any]:
    """Spectra and energies for every N and d, and what was measured at one of them."""
    return {**table(), "measured": _measured(paper)}


def _measured(paper: PaperEntry) -> dict[str, Any]:
    numbers = numbers_of(paper, "curves")
    curves = next((s for s in _sources(paper) if s["name"] == "rf_attention.curves"), None)
    if not numbers or curves is None:
        return {}
    at = {name: curves["settings"][name] for name in ("dimension", "keys", "heads")}
    means = {name: numbers[f"{name} RFA"]["mean"] for name in NAMES if f"{name} RFA" in numbers}
    return {**at, "size": numbers["size"], "mean": means}


def _sources(paper: PaperEntry) -> list[Any]:
    return [s for entry in paper.figures if entry.name == "curves" for s in entry.sources]


@functools.cache
def table() -> dict[str, Any]:
    """Of every N and d: eigenvalues, multiplicities, tail, and energies by target."""
    tables = {}
    for dimension in DIMENSIONS:
        for keys in KEYS:
            setting = Setting(dimension, keys)
            spectrum = spectra.rfa_spectrum(setting, DEGREE)
            parts = {name: target_energies(name, setting) for name in NAMES}
            tables[f"{dimension},{keys}"] = {
                "lam": spectrum.eigenvalues,
                "count": spectrum.multiplicities,
                "tail": spectrum.tail,
                "trace": spectra.rfa_trace(setting),
                "energies": {
                    name: [found.get((level[0], level[1]), 0.0) for level in spectrum.levels]
                    for name, found in parts.items()
                },
                "variance": {name: spectra.variance(found) for name, found in parts.items()},
            }
    return {"spectra": tables, "penalties": PENALTIES}


INTERACTIVE = Interactive(
    "Learning curves of random-feature attention",
    "Relative test error against training samples at the best penalty: dashed, M heads by the "
    "deterministic equivalent [rfa-4.2] at k = M(d+1), thin, infinitely many by [rfa-4.1]. On f1 "
    "the former is too low ([rfa-4.3]). Circles, simulation, at the N, d and M that it has.",
    (
        Control("target", "target", NAMES),
        Control("N", "keys, N", KEYS, start=1),
        Control("d", "dimension, d", DIMENSIONS, start=1),
        Control("M", "heads, M", HEADS, start=4),
    ),
    data,
    Path(__file__).with_suffix(".js"),
)
