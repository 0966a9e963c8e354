"""What a user sees of long work: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from io import TextIOBase

from tqdm import tqdm

PLAIN_EVERY = 10.0


class Progress:
    """Runs done, ETA and runs per second, updated between chunks on the host.

    Args:
        total: runs to do.
        label: what is being done.
        quiet: show nothing.
        file: where to write.
    """

    def __init__(self, total: int, label: str, quiet: bool = False, file: TextIOBase | None = None):
        self.file = file or sys.stderr
        self.terminal = self.file.isatty()
        self.quiet, self.label, self.total = quiet, label, total
        self.begun = self.shown = time.monotonic()
        self.told: Callable[[float], None] = lambda done: None
        self.skipped = self.done = 0.0
        self.bar = None
        if self.terminal and not quiet:
            self.bar = tqdm(
                total=total,
                desc=label,
                file=self.file,
                bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} runs "
                "[{elapsed}<{remaining}, {rate_fmt}]",
                unit=" runs",
            )

    def advance(self, runs: float, resumed: bool = False) -> None:
        """Count `runs` (a fraction for a chunk) as done; `resumed` ones do not enter the rate."""
        self.done += runs
        self.told(self.done)
        if resumed:
            self.skipped += runs
            if self.bar is not None:
                self.bar.initial += runs
        if self.bar is not None:
            self.bar.update(runs)
        elif not self.quiet and time.monotonic() - self.shown > PLAIN_EVERY:
            self.shown = time.monotonic()
            self.say(f"{self.label}: {self._state()}")

    def say(self, line: str) -> None:
        """One line for the user, above the bar where there is one."""
        if not self.quiet:
            tqdm.write(line, file=self.file)

    def _state(self) -> str:
        elapsed = time.monotonic() - self.begun
        rate = (self.done - self.skipped) / elapsed
        left = (self.total - self.done) / rate if rate > 0 else float("inf")
        return f"{self.done:.1f}/{self.total} runs, {rate:.2f} runs/s, {clock(left)} left"

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()
        elif not self.quiet and self.done:
            took = clock(time.monotonic() - self.begun)
            self.say(f"{self.label}: {self.done:.1f}/{self.total} runs in {took}")


def clock(seconds: float) -> str:
    """A duration as people read it: `4 s`, `2 min 05 s`, `1 h 03 min`."""
    if seconds == float("inf"):
        return "unknown time"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
