"""What is kept of a falsifier is what it found, and only as long as its code stays."""

import ast
import dataclasses

import numpy as np
import pytest
import xarray

from figures.evidence import Check, Evidence, Missing
from sims.engine.sweep import Sweep
from sims.icl_regression.training import Training
from tests.figures import falsifiers
from tests.figures.falsifiers import Part
from theory.icl_regression.setting import SETTING


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


def first_x(claim, nets):
    """A check that reads one variable of one of them."""
    return nets[1].x.values.tolist()


CHECKS = (
    Check("C-ICL-1", everything, lambda evidence: (), lambda evidence: (broken(evidence),)),
    Check(id="C-ICL-2", decide=only_x, findings=lambda evidence: (), broken=broken, whole=broken),
    Check("C-ICL-4", first_x, broken, broken),
)
CHECK = CHECKS[0]
DATA = xarray.Dataset(
    {"x": (("seed", "n"), np.arange(6.0).reshape(2, 3)), "good": ("seed", [True, False])},
    {"n": [2, 3, 5], "seed": [0, 1]},
    {"heads": 2, "smooth": False},
)
PLAIN = [1, 2.5, "a", None, True]
FINDINGS = ({1: DATA, 2: DATA.isel(seed=0)}, DATA.x, np.eye(2), PLAIN, (3,), SETTING)


PARTS = {"broken": Part(FINDINGS, ["a.sweep"]), "whole": Part(({1: DATA},))}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(falsifiers, "FOLDER", tmp_path)
    return tmp_path


def test_findings_come_back_as_they_were(folder):
    falsifiers.keep(CHECK, PARTS)
    part = falsifiers.kept(CHECK, "broken")
    nets, array, numbers, plain, pair, setting = part.findings
    assert (
        nets[1].equals(DATA) and nets[2].equals(DATA.isel(seed=0)) and nets[1].attrs["heads"] == 2
    )
    assert nets[1].good.dtype == bool and array.equals(DATA.x)
    np.testing.assert_array_equal(numbers, np.eye(2))
    assert plain == PLAIN and pair == (3,) and setting == SETTING and setting.length > 0
    assert part.named == ["a.sweep"]
    (nets,) = falsifiers.kept(CHECK, "whole").findings
    assert nets.keys() == {1} and nets[1].equals(DATA)


def test_what_two_parts_share_is_written_once(folder):
    path = falsifiers.keep(CHECK, PARTS)
    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        # DATA, its first seed, its x, the matrix
        assert len(tree.children) == 4


def test_what_a_check_does_not_read_is_not_kept(folder):
    """What one part's verdict needs is kept for both: they may share it."""
    falsifiers.keep(CHECKS[1], {"broken": Part(({1: DATA},)), "whole": Part(({1: DATA},))})
    (nets,) = falsifiers.kept(CHECKS[1], "broken").findings
    assert set(nets[1].variables) == {"x"} and nets[1].x.values.tolist() == DATA.x.values.tolist()
    falsifiers.keep(CHECKS[2], {"broken": Part(({1: DATA, 2: DATA.isel(seed=0)},))})
    (nets,) = falsifiers.kept(CHECKS[2], "broken").findings
    assert set(nets[1].variables) == {"x"} and set(nets[2].variables) == set()
    falsifiers.keep(CHECK, PARTS)
    (nets,) = falsifiers.kept(CHECK, "whole").findings
    assert "good" in nets[1]


def test_what_other_code_made_is_stale(folder, monkeypatch):
    with pytest.raises(falsifiers.Stale, match="C-ICL-1: its falsifier changed"):
        falsifiers.kept(CHECK, "broken")
    falsifiers.keep(CHECK, {"broken": PARTS["broken"]})
    assert falsifiers.stale(CHECK) == ["whole"]
    falsifiers.keep(CHECK, PARTS)
    assert falsifiers.stale(CHECK) == []
    monkeypatch.setattr(falsifiers, "reached", lambda *names: {"module": "other"})
    assert falsifiers.stale(CHECK) == ["broken", "whole"]


def test_a_sweep_of_another_setting_or_code_makes_stale_what_names_it(folder, monkeypatch):
    """Its name stays the same, and so does the code that gives it."""
    falsifiers.keep(CHECK, PARTS)
    assert falsifiers.stale(CHECK) == []  # made when there was no sweep of that name

    def find(name, preset):
        assert (name, preset) == ("a.sweep", "quick")
        return sweep

    monkeypatch.setattr(falsifiers, "find_sweep", find)
    sweep = Sweep(Training(steps=100), {"learning_rate": [0.1]}, 2)
    assert falsifiers.stale(CHECK) == ["broken"]
    falsifiers.keep(CHECK, PARTS)
    assert falsifiers.stale(CHECK) == []
    for other in (
        Sweep(Training(steps=200), {"learning_rate": [0.1]}, 2),
        Sweep(Training(steps=100), {"learning_rate": [0.2]}, 2),
        Sweep(Training(steps=100), {"learning_rate": [0.1]}, 3),
    ):
        sweep = other
        assert falsifiers.stale(CHECK) == ["broken"]
    sweep = Sweep(Training(steps=100), {"learning_rate": [0.1]}, 2)
    assert falsifiers.stale(CHECK) == []
    monkeypatch.setattr(falsifiers, "_code", lambda kind: {kind.__module__: "other"})
    assert falsifiers.stale(CHECK) == ["broken"]


def test_sweeps_are_noted_by_name(store):
    evidence = falsifiers.Noting(store, "smoke")
    evidence.find("icl_regression.linear")
    assert evidence.named == {"icl_regression.linear"}
    with pytest.raises(Missing):
        dataclasses.replace(evidence, reads=True).sweep("icl_regression.sgd")
    assert evidence.named == {"icl_regression.linear", "icl_regression.sgd"}


def test_what_is_not_stale_stays(folder, store):
    """Only what is asked for is made; the rest is what was kept."""
    falsifiers.keep(CHECK, {**PARTS, "broken": Part([1.0])})
    falsifiers.make(CHECK, ["whole"], falsifiers.Noting(store, "quick"))
    assert falsifiers.kept(CHECK, "broken").findings == [1.0]
    assert falsifiers.kept(CHECK, "whole").findings == []
    falsifiers.make(CHECK, falsifiers.PARTS, falsifiers.Noting(store, "quick"))
    assert falsifiers.kept(CHECK, "broken").findings == [SCALE]


def test_a_claim_without_such_a_falsifier_is_refused(capsys):
    with pytest.raises(SystemExit):
        falsifiers.main(["C-ICL-4"])
    assert "C-ICL-4: expected claims whose falsifier trains" in capsys.readouterr().err


def test_a_package_s_version_makes_nothing_stale(monkeypatch):
    before = falsifiers.source(CHECK, "broken")
    real = falsifiers.reached
    monkeypatch.setattr(falsifiers, "reached", lambda *names: {**real(*names), "jax": "jax 99"})
    assert falsifiers.source(CHECK, "broken") == before
    monkeypatch.setattr(falsifiers, "reached", lambda *names: {**real(*names), "a.b": "99"})
    assert falsifiers.source(CHECK, "broken") != before


def test_findings_of_another_kind_are_refused(folder):
    with pytest.raises(TypeError, match="hold a set"):
        falsifiers.keep(CHECK, {"broken": Part(({1, 2},))})


def test_each_part_is_known_by_its_own_code(monkeypatch):
    """One falsifier is a lambda, one is named by a keyword; both reach the same helper."""
    assert falsifiers.source(CHECKS[0], "broken") != falsifiers.source(CHECKS[1], "broken")
    assert falsifiers.source(CHECKS[0], "broken") != falsifiers.source(CHECKS[0], "whole")
    module, written = falsifiers.written(CHECKS[1], "broken")
    assert module.CHECKS is CHECKS and ast.unparse(written) == "broken"
    assert ast.unparse(falsifiers.written(CHECKS[1], "whole")[1]) == "broken"
    # where a control is left out it is the findings
    assert ast.unparse(falsifiers.written(CHECKS[0], "whole")[1]) == "lambda evidence: ()"
    found = falsifiers.reached(f"{__name__}.broken")
    assert set(found) == {__name__}
    with pytest.raises(LookupError, match="C-ICL-3 is written down nowhere"):
        falsifiers.written(Check("C-ICL-3", everything, broken, broken), "broken")


@pytest.mark.parametrize("check", falsifiers.checks().values(), ids=falsifiers.checks())
def test_a_falsifier_that_asks_for_a_sweep_is_slow(check, store):
    """So the default suite trains for none, nor for its control; see also test_claims.py."""

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
    for part in (check.broken, check.whole or check.findings):
        try:
            part(Asking(store, "quick"))
        except Asked:
            asked = True
        except LookupError:
            pass
    assert check.slow or not asked
