"""Colours and marks of the models."""

from figures.style import BLUE, GREEN, ORANGE

COLORS = {"RFA": BLUE, "BRFA": GREEN, "RFMLP": ORANGE}
MARKERS = {"RFA": "o", "BRFA": "^", "RFMLP": "s"}
