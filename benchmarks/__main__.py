"""`python -m benchmarks [NAME ...]`: what our work costs on one core, against straightforward code.

The process pins itself to one core and both sides of a row run on it in alternating rounds; the
smallest time of each counts, and behind the ratio stand the smallest and largest ratio of a round.
PyTorch and scikit-learn are no dependencies of ours: where one is missing its column says so. An
environment that has both:

    python -m venv benchenv
    benchenv/bin/pip install torch==2.13.0 scikit-learn jax==0.10.2 jaxlib==0.10.2 -e .
    benchenv/bin/python -m benchmarks [NAME ...] [--json] [--figure FILE]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sims.engine.cli import FINISHED, Parser, guarded
from sims.engine.errors import UserError, unknown

if TYPE_CHECKING:  # NumPy must not be imported before LAPACK is kept to one thread
    from benchmarks.measure import Ceilings, Row

PROG = "python -m benchmarks"
NAMES = (
    "icl_training",
    "generators",
    "moment_form",
    "reduced_flow",
    "rf_ridge",
    "rnn_training",
    "rnn_fits",
    "engine_overhead",
    "figure_times",
    "scaling",
)
SUFFIXES = (".png", ".pdf", ".svg")
HEAD = ("work", "ours ms", "other ms", "other side", "ratio (spread)", "floor ms", "ours/floor")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = Parser(prog=PROG, description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(NAMES)}"
    )
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    parser.add_argument("--figure", metavar="FILE", help="where `scaling` draws its figure")
    options = parser.parse_args(arguments)
    return guarded(PROG, lambda: _benchmarks(options))


def _benchmarks(options: argparse.Namespace) -> int:
    chosen = list(dict.fromkeys(options.names)) or list(NAMES)
    for name in chosen:
        if name not in NAMES:
            raise unknown("benchmark", name, NAMES)
    if options.figure:
        _drawable(Path(options.figure), chosen)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from benchmarks.measure import ceilings
    from sims.engine.devices import pinned, prepare

    prepare("cpu")
    with pinned():
        found = ceilings()
        rows = []
        for at, name in enumerate(chosen, 1):
            print(f"{PROG}: {name} ({at} of {len(chosen)})", file=sys.stderr, flush=True)
            module = importlib.import_module(f"benchmarks.{name}")
            rows += module.rows(options.figure) if name == "scaling" else module.rows()
    entries = [entry(row, found) for row in rows]
    if options.json:
        print(json.dumps({"ceilings": found._asdict(), "rows": entries}, indent=1))
    else:
        print(told(found), table(entries), sep="\n\n")
    return FINISHED


def _drawable(file: Path, chosen: list[str]) -> None:
    """Refuse what could not be drawn, before minutes are spent on it."""
    if "scaling" not in chosen:
        raise UserError(f"--figure {file}: only scaling draws; name it, or drop --figure")
    if file.suffix not in SUFFIXES:
        raise UserError(f"--figure {file}: expected a name that ends in {', '.join(SUFFIXES)}")
    if not file.parent.is_dir():
        raise UserError(f"--figure {file}: there is no folder {file.parent}; make it first")


def entry(row: Row, found: Ceilings) -> dict[str, Any]:
    """A row as plain data, with its smallest times, ratio and floor."""
    from benchmarks.measure import floor

    ours = min(row.ours)
    least = floor(row.work, found) if row.work else None
    return {
        "work": row.name,
        "ours_ms": ours,
        "other_ms": min(row.theirs) if row.theirs else None,
        "other": row.against,
        "ratio": row.ratios(),
        "floor_ms": least,
        "over_floor": ours / least if least else None,
        "counted": row.work._asdict() if row.work else None,
        "rounds": {"ours": row.ours, "other": row.theirs},
        "remark": row.remark,
    }


def told(found: Ceilings) -> str:
    """The ceilings in words."""
    return (
        f"ceilings of one core: {found.single:.1f} float32 and {found.double:.1f} float64 "
        f"Gflop/s in products, {found.bandwidth:.1f} GB/s by a copy,\n{found.normal:.2f} ns per "
        f"float32 normal ({found.word:.2f} for 32 bits of threefry2x32 and {found.inverse:.2f} for "
        "erf_inv, each on its own)"
    )


def table(entries: list[dict[str, Any]]) -> str:
    """One line per row under a head, and the remarks beneath, numbered."""

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"

    lines: list[tuple[str, ...]] = [HEAD]
    remarks: list[str] = []
    for row in entries:
        other = "not installed" if row["other"] and not row["ratio"] else number(row["other_ms"])
        ratio = "{} ({} to {})".format(*map(number, row["ratio"])) if row["ratio"] else ""
        name = row["work"]
        if row["remark"]:
            if row["remark"] not in remarks:
                remarks.append(row["remark"])
            name += f" [{remarks.index(row['remark']) + 1}]"
        numbers = (number(row["floor_ms"]), number(row["over_floor"]))
        lines.append((name, number(row["ours_ms"]), other, row["other"], ratio, *numbers))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    # words to the left, numbers to the right
    left = {HEAD.index("work"), HEAD.index("other side")}
    shown = [
        "  ".join(
            cell.ljust(width) if at in left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*shown, "", *(f"[{at}] {text}" for at, text in enumerate(remarks, 1))])


if __name__ == "__main__":
    sys.exit(main())
