"""Timescales of recurrent nets: training under two curricula, linear theory, and the verdicts."""

from figures.rnn_timescales import curricula

TITLE = "Emergent mechanisms for long timescales (Khajehabdollahi et al. 2024)"
FIGURES = (*curricula.FIGURES,)
CHECKS = (*curricula.CHECKS,)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
