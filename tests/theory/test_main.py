"""`python -m theory` on a small register and made-up verdicts."""

import json

import pytest

from theory import __main__ as command
from theory.claims import Claim, measured, papers, register

CLAIMS = {
    f"C-{key}": (
        "paper",
        Claim(f"C-{key}", f"Statement {key}", "identity", "s", "<= 1", "t", "f", "c", states),
    )
    for key, states in (("A", {"*": "holds"}), ("B", {"*": "fails"}), ("C", {"*": "holds"}))
}


def verdict(state, decided="2026-01-01", preset="quick", platform="cpu"):
    return {
        "state": state,
        "estimate": 0.5,
        "interval": [0.4, 0.6],
        "method": "mean of 8 seeds",
        "expected": "<= 1",
        "detail": {"gamma": 0.2},
        "decided": decided,
        "preset": preset,
        "provenance": {"platform": platform, "device": "cpu", "commit": "abc", "dirty": False},
    }


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "register", lambda: CLAIMS)
    (tmp_path / "claims").mkdir()

    def run(*words, **stored):
        for id, verdicts in stored.items():
            path = tmp_path / "claims" / f"C-{id}.json"
            path.write_text(json.dumps(verdicts))
        code = command.main([*words, "--results", str(tmp_path)])
        return code, *capsys.readouterr()

    return run


FIELDS = {
    *("id", "paper", "statement", "kind", "source", "state", "expected_state", "estimate"),
    *("interval", "expected", "falsifier", "checked_by"),
}


def test_json_has_what_programs_need(call):
    code, out, _ = call("--json", A={"quick": verdict("holds")})
    rows = json.loads(out)
    assert code == 0 and all(row.keys() >= FIELDS for row in rows)
    assert [row["state"] for row in rows] == ["holds", "never run", "never run"]
    assert (rows[0]["estimate"], rows[1]["estimate"]) == (0.5, None)


@pytest.mark.parametrize(
    "state, code", [("fails", 1), ("holds", 0), ("undecided", 0), ("not run at this preset", 0)]
)
def test_exit_code_says_whether_the_register_expected_it(call, state, code):
    assert call(A={"quick": verdict(state)})[0] == code


def test_an_expected_failure_is_no_surprise(call):
    assert call(B={"quick": verdict("fails")})[0] == 0
    code, out, _ = call(B={"quick": verdict("holds")})
    assert code == 1 and "! C-B" in out and "1 unexpected" in out


def test_the_latest_decision_counts(call):
    both = {
        "quick": verdict("fails", "2026-01-01"),
        "paper": verdict("holds", "2026-02-01", "paper"),
        "smoke": verdict("not run at this preset", "2026-03-01", "smoke"),
    }
    code, out, _ = call("C-A", A=both)
    assert code == 0 and "at quick" in out and "at paper" in out
    assert json.loads(call("--json", "C-A")[1])[0]["preset"] == "paper"


def test_device_chooses_what_was_measured_there(call):
    assert json.loads(call("C-A", "--json", "--device", "gpu", A={"quick": verdict("fails")})[1])[
        0
    ]["state"] == ("never run")


def test_one_claim_whole_and_quiet(call):
    _, out, _ = call("C-A", A={"quick": verdict("holds")})
    for part in ("Statement A", "falsifier", "mean of 8 seeds", "gamma: 0.2", "commit abc"):
        assert part in out
    assert call("--quiet")[1].splitlines() == ["C-A holds", "C-B never run", "C-C never run"]


def test_slips_are_one_line_with_the_nearest_name(call, tmp_path, capsys):
    code, out, err = call("C-a")
    assert code == 2 and "unknown claim 'C-a'; did you mean 'C-" in err and out == ""
    (tmp_path / "claims" / "C-A.json").write_text("{")
    code, _, err = call()
    assert code == 2 and "C-A.json is damaged" in err
    file = tmp_path / "file"
    file.write_text("")
    assert command.main(["--results", str(file)]) == 2
    assert "is no folder" in capsys.readouterr().err


def test_the_real_register_is_complete():
    for id, (paper, claim) in register().items():
        assert id == claim.id and paper in papers()
        for text in (claim.statement, claim.source, claim.tolerance, claim.falsifier):
            assert text
        for state in claim.expected_state.values():
            assert state == "holds" or claim.why or state == "not run at this preset"


def test_nothing_measured_is_no_error(tmp_path):
    assert measured(tmp_path, "C-ICL-1") == {}
