"""Whatever happens to a file of a store: the same numbers again, or one line; never others."""

import hashlib
import json
import shutil
import warnings

import numpy as np
import pytest
import xarray
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sims.engine import drive, interrupt, plan
from sims.engine.errors import Damaged, Incomplete, UserError
from sims.engine.execute import run
from sims.engine.results import load
from sims.engine.store import Store, read_json, write_json
from sims.engine.sweep import Sweep
from sims.engine.tables import table
from tests.sims.engine.toy import Quadratic

SETTINGS = dict(steps=3, log_every=1, noise=0.1)
DONE = Sweep(Quadratic(**SETTINGS), {"size": (2, 3)}, seeds=2)
BEGUN = Sweep(Quadratic(**SETTINGS, momentum=0.5, optimiser="adam"), seeds=2)


def scaled(data, *, scale):
    """A table."""
    return xarray.Dataset({"scaled": scale * data.loss.isel(step=-1)})


def whole(store):
    """All that a user may ask for."""
    run([DONE, BEGUN], store, quiet=True)
    tables = [table(store, scaled, DONE, quiet=True, scale=scale) for scale in (2.0, 3.0)]
    return [load(store, DONE), load(store, BEGUN), *tables]


def same(one, other):
    for left, right in zip(one, other, strict=True):
        assert left.variables.keys() == right.variables.keys()
        for name in left.variables:
            np.testing.assert_array_equal(left[name], right[name])


@pytest.fixture
def half(quickly, tmp_path, monkeypatch):
    """A store with results, tables and a batch interrupted after two checkpoints; and what it
    comes to."""
    monkeypatch.setattr(plan, "CPU_WIDTH", 1)
    expected = whole(Store(tmp_path / "whole"))
    store = Store(tmp_path / "half")
    run([DONE], store, quiet=True)
    for scale in (2.0, 3.0):
        table(store, scaled, DONE, quiet=True, scale=scale)
    with monkeypatch.context() as patch:
        asked = iter([False] * 3 + [True] * 9)
        patch.setattr(interrupt, "requested", lambda: next(asked))
        with pytest.raises(Incomplete):
            run([BEGUN], store, quiet=True, checkpoint_every=0.0)
    assert len(list(store.root.glob("partial/*/*/*.npz"))) == 2
    return store.root, expected


def _places(value, at=()):
    """Where something stands in a JSON value."""
    yield at
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for key, one in inner:
        yield from _places(one, (*at, key))


def _changed(value, at, to):
    """A JSON value with another one in a place; `None` for none."""
    if not at:
        return to
    value = value.copy()
    if to is None and len(at) == 1:
        value.pop(at[0])
    else:
        value[at[0]] = _changed(value[at[0]], at[1:], to)
    return value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)


def mutate(root, draw):
    """Damage one file of a store."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    path = draw(st.sampled_from(files))
    content = path.read_bytes()
    kinds = ["cut", "zeros", "gone", "folder", "moved", "swapped", "other"]
    kinds += ["flip"] * 4 * bool(content) + ["json"] * 6 * (path.suffix == ".json")
    match draw(st.sampled_from(kinds)):
        case "flip":
            at, bit = draw(st.integers(0, len(content) - 1)), draw(st.integers(0, 7))
            byte = bytes([content[at] ^ 1 << bit])
            path.write_bytes(content[:at] + byte + content[at + 1 :])
        case "cut":
            path.write_bytes(content[: draw(st.integers(0, len(content)))])
        case "zeros":
            path.write_bytes(bytes(len(content)))
        case "gone":
            path.unlink()
        case "folder":
            path.unlink()
            path.mkdir()
        case "moved":
            path.rename(path.with_name(draw(st.sampled_from(["1", "7.npz", "a.json"]))))
        case "swapped":
            other = draw(st.sampled_from([f for f in files if f.suffix == path.suffix]))
            if other != path:
                path.rename(path.with_name("aside"))
                other.rename(path)
                path.with_name("aside").rename(other)
        case "other":
            shutil.copy(draw(st.sampled_from(files)), path.with_name("copied" + path.suffix))
        case "json":
            value = json.loads(content)
            at = draw(st.sampled_from(list(_places(value))))
            path.write_text(json.dumps(_changed(value, at, draw(JSON))))


def survives(half, tmp_path, data):
    root, expected = half
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy)
    mutate(copy, data.draw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            same(whole(Store(copy)), expected)
        except (UserError, Incomplete) as error:
            assert "\n" not in str(error)


KEEP = dict(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@settings(max_examples=30, **KEEP)
@given(st.data())
def test_of_a_damaged_store_come_the_same_numbers_or_one_line(half, tmp_path, data):
    survives(half, tmp_path, data)


@pytest.mark.slow
@settings(max_examples=5000, **KEEP)
@given(st.data())
def test_of_thousands_of_damaged_stores_too(half, tmp_path, data):
    survives(half, tmp_path, data)


@pytest.mark.parametrize("kind", ["runs", "tables", "partial"])
@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_what_is_damaged_is_computed_again_and_said(half, kind, how):
    root, expected = half
    path = max(root.glob(f"{kind}/**/*.{'npz' if kind == 'partial' else 'nc'}"))
    content = path.read_bytes()
    middle = len(content) // 2
    if how == "gone":
        path.unlink()
    else:
        flipped = bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes(content[:middle] + flipped * (how == "flipped"))
    said = 0 if (kind, how) == ("partial", "gone") else 1
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        same(whole(Store(root)), expected)
    assert len([one for one in told if "is damaged (" in str(one.message)]) == said or (
        kind == "partial" and "is damaged; going on from what is before it" in str(told[0].message)
    )


def test_a_damaged_checkpoint_falls_back_to_the_one_before(half, monkeypatch):
    root, expected = half
    path = max(root.glob("partial/*/*/*.npz"))
    path.write_bytes(b"")
    begun, loop = [], drive.Drive._loop

    def seen(self, program, everything, carry, log, step, *others):
        begun.append(step)
        return loop(self, program, everything, carry, log, step, *others)

    monkeypatch.setattr(drive.Drive, "_loop", seen)
    with pytest.warns(UserWarning, match=f"{path.name} is damaged"):
        same(whole(Store(root)), expected)
    assert begun == [int(path.stem) - 1]


def test_a_checkpoint_under_another_step_is_not_believed(half):
    root, expected = half
    path = max(root.glob("partial/*/*/*.npz"))
    path.rename(path.with_name("3.npz"))
    with pytest.warns(UserWarning, match="3.npz is damaged"):
        same(whole(Store(root)), expected)


def test_a_result_without_one_of_its_variables_is_not_believed(store):
    """Its record has their checksum, and no seal, as in an earlier version."""
    run([DONE], store, quiet=True)
    expected = load(store, DONE)
    path, record = next(store.records("runs", DONE.name))
    data = path.with_name(record["data"])
    content = bytes(store.read(path).drop_vars("loss").to_netcdf(engine="h5netcdf"))
    data.write_bytes(content)
    del record["seal"]
    write_json(path, record | {"sha256": hashlib.sha256(content).hexdigest()})
    with pytest.warns(UserWarning), pytest.raises(Damaged, match="hold other variables"):
        load(Store(store.root), DONE)
    assert run([DONE], Store(store.root), quiet=True).computed == 2
    same([load(store, DONE)], [expected])


def test_records_of_two_tables_that_changed_places_are_not_believed(half):
    root, expected = half
    one, other = sorted(root.glob("tables/*/*.json"))
    texts = one.read_text(), other.read_text()
    one.write_text(texts[1])
    other.write_text(texts[0])
    with pytest.warns(UserWarning, match="it is the record of another table"):
        same(whole(Store(root)), expected)


@pytest.mark.parametrize("field", ["id", "seed", "diverged"])
def test_an_edited_record_is_not_believed(half, field):
    root, expected = half
    path = next(root.glob("runs/*/*.json"))
    record = read_json(path)
    record["runs"][0][field] = "00" if field == "id" else 17
    write_json(path, record)
    with pytest.warns(UserWarning, match="it differs from what was written"):
        same(whole(Store(root)), expected)


def test_a_record_that_cannot_be_dropped_is_one_line(half, monkeypatch):
    root, _ = half
    path = next(root.glob("runs/*/*.nc"))
    path.unlink()

    def unlink(self, missing_ok=False):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.unlink", unlink)
    with pytest.raises(UserError, match="data are gone.*cannot be dropped: Permission denied"):
        load(Store(root), DONE)
