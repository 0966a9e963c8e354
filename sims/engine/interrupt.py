"""Ctrl-C and a scheduler's SIGTERM, heard from the first moment and acted on where nothing is lost.

A command listens from its start (`listen`). A signal stops it at once by `KeyboardInterrupt`,
except inside a `shielded` block, which asks `requested` where it can stop without loss; a second
signal acts at once there too. The request is remembered: an exception that is raised inside a
library's callback and swallowed there is followed by a stop at the next point.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _State:
    requested = False
    shields = 0


def listen() -> None:
    """Hear SIGINT and SIGTERM from now on; do nothing outside the main thread, which hears all."""
    forget()
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, _hear)
        sys.unraisablehook = _unraisable


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """Say nothing of an interruption inside a library's callback: it is remembered."""
    if what.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(what)


def _hear(number: int, frame: FrameType | None) -> None:
    again, _State.requested = _State.requested, True
    if again or not _State.shields:
        raise KeyboardInterrupt
    print("stopping at the next point where nothing is lost; again stops now", file=sys.stderr)


def requested() -> bool:
    """Whether a signal asked to stop."""
    return _State.requested


def forget() -> None:
    """Forget what was requested."""
    _State.requested = False


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """A block that asks `requested` itself.

    A caller that did not `listen` (a script, a notebook) is listened for within the block, and its
    own handlers come back after it.
    """
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in SIGNALS} if main else {}
    own = main and not _State.shields and before[signal.SIGINT] is not _hear
    if own:
        listen()
    _State.shields += 1
    try:
        yield
    finally:
        _State.shields -= 1
        if own:
            forget()
            for number, handler in before.items():
                signal.signal(number, handler)
