"""`python -m theory`: the register of claims, and what each was last measured at."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Any, NoReturn

from theory.claims import Claim, measured, register

PROG = "python -m theory"
FINISHED, AMISS, USAGE = 0, 1, 2
# States that no register entry needs to expect: they say that nothing was decided.
OPEN = ("undecided", "never run", "not run at this preset")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    known = register()
    for id in options.claims:
        if id not in known:
            near = difflib.get_close_matches(id, known, n=1, cutoff=0)
            hint = f"did you mean {near[0]!r}?" if near else "no claim is registered"
            return _usage(f"unknown claim {id!r}; {hint}")
    results = Path(options.results)
    if results.exists() and not results.is_dir():
        return _usage(f"{results} is no folder; give --results the folder that figures wrote")
    chosen = options.claims or list(known)
    try:
        rows = [_row(*known[id], results, options.device) for id in chosen]
    except ValueError as error:
        return _usage(str(error))
    try:
        _print(rows, options)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return AMISS if any(_unexpected(row) for row in rows) else FINISHED


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
    return parser


def _row(paper: str, claim: Claim, results: Path, device: str | None) -> dict[str, Any]:
    """A claim with its latest verdict; without one the state is "never run"."""
    verdicts = [
        verdict
        for verdict in measured(results, claim.id).values()
        if device is None or verdict["provenance"]["platform"] == device
    ]
    decided = [verdict for verdict in verdicts if verdict["state"] not in OPEN[2:]] or verdicts
    last = max(decided, key=lambda verdict: verdict["decided"], default={})
    preset = last.get("preset")
    names = ("estimate", "interval", "method", "detail", "decided", "provenance")
    row = {**dataclasses.asdict(claim), "paper": paper, "preset": preset}
    row |= {"state": last.get("state", "never run")} | {name: last.get(name) for name in names}
    row["expected"] = last.get("expected") or claim.expected
    row["expectation"] = claim.expected
    row["expected_state"] = claim.expects(preset or "*")
    row["verdicts"] = verdicts
    return row


def _unexpected(row: dict[str, Any]) -> bool:
    return row["state"] not in (row["expected_state"], *OPEN)


def _print(rows: list[dict[str, Any]], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(rows, indent=1))
    elif options.quiet:
        for row in rows:
            print(f"{row['id']} {row['state']}")
    elif options.claims:
        print("\n\n".join(_whole(row) for row in rows))
    else:
        _table(rows)


def _table(rows: list[dict[str, Any]]) -> None:
    paper = None
    for row in rows:
        if row["paper"] != paper:
            paper = row["paper"]
            print(f"{paper}")
        mark = "!" if _unexpected(row) else " "
        statement = textwrap.shorten(row["statement"], 60, placeholder=" ...")
        print(f"{mark} {row['id']:10} {row['state']:22} {_estimate(row):32} {statement}")
    states = [row["state"] for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    print(f"{counts}; {sum(map(_unexpected, rows))} unexpected")


def _estimate(row: dict[str, Any]) -> str:
    if row["estimate"] is None:
        return "-"
    interval = row["interval"]
    between = f" [{interval[0]:.4g}, {interval[1]:.4g}]" if interval else ""
    return f"{row['estimate']:.4g}{between}"


def _whole(row: dict[str, Any]) -> str:
    fields = {
        "kind": row["kind"],
        "source": f"{row['paper']}: {row['source']}",
        "expected": row["expectation"],
        "tolerance": row["tolerance"],
        "falsifier": row["falsifier"],
        "checked by": row["checked_by"],
        "expected state": row["expected_state"],
        "why": row["why"],
    }
    lines = [f"{row['id']}  {row['statement']}"]
    lines += [f"  {name:15} {text}" for name, text in fields.items() if text]
    for verdict in row["verdicts"]:
        source = verdict["provenance"]
        lines.append(f"  at {verdict['preset']:12} {verdict['state']}: {_estimate(verdict)}")
        lines.append(f"  {'':15} {verdict['method'] or verdict['expected']}")
        lines += [f"  {'':15} {name}: {value}" for name, value in (verdict["detail"] or {}).items()]
        commit = str(source.get("commit"))[:12] + (" (dirty)" if source.get("dirty") else "")
        lines.append(f"  {'':15} {verdict['decided']}, {source.get('device')}, commit {commit}")
    if not row["verdicts"]:
        lines.append("  never run       python -m figures " + row["paper"])
    return "\n".join(lines)


def _usage(message: str) -> int:
    print(f"{PROG}: error: {message}", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
