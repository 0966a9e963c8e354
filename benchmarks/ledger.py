"""What each room costs at each preset: processor seconds, beside a loop that tells the machine.

    python -m benchmarks.ledger [PAPER ...] [--preset quick]

runs `python -m figures PAPER --preset PRESET` cold in a folder of its own and writes what it took
to `figures/costs.json`, which tells a first call what is cheap and how long all takes. Tests hold
it against the house's limit of 180 s of processor time a room at quick, on the machine whose
calibration loop took `REFERENCE` seconds.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from figures.evidence import label
from figures.production import COSTS
from sims.engine.devices import cores

# Processor seconds of `calibration` on the machine that limits are stated for: two cores of an AMD
# EPYC (family 25, model 1) at 2.4 GHz.
REFERENCE = 0.56
LIMIT = 180.0
# Rooms that are older than the limit, at what they took when it was set: they may only come down.
OLDER = {"icl_regression": 946.0, "rnn_timescales": 460.0}
# Clocks, neighbours on the machine, and BLAS make one measurement differ from the next.
SLACK = 1.25


def calibration() -> float:
    """Processor seconds of a fixed loop: products, random numbers, and plain Python in equal parts.

    The least of three, since other work on the machine only adds.
    """
    rng, times = np.random.default_rng(0), []
    square = rng.normal(size=(256, 256))
    for _ in range(3):
        begun = time.process_time()
        for _ in range(90):
            square = square @ square
            square /= np.abs(square).max()
        rng.normal(size=14_000_000)
        total = 0
        for number in range(4_500_000):
            total += number
        times.append(time.process_time() - begun)
    return min(times)


def measure(paper: str, preset: str) -> dict[str, Any]:
    """What a room's main job takes, cold."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["-m", "figures", paper, "--preset", preset, "--results", f"{folder}/results"]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        parts = itemised(Path(folder) / "results", paper, preset)
    spent = sum(getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime"))
    return {
        "processor_s": round(spent, 1),
        "wall_s": round(time.monotonic() - begun, 1),
        "peak_MiB": round(after.ru_maxrss / 1024),
        "calibration_s": round(calibration(), 3),
        "exit_code": done.returncode,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {cores()} cores",
        **parts,
    }


def itemised(results: Path, paper: str, preset: str) -> dict[str, Any]:
    """Seconds of every sweep and table, by name, and those that each claim and figure rests on."""
    rests = {}
    for path in sorted((results / "figures" / paper).glob("*.json")):
        rests[f"{paper}.{path.stem}"] = json.loads(path.read_text())["sources"]
    for path in sorted((results / "claims").glob("*.json")):
        found = json.loads(path.read_text())
        rests[path.stem] = found.get(preset, {}).get("sources", [])
    sources = {source["id"]: source for found in rests.values() for source in found}
    works: dict[str, float] = {}
    for source in sources.values():
        name = label(source["name"])
        works[name] = round(works.get(name, 0.0) + source["seconds"], 1)
    needs = {step: sorted({label(s["name"]) for s in found}) for step, found in rests.items()}
    return {"works": works, "needs": {step: names for step, names in needs.items() if names}}


def relative(entry: dict[str, Any]) -> float:
    """Processor seconds on the machine that limits are stated for."""
    return entry["processor_s"] * REFERENCE / entry["calibration_s"]


def allowed(paper: str) -> float:
    """Processor seconds that a room may take at quick on that machine."""
    return SLACK * OLDER.get(paper, LIMIT)


def main() -> None:
    """Measure rooms and write the ledger."""
    import figures
    from sims.engine.rooms import papers

    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("papers", nargs="*", metavar="PAPER")
    parser.add_argument("--preset", default="quick")
    options = parser.parse_args()
    for paper in options.papers or papers(figures, figures.NOT_ROOMS):
        entry = measure(paper, options.preset)
        stored = json.loads(COSTS.read_text()) if COSTS.exists() else {}
        stored.setdefault(paper, {})[options.preset] = entry
        COSTS.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
        works = sorted(entry["works"].items(), key=lambda item: -item[1])
        for name, seconds in works[:30]:
            print(f"{seconds:8.1f} s  {name}")
        told = {name: value for name, value in entry.items() if name not in ("works", "needs")}
        print(f"{paper} at {options.preset}: {told}, {relative(entry):.0f} s at reference")


if __name__ == "__main__":
    main()
