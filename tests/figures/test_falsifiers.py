"""What is kept of a falsifier is what it found, and only as long as its code stays."""

import ast

import numpy as np
import pytest
import xarray

from figures.evidence import Check, Evidence
from tests.figures import falsifiers


def broken(evidence):
    """A falsifier to keep."""
    return SCALE * 1.0


SCALE = 2.0


def everything(claim, *findings):
    """A check that reads all that there is."""
    return repr([f.to_dict() if hasattr(f, "to_dict") else f for f in _flat(findings)])


def _flat(value):
    if not isinstance(value, dict | list | tuple):
        return [value]
    return [
        leaf for v in (value.values() if isinstance(value, dict) else value) for leaf in _flat(v)
    ]


def only_x(claim, nets):
    """A check that reads one variable, and none of its coordinates."""
    return [data.x.values.tolist() for data in nets.values()]


CHECKS = (
    Check("C-ICL-1", everything, lambda evidence: (), lambda evidence: (broken(evidence),)),
    Check(id="C-ICL-2", decide=only_x, findings=broken, broken=broken),
)
CHECK = CHECKS[0]
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


def test_what_a_check_does_not_read_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(falsifiers, "FOLDER", tmp_path)
    falsifiers.keep(CHECKS[1], ({1: DATA},))
    (nets,) = falsifiers.kept(CHECKS[1])
    assert set(nets[1].variables) == {"x"} and nets[1].x.values.tolist() == DATA.x.values.tolist()


def test_what_other_code_made_is_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(falsifiers, "FOLDER", tmp_path)
    with pytest.raises(falsifiers.Stale, match="C-ICL-1: its falsifier changed"):
        falsifiers.kept(CHECK)
    falsifiers.keep(CHECK, FINDINGS)
    monkeypatch.setattr(falsifiers, "reached", lambda *names: {"module": "other"})
    with pytest.raises(falsifiers.Stale):
        falsifiers.kept(CHECK)


def test_a_package_s_version_makes_nothing_stale(monkeypatch):
    before = falsifiers.source(CHECK)
    real = falsifiers.reached
    monkeypatch.setattr(falsifiers, "reached", lambda *names: {**real(*names), "jax": "jax 99"})
    assert falsifiers.source(CHECK) == before
    monkeypatch.setattr(falsifiers, "reached", lambda *names: {**real(*names), "a.b": "99"})
    assert falsifiers.source(CHECK) != before


def test_findings_of_another_kind_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(falsifiers, "FOLDER", tmp_path)
    with pytest.raises(TypeError, match="hold a set"):
        falsifiers.keep(CHECK, ({1, 2},))


def test_each_falsifier_is_known_by_its_own_code(monkeypatch):
    """One is a lambda, one is named by a keyword; both reach the same helper and its constant."""
    assert falsifiers.source(CHECKS[0]) != falsifiers.source(CHECKS[1])
    module, written = falsifiers.written(CHECKS[1])
    assert module.CHECKS is CHECKS and ast.unparse(written) == "broken"
    found = falsifiers.reached(f"{__name__}.broken")
    assert set(found) == {__name__}
    with pytest.raises(LookupError, match="C-ICL-3 is written down nowhere"):
        falsifiers.written(Check("C-ICL-3", everything, broken, broken))


@pytest.mark.parametrize("check", falsifiers.checks().values(), ids=falsifiers.checks())
def test_a_falsifier_that_asks_for_a_sweep_is_slow(check, store):
    """So the default suite trains for none; see also test_claims.py."""

    class Asked(Exception):
        pass

    class Asking(Evidence):
        def sweep(self, sweep):
            raise Asked

        def table(self, function, *parents, **settings):
            if parents:
                raise Asked
            raise LookupError

    asked = False
    try:
        check.broken(Asking(store, "quick"))
    except Asked:
        asked = True
    except LookupError:
        return
    assert check.slow == asked
