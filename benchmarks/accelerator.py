"""`python -m benchmarks.accelerator FOLDER`: what to measure in ten minutes with a GPU at hand.

Every room's smoke sweeps on the device against the CPU's numbers; runs per second of the authors'
attention net against the number of runs that travel together, with the memory that was predicted
and that was used; the time that a thousand of their runs would take; and a step of the recurrent
nets at the authors' size. Each part is written to `FOLDER/accelerator.json` as soon as it is
measured, the figure at the end. On a machine without a GPU it takes the CPU, to be tried.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sims.engine.cli import FINISHED, Parser, guarded
from sims.engine.errors import UserError

if TYPE_CHECKING:
    import xarray

PROG = "python -m benchmarks.accelerator"
WIDTHS = (1, 4, 16, 64, 256, 1024, 4096)
# Relative deviation from the CPU's numbers after a smoke sweep that is still within rounding: 200
# steps of training part by a thousandth where every product is rounded in another order.
TOLERANCE = 1e-3
# The authors' training: steps of one run, and their minutes for it on an RTX 4090.
STEPS, THEIR_MINUTES, RUNS = 500_000, 16.0, 1000


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = Parser(prog=PROG, description=__doc__)
    parser.add_argument("folder", metavar="FOLDER", help="where numbers and figure go")
    parser.add_argument("--minutes", type=float, default=8.0, help="stop before (default: 8)")
    parser.add_argument("--sweeps", nargs="+", metavar="NAME", help="to compare (default: all)")
    parser.add_argument("--most", type=int, default=WIDTHS[-1], help="runs together, at most")
    options = parser.parse_args(words)
    return guarded(PROG, lambda: _measured(options))


def _measured(options: Any) -> int:
    import jax

    from sims.engine.devices import pinned, prepare

    folder = Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        prepare("gpu")
    except UserError:
        prepare("cpu")
    end = time.monotonic() + 60 * options.minutes
    found: dict[str, Any] = {"jax": jax.__version__}
    parts: dict[str, Callable[[], Any]] = {
        "device": lambda: str(_device().device_kind),
        "widths": lambda: widths(options.most, end),
        "recurrent": recurrent,
        "compared": lambda: compared(folder, options.sweeps, end),
    }
    with pinned():
        for name, part in parts.items():
            print(f"{PROG}: {name}", file=sys.stderr, flush=True)
            found[name] = part()
            (folder / "accelerator.json").write_text(json.dumps(found, indent=1))
    draw(found, folder / "accelerator.png")
    print(told(found))
    return FINISHED


def _device() -> Any:
    from sims.engine.devices import mesh

    return mesh().devices.flat[0]


def widths(most: int, end: float) -> list[dict[str, float]]:
    """The authors' net (H = 4, 256 prompts) at growing numbers of runs, for half of the time."""
    from benchmarks.icl_training import STEPS as CHUNK
    from benchmarks.icl_training import training
    from sims.engine.devices import mesh
    from sims.engine.program import compile_program, stack

    found, begun = [], time.monotonic()
    for width in (width for width in WIDTHS if width <= most):
        width = max(width, mesh().size)
        experiment = training(heads=4, prompts=256)
        program = compile_program(experiment, width)
        batch = program.place(stack([(experiment, seed) for seed in range(width)]))
        step = _chunk(program, batch)
        step()
        seconds = min(step() for _ in range(3)) / CHUNK
        stats = _device().memory_stats() or {}
        found.append(
            {
                "runs": width,
                "step_ms": 1e3 * seconds,
                "thousand_runs_h": seconds * STEPS * RUNS / width / 3600,
                "predicted_bytes": program.bytes,
                "used_bytes": stats.get("peak_bytes_in_use"),
            }
        )
        if time.monotonic() - begun > (end - begun) / 2:
            break
    return found


def _chunk(program: Any, batch: Any) -> Callable[[], float]:
    import jax
    import numpy as np

    carry = [program.init(*batch, None)[0]]

    def step() -> float:
        begun = time.perf_counter()
        carry[0], _ = jax.block_until_ready(program.chunk(*batch, carry[0], np.int32(0)))
        return time.perf_counter() - begun

    return step


def recurrent() -> dict[str, float]:
    """A step of the authors' recurrent nets, both curricula and all seeds of the paper's preset."""
    from sims.engine.experiment import with_settings
    from sims.engine.program import compile_program, stack
    from sims.engine.rooms import find_sweep

    sweep = find_sweep("rnn_timescales.parity", "paper")
    runs = [
        (with_settings(run.experiment, log_every=20, steps=20), run.seed) for run in sweep.runs()
    ]
    on_cpu = _device().platform == "cpu"
    runs = runs[: _device().client.device_count()] if on_cpu else runs
    program = compile_program(runs[0][0], len(runs))
    step = _chunk(program, program.place(stack(runs)))
    step()
    return {"runs": len(runs), "step_ms": 1e3 * step() / 20}


def compared(folder: Path, names: Sequence[str] | None, end: float) -> dict[str, Any]:
    """Smoke sweeps on the device and on the CPU: the largest relative deviation of each."""
    from sims.engine.devices import prepare
    from sims.engine.execute import run
    from sims.engine.results import load
    from sims.engine.rooms import find_sweep, sweeps
    from sims.engine.store import Store

    found: dict[str, Any] = {}
    here = _device().platform
    for name in names or sweeps():
        if "smoke" not in sweeps().get(name, {"smoke": None}):
            continue
        if time.monotonic() > end:
            found[name] = "no time left"
            continue
        sweep, data = find_sweep(name, "smoke"), []
        for platform in (here, "cpu"):
            prepare(platform)
            store = Store(folder / platform)
            run([sweep], store, quiet=True)
            data.append(load(store, sweep))
        prepare(here)
        found[name] = deviation(*data)
    return found


def deviation(found: xarray.Dataset, expected: xarray.Dataset) -> float:
    """Largest deviation of a variable, relative to its largest value; infinite where only one side
    is a number."""
    import numpy as np

    worst = 0.0
    for name in expected.data_vars:
        ours, theirs = np.asarray(found[name], float), np.asarray(expected[name], float)
        if (np.isnan(ours) != np.isnan(theirs)).any():
            return float("inf")
        scale = np.nanmax(np.abs(theirs), initial=0.0)
        if scale:
            worst = max(worst, float(np.nanmax(np.abs(ours - theirs)) / scale))
    return worst


def told(found: Mapping[str, Any]) -> str:
    """The numbers in words."""
    best = min(found["widths"], key=lambda row: row["thousand_runs_h"])
    there = {k: v for k, v in found["compared"].items() if not isinstance(v, str)}
    apart = {name: value for name, value in there.items() if value > TOLERANCE}
    rnn = found["recurrent"]
    return (
        f"{found['device']}: {best['runs']} runs together take {best['step_ms']:.3g} ms a step, so "
        f"{RUNS} of the authors' runs {best['thousand_runs_h']:.3g} h; one alone took them "
        f"{THEIR_MINUTES:.0f} minutes on an RTX 4090, {RUNS} in turn "
        f"{RUNS * THEIR_MINUTES / 60:.0f} h\n"
        f"recurrent nets: {rnn['runs']} runs together, {rnn['step_ms']:.3g} ms a step\n"
        f"{len(there)} smoke sweeps compared with the CPU, {len(apart)} apart by more than "
        f"{TOLERANCE:g}: {', '.join(apart) or 'none'}"
    )


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Runs per second, and memory predicted and used, against the number of runs together."""
    import matplotlib.pyplot as plt

    rows = found["widths"]
    runs = [row["runs"] for row in rows]
    drawing, (left, right) = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    left.loglog(runs, [1e3 * row["runs"] / row["step_ms"] for row in rows], "o-")
    left.set(xlabel="runs together", ylabel="steps of a run per second", title=found["device"])
    right.loglog(runs, [row["predicted_bytes"] / 2**20 for row in rows], "o--", label="predicted")
    if all(row["used_bytes"] for row in rows):
        right.loglog(runs, [row["used_bytes"] / 2**20 for row in rows], "o-", label="used, peak")
    right.set(xlabel="runs together", ylabel="MiB of a device")
    right.legend()
    drawing.savefig(path, dpi=150)
    plt.close(drawing)


if __name__ == "__main__":
    sys.exit(main())
