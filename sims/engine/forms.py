"""The JSON files of a store: the form that each kind must have, and a seal over what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sims.engine.code import digest

# A form is a type, several of them, a list of one form, or a mapping of forms by key; under `str`
# as the key stands the form of every value, and `None` is anything.
_NAMES = {str: "a word", int: "an integer", float: "a number", type(None): "null"}

MARKER = {"format": int}
PLAN = {"experiment": str, "batch_size": int}
BATCH = {"runs": [str], "batch_size": int}
MADE = {
    **{"commit": (str, type(None)), "versions": {str: None}, "device": str, "platform": str},
    **{"finished": str, "wall_s": (float, int)},
}
# What a result's data must hold: of each variable its dtype, dimensions and shape.
_RESULT = {"code": {str: str}, "data": str, "sha256": str}
RECORDS = {
    "runs": {
        **{**_RESULT, "experiment": str, "provenance": {**MADE, "batch_size": int}},
        "runs": [{"id": str, "seed": int, "diverged": int, "settings": {str: None}}],
    },
    "tables": {
        **{**_RESULT, "table": str, "settings": {str: None}, "parents": [str]},
        "provenance": MADE,
    },
}
SEAL = "seal"


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with a digest of what it says."""
    return {**value, SEAL: digest(dict(value))}


def wrong(value: Any, form: Any) -> str:
    """What is wrong with a JSON value, in words; empty where it has the form and its seal holds.

    What an earlier version wrote has no seal.
    """
    if found := next(_misfits(value, form, ""), ""):
        return found
    said = {key: inner for key, inner in value.items() if key != SEAL}
    if SEAL in value and value[SEAL] != digest(said):
        return "it differs from what was written"
    return ""


def _misfits(value: Any, form: Any, at: str) -> Iterator[str]:
    where = at or "it"
    if form is None:
        return
    if isinstance(form, Mapping):
        if not isinstance(value, dict):
            yield f"{where} is no object"
        elif str in form:
            for key, inner in value.items():
                yield from _misfits(inner, form[str], f"{at}.{key}".lstrip("."))
        else:
            for key, inner in form.items():
                if key not in value:
                    yield f"{where} has no {key}"
                else:
                    yield from _misfits(value[key], inner, f"{at}.{key}".lstrip("."))
    elif isinstance(form, list):
        if not isinstance(value, list):
            yield f"{where} is no list"
        else:
            for slot, inner in enumerate(value):
                yield from _misfits(inner, form[0], f"{at}[{slot}]")
    else:
        kinds = form if isinstance(form, tuple) else (form,)
        if type(value) not in kinds:
            yield f"{where} is not {' or '.join(_NAMES[kind] for kind in kinds)}"
