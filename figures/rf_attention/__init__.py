"""Random-feature attention: exact theory on every learning curve, and the verdicts."""

from figures.rf_attention import complexity, identities, learning

TITLE = "What can a single attention layer learn? (Fu, Guo, Bai & Mei 2023)"
FIGURES = (*learning.FIGURES, *complexity.FIGURES)
CHECKS = (*identities.CHECKS, *complexity.CHECKS, *learning.CHECKS)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
