"""Processes killed, interrupted, damaged and side by side: no bit changes, nothing runs twice."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sims.engine.results import load
from sims.engine.store import Store
from tests.sims.engine import toy


def _toy(results: Path, name: str = "sweep") -> subprocess.Popen:
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sims.engine.toy", str(results), name],
        cwd=root,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
    )


def _started(results: Path, process: subprocess.Popen) -> bool:
    """Wait until the process has begun to compute; False when it ended before."""
    while process.poll() is None:
        if any(results.glob("partial/*/*/[0-9]*")):
            return True
        time.sleep(0.01)
    return False


def _same_as_uninterrupted(results: Path, tmp_path: Path, name: str = "sweep") -> None:
    whole = tmp_path / "whole"
    assert _toy(whole, name).wait() == 0
    sweep = getattr(toy, name)()
    module = "tests.sims.engine.toy"
    assert type(sweep.base).__module__ == module
    interrupted, reference = (load(Store(at), sweep) for at in (results, whole))
    for name in reference.variables:
        np.testing.assert_array_equal(interrupted[name], reference[name])


@pytest.mark.slow
@pytest.mark.parametrize("kills", [20])
def test_kill_nine_at_random_moments_changes_no_bit(tmp_path, kills):
    """The default suite goes through every state that a crash may leave: test_crashes.py."""
    results, chance = tmp_path / "killed", random.Random(kills)
    killed = 0
    while killed < kills:
        process = _toy(results)
        if _started(results, process):
            time.sleep(chance.uniform(0, 1.0))
        if process.poll() is None:
            process.kill()
            killed += 1
        elif killed < kills:  # it finished: the next round starts over in a new folder
            assert process.returncode == 0
            _same_as_uninterrupted(results, tmp_path)
            results = tmp_path / f"killed{killed}"
        process.wait()
    assert _toy(results).wait() == 0
    _same_as_uninterrupted(results, tmp_path)


@pytest.mark.slow
def test_ctrl_c_leaves_a_store_that_resumes(tmp_path):
    """The default suite interrupts in test_stopping.py, and compares bits in test_crashes.py."""
    results = tmp_path / "results"
    process = _toy(results)
    assert _started(results, process)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 1
    assert "interrupted at step" in error and "the same command resumes" in error
    assert "Traceback" not in error
    assert _toy(results).wait() == 0
    _same_as_uninterrupted(results, tmp_path)


def test_with_every_checkpoint_damaged_it_starts_again(tmp_path):
    results = tmp_path / "results"
    process = _toy(results)
    assert _started(results, process)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 1
    steps = list(results.glob("partial/*/*/[0-9]*"))
    for path in steps:
        path.write_bytes(path.read_bytes()[:-1])
    process = _toy(results)
    _, error = process.communicate()
    assert process.returncode == 0 and "Traceback" not in error
    assert error.count("is damaged; going on from what is before it") == len(steps) > 0
    _same_as_uninterrupted(results, tmp_path)


@pytest.mark.slow
def test_two_processes_share_a_store(tmp_path):
    results = tmp_path / "results"
    both = [_toy(results), _toy(results)]
    assert [process.wait() for process in both] == [0, 0]
    _same_as_uninterrupted(results, tmp_path)


@pytest.mark.slow
def test_a_kill_while_batches_shrink_changes_no_bit(tmp_path):
    results, chance = tmp_path / "killed", random.Random(0)
    for _ in range(3):
        process = _toy(results, "staged")
        if _started(results, process):
            time.sleep(chance.uniform(0, 1.0))
        process.kill()
        process.wait()
    assert _toy(results, "staged").wait() == 0
    _same_as_uninterrupted(results, tmp_path, "staged")


OVERLAPPING = """
import sys
from sims import Sweep
from sims.engine.execute import run
from sims.engine.store import Store
from tests.sims.engine.toy import Quadratic

base = Quadratic(steps=2000, log_every=10, size=50)
print(run([Sweep(base, seeds=int(sys.argv[2]))], Store(sys.argv[1]), quiet=True).computed)
"""


def test_processes_with_overlapping_seeds_compute_each_run_once(tmp_path):
    root = Path(__file__).parents[3]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", OVERLAPPING, str(tmp_path / "results"), str(seeds)],
            cwd=root,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seeds in (2, 5, 7)
    ]
    computed = [int(process.communicate()[0]) for process in running]
    assert [process.returncode for process in running] == [0] * 3
    assert sum(computed) == 7
