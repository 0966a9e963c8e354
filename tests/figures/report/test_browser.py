"""The site in a real browser: filters, links, widths, colours, the rules of axe-core.

Needs Chromium (`apt-get install chromium`, as `.ci/run` does); nothing is fetched.
"""

import pytest

from figures.rf_attention.interactive import DEGREE
from theory.claims import register
from theory.icl_regression import reduced
from theory.icl_regression.setting import SETTING
from theory.rf_attention import curves, spectra
from theory.rf_attention.setting import Setting
from theory.rf_attention.targets import target_energies
from theory.rnn_timescales import units

from .conftest import DESKTOP, PHONE, SURPRISE

PAGES = ("index.html", "papers/rf_attention.html", f"claims/{SURPRISE}.html")


def shown(page):
    """Ids of the claims that the front page shows."""
    rows = page.locator(".claims tbody tr:visible th a")
    return rows.all_inner_texts()


def test_filters_choose_claims_and_are_kept_in_the_address(visit):
    page = visit("index.html")
    every = shown(page)
    assert set(every) == set(register()) and every[0] == SURPRISE
    page.get_by_label("Paper").select_option("rf_attention")
    assert set(shown(page)) == set(register("rf_attention"))
    page.get_by_label("Kind").select_option("identity")
    kinds = {id for id, (_, claim) in register("rf_attention").items() if claim.kind == "identity"}
    assert set(shown(page)) == kinds
    page.reload()
    assert set(shown(page)) == kinds
    assert page.get_by_role("status").inner_text() == f"{len(kinds)} of {len(every)} claims shown"
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function(
        "document.querySelector('[role=status]').textContent.startsWith('126')".replace(
            "126", str(len(every))
        )
    )
    page.get_by_label("State").select_option("unexpected")
    assert shown(page) == [SURPRISE]
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Words").fill("signs OMEGA".lower())
    assert shown(page) == []  # statements are typeset
    page.get_by_label("Words").fill("Signs ω")
    assert "C-ICL-20" in shown(page) and len(shown(page)) < 5


def test_a_reader_goes_from_a_claim_to_its_derivation_figure_and_back(visit):
    page = visit("index.html#C-ICL-20")
    page.wait_for_url("**/claims/C-ICL-20.html")
    page.get_by_role("link", name="In its place").click()
    page.wait_for_url("**/papers/icl_regression.html#C-ICL-20")
    card = page.locator("#C-ICL-20")
    assert card.is_visible() and card.locator("svg[role=img]").count() == 1
    card.get_by_role("link", name="Figure dynamics").click()
    assert page.url.endswith("#icl_regression.dynamics")
    image = page.locator("[id='icl_regression.dynamics'] img")
    image.scroll_into_view_if_needed()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=image.element_handle()
    )
    image.click()
    page.wait_for_url("**/figures/icl_regression/dynamics.png")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_scrolls_sideways_and_axe_has_nothing_to_say(visit, path, size):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(path, size)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.wait_for_timeout(50)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    # What repeats is looked at a dozen times: axe takes seconds for hundreds of results. Formulas
    # are left out, of which it knows nothing.
    page.evaluate(
        "[...document.querySelectorAll('.derivation')].slice(12).forEach(e => e.remove())"
    )
    page.evaluate(
        "[...document.querySelectorAll('.claims tbody tr')].slice(24).forEach(e => e.remove())"
    )
    options = {"preload": False, "resultTypes": ["violations"]}
    found = Axe().run(page, {"exclude": [["math"]]}, options)
    assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == []
    page.emulate_media(color_scheme="dark")
    options |= {"runOnly": ["color-contrast"]}
    found = Axe().run(page, {"exclude": [["math"]]}, options)
    assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == []


def test_colours_follow_the_reader_s_scheme(visit):
    colours = []
    for scheme in ("light", "dark"):
        page = visit("index.html", scheme=scheme)
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    light, dark = ([int(x) for x in colour[4:-1].split(",")] for colour in colours)
    assert min(light) > 200 and max(dark) < 60


def test_the_keyboard_reaches_content_and_what_scrolls_by_itself(visit):
    page = visit("papers/rf_attention.html", PHONE)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    broad = page.evaluate(
        "[...document.querySelectorAll('.math.block')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.tabIndex)"
    )
    assert broad and set(broad) == {0}


def test_paper_shows_claims_and_no_filters(visit):
    page = visit("index.html")
    page.emulate_media(media="print")
    assert page.locator("form.filters").is_hidden() and len(shown(page)) == len(register())


def test_one_file_works_alone(visit, results):
    page = visit("report.html", at=results)
    page.get_by_label("State").select_option("unexpected")
    assert shown(page) == [SURPRISE]
    page.locator(".claims tbody tr:visible th a").click()
    assert page.url.endswith(f"report.html#claim.{SURPRISE}")
    assert page.locator(f"[id='claim.{SURPRISE}'] h1").is_visible()
    image = page.locator("figure img").first
    image.scroll_into_view_if_needed()
    page.wait_for_function("image => image.naturalWidth > 0", arg=image.element_handle())


def test_sliders_move_the_valley_as_the_theory_says(visit):
    page = visit("papers/icl_regression.html")
    model = "lemmax.models.icl_regression"
    problem = {"d": 5, "s2": 0.1}
    for gamma, length in ((0.05, 10), (0.3, 40), (0.6, 320)):
        setting = SETTING._replace(length=float(length))
        values = [gamma, length, problem]
        found = page.evaluate(f"a => [{model}.best(...a), {model}.floor(...a)]", values)
        expected = [reduced.mu_gamma(gamma, setting), reduced.two_head_minimum(gamma, setting)]
        assert found == pytest.approx([float(value) for value in expected], rel=1e-5)
        found = page.evaluate(f"a => {model}.loss(...a)", [gamma, 1.7, length, problem])
        assert found == pytest.approx(float(reduced.two_head_loss(gamma, 1.7, setting)), rel=1e-5)
    status = page.locator(".interactive [role=status]")
    before, drawn = status.inner_text(), page.locator(".interactive svg").inner_html()
    page.get_by_label("pairs in a prompt").press("ArrowRight")
    assert "L = 80" in status.inner_text() != before
    assert page.locator(".interactive svg").inner_html() != drawn


@pytest.mark.parametrize("target, dimension, keys", [("f1", 8, 8), ("g1", 16, 4), ("f3", 4, 32)])
def test_learning_curves_in_the_page_are_the_theory_s(visit, target, dimension, keys):
    page = visit("papers/rf_attention.html")
    setting = Setting(dimension, keys)
    spectrum = spectra.rfa_spectrum(setting, DEGREE)
    energies = target_energies(target, setting)
    page.evaluate(
        """name => {
          const text = document.querySelector(".interactive script").textContent;
          window.levels = JSON.parse(text).spectra[name];
        }""",
        f"{dimension},{keys}",
    )
    model = "lemmax.models.rf_attention"
    for samples, heads, ridge in ((30, 50, 1e-3), (800, 200, 1e-6), (5000, 20, 1e-2)):
        width = heads * (dimension + 1)
        found = page.evaluate(
            f"([t, n, k, r]) => [{model}.infinite(levels, levels.energies[t], n, r), "
            f"{model}.finite(levels, levels.energies[t], n, k, r)]",
            [target, samples, width, ridge],
        )
        assert found == pytest.approx(
            [
                curves.infinite_width(spectrum, energies, samples, ridge),
                curves.finite_width(spectrum, energies, samples, width, ridge),
            ],
            rel=1e-6,
        )
    page.get_by_label("target", exact=True).select_option("g2")
    assert page.locator(".interactive [role=status]").inner_text().startswith("g2 with N = 8")


def test_a_unit_in_the_page_remembers_as_the_theory_says(visit):
    page = visit("papers/rnn_timescales.html")
    model = "lemmax.models.rnn_timescales"
    for tau, lag in ((1.0, 0), (1.0, 3), (1.4, 2), (4.0, 7)):
        found = page.evaluate(
            f"([t, l]) => [{model}.autocorrelation(t, l), {model}.timescale(t)]", [tau, lag]
        )
        expected = [units.autocorrelation(tau, lag), units.timescale(tau)]
        assert found == pytest.approx([float(value) for value in expected], rel=1e-5)
    assert "were measured here" in page.locator(".interactive [role=status]").inner_text()
