"""Names follow the code that ran: scratch rooms are edited, moved, reloaded and run again."""

import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sims.engine import program, sources
from sims.engine.code import code_of, digest
from sims.engine.errors import UserError
from sims.engine.identity import changed, experiment_code, function_code, table_id
from sims.engine.sweep import Sweep
from tests.sims.engine import NUMERIC

ROOM = '''
"""A room."""
import jax.numpy as jnp
from sims import Experiment, Sweep, static, traced
from sims.engine.errors import UserError
from scratch_net import forward

SCALE = 2.0
UNUSED = 3.0

class Toy(Experiment):
    """Doc."""
    rate: float = traced(default=0.1, help="rate", gt=0)
    size: int = static(default=2, help="size", ge=1)

    def init(self, key):
        """More."""
        if self.size > 100:
            raise UserError(f"size = {self.size}: expected at most 100")
        return jnp.zeros(self.size)

    def step(self, x, key):
        shift: float = SCALE
        return forward(x) + shift * self.rate, {"x": x.sum()}

def idle(x):
    return 2 * x

SWEEPS = {"toy": {"quick": Sweep(Toy(steps=2, log_every=1), seeds=2)}}
'''
NET = """
from scratch_parts.inner import half
def forward(x):
    return half(x)
"""
PARTS = {
    "__init__.py": "FACTOR = 0.5\n",
    "inner.py": "from . import FACTOR\ndef half(x): return FACTOR * x\n",
}


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Write scratch modules and import the room afresh; returns its module."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(room=ROOM, net=NET, **parts):
        (tmp_path / "scratch_parts").mkdir(exist_ok=True)
        for name, text in {**PARTS, **parts}.items():
            (tmp_path / "scratch_parts" / name).write_text(text)
        (tmp_path / "scratch_net.py").write_text(net)
        (tmp_path / "scratch_room.py").write_text(room)
        importlib.invalidate_caches()
        for name in [name for name in sys.modules if name.startswith("scratch_")]:
            del sys.modules[name]
        return importlib.import_module("scratch_room")

    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    yield write
    sys.dont_write_bytecode = before
    for name in [name for name in sys.modules if name.startswith("scratch_")]:
        del sys.modules[name]


SAME = {
    "docstring": lambda t: t.replace('"""More."""', '"""Less."""'),
    "comment": lambda t: t.replace("return jnp", "# why\n        return jnp"),
    "help of a setting": lambda t: t.replace('help="rate"', 'help="learning rate"'),
    "limit of a setting": lambda t: t.replace("gt=0", "ge=0"),
    "error's words": lambda t: t.replace("expected at most 100", "too large"),
    "annotation": lambda t: t.replace("shift: float", "shift: int"),
    "seeds of a sweep": lambda t: t.replace("seeds=2", "seeds=9"),
    "unused constant": lambda t: t.replace("UNUSED = 3.0", "UNUSED = 4.0"),
    "unused helper": lambda t: t.replace("2 * x", "3 * x"),
    "another experiment": lambda t: t + "\nclass Other(Toy):\n    pass\n",
}
OTHER = {
    "constant": lambda t: t.replace("SCALE = 2.0", "SCALE = 2.5"),
    "method": lambda t: t.replace("jnp.zeros", "jnp.ones"),
    "constant changed later": lambda t: t + "\nSCALE += 1\n",
    "a condition": lambda t: t.replace("> 100", "> 1000"),
}


@pytest.mark.parametrize("what", SAME)
def test_what_decides_no_number_renames_no_run(scratch, what):
    before = scratch().SWEEPS["toy"]["quick"].runs()[0].id
    assert SAME[what](ROOM) != ROOM
    assert scratch(SAME[what](ROOM)).SWEEPS["toy"]["quick"].runs()[0].id == before


@pytest.mark.parametrize("what", OTHER)
def test_what_decides_numbers_renames_runs(scratch, what):
    before = scratch().SWEEPS["toy"]["quick"].runs()[0].id
    assert OTHER[what](ROOM) != ROOM
    assert scratch(OTHER[what](ROOM)).SWEEPS["toy"]["quick"].runs()[0].id != before


@pytest.mark.parametrize(
    "edit, module",
    [
        ({"net": NET.replace("half(x)", "half(half(x))")}, "scratch_net"),
        ({"inner.py": PARTS["inner.py"].replace("* x", "* x + 1")}, "scratch_parts.inner"),
        ({"__init__.py": "FACTOR = 0.25\n"}, "scratch_parts"),
    ],
    ids=["beside the room", "behind a relative import", "a package's __init__"],
)
def test_helpers_are_followed_and_named(scratch, edit, module):
    before = experiment_code(scratch().Toy)
    after = experiment_code(scratch(**edit).Toy)
    assert changed(before, after) == f"{module} changed"


def test_a_reload_is_the_new_code_and_an_edit_without_one_is_not(scratch):
    """The file of a module that runs may be edited: what was imported is what computes."""
    room = scratch()
    before = Sweep(room.Toy()).runs()[0].id
    file = Path(room.__file__)
    file.write_text(OTHER["constant"](ROOM))
    assert Sweep(room.Toy()).runs()[0].id == before
    importlib.reload(room)
    assert Sweep(room.Toy()).runs()[0].id != before


def test_relative_imports_of_a_package_are_followed(tmp_path, monkeypatch):
    """The case of the report: `from .net import f` inside a package on the path."""
    monkeypatch.syspath_prepend(tmp_path)
    digests = []
    for value in (1.0, 2.0):
        package = tmp_path / "scratch_package"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text("")
        (package / "net.py").write_text(f"def f(x):\n    return {value} * x\n")
        (package / "room.py").write_text(
            "from sims import Experiment\nfrom .net import f\n"
            "class Toy(Experiment):\n    def init(self, key):\n        return f(1.0)\n"
        )
        for name in [name for name in sys.modules if name.startswith("scratch_package")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        sys.dont_write_bytecode = True
        digests.append(experiment_code(importlib.import_module("scratch_package.room").Toy))
        sys.dont_write_bytecode = False
    assert changed(*digests) == "scratch_package.net changed"


def test_an_installed_package_enters_by_its_version(scratch, monkeypatch):
    before = experiment_code(scratch().Toy)
    assert before["jax"] == f"jax {importlib.metadata.version('jax')}"
    versions = {"jax": "jax 99.0", "numpy": "numpy 1.0"}
    monkeypatch.setattr(sources, "_installed", lambda top: versions.get(top))
    after = experiment_code(scratch().Toy)
    assert f"{before['jax']} is now jax 99.0" in changed(before, after)


def test_what_is_imported_but_not_used_does_not_enter(scratch):
    room = ROOM.replace("import jax.numpy as jnp", "import jax.numpy as jnp\nimport matplotlib")
    assert "matplotlib" not in experiment_code(scratch(room).Toy)


def measured(x=1):
    return program.run_key(x)


def unlike(x=1):
    return measured(x)


def test_a_table_is_its_function_and_what_that_reaches():
    code = function_code(unlike)
    assert set(code) >= {__name__, "sims.engine.program"}
    id = table_id(unlike, {}, [], code)
    assert id != table_id(measured, {}, [], function_code(measured))
    assert id != table_id(unlike, {"x": 1}, [], code) != table_id(unlike, {"x": 1}, ["a"], code)
    with pytest.raises(UserError, match="expected a function defined at the top of a module"):
        function_code(lambda: 0)


def test_classes_made_by_a_function_differ_by_what_they_were_given():
    def make(scale, power):
        class Toy:
            def step(self, x):
                return scale * x**power

        return Toy

    same, other = make(2.0, 3), make(2.0, 4)
    assert digest(code_of(make(2.0, 3))) == digest(code_of(same)) != digest(code_of(other))


@pytest.mark.parametrize("python", ["python3.11", "python3.12", "python3.13"])
def test_every_python_gives_the_same_names(python, tmp_path):
    """The syntax of this file and of the engine, hashed by each version that is installed."""
    try:
        subprocess.run([python, "-c", ""], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"{python} is not installed")
    script = textwrap.dedent(
        """
        import ast, hashlib, importlib.util, pathlib, sys
        root = pathlib.Path(sys.argv[1])
        path = root / "sims/engine/syntax.py"
        spec = importlib.util.spec_from_file_location("syntax", path)
        syntax = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(syntax)
        found = hashlib.sha256()
        for file in sorted([*root.glob("sims/**/*.py"), *root.glob("figures/**/*.py")]):
            found.update(repr(syntax.plain(ast.parse(file.read_text("utf-8")))).encode())
        print(found.hexdigest())
        """
    )
    root = Path(__file__).parents[3]

    def call(command):
        done = subprocess.run(
            [command, "-c", script, str(root)], capture_output=True, text=True, check=True
        )
        return done.stdout

    assert call(python) == call(sys.executable)


PROMPT = """
import jax.numpy as jnp
from sims import Experiment, Sweep, run, static
base = 1.0
def value(x):
    return base + x
class Toy(Experiment):
    dims = {"y": ("i",)}
    def init(self, key): return jnp.zeros(2)
    def step(self, x, key): return value(x), {}
    def observe(self, x, key): return {"y": x}
first = run(Toy(steps=1, log_every=1), quiet=True)
base = 5.0
second = run(Toy(steps=1, log_every=1), quiet=True)
class Toy(Experiment):
    dims = {"y": ("i",)}
    def init(self, key): return jnp.ones(2)
    def step(self, x, key): return value(x), {}
    def observe(self, x, key): return {"y": x}
third = run(Toy(steps=1, log_every=1), quiet=True)
print([float(d.y.isel(step=-1).mean()) for d in (first, second, third)])
"""


@pytest.mark.parametrize("way", ["prompt", "script"])
def test_what_is_typed_is_followed_too(way, tmp_path):
    """A class redefined, a helper's global changed: at a prompt, as in a notebook's cell."""
    words = ["-c", PROMPT]
    if way == "prompt":
        words = ["-i", "-q"]
    else:
        (tmp_path / "script.py").write_text(
            PROMPT.split("base = 5.0")[0] + "print([float(first.y[0, -1].mean())])\n"
        )
        words = ["script.py"]
    text = PROMPT.replace("\nfirst", "\n\nfirst").replace("\nbase = 5", "\n\nbase = 5")
    text = text.replace("\nclass", "\n\nclass").replace("\nthird", "\n\nthird")
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, *words],
        input=text if way == "prompt" else None,
        cwd=tmp_path,
        env={"PYTHONPATH": root, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    expected = "[1.0, 5.0, 6.0]" if way == "prompt" else "[1.0]"
    assert expected in done.stdout, done.stdout + done.stderr


def test_a_script_edited_between_two_runs_computes_again(tmp_path):
    root = str(Path(__file__).parents[3])
    outputs = []
    for value in ("1.0", "2.0", "2.0"):
        text = PROMPT.split("base = 5.0")[0].replace("base = 1.0", f"base = {value}")
        (tmp_path / "script.py").write_text(
            text.replace("quiet=True", "") + "print(float(first.y[0, -1].mean()))\n"
        )
        done = subprocess.run(
            [sys.executable, "script.py"],
            cwd=tmp_path,
            env={"PYTHONPATH": root, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        outputs.append(
            (done.stdout.strip(), "__main__ changed" in done.stderr, "runs in" in done.stderr)
        )
    assert [out for out, _, _ in outputs] == ["1.0", "2.0", "2.0"], outputs
    assert [why for _, why, _ in outputs] == [False, True, False]
    assert [ran for _, _, ran in outputs] == [True, True, False]


def test_something_without_source_or_value_is_refused():
    scope = {"thing": object()}
    exec("def f():\n    return thing\n", scope)
    scope["f"].__module__ = "typed_at_a_prompt"
    with pytest.raises(UserError, match="cannot tell by its value what thing is"):
        code_of(scope["f"])


ENGINE = Path(__file__).parents[3] / "sims/engine"


@pytest.mark.parametrize("module", sorted(path.stem for path in ENGINE.glob("*.py")))
def test_of_the_engine_only_what_makes_numbers_enters(module, scratch):
    """A new module of the engine is on one of two lists: it makes numbers, or it does not."""
    reached = {name for name in experiment_code(scratch().Toy) if name.startswith("sims.engine.")}
    assert reached <= {f"sims.engine.{name}" for name in NUMERIC}
    silent = {
        *(
            "__init__",
            "again",
            "analysis",
            "check",
            "checkpoint",
            "cli",
            "code",
            "compaction",
            "drive",
            "errors",
        ),
        *("execute", "forecast", "forms", "front", "identity", "interrupt", "launch", "leftovers"),
        *("live", "parts", "plan", "progress", "provenance"),
        *("results", "rooms", "sources", "store", "sweep", "syntax", "tables", "work"),
    }
    assert (module in NUMERIC) != (module in silent)
