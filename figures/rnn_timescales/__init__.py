"""Timescales of recurrent nets: training under two curricula, linear theory, and the verdicts."""

from figures.rnn_timescales import (
    authors,
    curricula,
    gated,
    linear_theory,
    networks,
    robustness,
    variants,
)

TITLE = "Emergent mechanisms for long timescales (Khajehabdollahi et al. 2024)"
FIGURES = (
    *curricula.FIGURES,
    *networks.FIGURES,
    *linear_theory.FIGURES,
    *robustness.FIGURES,
    *authors.FIGURES,
    *variants.FIGURES,
    *gated.FIGURES,
)
CHECKS = (
    *curricula.CHECKS,
    *networks.CHECKS,
    *linear_theory.CHECKS,
    *robustness.CHECKS,
    *authors.CHECKS,
    *gated.CHECKS,
)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
