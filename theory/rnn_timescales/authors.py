"""What the authors' own checkpoints and logs hold, to compare ours with (sections 7.1, 7.2).

N-parity, 500 units, nonlinearity outside, their seed 0. Measured on their files for the
specification, not printed in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping

SINGLE, MULTI = "single-head", "multi-head"

INITIAL_TAU = 1.4933
# Mean tau of the net that solved N = 2, 3, ...
MEAN_TAU: Mapping[str, tuple[float, ...]] = {
    SINGLE: (1.4871, 1.4806, 1.4762, 1.4725, 1.4669, 1.4591, 1.4525, 1.4480, 1.4409, 1.4334),
    MULTI: (1.4871, 1.4776, 1.4676, 1.4561, 1.4354, 1.4257, 1.4144, 1.4050, 1.3969, 1.3890),
}
# Mean training loss of the first epoch of N = 2, 3, 4, 5, which solved it.
FIRST_LOSSES: Mapping[str, tuple[float, ...]] = {
    SINGLE: (0.0918, 0.1622, 0.1711, 0.2422),
    MULTI: (0.0918, 0.1913, 0.2705, 0.3614),
}


def fall(curriculum: str, n: int) -> float:
    """How far mean tau has fallen from its initial value when N is solved."""
    return INITIAL_TAU - MEAN_TAU[curriculum][n - 2]
