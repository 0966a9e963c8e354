"""A sweep as jobs of a cluster, or of this machine: `python -m sims run NAME --launch slurm`.

The runs are shared out among jobs before they start, so that no job waits for another; each keeps
what it computed in the one store, and a job that is preempted, runs out of time or is killed goes
on from its checkpoints. submitit speaks to Slurm and, by the same path, to processes here.
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

# Seconds between two looks at the store, and minutes that a job asks for.
LOOK, MINUTES = 2.0, 60
# How often a job that ran out of time is queued again.
TIMEOUTS = 100


@dataclasses.dataclass(frozen=True)
class Resources:
    """What every job asks for.

    Attributes:
        jobs: how many, None for one a core here and one for 16 runs on a cluster.
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
    """One job: every `of`-th run of a sweep, computed as far as the store lacks it.

    Called again, after a preemption or elsewhere, it goes on from where it was.

    Args:
        side_by_side: processes like this one on its machine; each takes one core.
    """

    def __init__(self, sweep: Sweep, root: Path, at: int, of: int, side_by_side: int) -> None:
        self.sweep, self.root, self.at, self.of = sweep, root, at, of
        self.side_by_side = side_by_side

    def __call__(self) -> int:
        """Compute; returns the number of runs that it computed."""
        if self.side_by_side:
            if hasattr(os, "sched_setaffinity"):
                there = sorted(os.sched_getaffinity(0))
                os.sched_setaffinity(0, {there[self.at % len(there)]})
            one_of(self.side_by_side)
        store = Store(self.root, create=False)
        return run([self.sweep], store, part=(self.at, self.of), wait=False).computed


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
    missing = _missing(sweep, store)
    if not missing:
        return
    here = kind == "local"
    if here and (resources.partition or resources.gpus):
        raise UserError("--partition and --gpus are for --launch slurm; local jobs take cores")
    if origin := sweep.origin():
        launch(origin, store, kind, resources, quiet=quiet)
    jobs = resources.jobs or (cores() if here else math.ceil(missing / CPU_WIDTH))
    jobs = min(jobs, missing)
    limit = jobs if here else array_limit()
    logs = store.root / "jobs" / "%j"
    executor = submitit.AutoExecutor(logs, cluster=kind, slurm_max_num_timeout=TIMEOUTS)
    executor.update_parameters(**_parameters(sweep, resources, here))
    parts = [Part(sweep, store.root, at, jobs, jobs if here else 0) for at in range(jobs)]
    try:
        running = [
            job
            for first in range(0, len(parts), limit)
            for job in executor.map_array(_call, parts[first : first + limit])
        ]
    except (FileNotFoundError, RuntimeError, FailedJobError) as error:
        raise UserError(f"--launch {kind}: {_last_line(error)}") from None
    _follow(sweep, store, running, missing, here, quiet)


def _call(part: Part) -> int:
    return part()


def _missing(sweep: Sweep, store: Store) -> int:
    return len({run.id for run in sweep.runs()} - index(store, sweep.name).keys())


def _parameters(sweep: Sweep, resources: Resources, here: bool) -> dict[str, Any]:
    asked: dict[str, Any] = {"name": sweep.name, "timeout_min": resources.time}
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


def _follow(
    sweep: Sweep,
    store: Store,
    jobs: Sequence[submitit.Job],
    total: int,
    here: bool,
    quiet: bool,
) -> None:
    """Show how far the jobs are until all have ended.

    Raises:
        Incomplete: interrupted, or runs are still missing.
    """
    done = 0.0
    with Progress(total, f"{sweep.name} in {len(jobs)} jobs", quiet) as progress:
        try:
            with interrupt.shielded():
                while left := _missing(sweep, store):
                    progress.advance(total - left - done)
                    done = float(total - left)
                    if interrupt.requested():
                        raise KeyboardInterrupt
                    if not _active(jobs, here) and _missing(sweep, store):
                        break
                    time.sleep(LOOK)
        except KeyboardInterrupt:
            raise Incomplete(_stopped(jobs, here)) from None
        left = _missing(sweep, store)
        progress.advance(total - left - done)
    if left:
        raise Incomplete(
            f"{left} of {total} runs are missing and every job has ended; their logs are in "
            f"{store.folder('jobs')}, and the same command goes on from what is done"
        )


def _active(jobs: Sequence[submitit.Job], here: bool) -> bool:
    """Whether a job runs or waits; of Slurm's asked at the queue, which needs no accounting."""
    if here:
        return not all(job.done() for job in jobs)
    command = ["squeue", "--noheader", "--jobs", ",".join(_arrays(jobs))]
    return bool(subprocess.run(command, capture_output=True, text=True).stdout.strip())


def _arrays(jobs: Sequence[submitit.Job]) -> list[str]:
    return list(dict.fromkeys(job.job_id.partition("_")[0] for job in jobs))


def _stopped(jobs: Sequence[submitit.Job], here: bool) -> str:
    if here:
        for job in jobs:
            job.cancel()
        return interrupt.STOPPED
    ids = " ".join(_arrays(jobs))
    return f"no longer followed; the jobs go on, `scancel {ids}` ends them and loses nothing"


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
