"""`python -m tests.mutation sims.rnn_timescales.training`: which planted faults no test notices.

Each fault of a module is planted alone in a copy of the repository, and the tests that import the
module are run on it until one fails. Faults that change nothing are listed, with the reason, in
`equivalent.toml`; any other that survives is a hole in the tests, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from sims.engine.cli import AMISS, FINISHED, Parser, guarded
from sims.engine.devices import cores
from sims.engine.errors import Incomplete, UserError
from tests.mutation.faults import Fault, faults

ROOT = Path(__file__).parents[2]
LAYERS = ("theory", "sims", "figures")
EQUIVALENT = Path(__file__).parent / "equivalent.toml"
# A fault may make a loop endless: it counts as caught after so many times what the tests take.
PATIENCE = 3.0


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = Parser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="+", metavar="MODULE", help="theory.., sims.., figures..")
    parser.add_argument("--sample", type=int, metavar="N", help="so many, drawn from all")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    options = parser.parse_args(words)
    return guarded(parser.prog, lambda: _mutation(options))


def _mutation(options: argparse.Namespace) -> int:
    if options.sample is not None and options.sample < 1:
        raise UserError(f"--sample {options.sample}: expected at least 1")
    planted = [(module, fault) for module in options.modules for fault in _faults(module)]
    known = {_entry(module, fault) for module, fault in planted} & equivalent().keys()
    planted = [(module, fault) for module, fault in planted if _entry(module, fault) not in known]
    if options.sample is not None:
        planted = random.Random(options.seed).sample(planted, min(options.sample, len(planted)))
    survivors = survived(ROOT, planted)
    caught = len(planted) - len(survivors)
    print(
        f"{caught} of {len(planted)} faults caught ({100 * caught / max(1, len(planted)):.0f} %); "
        f"{len(known)} known to change nothing are not counted"
    )
    return AMISS if survivors else FINISHED


def _faults(module: str) -> list[Fault]:
    path = _path(ROOT, module)
    if module.split(".")[0] not in LAYERS or not path.exists():
        raise UserError(f"{module}: expected a module of {', '.join(LAYERS)}, with dots")
    return list(faults(path.read_text()))


def _path(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _entry(module: str, fault: Fault) -> tuple[str, str, str, str]:
    return module, fault.where, fault.was, fault.becomes


def equivalent() -> dict[tuple[str, str, str, str], str]:
    """Faults that change nothing, or nothing that is ours to keep, and why."""
    entries = tomllib.loads(EQUIVALENT.read_text()).get("fault", [])
    return {(e["module"], e["where"], e["was"], e["becomes"]): e["why"] for e in entries}


def reaching(root: Path, module: str) -> list[str]:
    """Test files that import a module, those of its own folder first."""
    found = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        if module in set(_imported(path)):
            found.append(str(path.relative_to(root)))
    home = "tests/" + "/".join(module.split(".")[:-1])
    return sorted(found, key=lambda name: not name.startswith(home))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def survived(root: Path, planted: Sequence[tuple[str, Fault]]) -> list[tuple[str, Fault]]:
    """Those of some faults that no test notices, a process for each core; each is told at once.

    Raises:
        UserError: no test imports a module, or tests fail without a fault.
        Incomplete: interrupted.
    """
    tests = {module: reaching(root, module) for module in dict.fromkeys(m for m, _ in planted)}
    for module, files in tests.items():
        if not files:
            raise UserError(f"{module}: no test imports it")
    left: list[tuple[str, Fault]] = []
    with tempfile.TemporaryDirectory() as scratch:
        copies: queue.Queue[tuple[int, Path]] = queue.Queue()
        for core in _cores():
            copies.put((core, _copy(root, Path(scratch) / str(core))))
        print(f"tests without a fault: {len(tests)} modules", file=sys.stderr, flush=True)

        limits: dict[str, float | None] = dict.fromkeys(tests)

        def notices(module: str, source: str | None) -> bool:
            core, here = copies.get()
            begun = time.monotonic()
            try:
                return _notices(here, core, module, source, tests[module], limits[module])
            finally:
                if source is None:
                    limits[module] = 30 + PATIENCE * (time.monotonic() - begun)
                copies.put((core, here))

        with concurrent.futures.ThreadPoolExecutor(cores()) as pool:
            try:
                for module, failed in zip(
                    tests, pool.map(lambda module: notices(module, None), tests), strict=True
                ):
                    if failed:
                        raise UserError(f"{module}: its tests fail without a fault; mend them")
                begun = time.monotonic()
                jobs = {pool.submit(notices, m, fault.source): (m, fault) for m, fault in planted}
                for done, job in enumerate(concurrent.futures.as_completed(jobs), 1):
                    if not job.result():
                        left.append(jobs[job])
                        module, fault = jobs[job]
                        where = fault.where or "module"
                        print(f"{module}, {where}: {fault.was}  ->  {fault.becomes}", flush=True)
                    _say(done, len(left), len(planted), (time.monotonic() - begun) / done)
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise Incomplete("interrupted; nothing is kept of it") from None
    return [one for one in planted if one in left]


def _cores() -> list[int]:
    """The numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(cores()))


def _say(done: int, left: int, count: int, each: float) -> None:
    rest = f"about {each * (count - done) / 60:.0f} min left"
    line = f"{done} of {count} faults tried, {left} survived, {rest}"
    print(line, file=sys.stderr, flush=True)


def _copy(root: Path, to: Path) -> Path:
    """What git tracks, as it is now, and what it would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, check=True
    )
    for name in listed.stdout.decode().splitlines():
        if (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, to / name)
    return to


def _notices(
    here: Path,
    core: int,
    module: str,
    source: str | None,
    tests: Sequence[str],
    limit: float | None,
) -> bool:
    """Whether a test fails, or cannot begin, with a module's source in the place of its own."""
    path = _path(here, module)
    whole = path.read_text()
    # Programs that a fault leaves as they are need not be compiled again.
    compiled = {
        "JAX_COMPILATION_CACHE_DIR": str(here.parent / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.2",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    pytest = ["-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]
    pin = ["taskset", "-c", str(core)] if shutil.which("taskset") else []
    try:
        path.write_text(whole if source is None else source)
        done = subprocess.run(
            [*pin, sys.executable, *pytest],
            cwd=here,
            env={**os.environ, **compiled},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=limit,
        )
        return done.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(whole)


if __name__ == "__main__":
    sys.exit(main())
