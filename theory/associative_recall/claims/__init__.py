"""What is claimed about associative recall.

Claims about trained nets speak of those that have learned both kinds of recall; the share of nets
that have is in every verdict. What is derived here stands under its label in `derivations.md`.
"""

from theory.associative_recall.claims import exact, one_layer

CLAIMS = (*exact.CLAIMS, *one_layer.CLAIMS)

__all__ = ["CLAIMS"]
