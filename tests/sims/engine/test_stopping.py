"""Ctrl-C and SIGTERM at any moment: one line, exit code 1, soon, and the same command goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sims.engine import interrupt
from sims.engine.store import Store

ROOT = Path(__file__).parents[3]

ROOM = """
import time
import jax
import jax.numpy as jnp
from sims import Experiment, Sweep, traced

class Slow(Experiment):
    '''One chunk of a second or so a batch: a loop that the compiler cannot shorten.'''
    alone = True
    rate: float = traced(default=0.5, help="rate", gt=0, lt=4)
    def init(self, key):
        return jnp.full(200_000, 0.3)
    def step(self, x, key):
        return self.rate * x * (1 - x) + 1e-3, {"mean": x.mean()}

class Large(Slow):
    '''A program that takes a minute or so to compile.'''
    def step(self, x, key):
        print("tracing", flush=True)
        for power in range(2000):
            x = jnp.roll(jnp.sort(jnp.sin(x)), power)
        return x, {}

SWEEPS = {
    "slow": {"quick": Sweep(Slow(steps=4000, log_every=4000), seeds=12)},
    "large": {"quick": Sweep(Large())},
}
"""


@pytest.fixture
def start(tmp_path):
    """Start `python -m sims run outside.slow` in a folder of its own."""
    (tmp_path / "sims").mkdir()
    (tmp_path / "sims/outside.py").write_text(ROOM)
    running = []

    def run(*words, sweep="outside.slow"):
        process = subprocess.Popen(
            [sys.executable, "-m", "sims", "run", sweep, *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()


def wait_for(condition, process, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def ended(process, within):
    begun = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begun < within, err
    assert process.returncode == 1 and "Traceback" not in err, err
    return out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_between_batches_of_one_chunk(start, tmp_path, number):
    """The report: all further batches ran, and the exit code was 0."""
    process = start()
    stored = (tmp_path / "results/runs").glob
    wait_for(lambda: any(stored("*/*.json")), process)
    process.send_signal(number)
    _, err = ended(process, within=15)
    assert "interrupted; nothing is lost: the same command goes on from here" in err
    assert sum(1 for _ in stored("*/*.json")) < 12 / len(os.sched_getaffinity(0))


def test_while_another_process_computes(start, tmp_path):
    first = start("--seeds", "1", "--set", "steps=80000", "log_every=80000")
    wait_for(lambda: any((tmp_path / "results/partial").glob("*/*/batch.json")), first)
    second = start("--seeds", "1", "--set", "steps=80000", "log_every=80000")
    lines = []
    while "another process computes the rest" not in "".join(lines):
        lines.append(second.stderr.readline())
        assert lines[-1], lines
    second.send_signal(signal.SIGINT)
    ended(second, within=5)


def test_in_a_long_chunk_it_is_heard_at_once_and_the_second_time_stops(start, tmp_path):
    process = start("--seeds", "1", "--set", "steps=800000", "log_every=800000")
    wait_for(lambda: any((tmp_path / "results/partial").glob("*/*/batch.json")), process)
    time.sleep(1.0)
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    assert process.stderr.readline() == f"python -m sims: {interrupt.STOPPING}\n"
    assert time.monotonic() - begun < 5
    process.send_signal(signal.SIGTERM)
    _, err = ended(process, within=10)
    assert err == f"python -m sims: {interrupt.STOPPED}\n"


def test_a_compiler_is_not_waited_for(start):
    process = start("--quiet", sweep="outside.large")
    assert process.stdout.readline() == "tracing\n"
    time.sleep(8.0)
    process.send_signal(signal.SIGTERM)
    _, err = ended(process, within=10)
    assert err == f"python -m sims: {interrupt.STOPPED}\n"


@pytest.mark.parametrize("delay", [0.4, 0.8, 1.2, 1.6, 2.0, 2.5, 3.0])
def test_while_starting(start, delay):
    """Imports, JAX's start and compilation: whatever swallows the exception, the flag is seen."""
    process = start("--quiet")
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    ended(process, within=20)


def test_a_second_signal_acts_at_once():
    interrupt.listen()
    try:
        with interrupt.shielded():
            signal.raise_signal(signal.SIGINT)
            assert interrupt.requested()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        interrupt.forget()


def test_a_script_s_own_handlers_come_back():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *a: heard.append("own"))
    try:
        with interrupt.shielded():
            signal.raise_signal(signal.SIGINT)
            assert interrupt.requested() and not heard
        signal.raise_signal(signal.SIGINT)
        assert heard == ["own"] and not interrupt.requested()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_store_that_was_interrupted_is_whole(start, tmp_path):
    process = start()
    wait_for(lambda: any((tmp_path / "results/runs").glob("*/*.json")), process)
    process.send_signal(signal.SIGTERM)
    ended(process, within=15)
    assert start("--quiet").wait() == 0
    found = list(Store(tmp_path / "results").records("runs", "outside.Slow"))
    ids = [run["id"] for _, record in found for run in record["runs"]]
    assert len(ids) == len(set(ids)) == 12
    assert not list((tmp_path / "results/partial").glob("*/*/"))
