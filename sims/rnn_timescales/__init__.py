"""Timescales of recurrent nets under two curricula (Khajehabdollahi et al., 2309.12927)."""

from sims.rnn_timescales import gated_presets, presets

SWEEPS = presets.SWEEPS | gated_presets.SWEEPS

__all__ = ["SWEEPS"]
