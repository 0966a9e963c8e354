"""A paper's derivations as HTML, result by result, with MathML that needs no script.

Links are written by what they lead to (`label:icl-4.2`, `claim:C-ICL-24`); the site knows where
that is.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

import theory
from theory.claims import LABEL

_HEADING = re.compile(r"^(#{1,4}) (?:\[([a-z]+-\d+(?:\.\d+)*)\] )?(.+)$", re.MULTILINE)
_CLAIM = re.compile(r"\bC-[A-Z]+-\d+\b")
# What the converter has no letter or no side for: LaTeX -> a character that it passes on.
_LETTERS = {r"\mathbb E": "𝔼", r"\mathbb R": "ℝ", r"\mathbf 1": "𝟏"}
_BARS = {"\ue000": r"\lvert", "\ue001": r"\rvert", "\ue002": r"\lVert", "\ue003": r"\rVert"}
_SIDES = {
    "\ue000": '<mo form="prefix" stretchy="false">|</mo>',
    "\ue001": '<mo form="postfix" stretchy="false">|</mo>',
    "\ue002": '<mo form="prefix" stretchy="false">‖</mo>',
    "\ue003": '<mo form="postfix" stretchy="false">‖</mo>',
}
# The head of a column that is one symbol: as a letter, since a formula is no name to everyone.
_SYMBOL_HEAD = re.compile(
    r"<th>\s*<span[^>]*><math><mrow><mi>([^<]+)</mi></mrow></math></span>\s*</th>"
)
_DISPLAY = re.compile(r'<div class="math inline">(.*?)</div>', re.DOTALL)
_UPRIGHT = re.compile(r'<mrow>((?:<mi mathvariant="normal">[a-zA-Z]</mi>){2,})</mrow>')


@dataclasses.dataclass(frozen=True)
class Section:
    """What stands under one heading.

    Attributes:
        label: of a numbered result, else empty.
        level: 1 for what comes before the first section, 2 for sections, 3 for results.
        html: without the heading.
    """

    label: str
    title: Markup
    level: int
    html: Markup


@functools.cache
def derivations(paper: str) -> tuple[Section, ...]:
    """Every section of a paper's `derivations.md` in order; none where it has none.

    Raises:
        ValueError: a formula that cannot be rendered.
    """
    for place in theory.__path__:
        path = Path(place) / paper / "derivations.md"
        if path.exists():
            return sections(path.read_text(encoding="utf-8"))
    return ()


def sections(text: str) -> tuple[Section, ...]:
    """A Markdown text in parts, one a heading."""
    heads = list(_HEADING.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return tuple(
        Section(head[2] or "", linked(_markdown().renderInline(head[3])), len(head[1]), _body(part))
        for head, end in zip(heads, ends, strict=True)
        for part in [text[head.end() : end]]
    )


def _body(text: str) -> Markup:
    html = _markdown().render(text)
    html = html.replace("<table>", '<div class="wide"><table>').replace(
        "</table>", "</table></div>"
    )
    html = _SYMBOL_HEAD.sub(r"<th><i>\1</i></th>", html).replace("<th>", '<th scope="col">')
    # A displayed formula within a paragraph, where no division may stand.
    return linked(_DISPLAY.sub(r'<span class="math block">\1</span>', html))


def linked(html: str) -> Markup:
    """With links from every label and every claim that the text names."""
    # A plain string: of its own kind, what is put in would be escaped.
    text = LABEL.sub(r'<a class="label" href="label:\1">[\1]</a>', str(html))
    return Markup(_CLAIM.sub(r'<a href="claim:\g<0>">\g<0></a>', text))


@functools.cache
def _markdown() -> MarkdownIt:
    def formula(content: str, options: Mapping[str, Any]) -> str:
        return mathml(content, options["display_mode"])

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.use(dollarmath_plugin, renderer=formula, double_inline=True)


def mathml(latex: str, display: bool = False) -> str:
    """A formula in LaTeX as MathML.

    Raises:
        ValueError: it is no LaTeX, or has a command that the converter does not know.
    """
    text = latex
    for letter, character in _LETTERS.items():
        text = text.replace(letter, character)
    for character, command in _BARS.items():
        text = re.sub(re.escape(command) + r"(?![A-Za-z])", character, text)
    try:
        found = convert(text, display="block" if display else "inline")
    except Exception as error:
        raise ValueError(f"not a formula: {latex} ({type(error).__name__}: {error})") from None
    if unknown := re.findall(r"\\[A-Za-z]+", found):
        raise ValueError(f"not a formula: {latex} (unknown: {', '.join(unknown)})")
    for character, operator in _SIDES.items():
        found = re.sub(f"<m[io]>{character}</m[io]>", operator, found)
    found = found.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    found = found.replace(' display="inline"', "")
    return _UPRIGHT.sub(lambda match: f"<mi>{re.sub('<[^>]*>', '', match[1])}</mi>", found)
