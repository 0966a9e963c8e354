"""The site as files: what is linked is there, nothing comes from elsewhere, nothing is half."""

import html.parser
import json
import posixpath
import shutil
from collections import Counter

import pytest

from figures.report.moved import differences
from figures.report.site import write_report
from sims.engine.errors import Incomplete
from sims.engine.store import read_json
from theory.claims import register
from theory.labels import labels

from .conftest import FIGURES, OPEN, PRESET, SURPRISE


class Reader(html.parser.HTMLParser):
    """Links, ids and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.sources, self.ids, self.alts = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in ("img", "script", "link", "source", "iframe"):
            self.sources += [found[name] for name in ("src", "href") if name in found]
        if tag == "img":
            self.alts.append(found.get("alt", ""))


@pytest.fixture(scope="module")
def read(site):
    """Every page of the site by its path."""
    return {
        path.relative_to(site).as_posix(): Reader(path.read_text()) for path in site.rglob("*.html")
    }


def test_every_link_leads_somewhere(read, site):
    counted = 0
    for path, page in read.items():
        assert not [id for id, count in Counter(page.ids).items() if count > 1], path
        for link in page.links + page.sources:
            if link.startswith("https://arxiv.org/") and link not in page.sources:
                continue
            target, _, anchor = link.partition("#")
            found = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            found = found if target else path
            assert (site / found).is_file(), f"{path}: {link}"
            assert not anchor or anchor in read[found].ids, f"{path}: {link}"
            counted += 1
    assert counted > 2000


def test_every_claim_and_figure_is_reached_from_its_derivation_and_leads_back(read):
    for paper, drawings in FIGURES.items():
        page = read[f"papers/{paper}.html"]
        assert set(labels(paper)) <= set(page.ids)
        for id in register(paper):
            assert id in page.ids and f"../claims/{id}.html" in page.links
            assert f"../papers/{paper}.html#{id}" in read[f"claims/{id}.html"].links
        for figure in drawings:
            assert f"{paper}.{figure.name}" in page.ids
            for id in figure.claims:
                back = f"../papers/{paper}.html#{paper}.{figure.name}"
                assert back in read[f"claims/{id}.html"].links and f"#{id}" in page.links


def test_surprises_come_first_and_every_claim_is_on_the_front_page(read, site):
    links = [link for link in read["index.html"].links if link.startswith("claims/")]
    assert links[0] == f"claims/{SURPRISE}.html" and len(links) == len(register())
    assert read[f"claims/{OPEN}.html"] and (site / "index.html").stat().st_size < 250_000
    paper = (site / "papers/icl_regression.html").read_text()
    assert paper.index("attention") < paper.index(f'id="{SURPRISE}"')


def test_a_claim_s_page_has_its_whole_pedigree(site):
    text = (site / f"claims/{SURPRISE}.html").read_text()
    for word in ("def valley(claim", "training_h2", "learning_rate", "0.01, 0.03", "c" * 12):
        assert word in text, word
    for word in ("jax 0.10.2", "1 min 01 s", "python -m figures icl_regression.dynamics", "<math"):
        assert word in text, word
    assert "Reads icl_regression.training_h2" in text


def test_alternative_texts_are_no_captions(read):
    alts = [alt for page in read.values() for alt in page.alts]
    assert alts and all(alt and "Caption of" not in alt for alt in alts)
    assert any("C-ICL-20 holds: share" in alt and "gamma from 0.5 to 0.3" in alt for alt in alts)


def test_one_file_has_every_page_and_needs_nothing_else(results, read):
    page = Reader((results / "report.html").read_text())
    assert not [id for id, count in Counter(page.ids).items() if count > 1]
    assert all(source.startswith("data:") for source in page.sources)
    for link in page.links:
        assert link.startswith(("data:", "https://arxiv.org/")) or link[1:] in page.ids, link
    assert {f"claim.{id}" for id in register()} <= set(page.ids)
    pictures = [source for source in page.sources if source.startswith("data:image/png")]
    assert len(pictures) == len(set(pictures)) == sum(map(len, FIGURES.values()))


@pytest.fixture
def copy(results, tmp_path):
    """A folder to write in."""
    return shutil.copytree(results, tmp_path / "results")


def test_a_page_is_written_whole_or_not_at_all_and_only_where_it_changed(copy, monkeypatch):
    path = copy / "claims" / f"{OPEN}.json"
    filed = json.loads(path.read_text())
    filed[PRESET]["state"] = "holds"
    path.write_text(json.dumps(filed))
    pages = {page: page.read_bytes() for page in (copy / "report").rglob("*.html")}

    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk, pytest.raises(Incomplete):
        disk.setattr("sims.engine.store.os.fsync", full)
        write_report(copy, PRESET)
    assert all(page.read_bytes() == before for page, before in pages.items())
    write_report(copy, PRESET)
    changed = {page.stem for page, before in pages.items() if page.read_bytes() != before}
    beside = next(set(f.claims) for f in FIGURES["rf_attention"] if OPEN in f.claims)
    assert changed == {"index", "rf_attention", *beside}  # whose pages tell the figure's verdicts


def test_what_is_gone_leaves_the_site(copy):
    (copy / "figures/icl_regression/dynamics.png").unlink()
    write_report(copy, PRESET)
    assert not list((copy / "report/figures").rglob("dynamics.*"))
    assert "dynamics: Heads pair up" in (copy / "report/papers/icl_regression.html").read_text()


def test_what_moved_is_told_once_and_the_same_when_written_again(copy):
    assert "moved since" not in (copy / "report/index.html").read_text()
    path = copy / "claims/C-ICL-24.json"
    filed = json.loads(path.read_text())
    filed[PRESET] |= {"state": "fails", "estimate": 9.0}
    path.write_text(json.dumps(filed))
    for coming in (["icl_regression.valley"], [], []):
        write_report(copy, PRESET, coming)
        text = (copy / "report/index.html").read_text()
        assert "<li>C-ICL-24: unexpected, was holds</li>" in text
        assert text.count("<li>C-") == 1 and ("Still to come" in text) == bool(coming)
    kept = read_json(copy / "report/verdicts.json")
    assert kept["now"]["C-ICL-24"]["estimate"] == 9.0 != kept["before"]["C-ICL-24"]["estimate"]


def test_an_estimate_that_leaves_its_interval_is_told():
    old = {"group": "holds", "estimate": 1.0, "interval": [0.9, None]}
    new = {**old, "estimate": 0.8}
    moved = ["A: its estimate moved from 1 to 0.8"]
    assert differences({"A": old}, {"A": new}) == moved
    assert differences({"A": old}, {"A": {**old, "estimate": 5.0}}) == []
    assert differences({"A": old}, {"B": new}) == ["B is new: holds", "A is gone"]
    assert differences({}, {"B": new}) == []
