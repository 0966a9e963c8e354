"""Timescales of recurrent nets: training under two curricula, linear theory, and the verdicts."""

from figures.rnn_timescales import curricula, networks, robustness, sizes, solving

TITLE = "Emergent mechanisms for long timescales (Khajehabdollahi et al. 2024)"
FIGURES = (
    *curricula.FIGURES,
    *solving.FIGURES,
    *sizes.FIGURES,
    *networks.FIGURES,
    *robustness.FIGURES,
)
CHECKS = (
    *curricula.CHECKS,
    *solving.CHECKS,
    *sizes.CHECKS,
    *networks.CHECKS,
    *robustness.CHECKS,
)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
