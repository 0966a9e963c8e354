"""What the environment may set: it changes no number, or is refused in one line."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from sims.engine import checkpoint, devices, plan, program
from sims.engine.errors import Incomplete, UserError
from sims.engine.execute import run
from sims.engine.provenance import provenance
from sims.engine.results import load
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from tests.sims.engine.toy import Quadratic

ROOT = Path(__file__).parents[3]

SCRIPT = """
import json
import jax
from sims import Experiment, Sweep, run, traced

class Noisy(Experiment):
    rate: float = traced(default=0.1, help="step size", gt=0, lt=2)
    def init(self, key):
        return jax.random.normal(key, (5,))
    def step(self, x, key):
        return (1 - self.rate) * x + jax.random.normal(key, x.shape), {"x": x.sum()}

base = Noisy(steps=3, log_every=1)
data = run(base, rate=[0.1, 0.3], seeds=2, quiet=True)
ids = [one.id for one in Sweep(base, {"rate": [0.1, 0.3]}, 2).runs()]
print(json.dumps([ids, data.x.isel(step=-1).values.tolist()]))
"""


def script(tmp_path, **environment):
    """The script's ids and numbers under some environment; each in an empty store."""
    folder = tmp_path / "-".join(environment) if environment else tmp_path / "plain"
    folder.mkdir()
    (folder / "noisy.py").write_text(SCRIPT)
    return subprocess.run(
        [sys.executable, "noisy.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return json.loads(script(tmp_path_factory.mktemp("plain")).stdout)


@pytest.mark.parametrize(
    "name, value",
    [
        ("JAX_RANDOM_SEED_OFFSET", "1"),
        ("JAX_THREEFRY_PARTITIONABLE", "0"),
        ("JAX_ENABLE_X64", "1"),
        ("JAX_DISABLE_JIT", "1"),
        ("JAX_DEFAULT_DEVICE", "cpu"),
        ("JAX_DEFAULT_PRNG_IMPL", "rbg"),
        ("PYTHONHASHSEED", "7"),
        ("LC_ALL", "C"),
    ],
)
def test_it_changes_neither_name_nor_number(name, value, plain, tmp_path):
    found = script(tmp_path, **{name: value})
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == plain


FORCED = """
from sims.engine import devices
devices.cores = lambda: {count}
"""
ALL = """
import jax
made = json.loads(data.attrs["provenance"])
print(json.dumps([made[0]["devices"], data.x.values.tolist()]))
"""


def test_eight_devices_give_what_one_gives(tmp_path):
    """Names are the same, and numbers to rounding: a device's share of a batch has another size."""
    text = SCRIPT.replace("seeds=2", "seeds=8").replace("2).runs()", "8).runs()")
    said = {}
    for count in (1, 8):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "noisy.py").write_text(FORCED.format(count=count) + text + ALL)
        done = subprocess.run(
            [sys.executable, "noisy.py"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        said[count] = [json.loads(line) for line in done.stdout.splitlines()[-2:]]
    (one, [few, here]), (other, [many, there]) = said[1], said[8]
    assert (few, many) == (1, 8) and one[0] == other[0] and len(one[0]) == 16
    np.testing.assert_allclose(here, there, rtol=1e-6)
    # Runs of one seed begin alike, and nothing is logged of the first step.
    assert len(np.unique(here)) == 8 + 16 * 2 + 1


def test_a_platform_that_is_not_there_is_one_line(tmp_path):
    (tmp_path / "sims").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "sims", "run", "rf_attention.pool", "--preset", "smoke"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cuda"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "JAX finds no" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


def test_a_home_and_a_terminal_without_its_letters(tmp_path):
    """`~` is a home, and a path that the terminal cannot print stops nothing."""
    home = tmp_path / "dom łódź, 100 % "
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "sims", "run", "rf_attention.pool", "--preset", "smoke"]
        + ["--results=~/r"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(home)}
        | {"PYTHONIOENCODING": "latin-1", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert (home / "r/lemmax-store.json").exists() and not (tmp_path / "~").exists()


def test_divergence_is_recorded_whatever_jax_is_to_do_with_nan(store):
    sweep = Sweep(Quadratic(steps=200, log_every=20, learning_rate=4.0))
    with jax.debug_nans(True), jax.debug_infs(True):
        assert len(run([sweep], store, quiet=True).diverged) == 1


@pytest.mark.skipif(len(jax.devices()) < 2, reason="one core")
def test_one_core_and_two_give_the_same_numbers(store, tmp_path, monkeypatch):
    base = Quadratic(steps=200, log_every=200, noise=0.1, optimiser="adam", momentum=0.9)
    sweep, other = Sweep(base, seeds=8), Store(tmp_path / "one")
    run([sweep], store, quiet=True)
    one = jax.sharding.Mesh(np.asarray(jax.devices()[:1]), (devices.RUN_AXIS,))
    for module in (devices, plan, program):
        monkeypatch.setattr(module, "mesh", lambda: one)
    run([sweep], other, quiet=True)
    both = load(store, sweep).x, load(other, sweep).x
    assert np.abs(both[0] - both[1]).max() <= 1e-4 * np.abs(both[0]).max()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_one_line(code, store, monkeypatch):
    def lockf(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "lockf", lockf)
    with pytest.raises(UserError, match=r"cannot lock .*: expected a file system with locks"):
        run([Sweep(Quadratic(steps=2, log_every=1))], store, quiet=True)


def test_a_disk_without_inodes_is_one_line_and_loses_nothing(store, monkeypatch):
    sweep = Sweep(Quadratic(steps=2, log_every=1))
    with monkeypatch.context() as patched:

        def mkdir(self, *_, **__):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patched.setattr(checkpoint.Path, "mkdir", mkdir)
        with pytest.raises(Incomplete, match="No space left on device"):
            run([sweep], store, quiet=True)
    assert run([sweep], store, quiet=True).computed == 1


def git(folder, *words):
    who = {
        f"GIT_{role}_{what}": "x@y"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **who}, capture_output=True, text=True
    ).stdout.strip()


def test_the_commit_is_that_of_the_paper_s_own_repository(tmp_path, monkeypatch):
    """Not that of any repository around it, and none where nothing tracks the file."""
    folder = tmp_path / "thesis"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    for name in ("tracked_paper", "loose_paper"):
        (folder / f"{name}.py").write_text("VALUE = 1\n")
    git(folder, "init", "-q")
    git(folder, "add", "tracked_paper.py")
    git(folder, "commit", "-q", "-m", "paper")
    head = git(folder, "rev-parse", "HEAD")
    import loose_paper  # noqa: F401  # pyright: ignore[reportMissingImports]
    import tracked_paper  # noqa: F401  # pyright: ignore[reportMissingImports]

    assert len(head) == 40 and provenance("tracked_paper")["commit"] == head
    loose = provenance("loose_paper")
    assert loose["commit"] is None and loose["engine"]["commit"] != head
