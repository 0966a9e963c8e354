"""The targets of the room by name, and their energies by level ([rfa-3.4])."""

from __future__ import annotations

from theory.rf_attention import spectra
from theory.rf_attention.setting import Setting

# Power p, and whether weighted by <x0, x>^p, by target.
TARGETS = {
    **{f"f{p}": (p, False) for p in (1, 2, 3, 4)},
    **{f"g{p}": (p, True) for p in (1, 2, 3)},
}
NAMES = tuple(TARGETS)


def target_energies(name: str, setting: Setting) -> dict[tuple[int, int], float]:
    """A target's squared norms by level (a, b) of RFA's spectrum."""
    return spectra.monomial_energies(*TARGETS[name], setting)
