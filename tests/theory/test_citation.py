"""What is cited: the rooms' papers, and the same in CITATION.cff."""

from pathlib import Path

import pytest
import yaml

from theory.__main__ import main
from theory.citation import Paper
from theory.claims import citations, papers

CITED = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8"))


def test_an_entry_is_bibtex():
    paper = Paper("Attention: all", ("Ünal, Ada B.", "O'Hara, Cy"), 2020, "2001.00001", "Journal")
    assert paper.bibtex() == (
        "@inproceedings{ünal2020attention,\n"
        "  title = {{Attention: all}},\n"
        "  author = {Ünal, Ada B. and O'Hara, Cy},\n"
        "  year = {2020},\n"
        "  booktitle = {Journal},\n"
        "  eprint = {2001.00001},\n"
        "  archiveprefix = {arXiv},\n"
        "}"
    )
    assert Paper("T", ("A, B",), 2020, "1").bibtex().startswith("@misc{a2020t,")


@pytest.mark.parametrize("room", papers())
def test_every_room_s_papers_stand_in_citation_cff(room):
    found = {
        (
            reference["title"],
            tuple(f"{a['family-names']}, {a['given-names']}" for a in reference["authors"]),
            reference["year"],
            reference["identifiers"][0]["value"].removeprefix("arXiv:"),
            reference.get("collection-title", ""),
        )
        for reference in CITED["references"]
    }
    assert citations(room)
    for paper in citations(room):
        assert (paper.title, tuple(paper.authors), paper.year, paper.arxiv, paper.venue) in found


def test_the_command_prints_an_entry_for_each_and_nothing_else(capsys):
    assert main(["--bibtex"]) == 0
    printed = capsys.readouterr().out
    assert (
        printed.count("@") == len(CITED["references"]) == sum(len(citations(p)) for p in papers())
    )
    assert printed.startswith("@") and printed.endswith("}\n")
    assert all(f"eprint = {{{paper.arxiv}}}" in printed for p in papers() for paper in citations(p))
