"""Random-feature attention: exact theory on every learning curve, and the verdicts."""

from figures.rf_attention import (
    complexity,
    curves,
    expressivity,
    identities,
    interplay,
    kernels,
    learning,
    quick_table,
    widths,
)

TITLE = "What can a single attention layer learn? (Fu, Guo, Bai & Mei 2023)"
FIGURES = (
    *curves.FIGURES,
    *widths.FIGURES,
    *interplay.FIGURES,
    *complexity.FIGURES,
    *kernels.FIGURES,
    *expressivity.FIGURES,
)
CHECKS = (
    *identities.CHECKS,
    *kernels.CHECKS,
    *complexity.CHECKS,
    *learning.CHECKS,
    *quick_table.CHECKS,
    *widths.CHECKS,
    *interplay.CHECKS,
    *expressivity.CHECKS,
)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
