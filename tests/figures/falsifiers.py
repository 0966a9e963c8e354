"""Falsifiers that train are kept: what they found, small, beside the digest of the code behind it.

Each is kept with its control, the same data without the break. `python -m tests.figures.falsifiers`
makes again what is stale; `pytest -m slow` makes all of them and asks the same. A kept file holds
the findings that its check decides about, not the verdict: the check itself runs each time. What
all checks say of both goes to `figures/falsifiers.json`, from where the report tells it.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import functools
import inspect
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import xarray

import figures
from figures.evidence import Check, Evidence
from figures.plain import plain
from sims.engine import syntax
from sims.engine.code import digest, reached
from sims.engine.errors import UserError
from sims.engine.experiment import Experiment
from sims.engine.identity import experiment_code, experiment_name, settings
from sims.engine.rooms import find_sweep, papers, room
from sims.engine.store import Store, write_json
from sims.engine.sweep import Sweep
from tests.figures.findings import got, put
from tests.sims.engine import NUMERIC
from theory.claims import Verdict

FOLDER = Path(__file__).parent / "kept"
TOLD = Path(figures.__file__).with_name("falsifiers.json")
PRESET = "quick"
# What is kept of a check: its falsifier's findings, and those of the same data without the break.
PARTS = ("broken", "whole")


class Stale(Exception):
    """What is kept was made by other code, or nothing is."""


@dataclasses.dataclass
class Noting(Evidence):
    """Evidence that notes the sweeps it is asked for by name: no code says what these are.

    Attributes:
        named: their names.
    """

    named: set[str] = dataclasses.field(default_factory=set)

    def find(self, name: str) -> Sweep:
        self.named.add(name)
        return super().find(name)


@dataclasses.dataclass(frozen=True)
class Part:
    """What one part of a check found.

    Attributes:
        findings: the further arguments of `decide`.
        named: the sweeps that were asked for by name.
    """

    findings: Sequence[Any]
    named: Sequence[str] = ()


def checks() -> dict[str, Check]:
    """Every check by its claim's id."""
    rooms = [room(figures, paper) for paper in papers(figures, figures.NOT_ROOMS)]
    return {check.id: check for here in rooms for check in here.CHECKS}


def source(check: Check, part: str, named: Sequence[str] = ()) -> str:
    """Digest of the code behind what a part finds, and of the sweeps that it names.

    Versions of packages do not count here, nor what only says how work is done and kept: the
    evidence, and all of the engine but what makes numbers. It is read where the check is written
    down: most falsifiers are a lambda, which has no name to be found by.
    """
    module, written_down = written(check, part)
    used = {name.partition(".")[0] for name in syntax.names(written_down)}
    found = reached(*(f"{module.__name__}.{name}" for name in used if hasattr(module, name)))
    code = {k: v for k, v in found.items() if _counts(k, v)}
    return digest([syntax.plain(written_down), code, *([name, _described(name)] for name in named)])


def _counts(module: str, code: str) -> bool:
    if module.startswith("sims.engine."):
        return module.rpartition(".")[2] in NUMERIC
    return " " not in code and module != "figures.evidence"


def _described(name: str) -> Any:
    """Settings and code of a sweep by its name; None where there is no such sweep any more."""
    try:
        return _sweep(find_sweep(name, PRESET))
    except UserError:
        return None


def _sweep(sweep: Sweep) -> list[Any]:
    kind, origin = type(sweep.base), sweep.origin()
    start = [_sweep(origin), sweep.start.stage] if origin and sweep.start else None
    axes = {name: list(values) for name, values in sweep.axes.items()}
    return [experiment_name(kind), settings(sweep.base), axes, sweep.seeds, _code(kind), start]


@functools.cache
def _code(kind: type[Experiment]) -> dict[str, str]:
    return {k: v for k, v in experiment_code(kind).items() if _counts(k, v)}


def written(check: Check, part: str) -> tuple[ModuleType, ast.expr]:
    """The module that lists a check, and the expression of one of its parts there."""
    room = check.decide.__module__.rpartition(".")[0]
    for name in sorted(name for name in sys.modules if name.rpartition(".")[0] == room):
        module = sys.modules[name]
        if check not in getattr(module, "CHECKS", ()):
            continue
        for node in _listed(module):
            if node.args and ast.unparse(node.args[0]) == repr(check.id) and not _is_check(node):
                return module, node  # a function of the room makes the check, and both its parts
            if _is_check(node):
                order = ("id", "decide", "findings", "broken", "whole")
                given = dict(zip(order, node.args, strict=False))
                given |= {keyword.arg or "": keyword.value for keyword in node.keywords}
                if ast.unparse(given["id"]) == repr(check.id):
                    return module, given.get(part, given["findings"])
    raise LookupError(f"{check.id} is written down nowhere in {room}")


def _listed(module: ModuleType) -> Iterator[ast.Call]:
    """The calls in a module's list of checks."""
    for line in ast.parse(inspect.getsource(module)).body:
        if isinstance(line, ast.Assign | ast.AnnAssign):
            targets = line.targets if isinstance(line, ast.Assign) else [line.target]
            if [ast.unparse(target) for target in targets] == ["CHECKS"]:
                yield from (node for node in ast.walk(line) if isinstance(node, ast.Call))


def _is_check(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "Check"


def keep(check: Check, parts: Mapping[str, Part]) -> Path:
    """Write what the parts of a check found, as far as the check reads it.

    What two parts share is written once.
    """
    datasets: dict[str, xarray.Dataset] = {}
    form = {name: put(list(part.findings), datasets) for name, part in parts.items()}
    _drop_unread(check, form, datasets)
    named = {name: list(part.named) for name, part in parts.items()}
    digests = {name: source(check, name, part.named) for name, part in parts.items()}
    about = {"form": form, "named": named, "source": digests}
    attrs = {key: json.dumps(value) for key, value in about.items()}
    tree = xarray.DataTree.from_dict({"/": xarray.Dataset(attrs=attrs), **datasets})
    path = FOLDER / f"{check.id}.nc"
    path.parent.mkdir(exist_ok=True)
    encoding = {
        f"/{name}": {
            # A compressed variable takes some kilobytes, however small it is.
            key: {"zlib": True, "complevel": 9}
            for key, values in data.data_vars.items()
            if values.nbytes > 4096
        }
        for name, data in datasets.items()
    }
    tree.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return path


def kept(check: Check, part: str) -> Part:
    """What a part of a check found, as it was kept.

    Raises:
        Stale: it is that of other code, or there is nothing.
    """
    path = FOLDER / f"{check.id}.nc"
    if path.exists():
        with xarray.open_datatree(path, engine="h5netcdf") as tree:
            tree.load()
        form, named, digests = (json.loads(tree.attrs[k]) for k in ("form", "named", "source"))
        if part in form and digests[part] == source(check, part, named[part]):
            datasets = {name: node.to_dataset() for name, node in tree.children.items()}
            return Part(got(form[part], datasets), named[part])
    raise Stale(
        f"{check.id}: its falsifier changed; make it again: python -m tests.figures.falsifiers"
    )


def _drop_unread(
    check: Check, form: Mapping[str, Any], datasets: dict[str, xarray.Dataset]
) -> None:
    """Drop every variable without which the verdicts are the same: whole nets would be megabytes.

    Of parts that share data, what neither reads.
    """

    def verdicts() -> list[Verdict]:
        held = check.claim.at(PRESET)
        return [check.decide(held, *got(part, datasets)) for part in form.values()]

    before = verdicts()
    holders: dict[Any, list[str]] = {}
    for name, data in datasets.items():
        for variable in data.variables:
            holders.setdefault(variable, []).append(name)
    for variable, everywhere in holders.items():
        # Most are read of all datasets or of none.
        each = [[name] for name in everywhere]
        for group in [everywhere, *each] if len(each) > 1 else each:
            whole = dict(datasets)
            datasets |= {name: datasets[name].drop_vars(variable) for name in group}
            try:
                same = verdicts() == before
            except Exception:
                same = False
            if not same:
                datasets |= whole
            elif group is everywhere:
                break


def stale(check: Check) -> list[str]:
    """The parts of a check that have to be made again."""
    found = []
    for part in PARTS:
        try:
            kept(check, part)
        except Stale:
            found.append(part)
    return found


def make(check: Check, parts: Sequence[str], evidence: Noting) -> Path:
    """Make parts of a check again; the others stay as they are kept."""
    makers = {"broken": check.broken, "whole": check.whole or check.findings}
    found = {}
    for part in PARTS:
        if part not in parts:
            found[part] = kept(check, part)
            continue
        evidence.named.clear()
        findings = makers[part](evidence)
        found[part] = Part(findings, sorted(evidence.named))
    return keep(check, found)


def decided(check: Check, part: str, evidence: Evidence) -> Verdict:
    """What a check says of one of its parts; of what was kept where there is such.

    Raises:
        Stale: what was kept is of other code.
    """
    if check.slow:
        return check.decide(check.claim.at(PRESET), *kept(check, part).findings)
    return check.falsified(evidence) if part == "broken" else check.confirmed(evidence)


def told(verdict: Verdict) -> dict[str, Any]:
    """A verdict as the report tells it, to four digits: others are other processors' round-off."""

    def short(value: float | None) -> Any:
        return None if value is None else plain(float(f"{value:.4g}"))

    detail = verdict.detail
    name = detail.get("estimate of") or detail.get("decided by") or ""
    interval = verdict.interval and [short(end) for end in verdict.interval]
    return {"of": name, "estimate": short(verdict.estimate), "interval": interval}


def main(words: Sequence[str]) -> None:
    """Make again the falsifiers of these claims, or all that are stale."""
    parser = argparse.ArgumentParser(prog="python -m tests.figures.falsifiers", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="claims; all that are stale if none")
    parser.add_argument(
        "--results",
        type=Path,
        help="a results folder, which may have the sweeps; what it lacks is computed into it",
    )
    args = parser.parse_args(words)
    slow = {id: check for id, check in checks().items() if check.slow}
    if strange := set(args.ids) - slow.keys():
        parser.error(f"{', '.join(sorted(strange))}: expected claims whose falsifier trains")
    left = {id: list(PARTS) for id in args.ids} or {
        id: parts for id, check in slow.items() if (parts := stale(check))
    }
    with tempfile.TemporaryDirectory() as folder:
        evidence = Noting(Store(args.results or Path(folder) / "results"), PRESET)
        for count, (id, parts) in enumerate(left.items(), start=1):
            begun = time.monotonic()
            path = make(slow[id], parts, evidence)
            took, size = time.monotonic() - begun, path.stat().st_size / 1024
            print(f"{count} of {len(left)}: {id}, {took:.0f} s, {size:.0f} KiB", flush=True)
        print(f"what every check says of its falsifier goes to {TOLD.name}", flush=True)
        said = {
            id: {part: told(decided(check, part, evidence)) for part in PARTS}
            for id, check in checks().items()
        }
        write_json(TOLD, said)


if __name__ == "__main__":
    main(sys.argv[1:])
