"""The register of claims: what the papers assert, what we derived, and within which bounds.

Data only. A room of this layer (one per paper) offers a tuple `CLAIMS`; checks live in
`figures/<paper>`, properties in `tests/`. A bound is typed here and nowhere else: checks, figures
and captions read it from the claim. Whoever decides a claim writes its `Outcome` to
`results/claims/<id>.json`, under the preset it was decided at.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import math
import pkgutil
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import theory
from theory.citation import Paper
from theory.filed import wrong

Kind = Literal["identity", "bound", "asymptotic", "empirical"]
State = Literal["holds", "fails", "undecided", "not run at this preset", "never run"]
Bound = tuple[float, float]
Bounds = Mapping[str, Bound | Mapping[str, Bound]]

# A label of a room's `derivations.md`, as `[icl-4.2]`.
LABEL = re.compile(r"\[([a-z]+-\d+(?:\.\d+)*)\]")


def around(centre: float | int, tolerance: float | int) -> Bound:
    """The bound `centre` +- `tolerance`; the centre is a formula's value wherever there is one."""
    return float(centre) - tolerance, float(centre) + tolerance


def at_most(limit: float | int) -> Bound:
    """The bound "no more than `limit`"."""
    return -math.inf, float(limit)


def at_least(limit: float | int) -> Bound:
    """The bound "no less than `limit`"."""
    return float(limit), math.inf


def in_words(bound: Bound | Mapping[str, Bound]) -> str:
    """A bound as a reader writes it: `<= 0.04`, `>= 0.9`, `in [0.5, 0.54]`; by preset if so."""
    if isinstance(bound, Mapping):
        return ", ".join(f"{in_words(inner)} at {preset}" for preset, inner in bound.items())
    low, high = (f"{limit:.5g}" for limit in bound)
    if math.isinf(bound[0]):
        return f"<= {high}"
    return f">= {low}" if math.isinf(bound[1]) else f"in [{low}, {high}]"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """One assertion, where it comes from, and how it can be wrong.

    Attributes:
        id: the key used everywhere, e.g. `"C-ICL-24"`.
        statement: the assertion, in one or two sentences.
        kind: identities and bounds hold for every input; asymptotic and empirical claims are
            verdicts over seeds.
        source: the paper's equation or section, its code, or labels of the room's `derivations.md`
            as `[icl-4.2]`; at least one label.
        bounds: what each quantity of the check may be, (low, high) by name; infinite where open. A
            bound that differs from preset to preset is a mapping of these, and is none elsewhere.
        tolerance: where the width of the bounds comes from.
        falsifier: the break under which the check must fail.
        checked_by: the function that decides it, as a dotted name.
        expected: what is held against the bounds, in words; `{name}` stands for a bound. Left out,
            it is the bounds by name.
        decided_at: presets that can decide it; every preset when empty.
        expected_state: the state we expect where it is decided, per preset; `"*"` stands for every
            other preset.
        why: the reason, wherever the expected state is not `"holds"`; it quotes no estimate.

    Raises:
        ValueError: no bound, an empty one, or `expected` names one that there is not.
    """

    id: str
    statement: str
    kind: Kind
    source: str
    bounds: Bounds
    tolerance: str
    falsifier: str
    checked_by: str
    expected: str = ""
    decided_at: Sequence[str] = ()
    expected_state: Mapping[str, State] = dataclasses.field(default_factory=lambda: {"*": "holds"})
    why: str = ""

    def __post_init__(self) -> None:
        if not self.bounds:
            raise ValueError(f"{self.id} has no bounds: a check needs something to be held against")
        for name, bound in self.bounds.items():
            for low, high in bound.values() if isinstance(bound, Mapping) else [bound]:
                if not low <= high:
                    raise ValueError(f"{self.id}: no value fits the bound {name} = ({low}, {high})")
        named = set(re.findall(r"{([^{}]+)}", self.expected))
        if strange := named - self.bounds.keys():
            known = ", ".join(self.bounds)
            raise ValueError(f"{self.id} expects {sorted(strange)}; its bounds are {known}")

    @property
    def expectation(self) -> str:
        """`expected` with its bounds written out."""
        text = self.expected or "; ".join(f"{name} {{{name}}}" for name in self.bounds)
        return re.sub(r"{([^{}]+)}", lambda match: in_words(self.bounds[match[1]]), text)

    def at(self, preset: str) -> Claim:
        """The claim as it is held at a preset: bounds of that preset only."""
        bounds = {
            name: bound[preset] if isinstance(bound, Mapping) else bound
            for name, bound in self.bounds.items()
            if not isinstance(bound, Mapping) or preset in bound
        }
        expected = self.expected if bounds.keys() == self.bounds.keys() else ""
        return dataclasses.replace(self, bounds=bounds or self.bounds, expected=expected)

    def bound(self, name: str) -> Bound:
        """A bound that is the same at every preset.

        Raises:
            KeyError: there is none of this name, or it differs from preset to preset.
        """
        bound = self.bounds[name]
        if isinstance(bound, Mapping):
            raise KeyError(f"{self.id}: {name} differs from preset to preset; see Claim.at")
        return bound

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of `derivations.md` that the source cites."""
        return tuple(LABEL.findall(self.source))

    def expects(self, preset: str) -> State:
        """The state this claim is registered to have at `preset`."""
        if self.decided_at and preset not in self.decided_at:
            return "not run at this preset"
        return self.expected_state.get(preset, self.expected_state.get("*", "holds"))


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a check found: the estimate, its interval, and the state that follows from them.

    Attributes:
        estimate: the measured value (for an identity: the largest error seen).
        interval: (low, high) as `method` says; None where the number is exact.
        method: the statistic behind estimate and interval, its sample size and error rate.
        state: what follows.
        detail: further numbers, by name, that a reader needs to judge.
    """

    estimate: float | None
    interval: tuple[float, float] | None
    method: str
    state: State
    detail: Mapping[str, float | int | str] = dataclasses.field(default_factory=dict)


NEVER = Verdict(None, None, "", "never run")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """A claim and what was found of it.

    Attributes:
        paper: key of the claim's room.
        preset: where it was decided.
        decided: when, ISO 8601.
        figure: the figure that shows it, `paper.name`; empty where there is none.
        sources: the sweeps and tables that it rests on, parents first: `id`, `kind`, `name`,
            `settings`, `parents` (ids), `made` (commits, versions and devices).
        provenance: of the process that decided it.
    """

    paper: str
    claim: Claim
    verdict: Verdict = NEVER
    preset: str = "*"
    decided: str = ""
    figure: str = ""
    sources: Sequence[Mapping[str, Any]] = ()
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def state(self) -> State:
        """The verdict's state."""
        return self.verdict.state

    @property
    def expected_state(self) -> State:
        """The state that the register expects at this preset."""
        return self.claim.expects(self.preset)

    @property
    def unexpected(self) -> bool:
        """Whether it was decided, and not as the register expects."""
        return self.state in ("holds", "fails") and self.state != self.expected_state

    @property
    def open(self) -> bool:
        """Whether it is undecided where the register expects a decision."""
        return self.state == "undecided" and self.expected_state in ("holds", "fails")

    @property
    def expectation(self) -> str:
        """What was held against the bounds, in words, at this preset."""
        return self.claim.at(self.preset).expectation

    @property
    def command(self) -> str:
        """What measures it again."""
        preset = f" --preset {self.preset}" if self.preset not in ("*", "quick") else ""
        return f"python -m figures {self.figure or self.paper}{preset}"

    def filed(self) -> dict[str, Any]:
        """As it is written to `results/claims/<id>.json`, under its preset."""
        own = ("paper", "preset", "decided", "figure", "sources", "provenance")
        held = self.claim.at(self.preset)
        about = {"claim": self.claim.id, "labels": list(self.claim.labels)}
        about |= {"expected": held.expectation, "bounds": dict(held.bounds)}
        verdict = {f.name: getattr(self.verdict, f.name) for f in dataclasses.fields(Verdict)}
        return {**about, **verdict, **{name: getattr(self, name) for name in own}}

    def row(self) -> dict[str, Any]:
        """Claim and verdict as one flat JSON object, as commands print it."""
        claim = {f.name: getattr(self.claim, f.name) for f in dataclasses.fields(Claim)}
        found = {**claim, **self.filed(), "id": self.claim.id, "command": self.command}
        return {**found, "expected_state": self.expected_state, "unexpected": self.unexpected}


def papers() -> list[str]:
    """Keys of the papers that have a room in this layer, by folder name."""
    found = {module.name for module in pkgutil.iter_modules(theory.__path__)}
    return sorted(found - {"__main__", "citation", "claims", "filed", "labels"})


def register(paper: str | None = None) -> dict[str, tuple[str, Claim]]:
    """Every claim as id -> (paper, claim), in the order of the rooms.

    A room that cannot be imported is left out with a warning, so that it stops no other.

    Args:
        paper: only this paper's; its errors are raised.

    Raises:
        ValueError: two claims share an id.
    """
    found: dict[str, tuple[str, Claim]] = {}
    for key in papers() if paper is None else [paper]:
        try:
            claims = getattr(importlib.import_module(f"theory.{key}"), "CLAIMS", ())
        except Exception as error:
            if paper is not None:
                raise
            reason = f"{type(error).__name__}: {error}"
            warnings.warn(f"theory.{key} is left out: {reason}", stacklevel=2)
            continue
        for claim in claims:
            if claim.id in found:
                raise ValueError(
                    f"claim {claim.id} is registered by {found[claim.id][0]} and {key}"
                )
            found[claim.id] = (key, claim)
    return found


def citations(paper: str) -> tuple[Paper, ...]:
    """The papers that a room tests, for a bibliography."""
    return tuple(getattr(importlib.import_module(f"theory.{paper}"), "CITATIONS", ()))


@functools.cache
def _by_id() -> dict[str, tuple[str, Claim]]:
    return register()


def claim(id: str) -> Claim:
    """A registered claim, whose bounds a figure draws or a caption quotes.

    Raises:
        KeyError: no such claim.
    """
    return _by_id()[id][1]


def measured(results: Path, paper: str, claim: Claim) -> dict[str, Outcome]:
    """What was found of a claim, by preset, as filed in a results folder.

    Raises:
        ValueError: the file is damaged, or somebody edited it.
    """
    path = results / "claims" / f"{claim.id}.json"
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        reasons = [wrong(claim.id, at, found, get_args(State)) for at, found in stored.items()]
    except (ValueError, AttributeError, RecursionError, OSError):
        stored, reasons = {}, ["no verdicts by preset"]
    if reason := next(filter(None, reasons), ""):
        raise ValueError(
            f"{path} is damaged ({reason}); python -m figures {paper} decides it again"
        )
    return {preset: _outcome(paper, claim, found) for preset, found in stored.items()}


def _outcome(paper: str, claim: Claim, found: Mapping[str, Any]) -> Outcome:
    interval = found["interval"]
    if interval is not None:
        low, high = interval
        interval = (-math.inf if low is None else low, math.inf if high is None else high)
    names = ("estimate", "method", "state", "detail")
    verdict = Verdict(interval=interval, **{name: found[name] for name in names})
    own = {"preset": found["preset"], "decided": found["decided"]}
    own |= {name: found.get(name, "") for name in ("figure",)}
    own |= {"sources": found.get("sources", ()), "provenance": found["provenance"]}
    return Outcome(paper=paper, claim=claim, verdict=verdict, **own)
