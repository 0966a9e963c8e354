"""Ctrl-C and a scheduler's SIGTERM, heard between chunks so that nothing is lost."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class Interrupt:
    """Within the block, the first SIGINT or SIGTERM only sets `requested`; a second one acts.

    Outside the main thread, where Python hears no signals, it does nothing.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, object] = {}

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType]
        self._before = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._hear) for number in self.SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()
