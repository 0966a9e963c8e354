"""What each room costs, as the ledger has it: `python -m benchmarks.ledger` measures it again."""

import json

import pytest

import figures
from benchmarks import ledger
from figures.production import COSTS
from sims.engine.rooms import papers

PAPERS = papers(figures, figures.NOT_ROOMS)
KEPT = json.loads(COSTS.read_text())


def test_every_room_has_an_entry_and_no_other():
    assert KEPT.keys() == set(PAPERS) and ledger.OLDER.keys() <= set(PAPERS)


@pytest.mark.parametrize("paper", PAPERS)
def test_a_room_costs_what_it_may(paper):
    entry = KEPT[paper]["quick"]
    assert entry["exit_code"] == 0
    assert ledger.relative(entry) <= ledger.allowed(paper)


def test_seconds_are_relative_to_the_calibration_loop():
    """On a machine half as fast both take twice the time."""
    slow = {"processor_s": 300.0, "calibration_s": 2 * ledger.REFERENCE}
    assert ledger.relative(slow) == pytest.approx(150.0)
    assert ledger.allowed("a_new_room") == ledger.SLACK * ledger.LIMIT
