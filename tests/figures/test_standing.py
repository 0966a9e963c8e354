"""What was decided or drawn stands until something that it rests on changes, and not longer."""

import contextlib
import io
import json
import shutil
import subprocess
import sys

import pytest

from figures import __main__ as command
from figures import standing

THEORY = """
from theory.claims import Claim, around

CLAIMS = (Claim(
    id="C-TOY-1", kind="identity", source="s", statement="x", bounds={"rate": around(1, 0.5)},
    falsifier="f", tolerance="t", checked_by="figures.toy.settles",
),)
"""
SIMS = """
from sims import Experiment, Sweep, traced

class Walk(Experiment):
    rate: float = traced(default=1.0, gt=0)
    def init(self, key):
        return 0.0 * self.rate
    def step(self, x, key):
        return x + self.rate, {"x": x}

SWEEPS = {"walk": {"quick": Sweep(Walk(steps=4, log_every=2), seeds=2)}}
"""
FIGURES = """
import matplotlib.pyplot as plt
from figures.evidence import Check, Figure
from figures.statistics import judge, mean
import xarray

def doubled(data):
    return xarray.Dataset({"x": 2 * data.x})

def found(evidence):
    return (evidence.table(doubled, "toy.walk").x,)

def settles(claim, x):
    return judge(claim, {"rate": mean((x.isel(step=-1) / 5).values)})

def draw(evidence):
    drawing, axes = plt.subplots()
    axes.plot(evidence.sweep("toy.walk").x[0])
    return drawing, {"n": 1}

TITLE = "Toy"
FIGURES = (
    Figure("shown", "A title", "A caption.", draw, ("C-TOY-1",)),
    Figure("other", "A title", "A caption.", lambda evidence: draw(evidence)),
)
CHECKS = (Check("C-TOY-1", settles, found, found),)
"""


@pytest.fixture
def call(tmp_path):
    """`python -m figures toy` in a process of its own, after some edits; what it did."""
    texts = {"theory": THEORY, "sims": SIMS, "figures": FIGURES}

    def run(layer="", old="", new=""):
        if layer:
            assert old in texts[layer]
            texts[layer] = texts[layer].replace(old, new)
        for name, text in texts.items():
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "toy.py").write_text(text)
        words = [sys.executable, "-m", "figures", "toy"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        first = next(line for line in done.stderr.splitlines() if "claims to decide" in line)
        return [int(first.split()[0]), int(first.split()[4])]

    return run


@pytest.mark.slow
def test_what_changed_is_done_again_and_nothing_else(call, tmp_path):
    """Each edit is one of the things that a verdict or a figure follows from."""
    results = tmp_path / "results"
    assert call() == [1, 2]
    assert call() == [0, 0]
    # Of the claim: its bounds, its findings, a table's function.
    assert call("theory", "around(1, 0.5)", "around(1, 0.6)") == [1, 1]
    assert call("figures", "/ 5", "/ 5.5") == [1, 1]
    assert call("figures", "2 * data.x", "2.0 * data.x") == [1, 1]
    # Of a figure: its title, its caption; of both: the code that draws.
    assert call("figures", '"shown", "A title"', '"shown", "Another"') == [0, 1]
    assert call("figures", '"A caption.", draw', '"New.", draw') == [0, 1]
    assert call("figures", ".x[0]", ".x[1]") == [0, 2]
    # Sweeps are found by name: settings and the code of their runs.
    assert call("sims", "seeds=2", "seeds=3") == [1, 2]
    assert call("sims", "0.0 * self.rate", "0.1 * self.rate") == [1, 2]
    # What it rests on, or what was made, is gone.
    assert call() == [0, 0]
    (results / "figures/toy/other.png").unlink()
    assert call() == [0, 1]
    for path in (results / "tables/figures.toy.doubled").glob("*.json"):
        path.unlink()
    assert call() == [1, 1]
    for path in (results / "runs/toy.Walk").glob("*.json"):
        path.unlink()
    assert call() == [1, 2]


@pytest.fixture(scope="module")
def drawn_once(tmp_path_factory):
    """A results folder with a figure of smoke size and its claims, and what was said of them."""
    results, said = tmp_path_factory.mktemp("once") / "results", io.StringIO()
    words = ["icl_regression.valley", "--preset", "smoke", "--results", str(results), "--quiet"]
    with contextlib.redirect_stdout(said):
        assert command.main(words) == 0
    return results, said.getvalue()


@pytest.fixture
def drawn(drawn_once, tmp_path):
    """The words that drew them, for a copy of the folder."""
    shutil.copytree(drawn_once[0], tmp_path / "results")
    return ["icl_regression.valley", "--preset", "smoke", "--results", str(tmp_path / "results")]


def test_a_second_call_decides_and_draws_nothing_and_says_the_same(
    drawn, drawn_once, tmp_path, capsys
):
    page = tmp_path / "results/report/papers/icl_regression.html"
    first, before = drawn_once[1].split("report:")[0], page.read_text()
    files = [path for path in (tmp_path / "results/figures").rglob("*") if path.is_file()]
    times = [path.stat().st_mtime_ns for path in files]
    assert command.main(drawn) == 0
    out, err = capsys.readouterr()
    assert (
        err.startswith("0 claims to decide, 0 figures to draw; ")
        and out.split("report:")[0] == first
    )
    assert [path.stat().st_mtime_ns for path in files] == times
    assert page.read_text().split("<footer")[0] == before.split("<footer")[0]


@pytest.mark.parametrize(
    "damage", ["no mark", "another key", "a mark of another kind", "another number"]
)
def test_a_figure_without_a_good_mark_is_drawn_again(drawn, tmp_path, capsys, damage):
    path = tmp_path / "results/figures/icl_regression/valley.json"
    about = json.loads(path.read_text())
    if damage == "no mark":
        del about["standing"]
    elif damage == "another key":
        about["standing"]["key"] = "0"
    elif damage == "another number":
        about["data"] = {"typed": 1.0}
    else:
        about["standing"] = ["key", "papers", "records"]
    path.write_text(json.dumps(about))
    capsys.readouterr()
    assert command.main(drawn) == 0
    assert "0 claims to decide, 1 figures to draw" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name, value", [("state", "fails"), ("decided", "2020-01-01"), ("interval", "all"), ("*", 1)]
)
def test_a_verdict_that_somebody_edited_is_decided_again(drawn, tmp_path, capsys, name, value):
    """And the figure that shows it is drawn again."""
    path = next((tmp_path / "results/claims").glob("*.json"))
    filed = json.loads(path.read_text())
    before = filed["smoke"]["state"]
    assert before == "holds"
    if name == "*":
        filed["smoke"] = value
    else:
        filed["smoke"][name] = value
    path.write_text(json.dumps(filed))
    capsys.readouterr()
    assert command.main(drawn) == 0
    assert "1 claims to decide, 1 figures to draw" in capsys.readouterr().err
    assert json.loads(path.read_text())["smoke"]["state"] == before


def test_what_a_key_is_made_of():
    """Functions by the code that they reach, texts as they are, and the sweeps found by name."""

    def key(paper="icl_regression", preset="quick", by=standing.DRAWN_BY, of=standing.marked, **to):
        return standing._key([paper], preset, standing.Made(by, [of, to.get("text", "text")]))

    assert key() == key()
    others = [key(paper="rf_attention"), key(preset="paper"), key(by=standing.DECIDED_BY)]
    others += [key(of=standing.stands), key(text="texts")]
    assert len({key(), *others}) == 6


def test_a_figure_s_style_is_no_part_of_a_verdict():
    """A line's width must not ask for every claim to be decided again."""
    figure = set(standing._shared(standing.DRAWN_BY, ("icl_regression",)))
    verdict = set(standing._shared(standing.DECIDED_BY, ("icl_regression",)))
    sweeps = {"sims.icl_regression.presets", "sims.icl_regression.model"}
    assert sweeps <= figure & verdict
    assert "figures.style" in figure - verdict
