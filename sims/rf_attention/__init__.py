"""Random-feature attention: what a single attention layer can learn (Fu et al., 2307.11353)."""

from sims.rf_attention.presets import SWEEPS

__all__ = ["SWEEPS"]
