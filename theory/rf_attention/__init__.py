"""Exact theory of random-feature attention: kernels, spectra, learning curves, norms."""

from theory.rf_attention.claims import CLAIMS

__all__ = ["CLAIMS"]
