"""Tests mirror the layers; this module is imported before any of them, and before NumPy."""

from sims.engine.cli import one_blas_thread

one_blas_thread()
