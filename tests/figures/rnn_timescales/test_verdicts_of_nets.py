"""Verdicts on nets' activity, on made-up findings whose answer is known."""

import numpy as np
import pytest
import xarray

from figures.rnn_timescales import (
    dimension,
    gated,
    linear_theory,
    networks,
    no_curriculum,
    probes,
)
from theory.claims import claim
from theory.rnn_timescales import units

TAU = np.array([1.5, 2.0, 4.0, 8.0])
FAR = np.arange(40) < 8


def estimates(truth, far=5.0):
    """Forty repeats about `truth`, eight of which lie `far` times off by either fit."""
    close = truth * (1 + 0.01 * np.linspace(-1, 1, 40)[:, None])
    larger = np.where(FAR[:, None], far * close, close)
    dims = ("repeat", "tau")
    found = {"slowest": larger, "authors": larger, "weighted": close}
    return xarray.Dataset({name: (dims, v) for name, v in found.items()}, {"tau": TAU})


def test_estimates_are_held_against_the_timescale_of_a_leaky_unit():
    truth = -1 / np.log(1 - 1 / TAU)
    found = networks.heavy_tailed(claim("C-RNN-28"), estimates(truth))
    assert found.state == "holds" and found.estimate == pytest.approx(0.2)
    assert networks.heavy_tailed(claim("C-RNN-28"), estimates(truth, far=1.2)).state == "fails"
    late = -1 / np.log(1 - 1 / (TAU + 1))
    assert networks.heavy_tailed(claim("C-RNN-28"), estimates(late)).state == "fails"
    assert units.timescale(2.0) == pytest.approx(truth[1])


def test_the_least_squares_fit_decides_growth_and_the_authors_is_told():
    coords = {"n": [2, 12], "forget": [1, 0], "seed": range(6)}

    def grown(factor):
        size = np.array([2.0, 2.0 * factor])[:, None, None, None]
        noise = 1 + 0.02 * np.linspace(-1, 1, 6)[:, None]
        values = size * noise * np.ones((2, 2, 6, 3))
        return xarray.Dataset(
            {name: ((*coords, "unit"), values) for name in ("slowest", "weighted")}, coords
        )

    six = claim("C-RNN-6")
    found = networks.timescales_grow(six, grown(2.0), grown(1.6))
    assert found.state == "holds" and found.estimate == pytest.approx(2)
    assert found.detail["the authors' fit, multi-head"] == pytest.approx(1.6)
    assert networks.timescales_grow(six, grown(1.0), grown(1.6)).state == "fails"


def test_the_ratio_of_slopes_is_as_uncertain_as_both_of_them():
    """Single-head's scatter alone leaves it open, though multi-head's slopes are all alike."""
    n = np.array([2, 7, 12])

    def found(slopes):
        values = n[:, None, None] * np.stack([slopes, np.full(8, 1.5)])
        coords = {"n": n, "forget": [1, 0], "seed": range(8)}
        return xarray.DataArray(values, coords, ("n", "forget", "seed"))

    spread = np.linspace(-0.6, 0.6, 8)
    alike = dimension.grows_linearly(claim("C-RNN-18"), found(1.0 + 0.01 * spread))
    apart = dimension.grows_linearly(claim("C-RNN-18"), found(1.0 + spread))
    assert alike.state == "holds" and alike.estimate == pytest.approx(1.5)
    assert apart.state == "undecided" and apart.estimate == pytest.approx(1.5)
    # the delta method: the ratio varies as the mean of its denominator
    width = apart.interval[1] - apart.interval[0]
    assert width == pytest.approx(2 * 2.365 * 1.5 * spread.std(ddof=1) / 8**0.5, rel=0.25)


def test_a_seed_counts_once_however_many_nets_it_has():
    rng = np.random.default_rng(0)
    coords = {"n": [2, 7, 12], "forget": [1, 0], "seed": range(6)}
    dims = (*coords, "unit")
    rho = rng.normal(size=(3, 2, 6, 30))
    noise = rng.normal(size=(3, 2, 6, 30))
    both = [
        xarray.Dataset({"rho": (dims, values), "variance": (dims, np.exp(rho))}, coords)
        for values in (rho, rho + 0.2 * noise)
    ]
    found = linear_theory.predicts_units(claim("C-RNN-23"), {"dms": tuple(both)})
    assert found.state == "holds" and "6 seeds" in found.method
    wanted = np.mean([
        np.corrcoef(a, b)[0, 1]
        for a, b in zip(rho.reshape(-1, 30), (rho + 0.2 * noise).reshape(-1, 30), strict=True)
    ])  # fmt: skip
    assert found.estimate == pytest.approx(wanted)


def test_heads_that_a_list_asks_in_turn_are_in_no_order_of_their_own():
    epochs = xarray.DataArray(
        np.tile([1.0, 2, 3, 5], (4, 1)), {"seed": range(4), "n": range(2, 6)}, ("seed", "n")
    )
    nine = claim("C-RNN-9")
    free, led = epochs.assign_attrs(asked=4), epochs.assign_attrs(asked=1)
    assert no_curriculum.all_at_once(nine, {"parity": free}).state == "holds"
    found = no_curriculum.all_at_once(nine, {"dms": free, "parity": led})
    assert found.state == "fails"
    assert found.detail["decided by"] == "asked from the first step, parity"
    back = free.assign_coords(n=free.n.values[::-1])
    assert no_curriculum.all_at_once(nine, {"parity": back}).state == "fails"
    never = free.where(free.n < 5).assign_attrs(free.attrs)
    assert no_curriculum.all_at_once(nine, {"parity": never}).state == "fails"


@pytest.mark.parametrize("good, state", [(0, "holds"), (4, "undecided"), (8, "fails")])
def test_a_large_n_counts_as_unlearned_where_most_runs_fail(good, state):
    accuracy = np.full((2, 8, 3), 0.7)
    accuracy[0, :, 1:] = accuracy[1, :good, 2] = 0.99
    coords = {"first": [3, 8], "seed": range(8), "epoch": [1.0, 2.0, 3.0]}
    found = xarray.DataArray(accuracy, coords, ("first", "seed", "epoch"))
    assert no_curriculum.without_curriculum(claim("C-RNN-8"), found, 8).state == state


def test_a_gated_run_that_does_not_arrive_took_all_its_epochs():
    epochs = np.array([[[4, np.inf], [5, np.inf]], [[2, 6], [3, 7]]], float)
    found = xarray.DataArray(
        epochs, {"forget": [1, 0], "seed": [0, 1], "n": [2, 12]}, ("forget", "seed", "n")
    )
    verdict = gated.curriculum_helps(claim("C-RNN-29"), {"GRU": found}, 60.0)
    assert verdict.estimate == pytest.approx((60 - 6 + 60 - 7) / 2)


def test_what_is_read_of_older_and_of_the_next_answer():
    asked = np.arange(2, 10)
    single = np.where(asked == 8, 1.0, 0.6)
    multi = np.where(asked == 9, 0.95, 1.0)
    noise = 0.01 * np.linspace(-1, 1, 6)[:, None]
    values = np.stack([single + noise, multi + noise])[None]
    coords = {"n": [8], "forget": [1, 0], "seed": range(6), "asked": asked}
    found = xarray.Dataset({"accuracy": (tuple(coords), values)}, coords)
    older = probes.older_answers(claim("C-RNN-11"), {"dms": found, "parity": found})
    assert older.state == "holds" and older.estimate == pytest.approx(0.4)
    ahead = probes.next_answer(claim("C-RNN-12"), {"parity": found})
    assert ahead.state == "holds" and ahead.estimate == pytest.approx(0.35)
    alike = found.sel(forget=[0, 0]).assign_coords(forget=[1, 0])
    one = probes.older_answers(claim("C-RNN-11"), {"dms": found, "parity": alike})
    assert one.state == "fails" and one.detail["decided by"] == "multi - single, parity"
