"""`python -m benchmarks.compiled h100 [NAME ...]`: sweeps compiled for a device that is not here.

Compilers need no device: XLA's plugins for CUDA and TPU compile for a topology that is described
to them. One line per program says whether it compiles, what it takes of the device's memory at the
batch size that the planner picks, and how many kernels a step launches. The plugins are an extra:
`uv run --extra aot python -m benchmarks.compiled v5e`.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from sims.engine.cli import AMISS, FINISHED, Parser, guarded
from sims.engine.errors import UserError, unknown

if TYPE_CHECKING:
    from sims.engine.experiment import Experiment
    from sims.engine.plan import Group

PROG = "python -m benchmarks.compiled"
PRESETS = ("quick", "standard", "authors", "sizes", "paper")

# The public figures of one H100 (SXM, 80 GB), in the words of XLA's GpuTargetConfigProto.
_H100 = """
platform_name: "CUDA"
device_description_str: "NVIDIA H100 80GB HBM3"
dnn_version_info { major: 9 minor: 8 }
gpu_device_info {
  cuda_compute_capability { major: 9 minor: 0 }
  core_count: 132 fpus_per_core: 128 clock_rate_ghz: 1.98
  threads_per_warp: 32 threads_per_block_limit: 1024 threads_per_core_limit: 2048
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
  shared_memory_per_block: 49152 shared_memory_per_block_optin: 232448
  shared_memory_per_core: 233472 l2_cache_size: 52428800
  memory_bandwidth: 3352320000000 device_memory_size: 84978434048
}
"""


class Target(NamedTuple):
    """A device to compile for.

    Attributes:
        platform, topology: as JAX's topology descriptions call them.
        options: further ones of the description.
        memory: of one device, in bytes.
    """

    platform: str
    topology: str
    options: Mapping[str, str]
    memory: int


TARGETS = {
    "v5e": Target("tpu", "v5e:2x2", {}, 16 * 2**30),
    "h100": Target("cuda", "h100", {"topology": "1x1x1", "target_config": _H100}, 84_978_434_048),
}


@dataclasses.dataclass(frozen=True)
class Compiled:
    """What came of one program.

    Attributes:
        names: of the sweeps that it serves, each `paper.sweep preset`.
        runs: of the first of these, in all.
        batch_size: as the planner picks it, made smaller where memory asks for it.
        reason: why it does not compile; empty where it does.
        refused: the planner says so itself, in words for a user; nothing was compiled.
        bytes: taken on each device.
        kernels: launched per step, what a log point needs shared out among its steps.
        step_us: time of a step by the compiler's own cost model; None where it gives none.
        seconds: that compiling took.
    """

    names: tuple[str, ...]
    precision: str
    runs: int
    batch_size: int
    reason: str = ""
    refused: bool = False
    bytes: int = 0
    kernels: float = 0.0
    step_us: float | None = None
    seconds: float = 0.0

    @property
    def told(self) -> str:
        """What came of it, in a line."""
        memory = f"{self.bytes / 2**20:.1f} MiB, {self.kernels:.0f} kernels a step"
        return f"{self.reason or memory}, {self.seconds:.0f} s"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = Parser(prog=PROG, description=__doc__)
    parser.add_argument("target", choices=list(TARGETS), help="device to compile for")
    parser.add_argument("names", nargs="*", metavar="NAME", help="sweeps, default: all")
    parser.add_argument("--preset", action="append", help=f"default: {', '.join(PRESETS)}")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    options = parser.parse_args(words)
    return guarded(parser.prog, lambda: _compiled(options))


def _compiled(options: argparse.Namespace) -> int:
    rows = []
    with pretended(options.target):
        jobs = programs(options.names, options.preset or PRESETS)
        for at, (names, group) in enumerate(jobs, 1):
            line = f"{PROG}: {names[0]} ({at} of {len(jobs)})"
            print(line, file=sys.stderr, flush=True)
            rows.append(row := compiled(options.target, names, group))
            # At once, so that hours of compiling are not lost with the table at their end.
            print(f"{line}: {row.told}", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
    else:
        print(table(rows))
    return AMISS if any(row.reason and not row.refused for row in rows) else FINISHED


@contextlib.contextmanager
def pretended(target: str) -> Iterator[None]:
    """Within the block the engine plans and compiles for devices that are not here.

    Raises:
        UserError: the plugin is not installed.
    """
    # No plugin may look for the machine that it would be in, nor believe that machine's device to
    # be taken because another process compiles.
    os.environ.setdefault("TPU_SKIP_MDS_QUERY", "1")
    os.environ.setdefault("ALLOW_MULTIPLE_LIBTPU_LOAD", "1")
    import jax
    import numpy as np
    from jax.experimental import topologies

    from sims.engine import plan, program
    from sims.engine.devices import RUN_AXIS

    jax.config.update("jax_platforms", "cpu")  # nor may it look for a device
    asked = TARGETS[target]
    try:
        described = topologies.get_topology_desc(
            platform=asked.platform, topology_name=asked.topology, **asked.options
        )
    except (NotImplementedError, RuntimeError) as error:
        raise UserError(
            f"{target}: JAX finds no compiler for it ({error}); install the extra aot"
        ) from None
    devices = jax.sharding.Mesh(np.asarray(described.devices), (RUN_AXIS,))
    there = {"mesh": lambda: devices, "on_cpu": lambda: False}
    with mock.patch.multiple(plan, **there), mock.patch.multiple(program, **there):
        yield


Planned = tuple[tuple[str, ...], "Group | str"]


def programs(names: Sequence[str], presets: Sequence[str]) -> list[Planned]:
    """Every program of some sweeps (of all where none is named) once, with the sweeps it serves.

    What the planner refuses for the device stands there with its reason.

    Raises:
        UserError: unknown sweep or preset.
    """
    import jax

    from sims.engine.plan import plan
    from sims.engine.rooms import sweeps

    known = sweeps()
    for name in names:
        if name not in known:
            raise unknown("sweep", name, known)
    for preset in presets:
        if preset not in (have := {preset for sweep in known.values() for preset in sweep}):
            raise unknown("preset", preset, have)
    found: dict[Any, tuple[list[str], Group | str]] = {}
    for name in names or known:
        for preset in [p for p in presets if p in known[name]]:
            try:
                groups = plan([known[name][preset]])
            except UserError as error:
                found.setdefault(str(error), ([], str(error)))[0].append(f"{name} {preset}")
                continue
            for group in groups:
                first = next(iter(group.runs.values())).experiment
                key = (jax.tree.structure(first), group.batch_size)
                found.setdefault(key, ([], group))[0].append(f"{name} {preset}")
    return [(tuple(served), group) for served, group in found.values()]


def compiled(target: str, names: tuple[str, ...], group: Group | str) -> Compiled:
    """Compile a group's program, in smaller batches where the memory asks for it."""
    from sims.engine.plan import smaller

    if isinstance(group, str):
        return Compiled(names, "float64", 0, 0, group, refused=True)
    run = next(iter(group.runs.values()))
    start = None if run.start is None else begins(run.start.experiment, run.stage)
    row = Compiled(names, run.experiment.precision, len(group.runs), group.batch_size)
    begun = time.monotonic()
    while True:
        row = _one(row, run.experiment, start)
        size = smaller(row.batch_size, 0.9 * TARGETS[target].memory / max(1, row.bytes))
        if row.reason or size is None:
            return dataclasses.replace(row, seconds=time.monotonic() - begun)
        row = dataclasses.replace(row, batch_size=size)


def _one(row: Compiled, experiment: Experiment, start: Any) -> Compiled:
    import jax

    from benchmarks.hlo import count
    from sims.engine.program import compile_program

    compile, last = jax.stages.Lowered.compile, []

    def kept(lowered: jax.stages.Lowered) -> jax.stages.Compiled:
        last.append(compile(lowered))
        return last[-1]

    try:
        with mock.patch.object(jax.stages.Lowered, "compile", kept):
            program = compile_program(experiment, row.batch_size, start)
    except (jax.errors.JaxRuntimeError, NotImplementedError) as error:
        return dataclasses.replace(row, reason=" ".join(str(error).split())[:200])
    steps = experiment.log_every if experiment.steps else 1
    return dataclasses.replace(
        row,
        reason="",
        bytes=program.bytes,
        kernels=count(last[-1].as_text()).kernels / steps,
        step_us=_step_us(last[-1].cost_analysis()),
    )


def _step_us(costs: Any) -> float | None:
    """Microseconds of the body of the program's loop, which the cost model counts once."""
    found = costs.get("optimal_seconds") if isinstance(costs, Mapping) else None
    return None if not found or found < 0 else 1e6 * found


def begins(origin: Experiment, stage: int | None) -> Any:
    """Shapes of what a run starts from, where it starts from another: its state, or a stage."""
    import jax
    import jax.numpy as jnp

    from sims.engine.devices import numerics
    from sims.engine.program import run_key, state_shape

    if stage is None:
        return state_shape(origin)

    def kept(seed: jax.Array) -> Any:
        key = run_key(seed)
        state = origin.init(key)
        return origin.keep(state, origin.observe(state, key))[1]

    with numerics(origin.precision):
        return jax.eval_shape(kept, jnp.asarray(0, "uint32"))


def table(rows: Sequence[Compiled]) -> str:
    """One line per program, what does not compile last and with its reason."""
    head = (
        "program",
        "dtype",
        "runs",
        "batch",
        "MiB",
        "kernels/step",
        "us/step",
        "compiled in s",
    )
    lines: list[tuple[str, ...]] = [head]
    for row in sorted(rows, key=lambda row: bool(row.reason)):
        name, *others = row.names
        more = f" and {len(others)} more" if others else ""
        cells = (f"{row.bytes / 2**20:.1f}", f"{row.kernels:.0f}")
        step = "" if row.step_us is None else f"{row.step_us:.0f}"
        if row.reason:
            cells, step = ("no", "no"), "no"
        name = re.sub(r" (\w+)$", r" (\1)", name) + more
        size = (str(row.runs), str(row.batch_size))
        lines.append((name, row.precision, *size, *cells, step, f"{row.seconds:.0f}"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text: list[str] = [
        "  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])])
        for first, *rest in lines
    ]
    text += [f"{row.names[0]}: {row.reason}" for row in rows if row.reason]
    return "\n".join(text)


if __name__ == "__main__":
    sys.exit(main())
