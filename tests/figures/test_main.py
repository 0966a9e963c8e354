"""`python -m figures` at smoke size, its page, and what it says of slips."""

import json
import re

import pytest

from figures import __main__ as command
from figures.icl_regression import FIGURES
from theory.claims import register


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
    report = tmp_path / "results/report"
    assert "C-ICL-20" in (report / "papers/icl_regression.html").read_text()
    assert (report / "figures/icl_regression/dynamics.png").is_file()
    code, out, _ = call("icl_regression.dynamics", "--preset", "smoke", "--json", "--single-file")
    assert code == 0 and len(json.loads(out)["verdicts"]) == len(shown)
    whole = tmp_path / "results/report.html"
    assert json.loads(out)["report"] == str(whole)
    assert whole.read_text().count('src="data:image/png;base64,') == 1
    code, out, _ = call("icl_regression.circuits", "--preset", "smoke", "--quiet")
    drawn = {path.stem for path in (report / "figures/icl_regression").iterdir()}
    assert code == 0 and drawn == {"dynamics", "circuits"}


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


@pytest.mark.slow
def test_the_whole_main_job_ends_as_the_register_expects(call):
    """The README's first command, cold and again: exit code 0, and the second trains nothing."""
    code, out, _ = call()
    assert code == 0
    assert len(re.findall(r"^  C-ICL-\d+ ", out, re.MULTILINE)) == len(register("icl_regression"))
    code, _, err = call()
    assert code == 0 and err.startswith("0 claims to decide, 0 figures to draw; ")
