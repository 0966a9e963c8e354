"""What every figure is finished with, and bands that stay in their range."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from figures.style import GREY, SMALL, band, finish, scale, style


@pytest.fixture
def drawing():
    with style():
        figure, panels = plt.subplots(1, 2, figsize=(4, 2))
        shown = panels[1].imshow(np.eye(3))
        figure.colorbar(shown)
        yield figure
    plt.close(figure)


def texts(figure):
    return [text for text in figure.findobj(Text) if text.get_text()]


def test_panels_have_letters_and_a_strip_tells_preset_and_scale(drawing):
    settings = [{"heads": [1, 4], "seeds": 8, "rate": 0.1}, {"heads": 0, "seeds": 32}]
    finish(drawing, "quick", settings)
    said = [text.get_text() for text in texts(drawing)]
    assert [word for word in said if word.startswith("(")] == ["(a)", "(b)"]
    (strip,) = [text for text in texts(drawing) if text.get_text().startswith("preset")]
    assert strip.get_text() == "preset quick; heads 1\u20134; seeds 8\u201332"
    assert strip.get_color() == GREY and strip.get_fontsize() == SMALL
    renderer = drawing.canvas.get_renderer()
    below = min(panel.get_tightbbox(renderer).y0 for panel in drawing.axes)
    assert 0 <= strip.get_window_extent(renderer).y1 <= below + 1
    assert min(text.get_fontsize() for text in texts(drawing)) >= 7


def test_scale_leaves_out_what_no_source_says():
    assert scale([{"rate": 0.1}, {}]) == ""
    assert scale([{"length": 40}, {"length": [10, 80]}]) == "; length 10\u201380"


@pytest.mark.parametrize("within", [(0.0, 1.0), (-1.0, 3.0)])
def test_a_band_within_a_range_is_wilson_s(within):
    """Its ends x solve (p - x)^2 = z^2 x (1 - x) / (n - 1), n - 1 from the sample's variance."""
    low, high = within
    draws = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [0.0, 1.0], [1.0, 1.0]])
    figure, panel = plt.subplots()
    band(panel, np.array([0, 1]), low + (high - low) * draws, "k", within=within)
    (shape,) = panel.collections
    ends = (np.unique(shape.get_paths()[0].vertices[:, 1]) - low) / (high - low)
    plt.close(figure)
    shares = draws.mean(axis=0)
    misses = (shares - ends[:, None]) ** 2 - 1.96**2 * (ends * (1 - ends))[:, None] / 5
    assert 0 < ends.min() and ends.max() <= 1
    assert np.sum(np.isclose(misses[:, 0], 0)) == 2


def test_a_band_without_a_range_has_the_mean_s_standard_errors():
    values = np.array([[1.0, 3.0], [2.0, 3.5], [4.0, 2.0]])
    figure, panel = plt.subplots()
    band(panel, np.array([0, 1]), values, "k", marker="o")
    at = panel.collections[0].get_paths()[0].vertices
    half = 1.96 * values.std(axis=0, ddof=1) / 3**0.5
    for x in (0, 1):
        ends = at[at[:, 0] == x, 1]
        assert ends.min() == pytest.approx(values[:, x].mean() - half[x])
        assert ends.max() == pytest.approx(values[:, x].mean() + half[x])
    assert panel.lines[0].get_marker() == "o"
    plt.close(figure)
