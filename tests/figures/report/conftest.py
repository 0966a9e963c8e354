"""A results folder that nobody computed: every claim decided, every figure drawn, in a second."""

import dataclasses
import json
import math
import shutil

import pytest
from PIL import Image

import figures
from figures.plain import plain
from figures.report.site import write_report, write_single_file
from sims.engine.rooms import rooms
from theory.claims import Outcome, Verdict, register

PRESET = "quick"
MADE = {"commit": ["c" * 40], "device": ["cpu"], "versions": [{"jax": "0.10.2"}]}
SWEEP = {
    "id": "5eed",
    "kind": "sweep",
    "name": "icl_regression.training_h2",
    "settings": {"heads": 2, "learning_rate": [0.01, 0.03], "preset": PRESET},
    "parents": [],
    "seconds": 61.0,
    "made": MADE,
}
TABLE = {**SWEEP, "id": "7ab1e", "kind": "table", "name": "toy.ends", "parents": ["5eed"]}
PROVENANCE = {"commit": "c" * 40, "dirty": False, "device": "cpu", "command": "python -m figures"}
# Claims that are made to stand out: unexpectedly failing, and undecided.
SURPRISE, OPEN = "C-ICL-23", "C-RFA-18"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DESKTOP, PHONE = (1200, 900), (375, 700)
FIGURES = {paper: room.FIGURES for paper, room in rooms(figures, figures.NOT_ROOMS).items()}


def verdict(claim):
    """One in the middle of the claim's first bound, or outside of it."""
    expected = claim.expects(PRESET)
    state = {SURPRISE: "fails", OPEN: "undecided"}.get(claim.id, expected)
    if state == "not run at this preset":
        return Verdict(None, None, "", state)
    bounds = claim.at(PRESET).bounds
    name, (low, high) = next(iter(bounds.items()))
    low, high = (
        (low if math.isfinite(low) else high - 1),
        (high if math.isfinite(high) else low + 1),
    )
    middle, half = (low + high) / 2, (high - low) / 4
    middle += {"fails": 10 * half + 1, "undecided": 2 * half}.get(state, 0)
    detail = {"decided by" if state != "holds" else "estimate of": name, "seeds": 8}
    return Verdict(middle, (middle - half, middle + half), "mean of 8 seeds", state, detail)


def outcomes(paper):
    """Of every claim of a paper."""
    shown = {id: f"{paper}.{figure.name}" for figure in FIGURES[paper] for id in figure.claims}
    for id, (_, claim) in register(paper).items():
        yield Outcome(
            paper=paper,
            claim=claim,
            verdict=verdict(claim),
            preset=PRESET,
            decided="2026-01-02T03:04:05+00:00",
            figure=shown.get(id, ""),
            sources=[SWEEP, TABLE],
            provenance=PROVENANCE,
        )


def make(root):
    """Write the folder's claims and figures."""
    for paper, drawings in FIGURES.items():
        (root / "claims").mkdir(parents=True, exist_ok=True)
        for outcome in outcomes(paper):
            filed = json.dumps({PRESET: plain(outcome.filed())})
            (root / "claims" / f"{outcome.claim.id}.json").write_text(filed)
        folder = root / "figures" / paper
        folder.mkdir(parents=True)
        for place, figure in enumerate(drawings):
            image = Image.new("RGB", (700, 320), (255, sorted(FIGURES).index(paper), place))
            image.save(folder / f"{figure.name}.png")
            (folder / f"{figure.name}.pdf").write_bytes(b"%PDF-1.4")
            about = {"title": figure.title, "caption": f"Caption of {figure.name}.", "drawn": ""}
            about |= {"preset": PRESET, "sources": [SWEEP], "data": {"gamma": [0.5, 0.25, 0.3]}}
            (folder / f"{figure.name}.json").write_text(json.dumps(about))
    return root


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """The folder with its report, as site and as one file; tests read only."""
    root = make(tmp_path_factory.mktemp("made") / "results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda file: None)  # what need not outlive a power cut
        write_report(root, PRESET)
        write_single_file(root, PRESET)
    return root


@pytest.fixture(scope="session")
def site(results):
    """The site's folder."""
    return results / "report"


@pytest.fixture
def outcome():
    """Makes an outcome of a claim that is not registered."""
    (template, *_) = outcomes(next(iter(FIGURES)))

    def made(id="A", state="holds", expected="holds", estimate=0.5, interval=(0.4, 0.6), **bounds):
        claim = dataclasses.replace(
            template.claim,
            id=id,
            statement="a < b & c",
            source="s",
            bounds=bounds or {"x": (-math.inf, 1.0)},
            expected="",
            expected_state={"*": expected},
            decided_at=(),
        )
        found = Verdict(estimate, interval, "mean", state, {"n": 8})
        return dataclasses.replace(template, claim=claim, verdict=found)

    return made


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests; where there is none they are skipped."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, as whom containers run.
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def visit(browser, site):
    """Opens a page of the site; in the end nothing may have been complained of or asked outside."""
    pages, amiss = [], []

    def opened(path, size=DESKTOP, scheme="light", at=site):
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        page = context.new_page()
        page.on("console", lambda said: amiss.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: amiss.append(str(error)))
        page.on("request", lambda r: None if outside(r.url) is None else amiss.append(r.url))
        page.set_default_navigation_timeout(120_000)  # a busy machine is no fault of the page
        page.goto(f"file://{at}/{path}")
        pages.append(context)
        return page

    yield opened
    for context in pages:
        context.close()
    assert amiss == []


def outside(url):
    """The address of a request that leaves the disk."""
    return None if url.startswith(("file:", "data:", "blob:")) else url
