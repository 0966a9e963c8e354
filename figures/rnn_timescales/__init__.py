"""Timescales of recurrent nets: training under two curricula, linear theory, and the verdicts."""

from figures.rnn_timescales import (
    ablation,
    authors,
    damage_foretold,
    dimension,
    epochs,
    estimators,
    fixed,
    gated,
    identities,
    linear_theory,
    networks,
    no_curriculum,
    perturbation,
    probes,
    recall,
    resolution,
    retraining,
    sizes,
    tasks,
    timescales,
    units,
    variants,
)
from figures.rnn_timescales.interactive import INTERACTIVE

TITLE = "Emergent mechanisms for long timescales (Khajehabdollahi et al. 2024)"
# In the order of the page.
_FIGURES = (
    tasks,
    units,
    recall,
    timescales,
    epochs,
    no_curriculum,
    fixed,
    networks,
    dimension,
    probes,
    estimators,
    linear_theory,
    damage_foretold,
    ablation,
    perturbation,
    retraining,
    sizes,
    resolution,
    variants,
    gated,
    authors,
)
FIGURES = tuple(module.FIGURE for module in _FIGURES)
CHECKS = (
    *identities.CHECKS,
    *(check for module in _FIGURES for check in module.CHECKS),
)

__all__ = ["CHECKS", "FIGURES", "INTERACTIVE", "TITLE"]
