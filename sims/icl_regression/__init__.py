"""In-context linear regression with multi-head softmax attention (He et al. 2025, 2503.12734)."""

from sims.icl_regression.presets import SWEEPS

__all__ = ["SWEEPS"]
