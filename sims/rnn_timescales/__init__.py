"""Timescales of recurrent nets under two curricula (Khajehabdollahi et al., 2309.12927)."""

from sims.rnn_timescales.presets import SWEEPS

__all__ = ["SWEEPS"]
