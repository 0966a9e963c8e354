"""The papers that a room tests, as one cites them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Paper:
    """Bibliographic data of a paper.

    Attributes:
        title: as printed.
        authors: as `Family, Given`, in the paper's order.
        year: of the version cited.
        arxiv: its number there.
        venue: where it appeared, if it did.
    """

    title: str
    authors: Sequence[str]
    year: int
    arxiv: str
    venue: str = ""

    @property
    def key(self) -> str:
        """First author, year and first word of the title, as `fu2023what`."""
        words = f"{self.authors[0].split(',')[0]}{self.year}{self.title.split()[0]}"
        return re.sub(r"\W", "", words).lower()

    def bibtex(self) -> str:
        """An entry for a bibliography; braces keep the title's capitals."""
        fields = {
            "title": f"{{{self.title}}}",
            "author": " and ".join(self.authors),
            "year": str(self.year),
            "booktitle": self.venue,
            "eprint": self.arxiv,
            "archiveprefix": "arXiv",
        }
        lines = [f"  {name} = {{{text}}}," for name, text in fields.items() if text]
        kind = "inproceedings" if self.venue else "misc"
        return "\n".join([f"@{kind}{{{self.key},", *lines, "}"])
