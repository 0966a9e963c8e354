"""What is kept of a falsifier is what it found, and only as long as its code stays."""

import numpy as np
import pytest
import xarray

from figures.evidence import Check
from tests.figures import falsifiers


def broken(evidence):
    """A falsifier to keep."""
    return SCALE * 1.0


SCALE = 2.0
CHECK = Check("C-KEPT-1", lambda claim: None, lambda evidence: (), broken)
DATA = xarray.Dataset(
    {"x": (("seed", "n"), np.arange(6.0).reshape(2, 3)), "good": ("seed", [True, False])},
    {"n": [2, 3, 5], "seed": [0, 1]},
    {"heads": 2, "smooth": False},
)
FINDINGS = ({1: DATA, 2: DATA.isel(seed=0)}, DATA.x, np.eye(2), [1, 2.5, "a", None, True], (3,))


def test_findings_come_back_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr(falsifiers, "FOLDER", tmp_path)
    falsifiers.keep(CHECK, FINDINGS)
    nets, array, numbers, plain, pair = falsifiers.kept(CHECK)
    assert (
        nets[1].equals(DATA) and nets[2].equals(DATA.isel(seed=0)) and nets[1].attrs["heads"] == 2
    )
    assert nets[1].good.dtype == bool and array.equals(DATA.x)
    np.testing.assert_array_equal(numbers, np.eye(2))
    assert plain == FINDINGS[3] and pair == (3,)


def test_what_other_code_made_is_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(falsifiers, "FOLDER", tmp_path)
    with pytest.raises(falsifiers.Stale, match="C-KEPT-1: its falsifier changed"):
        falsifiers.kept(CHECK)
    falsifiers.keep(CHECK, FINDINGS)
    monkeypatch.setattr(falsifiers, "code_of", lambda thing: {"module": "other"})
    with pytest.raises(falsifiers.Stale):
        falsifiers.kept(CHECK)


def test_a_package_s_version_makes_nothing_stale(monkeypatch):
    before = falsifiers.source(CHECK)
    real = falsifiers.code_of
    monkeypatch.setattr(falsifiers, "code_of", lambda thing: {**real(thing), "jax": "jax 99"})
    assert falsifiers.source(CHECK) == before
    monkeypatch.setattr(falsifiers, "code_of", lambda thing: {**real(thing), "a.b": "99"})
    assert falsifiers.source(CHECK) != before


def test_findings_of_another_kind_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(falsifiers, "FOLDER", tmp_path)
    with pytest.raises(TypeError, match="hold a set"):
        falsifiers.keep(CHECK, ({1, 2},))
