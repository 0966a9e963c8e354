"""Tests of the engine."""

# Of its modules, those that make numbers; all others say how work is done and kept.
NUMERIC = {"devices", "experiment", "optimisers", "program"}
