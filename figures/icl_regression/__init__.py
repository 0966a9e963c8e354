"""In-context linear regression: theory and training on the same axes, and the verdicts."""

from figures.icl_regression import (
    drawings,
    formation,
    head_numbers,
    heat_maps,
    identities,
    landscape,
    linear,
    noise,
    patterns,
    predicted,
    reduced_drawings,
    reduced_model,
    risks,
    tasks,
    variants,
)

TITLE = "In-context linear regression demystified (He, Pan, Chen & Yang 2025)"
FIGURES = (
    *heat_maps.FIGURES,
    *drawings.FIGURES,
    *head_numbers.FIGURES,
    *linear.FIGURES,
    *predicted.FIGURES,
    *noise.FIGURES,
    *reduced_drawings.FIGURES,
    *landscape.FIGURES,
    *variants.FIGURES,
    *tasks.FIGURES,
)
CHECKS = (
    *identities.CHECKS,
    *risks.CHECKS,
    *reduced_model.CHECKS,
    *landscape.CHECKS,
    *patterns.CHECKS,
    *formation.CHECKS,
    *linear.CHECKS,
    *predicted.CHECKS,
    *noise.CHECKS,
    *variants.CHECKS,
    *tasks.CHECKS,
)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
