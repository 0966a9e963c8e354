"""Running sweeps: what is missing is driven chunk by chunk, kept, and resumed."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
from jaxtyping import PyTree

from sims.engine import checkpoint, forms, interrupt
from sims.engine.check import check
from sims.engine.code import digest
from sims.engine.devices import memory_limit, pinned, prepare
from sims.engine.drive import Drive
from sims.engine.errors import Incomplete
from sims.engine.experiment import Experiment
from sims.engine.identity import experiment_code, settings
from sims.engine.leftovers import remove_leftovers
from sims.engine.plan import Group, plan
from sims.engine.program import Program, compile_program
from sims.engine.progress import PLAIN_EVERY, Progress
from sims.engine.provenance import provenance
from sims.engine.results import Results, index, label, outdated, starts, together
from sims.engine.store import Store, write_json
from sims.engine.sweep import Run, Sweep

CHECKPOINT_EVERY = 20.0
# Seconds of work that are filed together: a file of short runs costs more than they do.
FILED_EVERY = 2.0


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
    wait: bool = True,
    told: Callable[[float, float], None] | None = None,
    part: tuple[int, int] = (0, 1),
) -> Report:
    """Compute every run of `sweeps` that `store` lacks, and first those that they start from.

    Args:
        quiet: show no progress.
        checkpoint_every: seconds between two checkpoints of a batch.
        wait: stay until what other processes compute of it is done.
        told: told of every chunk: the shares of all runs asked for that were there before, and that
            this process has done.
        part: (at, of) computes only the runs at, at + of, ...: the share of one job of several.

    Raises:
        Incomplete: interrupted, or the disk is full; what is done is kept and the same call goes on
            from there.
        UserError: one run alone does not fit into the device's memory, or an experiment's functions
            return what cannot be carried or filed.
    """
    begun = time.monotonic()
    prepare()
    options = {"quiet": quiet, "checkpoint_every": checkpoint_every}
    compilations = 0
    if origins := [origin for sweep in sweeps if (origin := sweep.origin()) is not None]:
        compilations = run(origins, store, **options).compilations
    groups = [group.planned(store) for group in _wanted(sweeps, store, part)]
    report = compute(groups, store, wait=wait, told=told, **options)
    report.compilations += compilations
    report.seconds = time.monotonic() - begun
    return report


def compute(
    groups: Sequence[Group],
    store: Store,
    *,
    quiet: bool = False,
    checkpoint_every: float = CHECKPOINT_EVERY,
    wait: bool = True,
    told: Callable[[float, float], None] | None = None,
) -> Report:
    """Compute what `store` lacks of some groups; it holds the runs that theirs start from.

    Arguments and errors are those of `run`.
    """
    begun = time.monotonic()
    report = Report()
    report.wanted = sum(len(group.runs) for group in groups)
    missing = {group.name: len(group.missing(store)) for group in groups}
    total = sum(len(group.missing(store)) for group in groups)
    names = ", ".join(missing)
    shown = Progress(total, names, quiet or not total)
    if told is not None:
        before = report.wanted - total
        shown.told = lambda done: told(before / report.wanted, done / report.wanted)
    with shown as progress, interrupt.shielded(), pinned(), _nan_is_a_number():
        driver = _Driver(store, progress, checkpoint_every, report, wait)
        for group in groups:
            driver.group(group)
    for group in groups:
        known = index(store, group.name)
        ends = [(run, known[id][2]) for id, run in group.runs.items() if id in known]
        report.diverged += [(run, step) for run, step in ends if step >= 0]
    report.seconds = time.monotonic() - begun
    return report


def _wanted(sweeps: Sequence[Sweep], store: Store, part: tuple[int, int]) -> list[Group]:
    """The runs of some sweeps; what is left over or damaged of them in the store is dropped."""
    remove_leftovers(store)
    groups = plan(sweeps, part)
    for group in groups:
        known = index(store, group.name)
        store.verify({known[id][0] for id in group.runs if id in known})
    return groups


@contextlib.contextmanager
def _nan_is_a_number() -> Iterator[None]:
    """Divergence is recorded and no error, whatever the environment says of NaN."""
    with jax.debug_nans(False), jax.debug_infs(False):
        yield


@dataclasses.dataclass
class _Driver:
    store: Store
    progress: Progress
    checkpoint_every: float
    report: Report
    wait: bool
    parts: dict[Any, Program] = dataclasses.field(default_factory=dict)

    def group(self, group: Group) -> None:
        """Compute what is missing of a group, waiting for batches that others compute."""
        program, told = None, -math.inf
        group.clear(self.store)
        if reason := outdated(self.store, group.name, group.missing(self.store)):
            self.progress.say(f"{group.name} is computed again: {reason}")
        while batches := group.batches(self.store):
            computed, count = 0, 1
            while batches:
                _stop_if_asked()
                some, batches = batches[:count], batches[count:]
                if program is None and not self.free(group, some):
                    continue
                if program is None:
                    group, program = self.compile(group)
                    if group.batch_size < max(map(len, some)):
                        break
                begun = time.monotonic()
                try:
                    if done := self.batches(group, program, some):
                        pace = done / group.batch_size / (time.monotonic() - begun)
                        count = max(1, int(FILED_EVERY * pace))
                    computed += done
                except jax.errors.JaxRuntimeError as error:
                    if "RESOURCE_EXHAUSTED" not in str(error):
                        raise
                    group, program = self.shrink(group, 0.5), None
                    break
            else:
                if not computed:
                    if not self.wait:
                        return
                    if time.monotonic() - told >= PLAIN_EVERY:
                        told, left = time.monotonic(), len(group.missing(self.store))
                        self.progress.say(
                            f"{group.name}: another process computes the rest; waiting for {left} "
                            f"of {len(group.runs)} runs"
                        )
                    _wait(1.0)

    def free(self, group: Group, batches: list[list[Run]]) -> bool:
        """Whether anything of some batches is left to compute: compiling takes seconds."""
        ids = [run.id for batch in batches for run in batch]
        with checkpoint.held(group.locks(self.store), ids) as mine:
            return bool(mine - index(self.store, group.name).keys())

    def compile(self, group: Group) -> tuple[Group, Program]:
        """Compile for the batch size, made smaller until the memory that it asks for fits."""
        first = next(iter(group.runs.values()))
        start = self.start(first)
        check(first.experiment, start)
        while True:
            with interrupt.exposed():
                program = compile_program(first.experiment, group.batch_size, start)
            self.report.compilations += 1
            limit = memory_limit(program.mesh.devices.flat[0])
            if program.bytes <= limit:
                return group, program
            group = self.shrink(group, limit / program.bytes)

    def start(self, run: Run) -> PyTree:
        """Shapes of what a run starts from; None where it starts by itself."""
        if run.start is None:
            return None
        found = starts(self.store, [run])
        return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), found)

    def shrink(self, group: Group, factor: float) -> Group:
        """Smaller batches, announced and recorded."""
        size = group.fewer(factor).batch_size
        self.progress.say(f"{group.name}: batches of {size} instead of {group.batch_size} (memory)")
        return group.resized(self.store, size)

    def batches(self, group: Group, program: Program, batches: list[list[Run]]) -> int:
        """Compute what of some batches no other process holds or finished, and file it together.

        Batches that would begin after FILED_EVERY are left for another time.

        Returns:
            The number of runs computed.
        """
        ids = [run.id for batch in batches for run in batch]
        with checkpoint.held(group.locks(self.store), ids) as mine:
            left = mine - index(self.store, group.name).keys()
            own = [[run for run in batch if run.id in left] for batch in batches]
            runs = [run for batch in own for run in batch]
            begins = starts(self.store, runs) if runs and runs[0].start else None
            begun, found, at = time.monotonic(), [], 0
            try:
                for batch in filter(None, own):
                    _stop_if_asked()
                    if found and time.monotonic() - begun >= FILED_EVERY:
                        break
                    there = slice(at, at + len(batch))
                    here = jax.tree.map(lambda leaf, there=there: leaf[there], begins)
                    found.append(self.driven(group, program, batch, here))
                    at = there.stop
            finally:
                if found:
                    took = time.monotonic() - begun
                    self.file(group, program, runs[:at], together(found), took)
        group.clear(self.store)
        return at

    def driven(self, group: Group, program: Program, runs: list[Run], begins: PyTree) -> Results:
        """What a batch comes to."""
        folders = group.folders(self.store, runs)
        members = [runs] if len(folders) == 1 else [[run] for run in runs]
        for folder, own in zip(folders, members, strict=True):
            kept = {"runs": [run.id for run in own], "batch_size": group.batch_size}
            # It saves time where it lasts; what it lacks is put into batches again.
            write_json(folder / "batch.json", forms.sealed(kept), lasting=False)
        part = functools.partial(self.part, runs[0].experiment)
        drive = Drive(self.progress, self.checkpoint_every, part)
        return drive(program, runs, begins, checkpoint.Checkpoints(folders, len(runs)))

    def file(
        self, group: Group, program: Program, runs: list[Run], found: Results, seconds: float
    ) -> None:
        """File what runs came to."""
        experiment = runs[0].experiment
        wall = {"batch_size": group.batch_size, "wall_s": seconds}
        made = provenance(type(experiment).__module__, precision=program.precision, **wall)
        record = {
            "experiment": group.name,
            "runs": [
                {"id": run.id, "seed": run.seed, "diverged": int(at), "settings": values}
                | ({"start": run.start.id, "stage": run.stage} if run.start else {})
                for run, at in zip(runs, found.diverged, strict=True)
                for values in [settings(run.experiment)]
            ],
            "code": experiment_code(type(experiment)),
            "provenance": made,
        }
        name = digest([group.batch_size, *(run.id for run in runs)])
        self.store.write("runs", group.name, name, label(runs, found), record)
        self.report.computed += len(runs)

    def part(self, experiment: Experiment, size: int) -> Program:
        """The program for what is left of a batch."""
        key = (jax.tree.structure(experiment), size)
        if key not in self.parts:
            self.parts[key] = compile_program(experiment, size)
            self.report.compilations += 1
        return self.parts[key]


def _stop_if_asked() -> None:
    if interrupt.requested():
        raise Incomplete("interrupted; nothing is lost: the same command goes on from here")


def _wait(seconds: float) -> None:
    """Sleep, unless a signal asks to stop."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        _stop_if_asked()
        time.sleep(0.1)
