"""Short batches share a file, and which runs are in the store is known without reading it all."""

import contextlib
import dataclasses
import json
import time

import jax
import numpy as np
import pytest

from sims.engine import checkpoint, drive, execute, forms, plan
from sims.engine import store as store_module
from sims.engine.errors import Incomplete
from sims.engine.execute import run
from sims.engine.results import index, load
from sims.engine.store import Store
from sims.engine.sweep import Start, Sweep
from tests.sims.engine.toy import Quadratic, Staged


class Keyed(Quadratic):
    """A state with a key in it."""

    def init(self, key):
        return key, super().init(key)

    def step(self, state, key):
        inner, metrics = super().step(state[1], jax.random.fold_in(state[0], 3))
        return (jax.random.fold_in(state[0], 1), inner), metrics

    def observe(self, state, key):
        return super().observe(state[1], key)


class Begun(Keyed):
    """Starts where a run of Keyed ends."""

    def begin(self, key, start):
        return start


NOISY = dict(keep_state=True, noise=0.2, momentum=0.3, optimiser="nesterov")
FIRST = Sweep(Keyed(steps=6, log_every=3, **NOISY), seeds=15)
LATER = Sweep(Begun(steps=4, log_every=2, **NOISY), seeds=15, start=Start(FIRST))
STAGES = Sweep(Staged(steps=400, log_every=10, noise=1e-5), {"learning_rate": (0.1, 0.3)}, seeds=7)


@pytest.fixture
def narrow(monkeypatch):
    """Batches of two runs a device."""
    monkeypatch.setattr(plan, "CPU_WIDTH", 2)


def test_short_batches_share_a_file_and_keep_their_bits(store, tmp_path, narrow, monkeypatch):
    monkeypatch.setattr(execute, "FILED_EVERY", 1e6)
    sweeps = [FIRST, LATER, STAGES]
    run(sweeps, store, quiet=True)
    monkeypatch.setattr(execute, "FILED_EVERY", 0.0)
    apart = Store(tmp_path / "apart")
    run(sweeps, apart, quiet=True)
    for sweep in sweeps:
        # The first batch tells how long they take; the others follow in one file.
        assert len(list(store.records("runs", sweep.name))) == 2
        batches = list(apart.records("runs", sweep.name))
        assert (
            len(batches) == -(-len(sweep.runs()) // batches[0][1]["provenance"]["batch_size"]) > 2
        )
        one, other = load(store, sweep), load(apart, sweep)
        assert one.variables.keys() == other.variables.keys()
        for name in one.variables:
            np.testing.assert_array_equal(one[name], other[name])
    assert not list(store.folder("partial").glob("*/*/"))


@pytest.mark.parametrize("kind", [Incomplete, ZeroDivisionError])
def test_what_was_finished_before_a_stop_is_filed(store, narrow, monkeypatch, kind):
    monkeypatch.setattr(execute, "FILED_EVERY", 1e6)
    drives, whole = [], drive.Drive.__call__

    def third_stops(self, program, runs, *others):
        drives.append([run.id for run in runs])
        if len(drives) == 3:
            raise kind("stopped here")
        return whole(self, program, runs, *others)

    with monkeypatch.context() as patch, pytest.raises(kind, match="stopped here"):
        patch.setattr(drive.Drive, "__call__", third_stops)
        run([FIRST], store, quiet=True)
    assert index(store, FIRST.name).keys() == {id for batch in drives[:2] for id in batch}
    report = run([FIRST], store, quiet=True)
    assert report.computed == 15 - len(drives[0] + drives[1])


def test_batches_that_turn_slow_are_filed_soon(store, narrow, monkeypatch):
    """After quick ones, and after one that another process held, which says nothing of the pace."""
    monkeypatch.setattr(execute, "FILED_EVERY", 0.3)
    whole, held, drives, asked = drive.Drive.__call__, checkpoint.held, [], []

    def slower(self, program, runs, *others):
        drives.append(runs)
        time.sleep(0.2 if len(drives) > 2 else 0.0)
        return whole(self, program, runs, *others)

    @contextlib.contextmanager
    def of_another(file, runs):
        asked.append(runs)
        with held(file, runs) as mine:
            yield set() if len(asked) == 3 else mine

    monkeypatch.setattr(drive.Drive, "__call__", slower)
    monkeypatch.setattr(checkpoint, "held", of_another)
    many = dataclasses.replace(FIRST, seeds=60)
    run([many], store, quiet=True)
    files = [len(record["runs"]) for _, record in store.records("runs", FIRST.name)]
    assert sum(files) == 60 and len(drives) >= 15
    # A quick one, and slow ones that began before .3 s were over.
    assert max(files) <= 4 * len(drives[0])


def test_a_record_is_read_once_and_again_when_it_changes(store, tmp_path, narrow, monkeypatch):
    monkeypatch.setattr(execute, "FILED_EVERY", 0.0)
    elsewhere = Store(store.root)
    run([FIRST], elsewhere, quiet=True)
    read, whole = [], store_module.read_json

    def counted(path, form=None):
        read.append(path)
        return whole(path, form)

    monkeypatch.setattr(store_module, "read_json", counted)
    paths = sorted(store.folder("runs", FIRST.name).glob("*.json"))
    wanted = {run.id for run in FIRST.runs()}
    for _ in range(2):
        assert index(store, FIRST.name).keys() == wanted
        assert sorted(read) == paths
    gone = json.loads(paths[0].read_text())
    del gone[forms.SEAL]
    paths[0].unlink()
    assert index(store, FIRST.name).keys() == wanted - {run["id"] for run in gone["runs"]}
    changed = gone | {"runs": [run | {"diverged": 5} for run in gone["runs"]]}
    paths[0].write_text(json.dumps(forms.sealed(changed)))
    assert index(store, FIRST.name)[gone["runs"][1]["id"]] == (paths[0], 1, 5)
    changed["runs"] = changed["runs"][:1]
    paths[0].write_text(json.dumps(forms.sealed(changed)))
    assert gone["runs"][1]["id"] not in index(store, FIRST.name)
