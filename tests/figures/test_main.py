"""`python -m figures` at smoke size, its page, and what it says of slips."""

import json
import re

import pytest

from figures import __main__ as command
from figures.icl_regression import FIGURES
from figures.report import FigureEntry, Page, PaperSection, mixture, number, ordered, write_page
from sims.engine.errors import Incomplete
from theory.claims import Claim, Outcome, Verdict, at_most, register


@pytest.fixture
def call(tmp_path, capsys):
    def run(*words):
        try:
            code = command.main([*words, "--results", str(tmp_path / "results")])
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


def test_a_smoke_run_writes_figure_numbers_claims_and_page(call, tmp_path):
    code, out, _ = call("icl_regression.dynamics", "--preset", "smoke", "--quiet")
    assert code == 0
    shown = next(figure for figure in FIGURES if figure.name == "dynamics").claims
    lines = re.findall(r"^  (C-ICL-\d+) +not run at this preset", out, re.MULTILINE)
    assert sorted(lines) == sorted(shown)
    folder = tmp_path / "results/figures/icl_regression"
    assert {path.name for path in folder.iterdir()} == {
        f"dynamics.{s}" for s in ("png", "pdf", "json")
    }
    numbers = json.loads((folder / "dynamics.json").read_text())
    assert numbers["data"]["H=2"]["step"] == list(range(0, 201, 20))
    assert numbers["settings"]["icl_regression.training_h2"]["heads"] == 2
    names = {source["name"] for source in numbers["sources"]}
    assert "icl_regression.training_h2" in names
    stored = json.loads((tmp_path / "results/claims/C-ICL-20.json").read_text())
    assert stored["smoke"]["state"] == "not run at this preset"
    page = (tmp_path / "results/report/index.html").read_text()
    assert "C-ICL-20" in page and "data:image/png;base64," in page
    code, out, _ = call("icl_regression.dynamics", "--preset", "smoke", "--json")
    assert code == 0 and len(json.loads(out)["verdicts"]) == len(shown)
    code, out, _ = call("icl_regression.circuits", "--preset", "smoke", "--quiet")
    both = (tmp_path / "results/report/index.html").read_text()
    assert code == 0 and both.count("data:image/png;base64,") == 2 * page.count("image/png;base64,")


@pytest.mark.parametrize(
    "words, message",
    [
        (["icl_regresion"], "unknown figure 'icl_regresion'; did you mean 'icl_regression'"),
        (["icl_regression.dynamic"], "did you mean 'icl_regression.dynamics'"),
        (["--preset", "quik"], "unknown preset 'quik'; did you mean 'quick'"),
        (["--device", "gpu"], "device 'gpu' does not exist here; present: cpu"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_a_slip_is_one_line_and_exit_code_two(call, words, message):
    code, out, err = call(*words)
    assert code == 2 and message in err and out == ""
    assert len(err.strip().splitlines()) == 1


def outcome(id, state, expected_state="holds", estimate=0.5, interval=(0.4, 0.6)):
    claim = Claim(
        id=id,
        statement="a < b & c",
        kind="empirical",
        source="s",
        bounds={"x": at_most(1)},
        tolerance="t",
        falsifier="f",
        checked_by="c",
        expected_state={"*": expected_state},
    )
    verdict = Verdict(estimate, interval, "mean", state, {"n": 8})
    return Outcome(paper="p", claim=claim, verdict=verdict, preset="quick")


OUTCOMES = [
    outcome("A", "holds"),
    outcome("B", "undecided"),
    outcome("C", "fails", "fails"),
    outcome("D", "fails"),
    outcome("E", "holds", "fails"),
    outcome("F", "not run at this preset", estimate=None, interval=None),
]


def test_failures_come_first():
    assert [o.claim.id for o in ordered(OUTCOMES)] == ["D", "E", "C", "B", "F", "A"]


def made(commit, device="cpu", **versions):
    return {"made": {"commit": [commit], "device": [device], "versions": [versions]}}


def test_what_a_figure_mixes_is_said():
    same = made("abc", jax="0.10.2")
    assert mixture([same, same]) == "" == mixture([])
    other = made("def", "gpu", jax="0.11.0")
    assert mixture([same, other]) == "commits abc, def; devices cpu, gpu; jax 0.10.2, 0.11.0"


@pytest.fixture
def page(tmp_path):
    files = []
    for suffix in ("png", "pdf", "json"):
        path = tmp_path / f"figure.{suffix}"
        path.write_bytes(b"\x89PNG" if suffix == "png" else b"{}")
        files.append(path)
    sources = [made("abc"), made("def")]
    figure = FigureEntry("f", "Title", 'A "caption" <here>', "paper", *files, sources, ["A"])
    return Page("Lemmax", "quick", "2026-01-01", [PaperSection("p", "Paper", [figure], OUTCOMES)])


def test_the_page_needs_nothing_else_and_escapes(page, tmp_path):
    write_page(page, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text()
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert "<script" not in text and "@import" not in text
    assert "a &lt; b &amp; c" in text and "A &#34;caption&#34; &lt;here&gt;" in text
    assert text.count('download="') == 3 and 'scope="col"' in text
    assert "(unexpected)" in text and text.count("state unexpected") == 2
    assert "Its sources mix commits abc, def" in text and "Drawn at the preset “paper”" in text
    assert "expected to hold" in text and "undecided where the register expects" in text


def test_a_page_is_written_whole_or_not_at_all(page, tmp_path, monkeypatch):
    path = tmp_path / "index.html"
    path.write_text("before")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sims.engine.store.os.fsync", full)
    with pytest.raises(Incomplete):
        write_page(page, path)
    assert path.read_text() == "before"


@pytest.mark.parametrize(
    "value, text",
    [(None, "–"), (0.0, "0.0"), (1.5, "1.5"), (3.2e-7, "3.20 × 10⁻⁷"), (12, "12"), ("x", "x")],
)
def test_numbers_read_well(value, text):
    assert number(value) == text


@pytest.mark.slow
def test_the_whole_main_job_ends_as_the_register_expects(call):
    """The README's first command, cold and again: exit code 0, and the second trains nothing."""
    code, out, _ = call()
    assert code == 0
    assert len(re.findall(r"^  C-ICL-\d+ ", out, re.MULTILINE)) == len(register("icl_regression"))
    code, _, err = call()
    assert code == 0 and err.startswith("0 claims to decide, 0 figures to draw; ")
