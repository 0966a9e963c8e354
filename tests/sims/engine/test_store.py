"""What the store says of folders and files that are not what they should be, and of names."""

import json

import numpy as np
import pytest

from sims.engine.errors import UserError
from sims.engine.execute import run
from sims.engine.program import KEPT
from sims.engine.results import Results, label, load
from sims.engine.store import Store
from sims.engine.sweep import Run, Sweep
from sims.engine.tables import table
from tests.sims.engine.toy import Quadratic

SWEEP = Sweep(Quadratic(steps=20, log_every=10), {"size": (2, 3)}, seeds=2)


def test_results_are_labelled(store):
    run([SWEEP], store, quiet=True)
    data = load(store, SWEEP)
    assert data.x.dims == ("size", "seed", "step", "coordinate")
    assert data.x.sel(size=3).mean("seed").shape == (3, 3)
    assert np.isnan(data.x.sel(size=2, coordinate=2)).all()
    assert np.isnan(data.loss.sel(step=0)).all() and np.isfinite(data.loss.sel(step=20)).all()
    assert data.attrs["learning_rate"] == 0.1
    source = json.loads(data.provenance)[0]
    assert {"commit", "dirty", "versions", "device", "precision", "prng"} <= source.keys()
    assert {"batch_size", "wall_s", "command", "matmul_precision"} <= source.keys()


def test_a_sweep_without_axes_has_seeds_only(store):
    sweep = Sweep(Quadratic(steps=20, log_every=10), seeds=3)
    run([sweep], store, quiet=True)
    assert load(store, sweep).x.dims == ("seed", "step", "coordinate")


def test_undeclared_dimensions_are_an_error():
    rows = {"y": np.zeros((3, 1, 2))}
    with pytest.raises(ValueError, match="y has 1 dimensions of its own and dims declares"):
        label([Run(Quadratic(), 0)], Results(rows, np.zeros(1), np.zeros(1), {}))


def test_a_name_stands_for_one_array():
    rows, kept = {"y": np.zeros((3, 1))}, {"y": np.zeros((1, 2)), KEPT: np.zeros((1, 2), int)}
    with pytest.raises(ValueError, match="y is both logged and kept"):
        label([Run(Quadratic(), 0)], Results(rows, np.zeros(1), np.zeros(1), kept))


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match="holds other files and no lemmax-store.json"):
        Store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_two_processes_may_found_a_store_at_once(tmp_path):
    (tmp_path / ".lemmax-store.json.0123abcd").write_text("{")
    assert Store(tmp_path).root == tmp_path


def test_a_newer_store_is_not_touched(store):
    (store.root / "lemmax-store.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(UserError, match="store format 99, this version writes 1"):
        Store(store.root)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write results"):
        Store(tmp_path / "file" / "results")


def mean_of(data, *, scale):
    CALLS.append(scale)
    return data[["x"]].mean("seed") * scale


CALLS = []


def test_a_table_is_computed_once_per_setting_and_parent(store):
    CALLS.clear()
    run([SWEEP], store, quiet=True)
    first = table(store, mean_of, SWEEP, scale=2.0)
    table(store, mean_of, SWEEP, scale=2.0)
    table(store, mean_of, SWEEP, scale=3.0)
    assert CALLS == [2.0, 3.0]
    np.testing.assert_allclose(first.x, 2 * load(store, SWEEP).x.mean("seed"), rtol=1e-6)


def test_seed_settings_and_precision_name_a_run():
    base = Quadratic()
    runs = [Run(base, 0), Run(base, 1), Run(Quadratic(noise=1.0), 0), Run(Quadratic(size=4), 0)]
    assert len({run.id for run in runs}) == 4
    assert Run(Quadratic(noise=1), 0).id == Run(Quadratic(noise=1.0), 0).id
