"""The house as a newcomer finds it: manifests in step, README commands real, layers kept."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIXI = tomllib.loads((ROOT / "pixi.toml").read_text())


def test_pixi_fits_the_published_schema():
    resources = files("validate_pyproject_schema_store") / "resources"
    schema = json.loads((resources / "pixi.schema.json").read_text())
    jsonschema.validate(PIXI, schema)
    broken = {**PIXI, "tasks": {"test": 3}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_pixi_declares_no_dependency_of_its_own():
    assert PIXI["dependencies"].keys() == {"python"}
    assert PIXI["dependencies"]["python"] == PROJECT["project"]["requires-python"]
    extras = PROJECT["project"]["optional-dependencies"]
    tables = [PIXI["pypi-dependencies"]]
    tables += [feature["pypi-dependencies"] for feature in PIXI["feature"].values()]
    for table in tables:
        assert table.keys() == {"lemmax"} and table["lemmax"]["editable"]
        assert set(table["lemmax"]["extras"]) <= extras.keys()
    assert PIXI["environments"].keys() == {"cuda", "tpu"} <= extras.keys()


def test_every_pixi_task_is_a_command_of_the_readme():
    for name, command in PIXI["tasks"].items():
        assert f"uv run {command}" in README
        assert f"pixi run {name}" in README


def test_pins_cover_what_we_import_and_name_no_address():
    pins = PROJECT["tool"]["uv"]["constraint-dependencies"]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9.]+", pin) for pin in pins)
    pinned = {pin.split("==")[0] for pin in pins}
    wanted = {re.split(r"[><=]", name)[0] for name in PROJECT["project"]["dependencies"]}
    assert wanted <= pinned, wanted - pinned


def test_tracked_files_name_no_host_and_no_machine_path():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"uv.lock", "pixi.lock"} & set(tracked)
    for name in tracked:
        path = ROOT / name
        if path.suffix in (".py", ".toml", ".md", ".jinja", ".cff") and path != Path(__file__):
            text = path.read_text()
            for word in ("/work/", "/root/", "/tmp/", "pypi.org", "pythonhosted"):
                assert word not in text, f"{name} names {word}"


def test_import_contracts_hold():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_the_engine_knows_no_paper_and_no_private_jax():
    for path in (ROOT / "sims/engine").glob("*.py"):
        rooms = re.findall(
            r"(?:from|import) (?:theory|figures|sims\.(?!engine))\S*", path.read_text()
        )
        assert not rooms, f"{path.name}: {rooms}"
    for layer in ("theory", "sims", "figures"):
        for path in (ROOT / layer).rglob("*.py"):
            assert "jax._src" not in path.read_text(), path


def readme_blocks(language):
    """Fenced blocks of the README whose first line names a file: {name: content}."""
    blocks = re.findall(rf"```{language}\n# (\S+)\n(.*?)```", README, re.DOTALL)
    return dict(blocks)


def test_the_readme_s_example_runs_from_outside_the_tree(tmp_path):
    """Three files in an empty folder: swept, drawn, decided, registered; the falsifier bites."""
    example = readme_blocks("python")
    assert {name.split("/")[0] for name in example} == {"theory", "sims", "figures"}
    assert sum(text.count("\n") for text in example.values()) < 60
    for name, text in example.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def call(*words):
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    paper = Path(next(iter(example))).stem
    assert paper in call("sims", "list")
    out = call("figures", paper, "--quiet")
    assert re.search(r"^  C-\S+ +holds", out, re.MULTILINE)
    assert (tmp_path / "results/report/index.html").stat().st_size > 10_000
    for suffix in ("png", "pdf", "json"):
        assert list((tmp_path / "results/figures" / paper).glob(f"*.{suffix}"))
    rows = json.loads(call("theory", "--json"))
    claim = next(row for row in rows if row["paper"] == paper)
    assert claim["state"] == "holds" and claim["estimate"] is not None
    falsify = (
        f"from figures.evidence import Evidence; from figures.{paper} import CHECKS; "
        "from sims.engine.store import Store; e = Evidence(Store(), 'quick', True); "
        "assert all(c.decide(*c.broken(e)).state == 'fails' for c in CHECKS)"
    )
    done = subprocess.run(
        [sys.executable, "-c", falsify], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
