"""In-context linear regression: theory and training on the same axes, and the verdicts."""

from figures.icl_regression import (
    drawings,
    head_numbers,
    identities,
    linear,
    patterns,
    reduced_drawings,
    reduced_model,
    risks,
)

TITLE = "In-context linear regression demystified (He, Pan, Chen & Yang 2025)"
FIGURES = (
    *drawings.FIGURES,
    *head_numbers.FIGURES,
    *linear.FIGURES,
    *reduced_drawings.FIGURES,
)
CHECKS = (
    *identities.CHECKS,
    *risks.CHECKS,
    *reduced_model.CHECKS,
    *patterns.CHECKS,
    *linear.CHECKS,
)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
