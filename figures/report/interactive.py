"""Figures that a reader moves: sliders and switches, a script, and the table that it reads.

A room offers one as `INTERACTIVE`. Its script registers a model under the paper's key; drawing
axes, curves and points is the work of `interactive.js`, for all of them. Nothing is fetched: data
stand in the page.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from figures.plain import plain

if TYPE_CHECKING:
    from figures.report.entries import PaperEntry


@dataclasses.dataclass(frozen=True)
class Control:
    """Something to set: a slider where its values are numbers, else a list to choose from.

    Attributes:
        name: as the script reads it.
        label: as the reader does.
        start: index of the first value shown.
    """

    name: str
    label: str
    values: Sequence[float | int | str]
    start: int = 0

    @property
    def slides(self) -> bool:
        """Whether its values are numbers."""
        return not isinstance(self.values[0], str)


@dataclasses.dataclass(frozen=True)
class Interactive:
    """One figure with controls.

    Attributes:
        title: one line.
        text: what is drawn, and from which formula; labels as `[icl-3.4]` become links.
        data: from the paper's figures to what the script reads, as JSON values or arrays.
        script: the file beside the module of its room.
    """

    title: str
    text: str
    controls: Sequence[Control]
    data: Callable[[PaperEntry], Mapping[str, Any]]
    script: Path

    def shipped(self, paper: PaperEntry) -> Markup:
        """Data and the controls' values as JSON that may stand in a script element."""
        whole = dict(self.data(paper))
        whole["controls"] = {control.name: list(control.values) for control in self.controls}
        text = json.dumps(plain(whole), allow_nan=False, separators=(",", ":"))
        return Markup(text.replace("</", "<\\/"))


def numbers_of(paper: PaperEntry, figure: str) -> Mapping[str, Any]:
    """The numbers behind one of the paper's figures; none where it is not drawn."""
    return next((entry.data for entry in paper.figures if entry.name == figure), {})
