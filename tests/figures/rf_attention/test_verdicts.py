"""Verdicts of the room on findings at and beyond the edges of their bounds."""

import numpy as np
import pytest
import xarray

from figures.rf_attention import complexity, curves, interplay, kernels, widths
from theory.claims import claim


def test_the_best_mean_is_read_at_both_ends_of_the_smallest_size():
    means = [0.0, 0.5, 1.0, 2.0, 4.0]
    angles = [0.0, 90.0]
    errors = np.ones((2, 5, 2, 2))
    errors[:, 1, 0, 0], errors[:, 3, 0, 1] = 0.5, 0.5  # w0 = .5 for f_2, 2 for g_1
    errors[:, 0, 1], errors[:, 0, 1] = 0.1, 0.1  # the larger size decides nothing
    dims = ("seed", "query_key_mean", "size", "angle")
    found = xarray.DataArray(
        errors, {"query_key_mean": means, "size": [125, 250], "angle": angles}, dims
    )
    verdict = interplay.best_mean(claim("C-RFA-31"), found)
    assert (verdict.state, verdict.estimate) == ("holds", 2.0)
    swapped = found.assign_coords(angle=angles[::-1])
    assert interplay.best_mean(claim("C-RFA-31"), swapped).state == "fails"


@pytest.mark.parametrize("slope, state", [(-1.0, "holds"), (-1.3, "fails"), (-0.5, "fails")])
def test_the_rate_of_finite_heads(slope, state):
    heads = np.array([100, 200, 400, 800, 1600])
    noise = 1 + 1e-3 * np.random.default_rng(0).normal(size=(6, 5))
    added = xarray.DataArray(heads**slope * noise, {"heads": heads}, ("seed", "heads"))
    found = widths.falls(claim("C-RFA-21"), added)
    assert found.state == state and found.estimate == pytest.approx(slope, abs=0.01)


def test_exponents_of_norms_are_those_of_powers_of_n():
    keys = np.array([16, 32])
    network = np.stack([keys**0.0, keys**0.9, keys**2.7, keys**2.7, keys**4.6])
    dimensions = np.array([32, 64])
    attention = np.stack([dimensions**p for p in (1.05, 2.0, 3.0)])
    found = xarray.Dataset(
        {"network": (("power", "keys"), network), "attention": (("p", "dimension"), attention)},
        {"keys": keys, "dimension": dimensions},
    )
    verdict = complexity.network_price(claim("C-RFA-16"), found)
    assert (verdict.state, verdict.estimate) == ("holds", pytest.approx(0.9))
    query = complexity.query_price(claim("C-RFA-15"), found)
    assert (query.state, query.estimate) == ("holds", pytest.approx(0.05))
    steep = found.assign(network=found.network * found["keys"] ** 1.0)
    assert complexity.network_price(claim("C-RFA-16"), steep).state == "fails"


def test_a_bias_of_the_kernel_stops_its_error_s_fall():
    heads = np.array([100, 400, 1600, 6400])
    rms = np.broadcast_to(0.5 / heads**0.5, (4, 3, 4)) * (
        1 + 1e-3 * np.random.default_rng(0).normal(size=(4, 3, 4))
    )
    found = xarray.Dataset(
        {"rms": (("draw", "model", "heads"), rms), "size": ("model", [0.3, 0.3, 0.3])},
        {"heads": heads, "model": ["RFA", "BRFA", "RFMLP"]},
    )
    assert kernels.unbiased(claim("C-RFA-6"), found, 0.0).state == "holds"
    assert kernels.unbiased(claim("C-RFA-6"), found, 0.05).state == "fails"


def ratios(apart, scale):
    dims = ("target", "model", "size")
    shape = (5, 3, 5)
    return xarray.Dataset(
        {
            "log_ratio": (dims, np.log(scale) * np.ones(shape)),
            "apart": (dims, np.where(np.arange(75).reshape(shape) < apart, 4.0, 1.0)),
        },
        {"model": ["RFA", "BRFA", "RFMLP"]},
    )


@pytest.mark.parametrize(
    "apart, scale, state", [(3, 1.02, "holds"), (4, 1.0, "fails"), (0, 1.04, "fails")]
)
def test_the_independent_table_allows_three_cells_and_three_per_cent(apart, scale, state):
    assert curves.reproduces(claim("C-RFA-36"), ratios(apart, scale)).state == state
