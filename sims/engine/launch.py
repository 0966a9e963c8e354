"""Sweeps and tables as jobs of a cluster, or of this machine: `--launch slurm`.

A sweep's runs are shared out among jobs before they start, so that no job waits for another; each
keeps what it computed in the one store, and a job that is preempted, runs out of time or is killed
goes on from its checkpoints. submitit speaks to Slurm and, by the same path, to processes here.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import submitit
from submitit.core.utils import FailedJobError
from submitit.helpers import Checkpointable

from sims.engine import interrupt
from sims.engine.devices import cores, one_of
from sims.engine.errors import Incomplete, UserError
from sims.engine.execute import run
from sims.engine.plan import CPU_WIDTH
from sims.engine.progress import Progress
from sims.engine.results import index
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from sims.engine.work import Work

# Seconds between two looks at the store, and minutes that a job asks for.
LOOK, MINUTES = 2.0, 60
# How often a job that ran out of time is queued again.
TIMEOUTS = 100
# Jobs of a cluster that are expected to run at once, for saying how long the rest will take.
AT_ONCE = 16


@dataclasses.dataclass(frozen=True)
class Resources:
    """What every job asks for.

    Attributes:
        jobs: how many share a sweep's runs, None for one a core here and one for 16 runs on a
            cluster.
        time: minutes until a job is stopped and queued again.
        partition: of the cluster; None for its default.
        gpus: of each job.
    """

    jobs: int | None = None
    time: int = MINUTES
    partition: str | None = None
    gpus: int = 0

    def __post_init__(self) -> None:
        for name, least in (("jobs", 1), ("time", 1), ("gpus", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UserError(f"--{name} {value}: expected at least {least}")


class Part(Checkpointable):
    """One job: a table, or every `of`-th run of a sweep, computed as far as the store lacks it.

    Called again, after a preemption or elsewhere, it goes on from where it was.

    Args:
        side_by_side: processes like this one on its machine; each takes one core.
    """

    def __init__(self, work: Work, root: Path, at: int, of: int, side_by_side: int) -> None:
        self.work, self.root, self.at, self.of = work, root, at, of
        self.side_by_side = side_by_side

    def __call__(self) -> None:
        """Compute."""
        if self.side_by_side:
            if hasattr(os, "sched_setaffinity"):
                there = sorted(os.sched_getaffinity(0))
                os.sched_setaffinity(0, {there[self.at % len(there)]})
            one_of(self.side_by_side)
        store, work = Store(self.root, create=False), self.work
        if work.function is None:
            run(list(work.sweeps), store, part=(self.at, self.of), wait=False)
        else:
            work.do(store)


def _call(part: Part) -> None:
    part()


class Jobs:
    """What does works as jobs; to who submits them it is like `work.Pool`.

    Args:
        store: where results go.
        kind: `"slurm"` or `"local"`.

    Attributes:
        size: how many jobs are expected to run at once.
        shares, begun, seconds: as of `work.Pool`; a work is begun when it is submitted.

    Raises:
        UserError: there is no Slurm here, or what is asked for does not fit.
    """

    def __init__(self, store: Store, kind: str, resources: Resources) -> None:
        self.store, self.kind, self.resources = store, kind, resources
        self.here = kind == "local"
        if self.here and (resources.partition or resources.gpus):
            raise UserError("--partition and --gpus are for --launch slurm; local jobs take cores")
        self.limit = cores() if self.here else array_limit()
        self.size = cores() if self.here else AT_ONCE
        self.shares: dict[str, float] = {}
        self.begun: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        self._works: dict[str, Work] = {}
        self._jobs: dict[str, list[submitit.Job]] = {}
        self._before: dict[str, int] = {}

    def submit(self, work: Work) -> None:
        """Ask for the jobs that compute it; on this machine when others leave cores free."""
        self._works[work.id] = work
        self.begun[work.id] = time.monotonic()
        self._start()

    @property
    def unfinished(self) -> list[Work]:
        """What is computed at the moment or waits."""
        return list(self._works.values())

    @property
    def now(self) -> list[Work]:
        """What jobs were asked for."""
        return [work for id, work in self._works.items() if id in self._jobs]

    def finished(self, seconds: float) -> list[Work]:
        """What was finished within some seconds.

        Raises:
            Incomplete: interrupted, or jobs ended without what they were asked for.
        """
        time.sleep(min(seconds, LOOK))
        if interrupt.requested():
            raise KeyboardInterrupt
        for work in self.now:
            self._note(work)
        over = [work for work in self.now if not work.missing(self.store)]
        for work in over:
            del self._works[work.id], self._jobs[work.id]
            self.seconds[work.id] = time.monotonic() - self.begun[work.id]
        # Looked at after the store: a job that ends files first.
        ended = [work for work in self.now if not _active(self._jobs[work.id], self.here)]
        for work in ended:
            if work.missing(self.store):
                raise Incomplete(
                    f"{self._lacks(work)}, and every job of it has ended; their logs are in "
                    f"{self.store.folder('jobs')}, and the same command goes on from what is done"
                )
        self._start()
        return over

    def _lacks(self, work: Work) -> str:
        if work.function is not None:
            return f"{work.name} is missing"
        left, total = _missing(work.sweeps[0], self.store), self._before[work.id]
        return f"{left} of {total} runs are missing of {work.name}"

    def _note(self, work: Work) -> None:
        if work.function is None and (total := self._before[work.id]):
            self.shares[work.id] = 1 - _missing(work.sweeps[0], self.store) / total

    def _start(self) -> None:
        for id, work in self._works.items():
            busy = sum(len(jobs) for jobs in self._jobs.values())
            if id not in self._jobs and (not self.here or busy < self.limit):
                self._jobs[id] = self._asked(work)

    def _asked(self, work: Work) -> list[submitit.Job]:
        """Ask for the jobs of a work, in arrays that the site takes."""
        count = 1
        if work.function is None:
            (sweep,) = work.sweeps
            missing = self._before[work.id] = _missing(sweep, self.store)
            usual = cores() if self.here else math.ceil(missing / CPU_WIDTH)
            # Where runs start from others that are missing, one job computes both, one after the
            # other.
            origin = sweep.origin()
            if origin is None or not _missing(origin, self.store):
                count = min(self.resources.jobs or usual, missing)
        side_by_side = max(count, cores()) if self.here else 0
        logs = self.store.root / "jobs" / "%j"
        parts = [Part(work, self.store.root, at, count, side_by_side) for at in range(count)]
        try:
            executor = submitit.AutoExecutor(
                logs, cluster=self.kind, slurm_max_num_timeout=TIMEOUTS
            )
            executor.update_parameters(**_parameters(work.name, self.resources, self.here))
            return [
                job
                for first in range(0, count, self.limit)
                for job in executor.map_array(_call, parts[first : first + self.limit])
            ]
        except (FileNotFoundError, RuntimeError, FailedJobError) as error:
            raise UserError(f"--launch {self.kind}: {_last_line(error)}") from None

    def __enter__(self) -> Jobs:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        jobs = [job for asked in self._jobs.values() for job in asked]
        if kind is None or not jobs:
            return
        if self.here:
            for job in jobs:
                job.cancel()
        if issubclass(kind, KeyboardInterrupt):
            raise Incomplete(interrupt.STOPPED if self.here else _left(jobs)) from None


def launch(
    sweep: Sweep, store: Store, kind: str, resources: Resources, *, quiet: bool = False
) -> None:
    """Compute what the store lacks of a sweep in jobs, and stay until it is there.

    Args:
        kind: `"slurm"` or `"local"`.
        quiet: show no progress.

    Raises:
        UserError: there is no Slurm here, or it refuses what is asked of it.
        Incomplete: interrupted, or jobs ended without their runs; what is done is kept.
    """
    total = _missing(sweep, store)
    if not total:
        return
    if origin := sweep.origin():
        launch(origin, store, kind, resources, quiet=quiet)
    work, done = Work(sweep.name, (sweep,)), 0.0
    with (
        Progress(total, f"{sweep.name} in jobs", quiet) as progress,
        interrupt.shielded(),
        Jobs(store, kind, resources) as jobs,
    ):
        jobs.submit(work)
        while jobs.unfinished:
            jobs.finished(LOOK)
            now = float(total - _missing(sweep, store))
            progress.advance(now - done)
            done = now


def _missing(sweep: Sweep, store: Store) -> int:
    return len({run.id for run in sweep.runs()} - index(store, sweep.name).keys())


def _parameters(name: str, resources: Resources, here: bool) -> dict[str, Any]:
    asked: dict[str, Any] = {"name": name, "timeout_min": resources.time}
    if here:
        return asked
    asked |= {"tasks_per_node": 1, "slurm_signal_delay_s": 60, "gpus_per_node": resources.gpus}
    return asked | ({"slurm_partition": resources.partition} if resources.partition else {})


def array_limit() -> int:
    """The largest job array that this site's Slurm takes.

    Raises:
        UserError: there is no Slurm here, or it does not answer.
    """
    try:
        shown = subprocess.run(
            ["scontrol", "show", "config"], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except FileNotFoundError:
        raise UserError("--launch slurm: there is no Slurm here; the nearest is local") from None
    except subprocess.SubprocessError as error:
        raise UserError(f"--launch slurm: scontrol does not answer ({error})") from None
    found = re.search(r"MaxArraySize\s*=\s*(\d+)", shown)
    return int(found[1]) if found else 1000


def _active(jobs: Sequence[submitit.Job], here: bool) -> bool:
    """Whether a job runs or waits; of Slurm's asked at the queue, which needs no accounting."""
    if here:
        return not all(job.done() for job in jobs)
    command = ["squeue", "--noheader", "--jobs", ",".join(_arrays(jobs))]
    return bool(subprocess.run(command, capture_output=True, text=True).stdout.strip())


def _arrays(jobs: Sequence[submitit.Job]) -> list[str]:
    return list(dict.fromkeys(job.job_id.partition("_")[0] for job in jobs))


def _left(jobs: Sequence[submitit.Job]) -> str:
    ids = " ".join(_arrays(jobs))
    return f"no longer followed; the jobs go on, `scancel {ids}` ends them and loses nothing"


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
