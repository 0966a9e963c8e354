"""Several processes give the numbers of one, share a sweep's batches, and end when they should."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
import xarray

from sims.engine.errors import Incomplete, UserError
from sims.engine.execute import run
from sims.engine.results import load
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from sims.engine.tables import table
from sims.engine.work import Pool, Work
from tests.sims.engine.toy import Quadratic

SWEEP = Sweep(Quadratic(steps=60, log_every=10, size=3), {"learning_rate": (0.1, 0.3)}, seeds=20)


def spread(data, factor):
    """A table of a sweep."""
    return xarray.Dataset({"spread": factor * data.loss.isel(step=-1).std("seed")})


def refused(factor):
    """A table that cannot be computed."""
    raise UserError(f"factor = {factor}: expected another")


def killed(factor):
    """A table whose process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def finish(pool, *works):
    for work in works:
        pool.submit(work)
    left = {work.id for work in works}
    while left:
        left -= {work.id for work in pool.finished(60.0)}


def test_numbers_do_not_depend_on_how_many_processes_compute_them(store, tmp_path):
    alone = Store(tmp_path / "alone")
    run([SWEEP], alone, quiet=True)
    sweep, made = Work("sweep", (SWEEP,)), Work("table", (SWEEP,), spread, {"factor": 2.0})
    assert sweep.missing(store) and made.missing(store) and sweep.shares() == 3
    with Pool(store, quiet=True, processes=2) as pool:
        finish(pool, sweep)
        finish(pool, made)
        assert pool.seconds.keys() == {sweep.id, made.id} and 0 < pool.shares[sweep.id] <= 1
    assert not sweep.missing(store) and not made.missing(store)
    np.testing.assert_allclose(load(store, SWEEP).loss, load(alone, SWEEP).loss, rtol=1e-5)
    np.testing.assert_allclose(
        table(store, spread, SWEEP, factor=2.0).spread,
        table(alone, spread, SWEEP, factor=2.0).spread,
        rtol=1e-4,
    )
    ids = [one["id"] for _, r in store.records("runs", SWEEP.name) for one in r["runs"]]
    assert len(ids) == len(set(ids)) == 40
    batches = [record for _, record in store.records("runs", SWEEP.name)]
    assert len({record["provenance"]["batch_size"] for record in batches}) == 1


def test_work_that_comes_after_a_death_is_refused_in_a_line(store):
    """The executor is found broken when it is asked, and not by a result."""
    pool = Pool(store, quiet=True, processes=2)

    class Broken:
        def submit(self, *_):
            raise BrokenProcessPool

    pool._pool = Broken()
    with pytest.raises(Incomplete, match="a process was killed"):
        pool.submit(Work("sweep", (SWEEP,)))


def test_what_processes_have_done_of_a_work_adds_up(store):
    pool = Pool(store, quiet=True, processes=2)
    for told in (("a", 1, 0.25, 0.0), ("a", 1, 0.25, 0.125), ("b", 1, 0.0, 0.5)):
        pool._note(*told)
    assert pool.shares == {"a": 0.375, "b": 0.5}
    # A second process, which counts what the first one has filed.
    pool._note("a", 2, 0.375, 0.25)
    assert pool.shares["a"] == 0.625
    pool._note("a", 1, 0.25, 0.5)
    assert pool.shares["a"] == 1.0


def test_work_is_the_same_under_any_name_and_another_with_other_settings():
    one = Work("a", (SWEEP,), spread, {"factor": 2.0})
    assert one.id == Work("b", (SWEEP,), spread, {"factor": 2.0}).id
    others = [Work("a", (SWEEP,)), Work("a", (SWEEP,), spread, {"factor": 3.0}), Work("a", ())]
    assert len({one.id, *(other.id for other in others)}) == 4


def test_without_processes_it_is_done_here(store):
    work = Work("table", (), made_here, {"value": os.getpid()})
    with Pool(store, quiet=True, processes=1) as pool:
        finish(pool, work)
    assert int(table(store, made_here, value=os.getpid()).same) == 1


def made_here(value):
    """Whether it is computed by the process that asks."""
    return xarray.Dataset({"same": int(value == os.getpid())})


@pytest.mark.parametrize(
    "function, error, words",
    [(refused, UserError, "expected another"), (killed, Incomplete, "a process was killed")],
)
def test_what_ends_a_process_is_told_and_ends_the_others(function, error, words, store):
    begun = time.monotonic()
    with pytest.raises(error, match=words), Pool(store, quiet=True, processes=2) as pool:
        long = Sweep(Quadratic(steps=20_000_000, log_every=1000, size=3))
        finish(pool, Work("long", (long,)), Work("table", (), function, {"factor": 1}))
    # Steps for half a minute and more: a death that nobody notices lasts until they are done.
    assert time.monotonic() - begun < 25


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_command_stops_its_processes(number, tmp_path):
    """The signal reaches the command alone, as a scheduler's does."""
    root = Path(__file__).parents[3]
    words = ["-m", "figures", "icl_regression.dynamics", "--results", str(tmp_path / "results")]
    process = subprocess.Popen(
        [sys.executable, *words], cwd=root, stderr=subprocess.PIPE, text=True, process_group=0
    )
    end = time.monotonic() + 120
    while not any((tmp_path / "results").glob("partial/*/*/batch.json")):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(number)
    begun = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err and time.monotonic() - begun < 20, err
    assert process.returncode == (-9 if number == signal.SIGKILL else 1)
    assert number == signal.SIGKILL or "interrupted" in err
    while _alive(process.pid):
        assert time.monotonic() - begun < 30
        time.sleep(0.1)


def _alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
