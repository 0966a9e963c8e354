"""Exact theory of random-feature attention: kernels, spectra, learning curves, norms."""

from theory.citation import Paper
from theory.rf_attention.claims import CLAIMS

__all__ = ["CITATIONS", "CLAIMS"]

CITATIONS = (
    Paper(
        "What can a Single Attention Layer Learn? A Study Through the Random Features Lens",
        ("Fu, Hengyu", "Guo, Tianyu", "Bai, Yu", "Mei, Song"),
        2023,
        "2307.11353",
        "Advances in Neural Information Processing Systems",
    ),
)
