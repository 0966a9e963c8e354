"""Filed runs computed again come to the same bits, and a number that was changed is found."""

import json
import math

import jax
import numpy as np
import pytest

from sims.engine import again, forms
from sims.engine.errors import UserError
from sims.engine.execute import run as execute
from sims.engine.experiment import Experiment, traced
from sims.engine.store import Store
from sims.engine.sweep import Start, Sweep
from tests.sims.engine.test_front import Again as Onward
from tests.sims.engine.toy import Quadratic, QuadraticAlone, Staged

KINDS = {again.experiment_name(kind): kind for kind in (Quadratic, QuadraticAlone, Staged, Onward)}
NOISY = Quadratic(steps=100, log_every=10, noise=0.1, optimiser="adam", momentum=0.9, size=37)
SWEEP = Sweep(NOISY, {"learning_rate": (0.01, 0.02)}, seeds=4)


@pytest.fixture
def elsewhere(tmp_path):
    return Store(tmp_path / "elsewhere")


def distances(store, elsewhere, chosen=None):
    """How far each run, or each chosen one, is from what was filed, by id."""
    shelf = again.filed(store)
    chosen = list(shelf.values()) if chosen is None else [shelf[run.id] for run in chosen]
    found = {}
    for work in again.works(chosen, shelf, KINDS):
        assert work.missing(elsewhere)
        work.do(elsewhere, quiet=True)
        assert not work.missing(elsewhere)
        far = work.distances(store, elsewhere)
        found |= {run.id: apart for run, apart in zip(work.filed, far, strict=True)}
    return found


def altered(store, sweep, change):
    """The record of a sweep's runs, its data changed and everything sealed anew."""
    (path,) = store.folder("runs", sweep.name).glob("*.json")
    record = json.loads(path.read_text())
    data = store.read(path)
    change(data)
    for name in ("data", "sha256", "holds", forms.SEAL):
        del record[name]
    store.write("runs", sweep.name, path.stem, data, record)
    return data.run.values


def test_every_bit_is_the_same_for_one_run_of_a_batch(store, elsewhere):
    """In a batch of the size that it was filed with, though alone there."""
    execute([SWEEP], store, quiet=True)
    runs = SWEEP.runs()
    assert again.filed(store).keys() == {run.id for run in runs}
    assert distances(store, elsewhere, [runs[5]]) == {runs[5].id: 0.0}
    assert again.filed(elsewhere).keys() == {runs[5].id}


@pytest.mark.parametrize(
    "kind, sizes", [(Quadratic, {8}), (QuadraticAlone, {len(jax.devices())})], ids=str
)
def test_runs_are_computed_in_batches_of_the_size_they_were_filed_with(store, kind, sizes):
    sweep = Sweep(kind(**vars(NOISY)), {"learning_rate": (0.01, 0.02)}, seeds=4)
    execute([sweep], store, quiet=True)
    shelf = again.filed(store)
    works = again.works([shelf[sweep.runs()[5].id]], shelf, KINDS)
    assert {part.batch_size for work in works for part in work.parts} == sizes


def test_what_a_run_starts_from_is_computed_first(store, elsewhere):
    origin = Sweep(Staged(steps=200, log_every=5, noise=1e-3), {"learning_rate": (0.2, 0.3)}, 3)
    then = Sweep(Onward(steps=10, log_every=5), {"learning_rate": (0.2, 0.3)}, 3, Start(origin, 1))
    execute([then], store, quiet=True)
    chosen = then.runs()[4]
    assert distances(store, elsewhere, [chosen]) == {chosen.id: 0.0}
    assert again.filed(elsewhere).keys() == {chosen.id, chosen.start.id}


@pytest.mark.parametrize(
    "change, far",
    [
        (lambda data: data.x.__setitem__({"run": 2, "step": 3, "coordinate": 4}, 7.0), 0.1),
        (lambda data: data.loss.__setitem__({"run": 2, "step": 3}, np.nan), math.inf),
        (lambda data: data.diverged.__setitem__({"run": 2}, 30), math.inf),
    ],
    ids=["a number", "a missing value", "a step"],
)
def test_a_changed_number_is_found_in_its_run_alone(store, elsewhere, change, far):
    execute([SWEEP], store, quiet=True)
    ids = altered(store, SWEEP, change)
    found = distances(store, elsewhere)
    assert found.pop(ids[2]) >= far
    assert set(found.values()) == {0.0}


def test_the_distance_is_relative_to_the_largest_value(store, elsewhere):
    execute([SWEEP], store, quiet=True)
    largest = {}

    def change(data):
        x = data.x.values
        largest[0] = np.abs(x[2]).max()
        at = np.unravel_index(np.abs(x[2]).argmin(), x[2].shape)
        x[2][at] += 0.25 * largest[0]

    ids = altered(store, SWEEP, change)
    assert distances(store, elsewhere)[ids[2]] == pytest.approx(0.25, rel=1e-5)


def test_what_is_not_known_here_is_said(store):
    execute([SWEEP], store, quiet=True)
    shelf = again.filed(store)
    with pytest.raises(UserError, match="there is no such experiment here"):
        again.works(list(shelf.values()), shelf, {})

    class Other(Experiment):
        rate: float = traced(default=0.1, help="per step")

    with pytest.raises(UserError, match=r"Quadratic takes other settings now .*size"):
        again.works(list(shelf.values()), shelf, dict.fromkeys(KINDS, Other))
    run = next(iter(shelf.values()))
    assert again.differs(run, KINDS) == ""
    assert "changed" in again.differs(run, {**KINDS, run.name: Staged})


def test_of_a_run_that_is_filed_twice_the_last_one_counts(store):
    """As after an edit of its code: under another name, at an earlier time."""
    execute([SWEEP], store, quiet=True)
    shelf = again.filed(store)
    (path,) = store.folder("runs", SWEEP.name).glob("*.json")
    record, data = json.loads(path.read_text()), store.read(path)
    for run in record["runs"]:
        run["id"] = run["id"][::-1]
    record["provenance"]["finished"] = "2001" + record["provenance"]["finished"][4:]
    for name in ("data", "sha256", "holds", forms.SEAL):
        del record[name]
    older = data.assign_coords(run=[run["id"] for run in record["runs"]])
    store.write("runs", SWEEP.name, "older", older, record)
    both = again.filed(store)
    assert len(both) == 2 * len(shelf)
    able, unknown = again.latest(both, KINDS)
    assert able == shelf and not unknown
    able, unknown = again.latest(both, {})
    assert not able and sum(unknown.values()) == len(both) and len(unknown) == 1


def test_every_room_s_experiments_are_known():
    rooms = {name.partition(".")[0] for name in again.kinds()}
    assert rooms == {name.partition(".")[0] for name in again.sweeps()} >= {"icl_regression"}
