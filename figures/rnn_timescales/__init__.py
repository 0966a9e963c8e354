"""Timescales of recurrent nets: training under two curricula, linear theory, and the verdicts."""

from figures.rnn_timescales import (
    authors,
    curricula,
    estimators,
    gated,
    identities,
    linear_theory,
    networks,
    robustness,
    schematic,
    sizes,
    solving,
    variants,
)

TITLE = "Emergent mechanisms for long timescales (Khajehabdollahi et al. 2024)"
FIGURES = (
    *schematic.FIGURES,
    *identities.FIGURES,
    *curricula.FIGURES,
    *solving.FIGURES,
    *networks.FIGURES,
    *estimators.FIGURES,
    *linear_theory.FIGURES,
    *robustness.FIGURES,
    *sizes.FIGURES,
    *variants.FIGURES,
    *gated.FIGURES,
    *authors.FIGURES,
)
CHECKS = (
    *identities.CHECKS,
    *estimators.CHECKS,
    *curricula.CHECKS,
    *solving.CHECKS,
    *networks.CHECKS,
    *linear_theory.CHECKS,
    *robustness.CHECKS,
    *sizes.CHECKS,
    *authors.CHECKS,
    *gated.CHECKS,
)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
