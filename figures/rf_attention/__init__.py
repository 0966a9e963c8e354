"""Random-feature attention: exact theory on every learning curve, and the verdicts."""

from figures.rf_attention import (
    complexity,
    curves,
    expressivity,
    identities,
    interplay,
    kernels,
    limit,
    widths,
)
from figures.rf_attention.interactive import INTERACTIVE

TITLE = "What can a single attention layer learn? (Fu, Guo, Bai & Mei 2023)"
_ORDER = (curves, limit, widths, interplay, complexity, kernels, expressivity)
FIGURES = tuple(module.FIGURE for module in _ORDER)
CHECKS = (*identities.CHECKS, *(check for module in _ORDER for check in module.CHECKS))

__all__ = ["CHECKS", "FIGURES", "INTERACTIVE", "TITLE"]
