"""Numbers, symbols, charts, formulas: what a reader sees, and what is said to who does not see."""

import dataclasses
import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import theory
from figures.report import words
from figures.report.charts import MARGIN, WIDTH, chart, drawing
from figures.report.derivations import derivations, mathml, sections
from figures.report.entries import FigureEntry, mixture, ordered, score
from figures.report.words import apart, caught, chance, decisive, number, seen, told, typeset
from figures.statistics import Estimate, decide, share
from theory.claims import papers
from theory.labels import labels


@pytest.mark.parametrize(
    "value, text",
    [(None, "–"), (0.0, "0.0"), (1.5, "1.5"), (3.2e-7, "3.20 × 10⁻⁷"), (12, "12"), ("x", "x")],
)
def test_numbers_read_well(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    "text, shown",
    [
        ("mu_+/mu_gamma >= 1", "μ<sub>+</sub>/μ<sub>γ</sub> ≥ 1"),
        ("(1/qt_0p)/(3^p p^2.5)", "(1/qt<sub>0p</sub>)/(3<sup>p</sup> p<sup>2.5</sup>)"),
        ("t/(1/k_-))^(-1/6), |mu|_1", "t/(1/k<sub>-</sub>))<sup>-1/6</sup>, |μ|<sub>1</sub>"),
        ("s2 of training_h2, eta* and gammas", "s² of training_h2, η* and gammas"),
        ("a < b & <b>", "a &lt; b &amp; &lt;b&gt;"),
    ],
)
def test_symbols_are_typeset_and_words_and_code_are_not(text, shown):
    assert typeset(text) == shown


def test_surprises_and_failures_come_first(outcome):
    states = {
        "A": ("holds", "holds"),
        "B": ("undecided", "holds"),
        "C": ("fails", "fails"),
        "D": ("fails", "holds"),
        "E": ("holds", "fails"),
        "F": ("not run at this preset", "holds"),
    }
    found = [outcome(id, *pair) for id, pair in states.items()]
    assert [o.claim.id for o in ordered(found)] == ["D", "E", "C", "B", "A", "F"]
    assert score(found) == {
        "unexpected": 2,
        "fails as registered": 1,
        "undecided": 1,
        "holds": 1,
        "not run at this preset": 1,
    }


def made(commit, device="cpu", **versions):
    return {"made": {"commit": [commit], "device": [device], "versions": [versions]}}


def test_what_a_figure_mixes_is_said():
    same = made("abc", jax="0.10.2")
    assert mixture([same, same]) == "" == mixture([])
    other = made("def", "gpu", jax="0.11.0")
    assert mixture([same, other]) == "commits abc, def; devices cpu, gpu; jax 0.10.2, 0.11.0"


def marks(svg):
    """Of a chart: the ends of its band and its interval, its point, and what is written below."""
    tree = ElementTree.fromstring(svg)
    band = tree.find("rect[@class='range']").attrib
    line = tree.find("path[@class='interval']")
    ends = [float(x) for x in re.findall(r"[\d.]+", line.get("d"))][::2] if line is not None else []
    return (
        (float(band["x"]), float(band["x"]) + float(band["width"])),
        ends,
        float(tree.find("circle").get("cx")),
        [text.text for text in tree.findall("text")],
    )


def test_a_chart_has_everything_to_scale():
    band, ends, point, below = marks(drawing((0.0, 2.0), 1.0, (0.5, 4.0), "told"))
    unit = (WIDTH - 2 * MARGIN) / 4
    assert band == pytest.approx((MARGIN, MARGIN + 2 * unit), abs=0.11)
    assert ends == pytest.approx([MARGIN + unit / 2, MARGIN + 4 * unit], abs=0.11)
    assert point == pytest.approx(MARGIN + unit, abs=0.11) and below == ["0", "2"]


def test_a_chart_of_small_errors_is_logarithmic_and_open_to_its_edge():
    band, ends, point, below = marks(drawing((-math.inf, 1e-5), 1e-15, None, "told"))
    assert band == (0.0, WIDTH - MARGIN) and ends == [] and point == MARGIN
    assert below == ["1e-05", "log"]
    band, *_ = marks(drawing((0.9, math.inf), 1.0, (0.95, math.inf), "told"))
    assert band == (MARGIN, WIDTH)


def test_a_chart_says_what_it_shows_and_is_none_without_a_range(outcome):
    shown = chart(outcome(x=(0.0, 1.0)))
    assert 'aria-label="A holds: x 0.5, interval 0.4 to 0.6, allowed in [0, 1]"' in shown
    assert chart(outcome(x=(0.0, 1.0), y=(0.0, 1.0))) == ""  # of which is not said
    assert chart(outcome(estimate=None, interval=None)) == ""
    assert decisive(outcome())[0] == "x" and told(outcome(estimate=None)) == "A: holds"


def said(of, estimate, interval=None):
    return {"of": of, "estimate": estimate, "interval": interval}


def test_a_falsifier_s_value_stands_beside_the_claim_s(outcome, monkeypatch):
    pairs = {
        "A": {"broken": said("x", 3.0, [2.5, 3.5]), "whole": said("x", 0.625)},
        "B": {"broken": said("y", 3.0), "whole": said("x", 0.5)},
        "C": {"broken": said("", None), "whole": said("", 0.5)},
    }
    monkeypatch.setattr(words, "_falsifiers", lambda: pairs)
    one = outcome(x=(0.0, 1.0), y=(0.0, 2.0))
    one = dataclasses.replace(
        one, verdict=dataclasses.replace(one.verdict, detail={"estimate of": "x"})
    )
    assert apart(one) == "There 'x' is 3 [2.5, 3.5]; 0.625 on the same data without that"
    svg = ElementTree.fromstring(chart(one))
    unit = (WIDTH - 2 * MARGIN) / 3
    left = float(re.match(r"M([\d.]+)", svg.find("path[@class='broken']").get("d"))[1])
    assert left + 3.5 == pytest.approx(MARGIN + 3 * unit, abs=0.11)
    assert float(svg.find("circle").get("cx")) == pytest.approx(MARGIN + unit / 2, abs=0.11)
    assert svg.get("aria-label").endswith("; 3 under its falsifier")
    other = dataclasses.replace(one, claim=dataclasses.replace(one.claim, id="B"))
    assert apart(other) == "There 'y' is 3; x 0.5 on the same data without that"
    for id in ("B", "C", "D"):
        other = dataclasses.replace(one, claim=dataclasses.replace(one.claim, id=id))
        assert "broken" not in chart(other)
    assert apart(other) == ""


def test_the_smallest_effect_that_a_check_catches_is_where_it_turns(outcome):
    shown = outcome(estimate=0.5, interval=(0.4, 0.7), x=(0.0, 1.0))
    assert caught(shown) == "below -0.2 or above 1.1"
    for moved, state in ((1.1, "undecided"), (1.101, "fails"), (-0.2, "undecided")):
        shifted = Estimate(moved, moved - 0.1, moved + 0.2, "mean")
        # In binary 1.1 - 0.1 is a little more than 1.
        assert decide(shifted, (-1e-12, 1 + 1e-12)) == state
    assert decide(Estimate(-0.201, -0.301, -0.001, "mean"), (0.0, 1.0)) == "fails"
    assert caught(outcome(x=(-math.inf, 1.0))) == "above 1.1"
    assert caught(outcome(interval=None)) == caught(outcome(estimate=None)) == ""


def test_false_alarms_are_counted_by_the_stated_rates(outcome):
    share_ = outcome(x=(0.9, math.inf))
    method = share(29, 30).method
    share_ = dataclasses.replace(share_, verdict=dataclasses.replace(share_.verdict, method=method))
    assert chance([outcome(), outcome(), share_, outcome(interval=None)]) == (3, 0.1)
    assert caught(share_) == ""


def test_an_alternative_text_tells_verdicts_and_data_and_not_the_caption(outcome, tmp_path):
    data = {"H=2": {"eta": [0.0, 0.9, 0.8], "named": "no"}, "step": [0, 20]}
    files = [tmp_path] * 3
    entry = FigureEntry("p", "f", "T", "The caption.", "quick", "", *files, data, [], ["A"])
    text = seen(entry, [outcome(x=(0.0, 1.0))])
    assert "A holds: x 0.5" in text and "H=2, eta from 0.0 to 0.8, between 0.0 and 0.9" in text
    assert "step from 0.0 to 20, between 0.0 and 20" in text and entry.caption not in text


@pytest.mark.parametrize("paper", papers())
def test_every_result_of_the_derivations_is_rendered(paper):
    found = derivations(paper)
    assert {part.label for part in found if part.label} == set(labels(paper))
    for part in found:
        assert "$" not in part.html and "\\" not in re.sub(r"<code>.*?</code>", "", part.html)
        assert not re.search("[\ue000-\ue003]", part.html)
        for formula in re.findall(r"<math.*?</math>", part.html, re.DOTALL):
            ElementTree.fromstring(formula)
    source = Path(theory.__path__[0], paper, "derivations.md").read_text(encoding="utf-8")
    written = re.findall(r"\$\$[^$]+\$\$|\$[^$]+\$", source)
    rendered = "".join(part.title + part.html for part in found)
    # The head of a column that is one symbol is a letter, no formula.
    assert rendered.count("<math") + rendered.count('<th scope="col"><i>') == len(written) > 0


def test_a_formula_is_mathml_with_upright_words_and_sides():
    text = mathml(r"\lvert m\rvert \le \mathrm{relu}(\mathbb E x)")
    assert (
        "<mi>relu</mi>" in text and "<mi>𝔼</mi>" in text and "≤" in text.replace("&#x02264;", "≤")
    )
    assert text.count('form="prefix"') == 1 == text.count('form="postfix"')
    with pytest.raises(ValueError, match="not a formula"):
        mathml(r"\frac{1}{")
    with pytest.raises(ValueError, match="unknown"):
        mathml(r"\nonsense x")


def test_labels_and_claims_in_a_text_are_links():
    _, part = sections("# T\n\n### [icl-1.1] A\n\nSee [icl-4.2] (C-ICL-24) and `[N]`.\n")
    assert part.label == "icl-1.1" and part.title == "A"
    assert '<a class="label" href="label:icl-4.2">[icl-4.2]</a>' in part.html
    assert '<a href="claim:C-ICL-24">C-ICL-24</a>' in part.html and "<code>[N]</code>" in part.html
