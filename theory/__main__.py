"""`python -m theory`: the register of claims, and what each was last measured at."""

from __future__ import annotations

import argparse
import difflib
import json
import math
import os
import sys
import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from theory.claims import Claim, Outcome, Verdict, citations, measured, register

PROG = "python -m theory"
FINISHED, AMISS, USAGE = 0, 1, 2
# States that say that a preset cannot decide.
OPEN = ("never run", "not run at this preset")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    with warnings.catch_warnings(record=True) as left_out:
        warnings.simplefilter("always")
        known = register()
    for warning in left_out:
        print(f"{PROG}: {warning.message}", file=sys.stderr)
    for id in options.claims:
        if id not in known:
            folded = {name.casefold(): name for name in known}
            near = difflib.get_close_matches(id.casefold(), folded, n=1, cutoff=0)
            hint = f"did you mean {folded[near[0]]!r}?" if near else "no claim is registered"
            return _usage(f"unknown claim {id!r}; {hint}")
    if options.bibtex:
        rooms = dict.fromkeys(paper for paper, _ in known.values())
        print("\n\n".join(paper.bibtex() for room in rooms for paper in citations(room)))
        return FINISHED
    results = Path(options.results)
    if results.exists() and not results.is_dir():
        return _usage(f"{results} is no folder; give --results the folder that figures wrote")
    chosen = options.claims or list(known)
    try:
        found = [_latest(*known[id], results, options.device) for id in chosen]
    except ValueError as error:
        return _usage(str(error))
    try:
        _print(found, options)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return AMISS if any(one[-1].unexpected for one in found) else FINISHED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROG,
        description="Without a claim, the register as a table; with claims, each one whole.",
        epilog="Exit code 0: every measured state is one that the register expects; 1: one is not; "
        "2: usage.",
    )
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help="for example C-ICL-24")
    parser.add_argument("--results", default="results", metavar="DIR", help="results folder")
    parser.add_argument(
        "--device", choices=("cpu", "gpu", "tpu"), help="only what was measured on this device"
    )
    parser.add_argument("--quiet", action="store_true", help="id and state only")
    parser.add_argument("--json", action="store_true", help="a list of objects")
    parser.add_argument(
        "--bibtex", action="store_true", help="the papers as bibliography entries, and nothing else"
    )
    return parser


def _latest(paper: str, claim: Claim, results: Path, device: str | None) -> list[Outcome]:
    """What was found of a claim, the latest decision last; a bare `Outcome` where nothing was."""
    found = [
        outcome
        for outcome in measured(results, paper, claim).values()
        if device is None or outcome.provenance.get("platform") == device
    ]
    found.sort(key=lambda outcome: (outcome.state not in OPEN, outcome.decided))
    return found or [Outcome(paper=paper, claim=claim)]


def _print(found: list[list[Outcome]], options: argparse.Namespace) -> None:
    if options.json:
        rows = [{**one[-1].row(), "verdicts": [o.filed() for o in one]} for one in found]
        print(json.dumps(_finite(rows), indent=1))
    elif options.quiet:
        for one in found:
            print(f"{one[-1].claim.id} {one[-1].state}")
    elif options.claims:
        print("\n\n".join(_whole(one) for one in found))
    else:
        _table([one[-1] for one in found])


def _finite(value: Any) -> Any:
    """As JSON: infinite limits as null."""
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _table(outcomes: list[Outcome]) -> None:
    paper = None
    for outcome in outcomes:
        if outcome.paper != paper:
            paper = outcome.paper
            print(f"{paper}")
        mark = "!" if outcome.unexpected else "?" if outcome.open else " "
        claim, estimate = outcome.claim, _estimate(outcome.verdict)
        statement = textwrap.shorten(claim.statement, 60, placeholder=" ...")
        print(f"{mark} {claim.id:10} {outcome.state:22} {estimate:32} {statement}")
    states = [outcome.state for outcome in outcomes]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    print(
        f"{counts}; {sum(o.unexpected for o in outcomes)} unexpected, "
        f"{sum(o.open for o in outcomes)} undecided where a decision is expected"
    )


def _estimate(verdict: Verdict) -> str:
    if verdict.estimate is None:
        return "-"
    interval = verdict.interval
    between = f" [{interval[0]:.4g}, {interval[1]:.4g}]" if interval else ""
    return f"{verdict.estimate:.4g}{between}"


def _whole(found: list[Outcome]) -> str:
    last = found[-1]
    claim = last.claim
    fields = {
        "kind": claim.kind,
        "source": f"{last.paper}: {claim.source}",
        "expected": claim.expectation,
        "tolerance": claim.tolerance,
        "falsifier": claim.falsifier,
        "checked by": claim.checked_by,
        "decided at": ", ".join(claim.decided_at),
        "expected state": ", ".join(f"{at}: {state}" for at, state in claim.expected_state.items()),
        "why": claim.why,
        "figure": last.figure,
    }
    lines = [f"{claim.id}  {claim.statement}"]
    lines += [f"  {name:15} {text}" for name, text in fields.items() if text]
    for outcome in found:
        lines += _decision(outcome) if outcome.decided else ["  never run"]
    return "\n".join([*lines, f"  {'measure again':15} {last.command}"])


def _decision(outcome: Outcome) -> list[str]:
    """What was found at one preset, and what it rests on."""
    verdict, made = outcome.verdict, outcome.provenance
    commit = str(made.get("commit"))[:12] + (" (dirty)" if made.get("dirty") else "")
    lines = [f"  at {outcome.preset:12} {outcome.state}: {_estimate(verdict)}"]
    more = [verdict.method] if verdict.method else []
    more += [f"{name}: {value}" for name, value in (verdict.detail or {}).items()]
    more += [f"{outcome.decided}, {made.get('device')}, commit {commit}"]
    for source in outcome.sources:
        commits = ", ".join(str(commit)[:12] for commit in source["made"]["commit"])
        settings = ", ".join(f"{name}={value}" for name, value in source["settings"].items())
        more.append(f"rests on {source['kind']} {source['name']} {source['id']} ({commits})")
        more += textwrap.wrap(settings, 96, initial_indent="  ", subsequent_indent="  ")
    return lines + [f"  {'':15} {text}" for text in more]


def _usage(message: str) -> int:
    print(f"{PROG}: error: {message}", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
