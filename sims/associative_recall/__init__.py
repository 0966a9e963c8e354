"""Associative recall in transformers of one and two layers, and what one does to their heads."""

from sims.associative_recall.presets import SWEEPS

__all__ = ["SWEEPS"]
