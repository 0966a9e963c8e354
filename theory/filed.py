"""What is filed of a claim under `results/claims/`, held against the form that it must have."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

# Of a verdict, what has a kind of its own.
_KINDS = {"method": str, "decided": str, "figure": str, "sources": list, "provenance": dict}


def wrong(claim: str, preset: str, found: Any, states: Collection[str]) -> str:
    """Why something filed is no verdict of a claim at a preset, or not the one that was written."""
    try:
        # The mark that a verdict is filed with holds a digest of the rest: `figures.standing`.
        said = {name: value for name, value in found.items() if name != "standing"}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        if "standing" in found and found["standing"]["content"] != digest:
            return "it differs from what was decided"
        if found["state"] not in states or found["preset"] != preset:
            return f"no verdict at {preset}"
        if found.get("claim", claim) != claim:
            return f"no verdict about {claim}"
        for name, kind in _KINDS.items():
            if not isinstance(found.get(name, kind()), kind):
                return f"its {name} is no {kind.__name__}"
        for number in [found["estimate"], *(found["interval"] or (None, None))]:
            if not (number is None or type(number) in (float, int)):
                return "an estimate that is no number"
        _, _ = found["interval"] or (None, None)
        _ = {**(found["detail"] or {})}
        for source in found.get("sources", ()):
            _ = source["kind"], source["name"], source["id"], {**source["settings"]}
            _ = [str(commit)[:12] for commit in source["made"]["commit"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return "not of the form of a verdict"
    return ""
