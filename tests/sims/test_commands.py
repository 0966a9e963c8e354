"""Any words after `python -m sims`: success, or one line and an exit code; never a traceback."""

import shutil
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import sims
from sims.__main__ import main
from sims.engine import execute
from sims.engine.store import MARKER

ROOM = """
import jax
from sims import Experiment, Sweep, static, traced

class Walk(Experiment):
    dims = {"place": ("coordinate",)}
    size: int = static(default=2, help="coordinates", ge=1)
    kind: str = static(default="plain", help="of walk", choices=("plain", "other"))
    back: bool = static(default=False, help="whether it goes back")
    rate: float = traced(default=0.5, help="shrinking per step", gt=0)
    shift: float = traced(default=0.0, help="per step")
    count: int = traced(default=1, help="of something", ge=-5)

    def init(self, key):
        return jax.random.normal(key, (self.size,), self.precision)

    def step(self, state, key):
        return state * self.rate + self.shift, {}

    def observe(self, state, key):
        return {"place": state}

SWEEPS = {"walk": {"quick": Sweep(Walk(steps=4, log_every=2), {"rate": (0.5, 0.9)}, seeds=2)}}
"""
SETTINGS = ("steps", "log_every", "keep_state", "size", "kind", "back", "rate", "shift", "count")

# Where numbers end, what is nearly one, and what is none.
ODD = st.sampled_from(
    [
        *("9" * 60, "9" * 5000, "1e39", "-1e39", "1e-50", "1e400", "nan", "inf", "-inf", "-0", ""),
        *("2147483647", "2147483648", "1_000", "0x10", "1e3", "1.5", "true", "FALSE", "plain", "٣"),
        *("a=b", "=", ",", "1,1", "1,2,,3", "a\nb", "\x00", "[1]", "None", "--", "-1", "+1"),
    ]
)
VALUES = st.one_of(
    ODD,
    st.integers(-3, 40).map(str),
    st.integers().map(str),
    st.floats().map(repr),
    st.text(max_size=6),
    st.lists(st.integers(1, 9).map(str), min_size=2, max_size=4).map(",".join),
)
NAMES = st.sampled_from(SETTINGS) | st.text(max_size=8)
SETS = st.lists(st.tuples(NAMES, VALUES).map("=".join) | VALUES, max_size=3)


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """Run a command in process; (exit code, lines on stderr, whether it left a folder)."""
    (tmp_path / "sims").mkdir()
    (tmp_path / "sims" / "fuzzed.py").write_text(ROOM)
    monkeypatch.setattr(sims, "__path__", [*sims.__path__, str(tmp_path / "sims")])
    sys.modules.pop("sims.fuzzed", None)
    results = tmp_path / "results"

    def run(words):
        shutil.rmtree(results, ignore_errors=True)
        capfd.readouterr()
        try:
            code = main([*words, f"--results={results}"])
        except SystemExit as end:
            code = end.code
        err = capfd.readouterr().err
        return code, err.splitlines(), (results / MARKER).exists() or results.exists()

    return run


def refused_or_done(call, words):
    code, err, left = call(words)
    assert code in (0, 1, 2), (words, code)
    if code == 2:
        assert len(err) == 1 and not left, (words, err, left)


KEEP = dict(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
COMMANDS = st.tuples(
    st.sampled_from(["run", "show", "run", "list"]) | ODD,
    st.sampled_from(["fuzzed.walk"] * 4 + ["fuzzed", "fuzzed.wlak", ""]) | st.text(max_size=8),
    SETS.map(lambda words: ["--set", *words] if words else []),
    st.just([]) | VALUES.map(lambda text: [f"--seeds={text}"]),
    st.just([]) | st.sampled_from(["quick", "paper", "\n"]).map(lambda text: [f"--preset={text}"]),
)


@settings(max_examples=200, **KEEP)
@given(COMMANDS)
@example(("run", "fuzzed.walk", [], ["--seeds=1000000000"], []))
@example(("run", "fuzzed.walk", [], [f"--seeds={10**20}"], []))
@example(("run", "fuzzed.walk", ["--set", "steps=" + "9" * 60], [], []))
@example(("run", "fuzzed.walk", ["--set", "rate=1e39"], [], []))
@example(("run", "fuzzed.walk", ["--set", "a\nb"], [], []))
def test_what_is_asked_is_refused_in_one_line_or_planned(call, monkeypatch, command):
    """All but the computing itself."""
    monkeypatch.setattr(execute._Driver, "group", lambda self, group: None)
    name, sweep, *options = command
    refused_or_done(call, [name, sweep, *(word for words in options for word in words)])


SMALL = st.tuples(
    *(
        st.none() | values.map(lambda value, name=name: f"{name}={value}")
        for name, values in {
            "steps": st.integers(0, 6),
            "log_every": st.integers(1, 3),
            "size": st.integers(0, 3),
            "back": st.booleans(),
            "kind": st.sampled_from(["plain", "other", "else"]),
            "rate": st.floats(),
            "shift": st.floats(-1, 1),
            "count": ODD,
        }.items()
    )
).map(lambda words: [word for word in words if word])


@pytest.mark.slow
@settings(max_examples=5000, **KEEP)
@given(SMALL, st.integers(-1, 5), st.booleans())
def test_thousands_of_commands(call, words, seeds, forecast):
    """Computed, not only planned."""
    sets = ["--set", *words] if words else []
    dry = ["--dry-run"] if forecast else []
    refused_or_done(call, ["run", "fuzzed.walk", f"--seeds={seeds}", *dry, *sets])


@pytest.mark.parametrize(
    "words, said",
    [
        (["--seeds=1000000000"], "seeds = 1000000000 at 2 points: expected at most 100000 runs"),
        (["--set", "steps=" + "9" * 60], "steps = 999999999999999999999999999999...: expected"),
        (
            ["--set", "rate=1e39"],
            "rate = 1e+39: expected 0 or a number between 1.2e-38 and 3.4e+38",
        ),
        (["--set", "rate=1e-50"], "rate = 1e-50: expected 0 or a number between"),
        (["--set", "size=3000000000"], "size = 3000000000: expected an integer that fits 32 bits"),
    ],
)
def test_what_no_program_holds_is_refused_before_a_folder_is_made(call, words, said):
    code, err, left = call(["run", "fuzzed.walk", *words])
    assert code == 2 and not left and said in err[0] and len(err) == 1
