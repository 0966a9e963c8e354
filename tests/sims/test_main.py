"""`python -m sims`, from outside the tree: a room is found because its file is there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sims
from sims.__main__ import main

ROOM = """
import jax
from sims.engine.experiment import Experiment, static, traced
from sims.engine.sweep import Sweep

class Walk(Experiment):
    dims = {"place": ("coordinate",)}
    size: int = static(default=2, help="coordinates", ge=1)
    rate: float = traced(default=0.5, help="shrinking per step", gt=0)
    def init(self, key):
        return jax.random.normal(key, (self.size,), self.precision)
    def step(self, state, key):
        return state * self.rate, {}
    def observe(self, state, key):
        return {"place": state}

SWEEPS = {"walk": {"quick": Sweep(Walk(steps=20, log_every=10), {"rate": (0.5, 0.9)}, seeds=2)}}
"""


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run the command in process with one room, `outside`; (exit code, stdout, stderr)."""
    (tmp_path / "sims").mkdir()
    (tmp_path / "sims" / "outside.py").write_text(ROOM)
    monkeypatch.setattr(sims, "__path__", [*sims.__path__, str(tmp_path / "sims")])
    sys.modules.pop("sims.outside", None)

    def run(*words):
        try:
            code = main([*words, "--results", str(tmp_path / "results")])
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


def test_list_names_every_experiment_with_its_settings(call):
    code, out, _ = call("list", "--json")
    entry = next(entry for entry in json.loads(out) if entry["name"] == "outside.walk")
    assert code == 0 and entry["presets"] == {"quick": 4}
    assert entry["settings"]["rate"] == {
        "default": 0.5,
        "kind": "traced",
        "help": "shrinking per step",
        "presets": {"quick": [0.5, 0.9]},
    }
    assert entry["settings"]["steps"]["presets"] == {"quick": 20}
    assert "outside: 1 sweeps" in (out := call("list")[1]) and "    walk" in out
    assert len(out.splitlines()) <= 24, "every room on a screen"
    assert "outside.walk  Walk" in call("list", "outside")[1]
    out = call("list", "outside.walk")[1]
    assert "outside.walk, Walk: quick (4 runs)" in out
    assert re.search(r"rate +0.5 +traced +shrinking per step \| quick: \[0.5, 0.9\]", out)


def test_run_then_show(call):
    code, out, err = call("run", "outside.walk")
    assert code == 0 and "4 runs, 4 computed" in out and "runs in" in err
    assert "data = load('outside.walk')" in out
    code, out, err = call("run", "outside.walk", "--quiet", "--json")
    assert (code, err) == (0, "") and json.loads(out)["computed"] == 0
    code, out, _ = call("show", "outside.walk")
    assert code == 0 and "4 of 4 runs stored" in out and "batch of" in out
    code, out, _ = call("show", "outside.walk", "--seeds", "3", "--json")
    found = json.loads(out)
    assert code == 1 and (found["wanted"], found["stored"]) == (6, 4)


def test_dry_run_says_what_would_be_done_and_does_nothing(call):
    code, out, told = call(
        "run", "outside.walk", "--dry-run", "--set", "rate=0.1,0.2,0.3", "size=3"
    )
    assert code == 0 and "6 of 6 runs missing" in out and "1 compilations" in out and "MiB" in out
    assert "timing a chunk" in told
    assert call("show", "outside.walk")[0] == 1


def test_settings_may_be_given_one_by_one(call):
    code, out, _ = call(
        "run", "outside.walk", "--dry-run", "--set", "rate=0.1,0.2,0.3", "--set", "size=3"
    )
    assert code == 0 and "6 of 6 runs missing" in out


@pytest.mark.parametrize(
    "words, message",
    [
        (["run", "outside.wlak"], "unknown sweep 'outside.wlak'; did you mean 'outside.walk'"),
        (["run", "outside.walk", "--preset", "papr"], "has no preset 'papr'; choose from quick"),
        (["run", "outside.walk", "--set", "size=0"], "size = 0: expected an integer >= 1"),
        (["run", "outside.walk", "--set", "rate=abc"], "rate = abc: expected a number > 0"),
        (["run", "outside.walk", "--set", "rte=1"], "unknown setting 'rte'; did you mean 'rate'"),
        (["run", "outside"], "'outside' is a paper; its sweeps are outside.walk"),
        (["list", "outsid"], "unknown sweep 'outsid'; did you mean 'outside'"),
        (["run", "outside.walk", "--set", "size=2", "size=3"], "expected size=a,b for an axis"),
        (["run", "outside.walk", "--set", "size=2.5"], "size = 2.5: expected an integer >= 1"),
        (["show", "outside.walk"], "there is no results folder"),
        (["run", "outside.walk", "--set", "rate"], "--set rate: expected key=value"),
        (["run", "outside.walk", "--seeds", "-1"], "seeds = -1: expected an integer >= 1"),
        (["run", "outside.walk", "--seeds", "x"], "invalid int value: 'x'"),
        (["run", "outside.walk", "--device", "tpu"], "device 'tpu' does not exist here"),
        (["walk"], "invalid choice"),
    ],
)
def test_a_slip_is_one_line_and_exit_code_two(call, words, message):
    code, out, err = call(*words)
    assert code == 2 and message in err
    assert len(err.strip().splitlines()) == 1 and out == ""


def test_a_whole_number_may_be_written_with_an_exponent(call):
    code, out, _ = call("run", "outside.walk", "--dry-run", "--set", "steps=1e3")
    assert code == 0 and "4 of 4 runs missing" in out


def test_what_was_run_with_settings_is_read_as_the_command_says(call, tmp_path, monkeypatch):
    code, out, _ = call("run", "outside.walk", "--seeds", "3", "--set", "rate=0.2,0.4", "size=3")
    line = re.search(r"data = (load\(.*\))", out).group(1)
    assert line == "load('outside.walk', seeds=3, rate=[0.2, 0.4], size=3)"
    monkeypatch.chdir(tmp_path)
    data = eval(line, {"load": sims.load})
    assert code == 0 and data.place.shape == (2, 3, 3, 3)


def test_a_room_that_does_not_import_stops_no_other(call, tmp_path):
    (tmp_path / "sims" / "unfinished.py").write_text("import nothing_of_this_name\n")
    code, _, err = call("list", "outside")
    assert code == 0 and "sims.unfinished is left out: ModuleNotFoundError" in err


def test_divergence_that_no_one_declared_is_exit_code_one(call):
    code, out, _ = call("run", "outside.walk", "--set", "rate=1e30")
    assert code == 1 and "2 diverged" in out and "diverged at step 2" in out


@pytest.mark.parametrize("module", ["sims", "figures", "theory"])
def test_help_needs_neither_jax_nor_numpy(module):
    program = (
        f"import runpy, sys; sys.argv[1:] = ['--help']\n"
        f"try: runpy.run_module({module!r}, run_name='__main__')\n"
        f"except SystemExit as end: assert not end.code\n"
        f"assert not {{'jax', 'numpy', 'matplotlib'}} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "usage" in run.stdout
