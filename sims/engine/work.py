"""What a store lacks, and the processes that compute it: one a core, or none beside this one.

Sweeps and tables that do not wait for each other are computed side by side, each by a process with
one core and one JAX device. A process that finds nothing else to do helps with a sweep that has
batches to spare; the store's locks see to it that no run is computed twice. On an accelerator,
whose memory is not shared out, this process does everything itself.
"""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import jax

from sims.engine import interrupt
from sims.engine.code import digest
from sims.engine.devices import cores, on_cpu, one_of
from sims.engine.errors import Incomplete
from sims.engine.execute import run
from sims.engine.plan import CPU_WIDTH
from sims.engine.results import index
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from sims.engine.tables import table, table_path

# Seconds in which a process that is asked to stop comes to the end of a chunk; what it has
# checkpointed is kept in any case.
PATIENCE = 15.0
# Seconds between two words of a process about how far it is.
TOLD_EVERY = 0.1

# Told how much of a work is done: its id, and the shares, between 0 and 1, that were there when
# this process began with it and that it has done since.
Tell = Callable[[str, float, float], None]


@dataclasses.dataclass(frozen=True)
class Work:
    """A sweep, or a table made from sweeps.

    Attributes:
        name: as a user knows it.
        sweeps: the sweep, or those that the table reads.
        function: of the table; None for a sweep.
        settings: of the table.
    """

    name: str
    sweeps: tuple[Sweep, ...]
    function: Callable[..., Any] | None = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def id(self) -> str:
        """Equal for what is the same work, under whatever name."""
        parts = [sweep.id for sweep in self.sweeps]
        if self.function is not None:
            parts += [self.function.__module__, self.function.__qualname__]
        return digest([parts, sorted((name, repr(v)) for name, v in self.settings.items())])

    def missing(self, store: Store) -> bool:
        """Whether the store lacks it."""
        if self.function is not None:
            return not table_path(store, self.function, *self.sweeps, **self.settings).exists()
        (sweep,) = self.sweeps
        return not {run.id for run in sweep.runs()} <= index(store, sweep.name).keys()

    def shares(self) -> int:
        """Processes of one core that can work on it at once."""
        if self.function is not None:
            return 1
        (sweep,) = self.sweeps
        runs = sweep.seeds * len(sweep.points())
        return runs if sweep.base.alone else -(-runs // CPU_WIDTH)

    def do(
        self, store: Store, *, quiet: bool = False, wait: bool = True, tell: Tell | None = None
    ) -> None:
        """Compute it.

        Args:
            quiet: show no progress.
            wait: stay until what other processes compute of it is done.
            tell: told of every chunk.
        """
        if self.function is not None:
            table(store, self.function, *self.sweeps, quiet=quiet, **self.settings)
        else:
            told = tell and (lambda before, done: tell(self.id, before, done))
            run(list(self.sweeps), store, quiet=quiet, wait=wait, told=told)


class Pool:
    """Processes that do work.

    Args:
        store: where results go.
        quiet: show no progress.
        processes: how many; None for one a core, and none where an accelerator is used.

    Attributes:
        shares: how much of a work is done, by its id, where it says so.
        begun, seconds: when a work was begun and how long it took, by its id.
    """

    def __init__(self, store: Store, quiet: bool = False, processes: int | None = None) -> None:
        self.store, self.quiet = store, quiet
        self.size = (cores() if on_cpu() else 0) if processes is None else processes
        self.size = 0 if self.size == 1 else self.size
        self.shares: dict[str, float] = {}
        self.begun: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        self._waiting: collections.deque[Work] = collections.deque()
        self._running: dict[Future[None], Work] = {}
        self._helpers: set[Future[None]] = set()
        self._shared_out: set[str] = set()
        self._context = multiprocessing.get_context("spawn")
        self._told: Queue[tuple[str, int, float, float]] = self._context.Queue()
        self._parts: dict[str, dict[int, tuple[float, float]]] = {}
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, work: Work) -> None:
        """Do it as soon as a core is free."""
        self._waiting.append(work)
        self._start()

    @property
    def unfinished(self) -> list[Work]:
        """What is computed at the moment or waits for a core."""
        return [*self.now, *self._waiting]

    @property
    def now(self) -> list[Work]:
        """What is computed at the moment."""
        return list({work.id: work for work in self._running.values()}.values())

    def finished(self, seconds: float) -> list[Work]:
        """What was finished within some seconds.

        Raises:
            Incomplete: a process was killed.
            UserError, Incomplete: whatever ended a work early.
        """
        if not self.size:
            work = self._waiting.popleft()
            begun = time.monotonic()
            work.do(self.store, quiet=self.quiet)
            self.seconds[work.id] = time.monotonic() - begun
            return [work]
        done, _ = concurrent.futures.wait(
            self._running, seconds, return_when=concurrent.futures.FIRST_COMPLETED
        )
        while not self._told.empty():
            self._note(*self._told.get())
        ended = []
        for future in done:
            ended.append(self._running.pop(future))
            if future in self._helpers:  # it found no batch that was free any more
                self._shared_out.add(ended[-1].id)
            try:
                future.result()
            except BrokenProcessPool:
                raise _killed() from None
        self._start()
        going = {work.id for work in self._running.values()}
        over = {work.id: work for work in ended if work.id not in going}
        for id in over:
            self.seconds[id] = time.monotonic() - self.begun[id]
        return list(over.values())

    def _note(self, id: str, process: int, before: float, done: float) -> None:
        """Add up what several processes have done of a work; who helps finds more done before."""
        parts = self._parts.setdefault(id, {})
        parts[process] = before, done
        there, added = zip(*parts.values(), strict=True)
        self.shares[id] = min(1.0, min(there) + sum(added))

    def _start(self) -> None:
        """Give free processes what waits, or a share in what is under way."""
        while self.size and len(self._running) < self.size:
            helps = not self._waiting
            work = self._shared() if helps else self._waiting.popleft()
            if work is None:
                return
            if self._pool is None:
                self._pool = self._open()
            self.begun.setdefault(work.id, time.monotonic())
            try:
                future = self._pool.submit(_do, str(self.store.root), work, not helps)
                # The executor looks after a process that it starts for this only once it is woken
                # again; until then nobody would notice its death.
                self._pool.submit(_nothing)
            except BrokenProcessPool:
                raise _killed() from None
            self._running[future] = work
            if helps:
                self._helpers.add(future)

    def _shared(self) -> Work | None:
        """The work under way that has most batches to spare for one more process."""
        on = collections.Counter(work.id for work in self._running.values())
        spare = [(work.shares() - on[work.id], work) for work in self.now]
        spare = [(count, work) for count, work in spare if work.id not in self._shared_out]
        count, work = max(spare, key=lambda pair: pair[0], default=(0, None))
        return work if count > 0 else None

    def _open(self) -> ProcessPoolExecutor:
        free: Queue[int] = self._context.Queue()
        for core in sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else ():
            free.put(core)
        return ProcessPoolExecutor(self.size, self._context, _begin, (free, self._told, self.size))

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if self._pool is None:
            return
        try:
            if kind is not None:
                self._stop()
            self._pool.shutdown(cancel_futures=True)
        except KeyboardInterrupt:
            self._stop(patience=0.0)
            raise

    def _stop(self, patience: float = PATIENCE) -> None:
        """Ask the processes to stop where nothing is lost, and end those that do not in time."""
        processes = multiprocessing.active_children()
        end = time.monotonic() + patience
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(max(0.0, end - time.monotonic()))
            process.kill()


def _killed() -> BaseException:
    """What is said of a process that ended by itself."""
    if interrupt.requested():
        return interrupt.Interrupted()
    return Incomplete(
        "a process was killed, perhaps for want of memory; the same command goes on from here, and "
        "`taskset -c 0` in front of it uses one core and less memory"
    )


_tell: Tell | None = None


def _begin(free: Queue[int], told: Queue[tuple[str, int, float, float]], size: int) -> None:
    """What a process does first: take a core, end on a signal, say how far it is."""
    global _tell
    _idle()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {free.get()})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    one_of(size)
    _tell = _telling(told)


def _telling(told: Queue[tuple[str, int, float, float]]) -> Tell:
    """Say how far it is, no more often than is looked at: chunks may be short."""
    last = -TOLD_EVERY

    def tell(id: str, before: float, done: float) -> None:
        nonlocal last
        if time.monotonic() - last >= TOLD_EVERY:
            last = time.monotonic()
            told.put((id, os.getpid(), before, done))

    return tell


def _end_with_parent() -> None:
    """A command that was killed cannot tell its processes; checkpoints keep what they did."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _idle() -> None:
    """End on a signal at once: nothing is lost, and Python would print a traceback."""
    for number in interrupt.SIGNALS:
        signal.signal(number, lambda *_: os._exit(1))


def _nothing() -> None:
    """What wakes an executor."""


def _do(root: str, work: Work, wait: bool) -> None:
    interrupt.listen()
    try:
        work.do(Store(Path(root), create=False), quiet=True, wait=wait, tell=_tell)
    finally:
        _idle()
        if interrupt.requested():
            # Not back to the queue: who was ended while it read there has left it locked.
            os._exit(1)
    # Programs and their buffers of one work are of no use to the next.
    jax.clear_caches()
