"""`python -m theory` on a small register and made-up verdicts."""

import hashlib
import json
import math

import pytest

from theory import __main__ as command
from theory.claims import (
    NEVER,
    Claim,
    Outcome,
    Verdict,
    around,
    at_least,
    at_most,
    in_words,
    measured,
    papers,
    register,
)


def claim(id, **more):
    """A small claim; what `more` says is different."""
    fields = {
        **{"statement": f"Statement {id}", "kind": "identity", "source": "the paper; [t-1.2]"},
        **{"bounds": {"error": at_most(1)}, "tolerance": "t", "falsifier": "f", "checked_by": "c"},
    }
    return Claim(id=id, **{**fields, **more})


CLAIMS = {
    f"C-{key}": ("paper", claim(f"C-{key}", expected_state={"*": state}))
    for key, state in (("A", "holds"), ("B", "fails"), ("C", "holds"))
}


def verdict(state, decided="2026-01-01", preset="quick", platform="cpu"):
    return {
        "state": state,
        "estimate": 0.5,
        "interval": [0.4, None],
        "method": "mean of 8 seeds",
        "detail": {"gamma": 0.2},
        "decided": decided,
        "preset": preset,
        "figure": "paper.curves",
        "sources": [
            {
                **{"id": "0123", "kind": "sweep", "name": "paper.training", "parents": []},
                **{
                    "settings": {"heads": [1, 2]},
                    "made": {"commit": ["abcdef"], "device": ["cpu"]},
                },
            }
        ],
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
    parts = ["Statement C-A", "[t-1.2]", "error <= 1", "falsifier", "mean of 8 seeds", "gamma: 0.2"]
    parts += ["commit abc", "rests on sweep paper.training 0123 (abcdef)", "heads=[1, 2]"]
    parts += ["checked by      c", "python -m figures paper.curves", "0.5 [0.4, inf]"]
    for part in parts:
        assert part in out, part
    assert call("--quiet")[1].splitlines() == ["C-A holds", "C-B never run", "C-C never run"]


def test_slips_are_one_line_with_the_nearest_name(call, tmp_path, capsys):
    code, out, err = call("c-a")
    assert code == 2 and "unknown claim 'c-a'; did you mean 'C-A'?" in err and out == ""
    (tmp_path / "claims" / "C-A.json").write_text("{")
    code, _, err = call()
    assert code == 2 and "C-A.json is damaged" in err
    file = tmp_path / "file"
    file.write_text("")
    assert command.main(["--results", str(file)]) == 2
    assert "is no folder" in capsys.readouterr().err


def _standing(filed):
    """A verdict with the mark that it is filed with."""
    text = json.dumps(filed, sort_keys=True, separators=(",", ":"))
    return filed | {"standing": {"content": hashlib.sha256(text.encode()).hexdigest()[:16]}}


@pytest.mark.parametrize(
    "damage",
    [
        lambda filed: filed | {"estimate": 0.6},
        lambda filed: {k: v for k, v in filed.items() if k != "interval"},
        lambda filed: filed | {"provenance": {}},
        *(
            lambda filed, name=name: verdict("holds") | {name: [{"id": 3}]}
            for name in verdict("holds")
        ),
        lambda filed: verdict("holds", preset="paper"),
        lambda filed: verdict("holds") | {"claim": "C-B"},
        lambda filed: [filed],
    ],
)
def test_a_verdict_that_is_not_as_it_was_filed_is_one_line(call, damage):
    whole = _standing(verdict("holds"))
    assert call(A={"quick": whole})[0] == 0
    code, out, err = call("C-A", A={"quick": damage(whole)})
    assert code == 2 and out == "" and len(err.splitlines()) == 1
    assert "C-A.json is damaged (" in err and "python -m figures paper decides it again" in err


def test_an_open_question_is_counted_and_marked(call):
    code, out, _ = call(A={"quick": verdict("undecided")})
    assert code == 0 and "? C-A" in out and "1 undecided where a decision is expected" in out


def test_a_room_that_does_not_import_is_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("theory.claims.papers", lambda: ["nothing_here"])
    assert command.main(["--results", str(tmp_path)]) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "theory.nothing_here is left out: ModuleNotFoundError" in err


def test_the_real_register_is_complete():
    for id, (paper, claim) in register().items():
        assert id == claim.id and paper in papers()
        for text in (claim.statement, claim.source, claim.tolerance, claim.falsifier):
            assert text
        assert not set(claim.expected_state.values()) - {"holds", "fails", "undecided"}
        assert set(claim.expected_state.values()) == {"holds"} or claim.why


def test_nothing_measured_is_no_error(tmp_path):
    assert measured(tmp_path, "paper", CLAIMS["C-A"][1]) == {}


@pytest.mark.parametrize(
    "bound, words",
    [(around(0.52, 0.02), "in [0.5, 0.54]"), (at_most(1e-10), "<= 1e-10"), (at_least(2), ">= 2")],
)
def test_bounds_in_words(bound, words):
    assert in_words(bound) == words


def test_what_is_expected_has_its_bounds_written_out():
    bounds = {"omega": around(0.52, 0.02), "loss, H = 2": at_most(0.4)}
    assert claim("C-X", bounds=bounds).expectation == "omega in [0.5, 0.54]; loss, H = 2 <= 0.4"
    words = "mean |omega| {omega}, not 1/sqrt(d); loss {loss, H = 2}"
    expected = "mean |omega| in [0.5, 0.54], not 1/sqrt(d); loss <= 0.4"
    assert claim("C-X", bounds=bounds, expected=words).expectation == expected


@pytest.mark.parametrize(
    "more, message",
    [
        ({"bounds": {}}, "C-X has no bounds"),
        ({"bounds": {"a": (2.0, 1.0)}}, "no value fits the bound a"),
        ({"expected": "{gamma}"}, r"C-X expects \['gamma'\]; its bounds are error"),
    ],
)
def test_a_claim_that_nothing_could_meet_is_refused(more, message):
    with pytest.raises(ValueError, match=message):
        claim("C-X", **more)


def test_labels_are_those_of_the_source():
    source = "He et al., section 2; [icl-4.2], sharpened in [icl-10]"
    assert claim("C-X", source=source).labels == ("icl-4.2", "icl-10")


def test_a_preset_that_cannot_decide_expects_nothing():
    some = claim(
        "C-X", decided_at=("quick", "paper"), expected_state={"*": "holds", "paper": "fails"}
    )
    states = [some.expects(preset) for preset in ("quick", "paper", "smoke")]
    assert states == ["holds", "fails", "not run at this preset"]


@pytest.mark.parametrize(
    "state, expected, unexpected, is_open",
    [
        ("holds", "holds", False, False),
        ("fails", "holds", True, False),
        ("holds", "undecided", True, False),
        ("undecided", "holds", False, True),
        ("undecided", "undecided", False, False),
        ("never run", "holds", False, False),
    ],
)
def test_unexpected_and_open_are_defined_once(state, expected, unexpected, is_open):
    outcome = Outcome(
        paper="p",
        claim=claim("C-X", expected_state={"*": expected}),
        verdict=Verdict(1.0, None, "", state),
        preset="quick",
    )
    assert (outcome.unexpected, outcome.open) == (unexpected, is_open)
    assert (
        outcome.row()["unexpected"] == unexpected
        and Outcome(paper="p", claim=outcome.claim).verdict == NEVER
    )


def test_what_is_filed_is_read_back(tmp_path):
    """Infinite limits as null, and nothing lost."""
    outcome = Outcome(
        paper="paper",
        claim=claim("C-X"),
        verdict=Verdict(0.5, (-math.inf, 0.6), "median", "holds", {"n": 8}),
        preset="paper",
        decided="2026-01-01",
        figure="paper.curves",
        sources=verdict("holds")["sources"],
        provenance={"platform": "cpu"},
    )
    (tmp_path / "claims").mkdir()
    filed = json.dumps({"paper": outcome.filed()}).replace("-Infinity", "null")
    (tmp_path / "claims/C-X.json").write_text(filed)
    assert measured(tmp_path, "paper", outcome.claim) == {"paper": outcome}
    assert outcome.command == "python -m figures paper.curves --preset paper"


def test_a_bound_may_differ_from_preset_to_preset():
    bounds = {"gain": {"quick": at_least(6), "paper": at_least(10)}, "loss": at_most(1)}
    some = claim("C-X", bounds={**bounds, "more": {"paper": at_most(2)}}, expected="{gain}, {loss}")
    assert some.at("quick").bounds == {"gain": (6, math.inf), "loss": (-math.inf, 1)}
    assert some.at("paper").bound("more") == (-math.inf, 2)
    assert some.expectation == ">= 6 at quick, >= 10 at paper, <= 1"
    with pytest.raises(KeyError, match="gain differs from preset to preset"):
        some.bound("gain")
