"""A sweep shared out among jobs: the same numbers in one store, whatever becomes of a job."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from sims.__main__ import main
from sims.engine.errors import Incomplete, UserError
from sims.engine.execute import run
from sims.engine.launch import Jobs, Resources, array_limit, launch
from sims.engine.parts import part
from sims.engine.plan import plan
from sims.engine.results import load
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from sims.engine.work import Work
from tests.sims.engine import slurm
from tests.sims.engine.toy import Quadratic

ROOT = Path(__file__).parents[3]
SWEEP = Sweep(Quadratic(steps=20, log_every=5, noise=0.3), {"learning_rate": (0.1, 0.2, 0.3)}, 3)

MORE = Sweep(Quadratic(steps=20, log_every=5, noise=0.3), {"learning_rate": (0.1, 0.2, 0.3)}, 5)


@pytest.mark.parametrize("of", [1, 2, 4, 20])
def test_parts_are_all_runs_once(of):
    runs = [id for at in range(of) for group in plan([SWEEP], (at, of)) for id in group.runs]
    assert sorted(runs) == sorted(run.id for run in SWEEP.runs())


def test_jobs_on_this_machine_give_what_one_process_gives(store, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    launch(SWEEP, store, "local", Resources(jobs=2), quiet=True)
    alone = Store(tmp_path / "alone")
    run([SWEEP], alone, quiet=True)
    found, expected = load(store, SWEEP), load(alone, SWEEP)
    for name in ("x", "loss"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6)
    # Nothing is missing any more, so no job is asked for.
    launch(SWEEP, store, "local", Resources(jobs=1), quiet=True)
    assert len(list((store.root / "jobs").glob("[0-9]*"))) == 2


def spread(data, power):
    """A table: the mean over seeds of |x|^power."""
    return (abs(data.x) ** power).mean("seed").to_dataset(name="spread")


def fails(data):
    """A table that cannot be made."""
    raise ValueError("no such luck")


def done(jobs):
    found = []
    while jobs.unfinished:
        assert jobs.now
        found += [work.name for work in jobs.finished(0.5)]
    return found


def test_a_table_is_one_job_and_one_that_fails_is_told(store, monkeypatch):
    monkeypatch.chdir(ROOT)
    run([SWEEP], store, quiet=True)
    with Jobs(store, "local", Resources()) as jobs:
        jobs.submit(Work("spread", (SWEEP,), spread, {"power": 3}))
        more = Work("runs", (MORE,))
        jobs.submit(more)
        assert sorted(done(jobs)) == ["runs", "spread"]
        assert jobs.shares[more.id] <= 1 and jobs.seconds.keys() == jobs.begun.keys()
        (path,) = store.folder("tables").glob("*spread/*.json")
        expected = (abs(load(store, SWEEP).x) ** 3).mean("seed")
        np.testing.assert_array_equal(store.read(path).spread, expected)
        jobs.submit(Work("bad", (SWEEP,), fails))
        with pytest.raises(Incomplete, match="bad is missing, and every job of it has ended"):
            done(jobs)


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({}, (0, 1)),
        ({"SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "4"}, (2, 4)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, (0, 1)),  # a shell in an allocation
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "3"}, (1, 3)),
        ({"SLURM_PROCID": "4", "SLURM_STEP_NUM_TASKS": "4"}, (0, 1)),
    ],
)
def test_a_launcher_says_which_share_is_a_process_s(environment, expected):
    assert part(environment) == expected


def test_processes_of_one_launcher_make_one_whole_store(tmp_path, capfd):
    """Two real processes, started as Open MPI would, side by side."""
    words = ["icl_regression.linear", "--preset", "smoke", "--seeds", "3", "--quiet"]
    command = [sys.executable, "-m", "sims", "run", *words, "--results", str(tmp_path / "results")]
    processes = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "OMPI_COMM_WORLD_RANK": at, "OMPI_COMM_WORLD_SIZE": "2"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for at in "01"
    ]
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert "2 runs, 2 computed" in said[0] and "share 1 of 2" in said[0]
    assert "1 runs, 1 computed" in said[1] and "share 2 of 2" in said[1]
    assert main(["show", *words, "--results", str(tmp_path / "results")]) == 0
    assert "3 of 3 runs stored" in capfd.readouterr().out


@pytest.mark.parametrize(
    "words, said",
    [
        (["--jobs", "2"], "--jobs: expected --launch slurm or local beside it"),
        (["--launch", "local", "--jobs", "0"], "--jobs 0: expected at least 1"),
        (["--launch", "local", "--gpus", "1"], "--partition and --gpus are for --launch slurm"),
        (["--launch", "slurm"], "there is no Slurm here; the nearest is local"),
    ],
)
def test_what_cannot_be_launched_is_one_line(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    command = ["run", "icl_regression.linear", "--preset", "smoke", "--quiet"]
    code = main([*command, "--results", str(tmp_path / "results"), *words])
    error = capsys.readouterr().err
    assert code == 2 and said in error and error.count("\n") == 1


def test_a_site_s_array_limit_is_read(monkeypatch):
    def scontrol(*words, **options):
        return subprocess.CompletedProcess(words, 0, "MaxArraySize            = 17\nMaxDBDMsgs = 2")

    monkeypatch.setattr(subprocess, "run", scontrol)
    assert array_limit() == 17
    monkeypatch.setattr(subprocess, "run", lambda *w, **o: (_ for _ in ()).throw(FileNotFoundError))
    with pytest.raises(UserError, match="no Slurm here"):
        array_limit()


SIZE = ["--preset", "smoke", "--set", "steps=30000", "log_every=1000", "--seeds", "4"]
COMMAND = [sys.executable, "-m", "sims", "run", "icl_regression.training_h2", *SIZE]


@pytest.mark.slow
@pytest.mark.skipif(bool(slurm.why_not()), reason=slurm.why_not())
def test_a_killed_job_and_a_requeued_one_lose_nothing(tmp_path):
    """Four jobs in arrays of at most three; one dies by SIGKILL, one is preempted."""
    results, alone = tmp_path / "results", tmp_path / "alone"
    with tempfile.TemporaryDirectory(prefix="slurm") as folder:
        with slurm.slurm(Path(folder), largest=3) as environment:
            words = [*COMMAND, "--results", str(results), "--launch", "slurm", "--jobs", "4"]
            options = {"cwd": ROOT, "env": environment, "text": True}
            first = subprocess.Popen(words, stderr=subprocess.PIPE, **options)
            _wait_for(lambda: len(_steps(results)) >= 2, first)
            killed, preempted = _steps(results)[:2]
            os.kill(killed[1], signal.SIGKILL)
            subprocess.run(["scontrol", "requeue", preempted[0]], env=environment, check=True)
            said = first.communicate(timeout=400)[1]
            assert first.returncode == 1 and "1 of 4 runs are missing" in said, said
            again = subprocess.run(words, stderr=subprocess.PIPE, timeout=300, **options)
            assert again.returncode == 0, again.stderr
    subprocess.run([*COMMAND, "--results", str(alone), "--quiet"], cwd=ROOT, check=True)
    sweep = _sweep()
    found, expected = load(Store(results), sweep), load(Store(alone), sweep)
    assert found.sizes["seed"] == 4
    np.testing.assert_allclose(found.loss.isel(step=1), expected.loss.isel(step=1), rtol=1e-4)


def _sweep():
    from sims.engine.front import find, varied

    return varied(
        find("icl_regression.training_h2", "smoke"), 4, {"steps": 30000, "log_every": 1000}
    )


def _steps(results):
    """Jobs that are computing: Slurm's name of each, and a process of it."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            inside = dict(
                part.split("=", 1) for part in path.read_text(errors="replace").split("\0") if part
            )
            words = path.with_name("cmdline").read_text().split("\0")
        except (OSError, ValueError):
            continue
        if "submitit.core._submit" in words and any(str(results) in word for word in words):
            if "SLURM_PROCID" in inside and list(results.glob("partial/*/*/batch.json")):
                found[inside["SLURM_JOB_ID"]] = int(path.parent.name)
    return list(found.items())


def _wait_for(condition, process):
    for _ in range(240):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.5)
    raise TimeoutError
