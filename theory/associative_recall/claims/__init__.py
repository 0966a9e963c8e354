"""What is claimed about associative recall; labels are those of `derivations.md`."""

from theory.associative_recall.claims import exact, one_layer

CLAIMS = (*exact.CLAIMS, *one_layer.CLAIMS)

__all__ = ["CLAIMS"]
