"""The register of claims: what the papers assert, what we derived, and what we expect to measure.

Data only. A room of this layer (one per paper) offers a tuple `CLAIMS`; checks live in
`figures/<paper>`, properties in `tests/`. Whoever decides a claim writes its `Verdict` to
`results/claims/<id>.json`, under the preset it was decided at.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import theory

Kind = Literal["identity", "bound", "asymptotic", "empirical"]
State = Literal["holds", "fails", "undecided", "not run at this preset", "never run"]


@dataclasses.dataclass(frozen=True)
class Claim:
    """One assertion, where it comes from, and how it can be wrong.

    Attributes:
        id: the key used everywhere, e.g. `"C-ICL-24"`.
        statement: the assertion, in one or two sentences.
        kind: identities and bounds hold for every input; asymptotic and empirical claims are
            verdicts over seeds.
        source: paper, section, code or derivation.
        expected: what the estimate is held against, in words, with the tolerance.
        tolerance: where the tolerance comes from.
        falsifier: the break under which the check must fail.
        checked_by: the function that decides it, as a dotted name.
        expected_state: the state we expect, per preset; `"*"` stands for every other preset.
        why: the reason, wherever the expected state is not `"holds"`.
    """

    id: str
    statement: str
    kind: Kind
    source: str
    expected: str
    tolerance: str
    falsifier: str
    checked_by: str
    expected_state: Mapping[str, State] = dataclasses.field(default_factory=lambda: {"*": "holds"})
    why: str = ""

    def expects(self, preset: str) -> State:
        """The state this claim is registered to have at `preset`."""
        return self.expected_state.get(preset, self.expected_state.get("*", "holds"))


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a check found: the estimate, its interval, and the state that follows from them.

    Attributes:
        claim: id of the claim.
        estimate: the measured value (for an identity: the largest error seen).
        interval: (low, high) as `method` says; None where the number is exact.
        method: the statistic behind estimate and interval, its sample size and error rate.
        expected: what the estimate was held against, with the numbers of this check.
        state: what follows.
        detail: further numbers, by name, that a reader needs to judge.
    """

    claim: str
    estimate: float | None
    interval: tuple[float, float] | None
    method: str
    expected: str
    state: State
    detail: Mapping[str, float | int | str] = dataclasses.field(default_factory=dict)


def papers() -> list[str]:
    """Keys of the papers that have a room in this layer, by folder name."""
    found = {module.name for module in pkgutil.iter_modules(theory.__path__)}
    return sorted(found - {"claims", "__main__"})


def register(paper: str | None = None) -> dict[str, tuple[str, Claim]]:
    """Every claim as id -> (paper, claim), in the order of the rooms.

    Args:
        paper: only this paper's.

    Raises:
        ValueError: two claims share an id.
    """
    found: dict[str, tuple[str, Claim]] = {}
    for key in papers() if paper is None else [paper]:
        for claim in getattr(importlib.import_module(f"theory.{key}"), "CLAIMS", ()):
            if claim.id in found:
                raise ValueError(
                    f"claim {claim.id} is registered by {found[claim.id][0]} and {key}"
                )
            found[claim.id] = (key, claim)
    return found


def measured(results: Path, id: str) -> dict[str, dict[str, Any]]:
    """The verdicts on a claim by preset, as stored: a `Verdict`'s fields and its provenance.

    Raises:
        ValueError: the file is damaged.
    """
    path = results / "claims" / f"{id}.json"
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise ValueError(f"{path} is damaged; delete it and run python -m figures") from None
