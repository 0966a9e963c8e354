"""An archive of results: what is in it, and that its runs can be computed again."""

import json
import subprocess
import zipfile

import pytest

from figures import __main__ as command
from figures import bundle
from sims.engine.execute import run
from sims.engine.rooms import find_sweep
from sims.engine.store import Store
from tests.sims.engine.test_again import altered

SWEEP = "icl_regression.linear"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small results folder and its archive."""
    store = Store(tmp_path_factory.mktemp("bundle") / "results")
    run([find_sweep(SWEEP, "smoke")], store, quiet=True)
    report = store.root / "report" / "index.html"
    report.parent.mkdir()
    report.write_text("<title>a report</title>")
    (store.root / "partial" / "left").mkdir(parents=True)
    (store.root / "partial" / "left" / "over.npz").write_text("half done")
    return store, bundle.write_bundle(store.root, store.root / "report" / ".all.zip")


@pytest.fixture
def call(capsys):
    def run(*words):
        try:
            code = command.main(list(words))
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


def test_it_holds_results_code_and_what_describes_them(made):
    _, file = made
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        about = json.loads(archive.read("ro-crate-metadata.json"))
        versions = archive.read("versions.txt").decode()
        same = archive.read("code/figures/bundle.py").decode()
    assert {"report/index.html", "lemmax-store.json", "code/CITATION.cff"} <= names
    assert "code/theory/icl_regression/derivations.md" in names
    assert not any(name.startswith(("partial", "plans", "report/.all.zip")) for name in names)
    assert same == (bundle.HOME / "figures" / "bundle.py").read_text()
    assert "\njax==" in versions and "http" not in versions
    entities = {entity["@id"]: entity for entity in about["@graph"]}
    assert entities["ro-crate-metadata.json"]["conformsTo"]["@id"].startswith(
        "https://w3id.org/ro/crate/1."
    )
    parts = {part["@id"] for part in entities["./"]["hasPart"]}
    assert parts <= entities.keys()
    for name in parts & {"report/index.html", "versions.txt", "code/CITATION.cff", "runs/"}:
        assert any(inside.startswith(name) for inside in names)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=bundle.HOME, capture_output=True, text=True
    ).stdout.strip()
    assert commit in entities["code/"]["description"]


def test_an_unpacked_one_is_a_results_folder(made, tmp_path):
    store, file = made
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "there")
    there = Store(tmp_path / "there", create=False)
    assert bundle.filed(there).keys() == bundle.filed(store).keys()


def test_every_run_comes_to_the_same_numbers(made, call):
    store, file = made
    code, out, _ = call("--verify", str(file), "--share", "1", "--json")
    found = json.loads(out)
    assert code == 0 and found["same"] and found["damaged"] == 0 and found["notes"] == []
    assert found["runs"] == len(found["apart"]) == len(bundle.filed(store))
    assert max(found["apart"].values()) <= bundle.CLOSE


def test_a_flipped_number_is_found_when_its_run_is_drawn(made, call, tmp_path):
    _, file = made
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "there")
    there = Store(tmp_path / "there", create=False)

    def flip(data):
        name = next(n for n, v in data.data_vars.items() if v.dtype.kind == "f" and v.ndim > 1)
        data[name].values[(1, *[-1] * (data[name].ndim - 1))] *= -1

    ids = altered(there, find_sweep(SWEEP, "smoke"), flip)
    changed = bundle.write_bundle(there.root, tmp_path / "changed.zip")
    code, out, _ = call("--verify", str(changed), "--share", "1", "--quiet")
    lines = out.splitlines()
    assert code == 1 and lines[0].startswith(f"run {ids[1]}: numbers differ, by ")
    assert len(lines) == 2 and lines[1].endswith(", 1 differ")


def test_a_damaged_record_is_told(made, call, tmp_path):
    _, file = made
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "there")
    sweep = find_sweep(SWEEP, "smoke")
    first, *_ = sorted((tmp_path / "there" / "runs" / sweep.name).glob("*.nc"))
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.write_bytes(content)
    other = Store(tmp_path / "there")
    run([find_sweep("icl_regression.training_h1", "smoke")], other, quiet=True)
    again = bundle.write_bundle(tmp_path / "there", tmp_path / "again.zip")
    code, out, _ = call("--verify", str(again), "--quiet")
    assert code == 1 and f"runs/{sweep.name}/" in out and "is damaged" in out
    assert "1 of " in out


@pytest.mark.parametrize(
    "words, message",
    [
        (["--verify", "{file}.not"], "No such file or directory; expected what --bundle wrote"),
        (["--verify", "{toml}"], "expected what --bundle wrote"),
        (["--verify", "{file}", "--share", "0"], "--share 0: expected a share of the runs, above"),
        (["--verify", "{file}", "--share", "2"], "above 0 and at most 1"),
        (["--verify", "{file}", "icl_regression"], "--verify takes a bundle, and no NAME"),
        (["--share", "1"], "expected --verify too"),
        (
            ["--verify", "{file}", "--compare", "{toml}"],
            "--compare and --verify do not go together",
        ),
        (["--jobs", "2"], "--jobs: expected --launch slurm or local beside it"),
    ],
)
def test_a_slip_is_one_line(made, call, words, message):
    places = {"file": made[1], "toml": bundle.HOME / "pyproject.toml"}
    code, out, err = call(*(word.format(**places) for word in words))
    assert code == 2 and out == "" and message in err
    assert len(err.strip().splitlines()) == 1
