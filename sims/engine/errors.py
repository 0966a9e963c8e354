"""The two ways in which a command ends early, each with one line for the user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A slip of the user: what was wrong, what was expected, the nearest valid choice."""


class Incomplete(Exception):
    """Work stopped before its end; what is stored stays valid and resumes."""


def unknown(what: str, name: str, choices: Iterable[str]) -> UserError:
    """The error for a name that does not exist, with the nearest one that does.

    Args:
        what: the kind of thing named, e.g. `"experiment"`.
        name: the name as given.
        choices: the names that exist.
    """
    choices = sorted(choices)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(choices) or '(none)'}"
    return UserError(f"unknown {what} {name!r}; {hint}")
