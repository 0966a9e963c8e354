"""Colours of the models."""

from figures.style import BLUE, GREEN, ORANGE

COLORS = {"RFA": BLUE, "BRFA": GREEN, "RFMLP": ORANGE}
