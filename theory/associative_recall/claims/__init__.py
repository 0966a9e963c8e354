"""What is claimed about associative recall; labels are those of `derivations.md`."""

from theory.associative_recall.claims import conflict, exact, facts, one_layer, retrieval, sinks

CLAIMS = (
    *exact.CLAIMS,
    *one_layer.CLAIMS,
    *retrieval.CLAIMS,
    *conflict.CLAIMS,
    *facts.CLAIMS,
    *sinks.CLAIMS,
)

__all__ = ["CLAIMS"]
