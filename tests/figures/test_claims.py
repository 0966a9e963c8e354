"""Every claim has a check, every check a falsifier, and every falsifier makes its check fail."""

import importlib

import pytest

import figures
from figures.__main__ import NOT_ROOMS
from figures.evidence import Evidence
from sims.engine.rooms import papers, room
from sims.engine.store import Store
from theory.claims import register

CHECKS = {
    check.claim: check
    for paper in papers(figures, NOT_ROOMS)
    for check in room(figures, paper).CHECKS
}


@pytest.fixture(scope="session")
def evidence(tmp_path_factory):
    """One store for all workers: the engine's locks keep them from doing work twice."""
    return Evidence(
        Store(tmp_path_factory.getbasetemp().parent / "falsifiers"), "quick", quiet=True
    )


def test_claims_and_checks_are_the_same_set():
    assert register().keys() == CHECKS.keys()


def test_figures_show_registered_claims():
    for paper in papers(figures, NOT_ROOMS):
        shown = {claim for figure in room(figures, paper).FIGURES for claim in figure.claims}
        assert shown <= register(paper).keys()


@pytest.mark.parametrize("id", register())
def test_checked_by_names_what_decides(id):
    module, _, name = register()[id][1].checked_by.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("id", CHECKS)
def test_the_falsifier_fails_the_check(id, evidence):
    check = CHECKS[id]
    verdict = check.decide(*check.broken(evidence))
    assert verdict.state == "fails", verdict


@pytest.mark.parametrize("id", [id for id, check in CHECKS.items() if not check.presets])
def test_what_needs_no_training_holds(id, evidence):
    verdict = CHECKS[id].verdict(evidence)
    assert verdict.state == register()[id][1].expects("quick"), verdict


def test_what_a_preset_cannot_decide_is_said(store):
    verdict = CHECKS["C-ICL-18"].verdict(Evidence(store, "smoke"))
    assert verdict.state == "not run at this preset" and "quick" in verdict.expected
