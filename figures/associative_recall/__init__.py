"""Associative recall: what heads that retrieve must do, and what those of trained nets do."""

from figures.associative_recall import (
    agreement,
    choice,
    compression,
    conflict,
    contribution,
    facts,
    flipping,
    identities,
    induction,
    interference,
    learning,
    middle_mlp,
    noise,
    norm,
    race,
    ranks,
    retrieval,
    secondary,
    sinks,
)

TITLE = "Associative recall in tiny transformers (after Wu et al. 2024 and Jin et al. 2024)"

_SHOWN = (
    retrieval,
    flipping,
    conflict,
    contribution,
    compression,
    learning,
    facts,
    noise,
    agreement,
    race,
    sinks,
    choice,
    norm,
    middle_mlp,
    secondary,
    induction,
    ranks,
    interference,
)
FIGURES = tuple(shown.FIGURE for shown in _SHOWN)
CHECKS = (*identities.CHECKS, *(check for shown in _SHOWN for check in shown.CHECKS))

__all__ = ["CHECKS", "FIGURES", "TITLE"]
