"""In-context linear regression: theory and training on the same axes, and the verdicts."""

from figures.icl_regression import identities, patterns, risks
from figures.icl_regression.drawings import FIGURES

TITLE = "In-context linear regression demystified (He, Pan, Chen & Yang 2025)"
CHECKS = (*identities.CHECKS, *risks.CHECKS, *patterns.CHECKS)

__all__ = ["CHECKS", "FIGURES", "TITLE"]
