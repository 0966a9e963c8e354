"""Every claim has a check, and every check a falsifier that makes it fail where its data do not."""

import importlib
import json

import pytest

import figures
from figures.evidence import Evidence
from sims.engine.rooms import papers, room
from sims.engine.store import Store
from tests.figures.falsifiers import FOLDER, TOLD, decided, told
from theory.claims import register
from theory.labels import labels

PAPERS = papers(figures, figures.NOT_ROOMS)
CHECKS = {check.id: check for paper in PAPERS for check in room(figures, paper).CHECKS}
SAID = json.loads(TOLD.read_text())
FIGURES = [(paper, figure) for paper in PAPERS for figure in room(figures, paper).FIGURES]


@pytest.fixture(scope="session")
def evidence(tmp_path_factory):
    """One store for all workers: the engine's locks keep them from doing work twice."""
    return Evidence(
        Store(tmp_path_factory.getbasetemp().parent / "falsifiers"), "quick", quiet=True
    )


def test_claims_and_checks_are_the_same_set():
    assert register().keys() == CHECKS.keys()


@pytest.mark.parametrize("paper, figure", FIGURES, ids=lambda part: getattr(part, "name", part))
def test_a_figure_has_a_file_of_its_name_and_shows_registered_claims(paper, figure):
    module = importlib.import_module(f"figures.{paper}.{figure.name}")
    assert module.FIGURE is figure
    assert set(figure.claims) <= register(paper).keys()


@pytest.mark.parametrize("paper", PAPERS)
def test_a_verdict_stands_with_the_first_figure_that_shows_it(paper):
    shown: dict[str, str] = {}
    for figure in room(figures, paper).FIGURES:
        for id in figure.claims:
            shown.setdefault(id, figure.name)
    for check in room(figures, paper).CHECKS:
        modules = [f"figures.{paper}.{shown[check.id]}"] if check.id in shown else []
        places = modules or [f"figures.{paper}.identities"]
        found = [name for name in places if check in importlib.import_module(name).CHECKS]
        assert found == places, f"{check.id} is shown first by {shown.get(check.id)}"


@pytest.mark.parametrize("id", register())
def test_checked_by_is_what_decides(id):
    decide = CHECKS[id].decide
    assert register()[id][1].checked_by == f"{decide.__module__}.{decide.__qualname__}"


@pytest.mark.parametrize("id", register())
def test_a_claim_s_labels_are_derived_in_its_room(id):
    paper, claim = register()[id]
    assert claim.labels and set(claim.labels) <= labels(paper).keys()


def found(id, part, evidence):
    """The verdict on a part of a check, which has to be what the report tells of it."""
    verdict = decided(CHECKS[id], part, evidence)
    now, before = told(verdict), SAID[id][part]
    same = now["of"] == before["of"] and all(map(close, numbers(now), numbers(before)))
    assert same, f"{now} was {before}; make it again: python -m tests.figures.falsifiers"
    return verdict


def numbers(said):
    return [said["estimate"], *(said["interval"] or [None, None])]


def close(one, other):
    """Equal to what other processors' rounding leaves of it; where there is none, none."""
    if one is None or other is None:
        return one is other
    return one == pytest.approx(other, rel=0.01, abs=1e-9)


@pytest.mark.parametrize("id", CHECKS)
def test_the_falsifier_fails_the_check(id, evidence):
    verdict = found(id, "broken", evidence)
    assert verdict.state == "fails", verdict


@pytest.mark.parametrize("id", CHECKS)
def test_without_its_break_the_check_holds(id, evidence):
    """On the same data: a falsifier that fails for want of data, or whatever it reads, is none."""
    verdict = found(id, "whole", evidence)
    assert verdict.state == "holds", verdict


TRAINED = [id for id, check in CHECKS.items() if check.slow]


@pytest.mark.slow
@pytest.mark.parametrize("id", TRAINED)
def test_a_falsifier_that_trains_fails_the_check_again(id, evidence):
    assert CHECKS[id].falsified(evidence).state == "fails"


@pytest.mark.slow
@pytest.mark.parametrize("id", [id for id in TRAINED if CHECKS[id].whole])
def test_a_control_that_trains_holds_again(id, evidence):
    """Where it is not the findings, which the whole main job decides about (test_main.py)."""
    assert CHECKS[id].confirmed(evidence).state == "holds"


def test_the_report_tells_of_every_falsifier():
    assert SAID.keys() == CHECKS.keys()


def test_nothing_is_kept_that_no_check_asks_for():
    kept_for = {path.stem for path in FOLDER.glob("*.nc")}
    assert kept_for == {id for id, check in CHECKS.items() if check.slow}


# Where the findings are the control too, and have to hold, they are decided about just above; those
# that take long are left to the whole main job (test_main.py).
ELSE = [
    id
    for id, check in CHECKS.items()
    if not (check.claim.decided_at or check.slow)
    and (check.whole or check.claim.expects("quick") != "holds")
]


@pytest.mark.parametrize("id", ELSE)
def test_what_needs_no_training_is_as_expected(id, evidence):
    verdict = CHECKS[id].verdict(evidence)
    assert verdict.state == register()[id][1].expects("quick"), verdict


def test_what_a_preset_cannot_decide_is_said(store):
    verdict = CHECKS["C-ICL-18"].verdict(Evidence(store, "smoke"))
    assert verdict.state == "not run at this preset"
    assert "quick" in CHECKS["C-ICL-18"].claim.decided_at
