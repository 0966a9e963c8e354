"""What stands around a user's paper changes neither its figures nor whether it runs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

FIGURE = """
import matplotlib.pyplot as plt
from figures.evidence import Figure

def draw(evidence):
    drawing, axes = plt.subplots()
    axes.plot([1, 2], [3, 5], label="x_y & 10 %")
    axes.legend()
    return drawing, {"x": [1, 2]}

TITLE, CHECKS = "Lines", ()
FIGURES = (Figure("line", "A line", "Against x.", draw),)
"""


def write(path, text=""):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def figures(folder, *words, **more):
    """`python -m figures` in a folder; what else the environment says."""
    return subprocess.run(
        [sys.executable, "-m", "figures", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
        capture_output=True,
        text=True,
    )


def paper(folder):
    write(folder / "theory/lines.py", "CLAIMS = ()\n")
    write(folder / "figures/lines.py", FIGURE)


def test_a_notebook_s_backend_and_a_matplotlibrc_change_no_figure(tmp_path):
    paper(tmp_path)
    assert figures(tmp_path, "lines", "--results", "plain").returncode == 0
    write(tmp_path / "rc/matplotlibrc", "text.usetex: True\nfont.size: 20\nsavefig.dpi: 30\n")
    backend = "module://matplotlib_inline.backend_inline"
    done = figures(
        tmp_path,
        "lines",
        "--results",
        "own",
        MPLBACKEND=backend,
        MATPLOTLIBRC=str(tmp_path / "rc/matplotlibrc"),
    )
    assert done.returncode == 0, done.stderr
    one, other = (tmp_path / at / "figures/lines/line.png" for at in ("plain", "own"))
    assert one.read_bytes() == other.read_bytes()


def test_a_user_s_own_figures_are_not_executed(tmp_path):
    """A thesis has a folder figures/ of its own, whose scripts are no rooms."""
    paper(tmp_path)
    write(tmp_path / "figures/thesis.py", "open('executed', 'w')\nraise SystemExit(3)\n")
    done = figures(tmp_path, "lines")
    assert done.returncode == 0, done.stderr
    assert "thesis" in figures(tmp_path, "thesis").stderr
    assert not (tmp_path / "executed").exists()


def test_a_room_that_cannot_be_imported_stops_no_other(tmp_path):
    paper(tmp_path)
    write(tmp_path / "sims/half.py", "import a_package_that_is_not_there\n")
    write(tmp_path / "theory/half.py", "import a_package_that_is_not_there\n")
    done = figures(tmp_path, "lines")
    assert done.returncode == 0 and "sims.half is left out: ModuleNotFoundError" in done.stderr


def test_importing_figures_leaves_a_notebook_s_backend(tmp_path):
    """Under a backend that is interactive: what is imported must not choose another."""
    code = (
        "import matplotlib; matplotlib.use('template')\n"
        "import figures.evidence, figures.report, figures.style, figures.icl_regression\n"
        "print(matplotlib.get_backend(), matplotlib.rcParams['font.size'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["template", "10.0"], done.stderr
