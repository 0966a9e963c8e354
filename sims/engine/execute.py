"""Running sweeps: what is missing is driven chunk by chunk, kept, and resumed."""

from __future__ import annotations

import dataclasses
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from sims.engine import checkpoint
from sims.engine.compaction import fitting, put, take, travellers
from sims.engine.devices import memory_limit, numerics, prepare
from sims.engine.errors import Incomplete, UserError
from sims.engine.experiment import Experiment
from sims.engine.identity import digest, settings
from sims.engine.interrupt import Interrupt
from sims.engine.plan import Group, plan, smaller
from sims.engine.program import Carry, Program, compile_program, stack
from sims.engine.progress import Progress
from sims.engine.provenance import provenance
from sims.engine.results import Results, index, label
from sims.engine.store import Store, write_json
from sims.engine.sweep import Run, Sweep

CHECKPOINT_EVERY = 20.0


@dataclasses.dataclass
class Report:
    """What a call did.

    Attributes:
        wanted: runs asked for.
        computed: runs computed now; the others were in the store.
        compilations: programs compiled.
        diverged: runs of those asked for that reached NaN or inf, and the step at which.
        seconds: wall time.
    """

    wanted: int = 0
    computed: int = 0
    compilations: int = 0
    diverged: list[tuple[Run, int]] = dataclasses.field(default_factory=list)
    seconds: float = 0.0

    @property
    def unexpected(self) -> list[tuple[Run, int]]:
        """Diverged runs whose experiment does not declare divergence possible."""
        return [(run, step) for run, step in self.diverged if not run.experiment.may_diverge]


def run(
    sweeps: Sequence[Sweep],
    store: Store,
    *,
    quiet: bool = False,
    checkpoint_every: float = CHECKPOINT_EVERY,
) -> Report:
    """Compute every run of `sweeps` that `store` lacks.

    Args:
        quiet: show no progress.
        checkpoint_every: seconds between two checkpoints of a batch.

    Raises:
        Incomplete: interrupted, or the disk is full; what is done is kept and the same call goes on
            from there.
        UserError: one run alone does not fit into the device's memory.
    """
    begun = time.monotonic()
    prepare()
    groups = [group.planned(store) for group in plan(sweeps)]
    report = Report(wanted=sum(len(group.runs) for group in groups))
    missing = sum(len(group.missing(store)) for group in groups)
    names = ", ".join(dict.fromkeys(group.name for group in groups))
    with Progress(missing, names, quiet or not missing) as progress, Interrupt() as interrupt:
        driver = _Driver(store, progress, interrupt, checkpoint_every, report)
        for group in groups:
            driver.group(group)
    for group in groups:
        known = index(store, group.name)
        ends = [(run, known[id][2]) for id, run in group.runs.items()]
        report.diverged += [(run, step) for run, step in ends if step >= 0]
    report.seconds = time.monotonic() - begun
    return report


@dataclasses.dataclass
class _Driver:
    store: Store
    progress: Progress
    interrupt: Interrupt
    checkpoint_every: float
    report: Report
    parts: dict[Any, Program] = dataclasses.field(default_factory=dict)

    def group(self, group: Group) -> None:
        """Compute what is missing of a group, waiting for batches that others compute."""
        program, waiting = None, False
        while batches := group.batches(self.store):
            computed = 0
            for batch in batches:
                if program is None:
                    group, program = self.compile(group)
                    if group.batch_size < len(batch):
                        break
                try:
                    computed += self.batch(group, program, batch)
                except jax.errors.JaxRuntimeError as error:
                    if "RESOURCE_EXHAUSTED" not in str(error):
                        raise
                    group, program = self.shrink(group, 0.5), None
                    break
            else:
                if not computed:
                    if not waiting:
                        self.progress.say(
                            f"{group.name}: another process computes the rest; waiting"
                        )
                    waiting = True
                    time.sleep(1.0)

    def compile(self, group: Group) -> tuple[Group, Program]:
        """Compile for the batch size, made smaller until the memory that it asks for fits."""
        while True:
            experiment = next(iter(group.runs.values())).experiment
            program = compile_program(experiment, group.batch_size)
            self.report.compilations += 1
            limit = memory_limit(program.mesh.devices.flat[0])
            if program.bytes <= limit:
                return group, program
            group = self.shrink(group, limit / program.bytes)

    def shrink(self, group: Group, factor: float) -> Group:
        """Smaller batches, announced and recorded."""
        size = smaller(group.batch_size, factor)
        if size is None:
            raise UserError(
                f"{group.name}: one run needs more memory than the device has; choose smaller "
                "static settings or another --device"
            )
        self.progress.say(f"{group.name}: batches of {size} instead of {group.batch_size} (memory)")
        return group.resized(self.store, size)

    def batch(self, group: Group, program: Program, runs: list[Run]) -> int:
        """Compute one batch unless another process holds or finished it; the number computed."""
        ids = [run.id for run in runs]
        name = digest([group.batch_size, *ids])
        folder = self.store.folder("partial", group.name, name)
        with checkpoint.locked(folder) as mine:
            if not mine:
                return 0
            if not index(self.store, group.name).keys() >= set(ids):
                write_json(folder / "batch.json", {"runs": ids, "batch_size": group.batch_size})
                begun = time.monotonic()
                found = self.drive(program, runs, folder)
                data = label(runs, found)
                wall = {"batch_size": group.batch_size, "wall_s": time.monotonic() - begun}
                record = {
                    "experiment": group.name,
                    "runs": [
                        {"id": run.id, "seed": run.seed, "diverged": int(at), "settings": values}
                        for run, at in zip(runs, found.diverged, strict=True)
                        for values in [settings(run.experiment)]
                    ],
                    "provenance": provenance(precision=program.precision, **wall),
                }
                self.store.write("runs", group.name, name, data, record)
                self.report.computed += len(runs)
            shutil.rmtree(folder, ignore_errors=True)
        return len(runs)

    def drive(self, program: Program, runs: list[Run], folder: Path) -> Results:
        """Take a batch from its start or its checkpoint to its end, chunk by chunk."""
        experiment = runs[0].experiment
        steps, every, share = experiment.steps, experiment.log_every, len(runs) / experiment.steps
        padded = [(run.experiment, run.seed) for run in [*runs, *runs[-1:] * program.batch_size]]
        everything = batch = program.place(stack(padded[: program.batch_size]))
        rows = {
            n: np.empty((steps // every + 1, *a.shape), a.dtype) for n, a in program.row.items()
        }

        def logged(step: int) -> dict[str, np.ndarray]:
            return {name: values[: step // every + 1] for name, values in rows.items()}

        step, carry, kept = checkpoint.restore(folder, program.carry, logged)
        if step < 0:
            step, (carry, first) = 0, program.init(*batch)
            # Metrics are means over the steps before a log point; there are none before the first.
            kept = {name: np.asarray(values)[None] for name, values in first.items()}
            for name in rows.keys() - first.keys():
                kept[name] = np.full_like(rows[name][:1], np.nan)
        for name, values in kept.items():
            rows[name][: step // every + 1] = values
        self.progress.advance(share * step, resumed=True)
        saved = time.monotonic()
        ended, diverged = np.array(carry.ended), np.array(carry.diverged)
        whole, part, members = carry, program, np.arange(program.batch_size)

        def merged() -> Carry:
            with numerics(program.precision):
                return carry if part is program else put(whole, members, carry)

        while step < steps:
            # A diverged run travels on: one that ends by accident must not move its neighbours.
            travels = (ended < 0) | (diverged >= 0)
            size = fitting(program.batch_size, int(travels.sum()), program.mesh.size)
            if size < part.batch_size:
                whole, members = merged(), travellers(travels, size)
                part = self.part(experiment, size)
                with numerics(program.precision):
                    batch, carry = part.place(take((everything, whole), members))
            at = step // every
            going = ended[members] < 0
            carry, row = part.chunk(*batch, carry, np.int32(step))
            step += every
            for name, values in jax.device_get(row).items():
                rows[name][at + 1] = rows[name][at]
                rows[name][at + 1][members[going]] = values[going]
            ended[members], diverged[members] = carry.ended, carry.diverged
            self.progress.advance(share * every)
            if (ended >= 0).all():
                for values in rows.values():
                    values[at + 2 :] = values[at + 1]
                self.progress.advance(share * (steps - step))
                break
            stop = self.interrupt.requested and step < steps
            if stop or time.monotonic() - saved >= self.checkpoint_every:
                checkpoint.save(folder, step, merged(), logged(step))
                saved = time.monotonic()
            if stop:
                raise Incomplete(
                    f"interrupted at step {step} of {steps}; nothing is lost: the same command "
                    "resumes from here"
                )
        last = jax.device_get(merged())
        return Results(
            {name: values[:, : len(runs)] for name, values in rows.items()},
            last.diverged[: len(runs)],
            np.where(ended < 0, steps, ended)[: len(runs)],
            {name: np.array(values[: len(runs)]) for name, values in last.stages.items()},
        )

    def part(self, experiment: Experiment, size: int) -> Program:
        """The program for what is left of a batch."""
        key = (jax.tree.structure(experiment), size)
        if key not in self.parts:
            self.parts[key] = compile_program(experiment, size)
            self.report.compilations += 1
        return self.parts[key]


# Seconds after which one chunk is enough to tell how long chunks take.
_LONG_CHUNK = 2.0


def forecast(sweeps: Sequence[Sweep], store: Store, *, quiet: bool = False) -> list[dict[str, Any]]:
    """What `run` would do, per group, from its compiled program and a chunk run and dropped.

    Args:
        quiet: do not say what is being measured.

    Returns:
        One dict per group: `experiment`, `runs`, `missing`, `batch_size`, `batches`,
        `compilations`, `bytes_per_device`, `seconds`.
    """
    prepare()
    groups = []
    for group in plan(sweeps):
        missing = len(group.missing(store))
        entry = {"experiment": group.name, "runs": len(group.runs), "missing": missing}
        entry |= {"batch_size": group.batch_size, "batches": 0, "compilations": 0}
        entry |= {"bytes_per_device": 0, "seconds": 0.0}
        if missing:
            every = next(iter(group.runs.values())).experiment.log_every
            if not quiet:
                line = f"{group.name}: compiling, then timing a chunk of {every} steps"
                print(line, file=sys.stderr, flush=True)
            entry |= _measured(group, store)
        groups.append(entry)
    return groups


def _measured(group: Group, store: Store) -> dict[str, Any]:
    runs = list(group.runs.values())
    begun = time.monotonic()
    program = compile_program(runs[0].experiment, group.batch_size)
    compiled = time.monotonic() - begun
    padded = [(run.experiment, run.seed) for run in runs * group.batch_size][: group.batch_size]
    batch = program.place(stack(padded))
    carry, _ = program.init(*batch)
    took = 0.0
    for start in (0, 0):  # the first warms up, which long ones do not notice
        begun = time.monotonic()
        carry, _ = jax.block_until_ready(program.chunk(*batch, carry, np.int32(start)))
        took = time.monotonic() - begun
        if took > _LONG_CHUNK:
            break
    batches = len(group.batches(store))
    chunks = batches * runs[0].experiment.steps // runs[0].experiment.log_every
    return {
        "batches": batches,
        "compilations": 1,
        "bytes_per_device": program.bytes,
        "seconds": compiled + took * chunks,
    }
