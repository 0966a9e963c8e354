"""What the modules of the register share: where claims can be decided, and how lists are written.

Presets are those of `sims`, by what claims need of them.
"""

from collections.abc import Iterable

CHECKS = "figures.rnn_timescales"
# Nets of 32 units and more that got far; `smoke` trains none.
TRAINED = ("quick", "standard", "paper")
# Variants, gated nets and retraining, which `quick` leaves out.
STANDARD = ("standard", "paper")
# 500 units at the authors' settings.
AUTHORS = ("authors", "paper")
# The sweep over numbers of units.
SIZES = ("sizes",)


def listed(values: Iterable[float | int]) -> str:
    """Numbers as a reader writes them: `1.5, 2, 3, 5`."""
    return ", ".join(f"{value:g}" for value in values)
