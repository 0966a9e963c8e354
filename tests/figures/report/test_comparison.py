"""Two results folders: what was planted is named, and nothing else."""

import json
import shutil

import pytest

from figures import __main__ as command
from figures.report.comparison import both, compare, differing

from .conftest import PRESET


@pytest.fixture
def results(results, tmp_path):
    """The made-up folder, to write in."""
    return shutil.copytree(results, tmp_path / "results")


@pytest.fixture
def other(results, tmp_path):
    """The same once more, to plant differences in."""
    return shutil.copytree(results, tmp_path / "other")


def edit(path, **changes):
    filed = json.loads(path.read_text())
    (filed[PRESET] if PRESET in filed else filed).update(changes)
    path.write_text(json.dumps(filed))


def test_the_same_results_do_not_differ(results, other):
    found = compare(*both(results, other, PRESET))
    assert not found.states and not found.estimates and not found.figures
    assert list(found.lines()) == [f"0 of {found.compared} claims and figures differ"]


def test_one_planted_difference_is_named_and_nothing_else(results, other, capsys):
    edit(other / "claims/C-ICL-24.json", state="fails")
    words = ["--results", str(results), "--compare", str(other)]
    assert command.main(words) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "C-ICL-24: holds, unexpected there" and said[1].startswith("1 of ")
    page = (results / "report/comparison.html").read_text()
    assert page.count("<tr>") == 2 and 'href="claims/C-ICL-24.html"' in page
    edit(other / "claims/C-ICL-24.json", state="holds")
    edit(other / "figures/icl_regression/valley.json", data={"gamma": [0.5, 0.25, 0.31]})
    assert command.main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["figures"] == {"icl_regression.valley": ["gamma"]}
    assert told["states"] == told["estimates"] == {}
    pictures = (results / "report/comparison").rglob("*.png")
    assert {path.parent.name for path in pictures} == {"here", "there"}


def test_an_estimate_has_moved_where_it_is_outside_the_other_s_interval(results, other):
    filed = json.loads((results / "claims/C-ICL-20.json").read_text())[PRESET]
    low, high = filed["interval"]
    for estimate, moved in ((high + 0.01, True), (low - 0.01, True), (low + 0.01, False)):
        edit(other / "claims/C-ICL-20.json", estimate=estimate)
        found = compare(*both(results, other, PRESET))
        assert found.estimates == ({"C-ICL-20": (filed["estimate"], estimate)} if moved else {})


def test_numbers_without_an_interval_differ_beyond_round_off(results, other):
    low, high = json.loads((results / "claims/C-ICL-1.json").read_text())[PRESET]["interval"]
    for folder, estimate in ((results, 3e-16), (other, 5e-16)):
        edit(folder / "claims/C-ICL-1.json", estimate=estimate, interval=None)
    assert not compare(*both(results, other, PRESET)).estimates
    edit(other / "claims/C-ICL-1.json", estimate=1e-6, interval=None)
    assert set(compare(*both(results, other, PRESET)).estimates) == {"C-ICL-1"}


def test_trees_of_numbers_differ_where_they_do():
    here = {"a": {"x": [1.0, 2.0], "y": 1}, "b": [None, "s"]}
    assert list(differing(here, json.loads(json.dumps(here)))) == []
    there = {"a": {"x": [1.0, 2.001], "z": 1}, "b": [None, "s"]}
    assert list(differing(here, there)) == ["a, x", "a, y", "a, z"]
    assert list(differing({"x": [1.0]}, {"x": [1.0 + 1e-9]})) == []


def test_a_folder_without_results_is_one_line(results, tmp_path, capsys):
    assert command.main(["--results", str(results), "--compare", str(tmp_path / "no")]) == 2
    err = capsys.readouterr().err
    assert "holds no claims and no figures" in err and len(err.splitlines()) == 1
    words = ["icl_regression", "--results", str(results), "--compare", str(results)]
    assert command.main(words) == 2 and "no NAME" in capsys.readouterr().err
