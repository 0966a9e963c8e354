"""What is claimed about associative recall; labels are those of `derivations.md`."""

from theory.associative_recall.claims import conflict, exact, one_layer, retrieval

CLAIMS = (*exact.CLAIMS, *one_layer.CLAIMS, *retrieval.CLAIMS, *conflict.CLAIMS)

__all__ = ["CLAIMS"]
