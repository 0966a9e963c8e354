"""The tree is copied and edited: words recompute nothing, a number what rests on it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

NAMES = """
import importlib, inspect, json, pkgutil
import figures, sims
from sims.engine.code import digest
from sims.engine.identity import function_code
from sims.engine.rooms import papers, sweeps

found = {name: presets["smoke"].runs()[0].id for name, presets in sweeps().items()}
for paper in papers(sims):
    measured = importlib.import_module(f"figures.{paper}.measured")
    parts = [f"{measured.__name__}.{part.name}" for part in pkgutil.iter_modules(measured.__path__)]
    analyses = [f"sims.{paper}.{part}" for part in ("robustness", "representation", "lengths")]
    for name in parts + analyses:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            continue
        for function in vars(module).values():
            own = inspect.isfunction(function) and function.__module__ == name
            if own and not function.__name__.startswith("_"):
                code = function_code(function)
                found[f"{name}.{function.__name__}"] = digest(code)
print(json.dumps(found))
"""

# One edit of each kind in all three layers and in the engine.
WORDS = [
    ("figures/icl_regression/estimators.py", "Trained nets do debiased", "Nets do debiased"),
    ("figures/style.py", 'VERMILLION = "#0072B2"', 'VERMILLION = "#0000B2"'),
    ("figures/style.py", "COLUMN, PAGE = 3.4, 7.0", "COLUMN, PAGE = 3.5, 7.1"),
    ("sims/engine/store.py", "is not a results folder", "is no folder of results"),
    ("sims/engine/errors.py", "did you mean", "perhaps"),
    ("sims/engine/progress.py", "unknown time", "no time known"),
    ("sims/rnn_timescales/model.py", '"""', '"""Once more. '),
    ("theory/rnn_timescales/units.py", "expected time constants", "wanted time constants"),
    ("theory/icl_regression/claims/circuits.py", "Several heads beat", "Some heads beat"),
    ("figures/rnn_timescales/readings/analyses.py", "TRIALS, STEPS = 10", "TRIALS, STEPS = 11"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the layers, and the names of all sweeps and tables there."""
    copy = tmp_path_factory.mktemp("copy")
    for layer in ("theory", "sims", "figures"):
        shutil.copytree(ROOT / layer, copy / layer, ignore=shutil.ignore_patterns("__pycache__"))
    return copy, names(copy)


def names(copy):
    done = subprocess.run(
        [sys.executable, "-c", NAMES],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def edit(copy, path, old, new):
    text = (copy / path).read_text()
    assert old in text, (path, old)
    (copy / path).write_text(text.replace(old, new, 1))
    return lambda: (copy / path).write_text(text)


def test_words_recompute_nothing(tree):
    copy, before = tree
    undo = [edit(copy, *words) for words in WORDS]
    after = names(copy)
    for restore in reversed(undo):
        restore()
    assert len(before) > 100 and after == before


def test_a_number_recomputes_what_rests_on_it_and_nothing_else(tree):
    """The slope of leaky ReLU moves every leaky net and all that runs one, and nothing else."""
    copy, before = tree
    restore = edit(copy, "sims/rnn_timescales/model.py", "SLOPE = 0.01", "SLOPE = 0.02")
    after = names(copy)
    restore()
    moved = {name for name in before if before[name] != after[name]}
    nets = {name for name in before if name.startswith("rnn_timescales.")}
    gated = {"rnn_timescales.gru", "rnn_timescales.lstm"}
    assert moved & before.keys() >= nets - gated
    assert not moved & gated
    elsewhere = {name for name in before if "icl_regression" in name or "rf_attention" in name}
    assert not moved & elsewhere
    assert {
        f"sims.rnn_timescales.robustness.{what}" for what in ("ablation", "forgetting")
    } <= moved


def test_an_analysis_s_number_recomputes_that_analysis_and_trains_nothing(tree):
    copy, before = tree
    path, old = "sims/rnn_timescales/robustness.py", "WARM_UP, DECISIONS, STREAMS = 100, 1000, 10"
    restore = edit(copy, path, old, old.replace("1000", "1001"))
    after = names(copy)
    restore()
    moved = {name.rpartition(".")[2] for name in before if before[name] != after[name]}
    assert {"ablation", "forgetting", "perturbation"} <= moved
    assert all(before[name] == after[name] for name in before if name.count(".") == 1)
    assert "moments" not in moved and "probes" not in moved
