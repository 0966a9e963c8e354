"""What a user sees of long work."""

import io

import pytest

from sims.engine import progress
from sims.engine.progress import Progress, clock


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_bar_with_rate_and_time_left():
    file = Terminal()
    with Progress(4, "toy", file=file) as bar:
        for _ in range(4):
            bar.advance(1.0)
    assert "4.0/4 runs" in file.getvalue() and "runs/s" in file.getvalue()


def test_elsewhere_plain_lines(monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY", 0.0)
    file = io.StringIO()
    with Progress(4, "toy", file=file) as bar:
        bar.advance(1.0, resumed=True)
        bar.advance(1.0)
    lines = file.getvalue().splitlines()
    assert lines[1].startswith("toy: 2.0/4 runs, ") and lines[1].endswith(" left")
    assert "\r" not in file.getvalue()


def test_quiet_is_silent():
    file = Terminal()
    with Progress(1, "toy", quiet=True, file=file) as bar:
        bar.advance(1.0)
        bar.say("hello")
    assert file.getvalue() == ""


@pytest.mark.parametrize(
    "seconds, text",
    [(4.0, "4 s"), (125.0, "2 min 05 s"), (3780.0, "1 h 03 min"), (float("inf"), "unknown time")],
)
def test_durations_read_as_people_say_them(seconds, text):
    assert clock(seconds) == text
