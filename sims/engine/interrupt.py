"""Ctrl-C and a scheduler's SIGTERM, heard from the first moment and acted on where nothing is lost.

A command listens from its start (`listen`). A signal stops it at once by `Interrupted`, except
inside a `shielded` block, which asks `requested` where it can stop without loss; a second signal
acts at once there too, even where the main thread is busy in a compiler or on a device. The request
is remembered: an exception that is raised inside a library's callback and swallowed there is
followed by a stop at the next point.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED = "interrupted; the same command resumes"
STOPPING = "stopping at the next point where nothing is lost; again stops now"
# Seconds in which the main thread comes out of a library, or is left there.
GRACE = 1.0


class Interrupted(KeyboardInterrupt):
    """A signal asked to stop.

    A class of its own, since a bare `KeyboardInterrupt` that passes through code run from C makes
    the interpreter end by the signal, even when it was caught and the exit code chosen.
    """


class _State:
    requested = False
    shields = 0
    prog = ""
    # Signals that came, and those that the main thread knows of; the former counted only where a
    # thread hears them (`_attend`).
    came = known = 0
    attended = False


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
            _attend()


def _attend() -> None:
    """Have a thread hear signals too: Python hears them between two of its own instructions, and a
    compiler's or a device's work may take a minute."""
    if _State.attended:
        return
    _State.attended = True
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_answer, args=(heard,), daemon=True).start()


def _answer(heard: int) -> None:
    """Say at once that a signal came, and end the process where the main thread cannot."""
    while number := os.read(heard, 1):
        if number[0] not in SIGNALS or not _State.prog:
            continue
        _State.came += 1
        if _State.came == 1 and _State.shields:
            print(f"{_State.prog}: {STOPPING}", file=sys.stderr, flush=True)
            continue
        time.sleep(GRACE)
        if _State.known < _State.came:  # nothing is lost: what is kept is kept whole
            print(f"{_State.prog}: {STOPPED}", file=sys.stderr, flush=True)
            os._exit(1)


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """Say nothing of an interruption inside a library's callback: it is remembered."""
    if not issubclass(what.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(what)


def _hear(number: int, frame: FrameType | None) -> None:
    again, _State.requested = _State.requested, True
    _State.known += 1
    if again or not _State.shields:
        if _State.prog and _importing(frame):
            print(f"{_State.prog}: {STOPPED}", file=sys.stderr, flush=True)
            os._exit(1)
        raise Interrupted
    if not _State.prog:
        print(STOPPING, file=sys.stderr)


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
    _State.came = _State.known = 0


@contextlib.contextmanager
def exposed() -> Iterator[None]:
    """A block inside a shielded one in which nothing can be lost: a signal stops it at once."""
    shields, _State.shields = _State.shields, 0
    try:
        yield
    finally:
        _State.shields = shields


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
