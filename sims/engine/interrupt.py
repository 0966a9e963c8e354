"""Ctrl-C and a scheduler's SIGTERM, heard from the first moment and acted on where nothing is lost.

A command listens from its start (`listen`). A signal stops it at once by `Interrupted`,
except inside a `shielded` block, which asks `requested` where it can stop without loss; a second
signal acts at once there too. The request is remembered: an exception that is raised inside a
library's callback and swallowed there is followed by a stop at the next point.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED = "interrupted; the same command resumes"


class Interrupted(KeyboardInterrupt):
    """A signal asked to stop.

    A class of its own, since a bare `KeyboardInterrupt` that passes through code run from C makes
    the interpreter end by the signal, even when it was caught and the exit code chosen.
    """


class _State:
    requested = False
    shields = 0
    prog = ""


def listen(prog: str = "") -> None:
    """Hear SIGINT and SIGTERM from now on; do nothing outside the main thread, which hears all.

    Args:
        prog: the command whose process this is, if it is one: it may then be ended on the spot.
    """
    forget()
    if threading.current_thread() is threading.main_thread():
        _State.prog = prog
        for number in SIGNALS:
            signal.signal(number, _hear)
        if prog:
            sys.unraisablehook = _unraisable


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """Say nothing of an interruption inside a library's callback: it is remembered."""
    if not issubclass(what.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(what)


def _hear(number: int, frame: FrameType | None) -> None:
    again, _State.requested = _State.requested, True
    if again or not _State.shields:
        if _State.prog and _importing(frame):
            print(f"{_State.prog}: {STOPPED}", file=sys.stderr, flush=True)
            os._exit(1)
        raise Interrupted
    print("stopping at the next point where nothing is lost; again stops now", file=sys.stderr)


def _importing(frame: FrameType | None) -> bool:
    """Whether an import is under way: nothing is lost then, and an extension module that is stopped
    halfway can abort the interpreter."""
    while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
        frame = frame.f_back
    return frame is not None


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
