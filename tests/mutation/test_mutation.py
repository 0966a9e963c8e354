"""Faults are planted where numbers are made, one at a time; a test too weak for one is found."""

import subprocess

import pytest

from tests.mutation.__main__ import equivalent, main, reaching, survived
from tests.mutation.faults import faults

SOURCE = '''
"""Half of 1 + 1."""
from __future__ import annotations

RATE: float = static(default=0.5, help="1 + 1", ge=0)

def f(x: Float[Array, "2"], key):
    """Not 3 - 2."""
    if x > 3 and key:
        raise ValueError(f"{x + 1}")
    keys = jax.random.fold_in(key, x[1:])
    return jnp.where(x < 0.5, -x, x.mean(axis=0) ** 2).T
'''
WANTED = {
    ("x > 3 and key", "x > 3 or key"),
    ("x > 3 and key", "x > 3"),
    ("x > 3 and key", "key"),
    ("x > 3", "x >= 3"),
    ("x > 3", "x < 3"),
    ("3", "4"),
    ("3", "2"),
    ("jax.random.fold_in(key, x[1:])", "key"),
    ("1:", ":"),
    ("1", "2"),
    ("x < 0.5", "x <= 0.5"),
    ("x < 0.5", "x > 0.5"),
    ("0.5", "1.0"),
    ("-x", "x"),
    ("x.mean(axis=0)", "x.sum(axis=0)"),
    ("0", "1"),
    ("x.mean(axis=0) ** 2", "x.mean(axis=0) * 2"),
    ("x.mean(axis=0) ** 2", "x.mean(axis=0)"),
    ("2", "3"),
    ("2", "1"),
}


def test_faults_are_those_of_the_field_and_leave_words_alone():
    found = list(faults(SOURCE))
    short = {(fault.was, fault.becomes) for fault in found if fault.where == "f"}
    where = "jnp.where(x < 0.5, -x, x.mean(axis=0) ** 2)"
    whole = {(was, becomes) for was, becomes in short if was.startswith((where, "if "))}
    assert short - whole == WANTED
    assert {becomes for was, becomes in whole if was == where} == {
        "jnp.where(x < 0.5, x.mean(axis=0) ** 2, -x)",
        "-x",
        "x.mean(axis=0) ** 2",
    }
    assert (f"{where}.T", where) in whole and len(whole) == 5
    assert not [fault for fault in found if fault.where == ""]
    assert len({fault.source for fault in found}) == len(found)


THEORY = "def twice(x):\n    return 2 * x\n\n\ndef other(x):\n    return x + 1\n"
TESTS = """
from theory.toy import other, twice


def test_twice():
    assert [twice(1), twice(3)] == [2, 6]


def test_other():
    assert other(1) > 0
"""


@pytest.fixture
def repository(tmp_path):
    """A module, a test that is right about one of its functions and vague about the other."""
    files = {"theory/toy.py": THEORY, "tests/theory/test_toy.py": TESTS, "tests/test_no.py": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    # what makes the scratch copy a root of its own for pytest
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def test_what_no_test_notices_is_told_and_the_source_is_left_as_it_was(repository, capsys):
    assert reaching(repository, "theory.toy") == ["tests/theory/test_toy.py"]
    planted = [("theory.toy", fault) for fault in faults(THEORY)]
    left = survived(repository, planted)
    assert {(fault.where, fault.becomes) for _, fault in left} == {
        ("other", "x"),
        ("other", "1"),
        ("other", "2"),
    }
    assert f"{len(planted)} of {len(planted)} faults tried, 3 survived" in capsys.readouterr().err
    assert (repository / "theory/toy.py").read_text() == THEORY


def test_a_slip_is_one_line(capsys):
    for name in ("sims.nowhere", "tests.conftest"):
        assert main([name]) == 2
        assert f"{name}: expected a module of theory, sims, figures" in capsys.readouterr().err
    assert main(["sims.rnn_timescales.tasks", "--sample", "-1"]) == 2
    assert capsys.readouterr().err.endswith("--sample -1: expected at least 1\n")


def test_every_fault_said_to_change_nothing_is_one_that_can_be_planted():
    """So that the list does not outlive the code that it is about."""
    from tests.mutation.__main__ import _entry, _faults

    modules = {module for module, *_ in equivalent()}
    possible = {_entry(module, fault) for module in modules for fault in _faults(module)}
    assert equivalent().keys() <= possible
    assert all(len(why) > 10 for why in equivalent().values())
