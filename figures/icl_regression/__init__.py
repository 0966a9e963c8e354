"""In-context linear regression: theory and training on the same axes, and the verdicts."""

from figures.icl_regression import (
    activations,
    attention_noise,
    circuits,
    correlated,
    dynamics,
    estimators,
    finite_size,
    flow,
    formation,
    four_heads,
    head_numbers,
    identities,
    landscapes,
    lengths,
    predictions,
    rates,
    task_steps,
    tasks,
    valley,
)
from figures.icl_regression.interactive import INTERACTIVE

TITLE = "In-context linear regression demystified (He, Pan, Chen & Yang 2025)"

_SHOWN = (
    circuits,
    formation,
    dynamics,
    estimators,
    head_numbers,
    lengths,
    predictions,
    rates,
    flow,
    four_heads,
    valley,
    landscapes,
    attention_noise,
    finite_size,
    correlated,
    activations,
    tasks,
    task_steps,
)
FIGURES = tuple(shown.FIGURE for shown in _SHOWN)
CHECKS = (*identities.CHECKS, *(check for shown in _SHOWN for check in shown.CHECKS))

__all__ = ["CHECKS", "FIGURES", "INTERACTIVE", "TITLE"]
