"""The two ways in which a command ends early, each with one line for the user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class UserError(Exception):
    """A slip of the user: what was wrong, what was expected, the nearest valid choice."""


class Damaged(UserError):
    """A file of a store is not what was written.

    Attributes:
        path: of the file, or of the record that names it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged ({reason})")
        self.path = path


class Incomplete(Exception):
    """Work stopped before its end; what is stored stays valid and resumes."""


def unknown(what: str, name: str, choices: Iterable[str]) -> UserError:
    """The error for a name that does not exist, with the nearest one that does.

    Args:
        what: the kind of thing named, e.g. `"experiment"`.
        name: the name as given.
        choices: the names that exist; those of a paper begin with its key and a dot.
    """
    choices = sorted(choices)
    inside = [choice for choice in choices if choice.startswith(f"{name}.")]
    if inside:
        return UserError(f"{name!r} is a paper; its {what}s are {', '.join(inside)}")
    folded = {choice.casefold(): choice for choice in reversed(choices)}
    papers = {choice.partition(".")[0]: choice for choice in choices if "." in choice}
    paper, dot, rest = name.casefold().partition(".")
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    if not dot and papers:  # a paper's key alone, misspelt: not one of its longest names
        near = difflib.get_close_matches(paper, papers, n=1, cutoff=0.5)
        folded |= {key: key for key in papers}
    elif dot and paper in papers:  # the paper is right, so the slip is in what follows
        within = {c.partition(".")[2].casefold(): c for c in choices if c.startswith(f"{paper}.")}
        near = difflib.get_close_matches(rest, within, n=1, cutoff=0.5)
        folded = within
    if near:
        return UserError(f"unknown {what} {name!r}; did you mean {folded[near[0]]!r}?")
    return UserError(f"unknown {what} {name!r}; choose from {', '.join(choices) or '(none)'}")
