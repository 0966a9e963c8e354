"""The numbered results of each room's `derivations.md`, by label."""

from __future__ import annotations

import re
from pathlib import Path

import theory
from theory.claims import LABEL

_HEADING = re.compile(r"^#{2,4} \[([a-z]+-\d+(?:\.\d+)*)\] (.+)$", re.MULTILINE)


def labels(paper: str) -> dict[str, str]:
    """Label -> title of every result that a paper's derivations number; none where it has none.

    Raises:
        ValueError: two results have one label.
    """
    found: dict[str, str] = {}
    for place in theory.__path__:
        path = Path(place) / paper / "derivations.md"
        if path.exists():
            for label, title in _HEADING.findall(path.read_text(encoding="utf-8")):
                if label in found:
                    raise ValueError(f"{path} has two results [{label}]")
                found[label] = title
    return found


def cited(text: str) -> list[str]:
    """The labels that a text cites, as `[icl-4.2]`."""
    return LABEL.findall(text)
