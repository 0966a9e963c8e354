"""Readings of curricula on made-up sweeps whose answers are known."""

import numpy as np
import pytest
import xarray

from figures.evidence import Evidence
from figures.rnn_timescales.ablation import by_kind
from figures.rnn_timescales.readings import stages, turns
from figures.rnn_timescales.readings.analyses import BOUND, first_seed, per_net, relative, retrained
from figures.rnn_timescales.readings.as_linear import correlations, moves, predictions
from figures.rnn_timescales.readings.stages import average, by_n, last_n, solved_by, spearman
from figures.rnn_timescales.timescales import floors
from sims.engine.errors import UserError
from theory.rnn_timescales import gains

ATTRS = {"hold": 1, "smooth": 0, "log_every": 200, "steps": 4000}


def sweep(kept, raw, **attrs):
    """A sweep of both curricula: epochs x 200 at which stages were kept, raw tau of their units."""
    kept, raw = np.asarray(kept), np.asarray(raw, float)
    dims = ("forget", "seed", "stage")
    return xarray.Dataset(
        {"kept": (dims, kept), "raw_timescale": ((*dims, "unit"), raw)},
        {"forget": [1, 0], "seed": range(kept.shape[1]), "stage": range(kept.shape[2])},
        attrs=ATTRS | attrs,
    )


def two_curricula():
    kept = [[[200, 800, -1], [200, 1000, -1]], [[200, 400, 600], [200, 400, 1200]]]
    raw = np.stack([np.full((2, 2, 3), 0.5), np.full((2, 2, 3), 3.5)], axis=-1)
    raw[0, :, 2] = np.nan
    return sweep(kept, raw)


def test_stages_are_read_by_n_in_epochs_and_clamped_steps():
    found = by_n(two_curricula())
    assert found.n.values.tolist() == [2, 3, 4]
    np.testing.assert_array_equal(found.solved.sel(forget=1, seed=1), [1, 5, np.nan])
    np.testing.assert_array_equal(found.tau.sel(forget=0, seed=0, n=4), [1.0, 3.5])
    assert np.isnan(average(found, 1).sel(n=4)).all()
    np.testing.assert_allclose(average(found, 0, "std").sel(n=2), 1.25)
    assert last_n(found) == 3 and last_n(found.sel(forget=[0])) == 4
    assert solved_by(found, 3.0).sel(forget=0).values.tolist() == [4, 3]
    assert solved_by(found, 0.5).max() == 1
    held = by_n(sweep(np.full((2, 1, 1), 200), np.full((2, 1, 1, 1), 0.1), hold=4))
    np.testing.assert_array_equal(held.tau, 0.25)
    smooth = by_n(sweep(np.full((2, 1, 1), 200), np.full((2, 1, 1, 1), 0.7), smooth=1))
    np.testing.assert_allclose(smooth.tau, 1 + np.log(1 + np.exp(0.7)))


def test_nets_that_solved_nothing_are_told_of_in_words():
    """As at smoke, where only one curriculum gets anywhere."""
    kept = np.asarray(two_curricula().kept.values)
    kept[1] = -1
    stages = by_n(sweep(kept, np.full((*kept.shape, 1), 0.5)))
    with pytest.raises(UserError, match="no N was solved by half of the runs"):
        last_n(stages)


def test_ranks_of_rows_with_gaps():
    n = np.array([2, 3, 4, 5])
    rows = np.array([[1.0, 2, 3, np.nan], [3, 2, 1, 0], [1, 1, 1, 1], [1, np.nan, np.nan, 2]])
    assert spearman(rows, n).tolist() == pytest.approx([1, -1, 0, 0])


def test_units_at_the_bound_or_below_one_do_not_enter_the_authors_mean():
    found = xarray.Dataset({"slowest": (("net", "unit"), [[0.5, 2.0, 4.0, BOUND + 0.9]])})
    found["weighted"] = found.slowest
    assert per_net(found, "slowest").item() == 3.0
    assert per_net(found, "weighted").item() == pytest.approx((0.5 + 2 + 4 + BOUND + 0.9) / 4)


def test_relative_accuracy_is_one_intact_and_zero_at_chance():
    found = xarray.Dataset({"accuracy": ("net", [0.9, 0.5, 0.7]), "intact": ("net", [0.9] * 3)})
    np.testing.assert_allclose(relative(found), [1, 0, 0.5])


def test_retraining_is_read_at_its_end_where_there_was_a_net():
    accuracy = np.zeros((2, 3, 2))
    accuracy[:, -1, 0] = [0.8, 0.9]
    found = xarray.Dataset(
        {
            "accuracy": (("seed", "step", "head"), accuracy),
            "diverged": ("seed", [-1, 0]),
        },
        attrs={"origin": 6},
    )
    read = retrained(found)
    np.testing.assert_array_equal(read.accuracy, [0.8, np.nan])
    assert read.attrs["origin"] == 6


@pytest.mark.parametrize("least, censored", [(6.3, False), (20.0, True)])
def test_the_vertex_of_a_parabola_is_found_or_bounded(least, censored):
    n = np.arange(2.0, 13.0)
    tau = 1.4 + 0.01 * (n - least) ** 2
    found, bound = turns.vertex(n, tau)
    assert (found, bound) == (pytest.approx(12.0 if censored else least), censored)
    assert np.isnan(turns.vertex(n[:2], tau[:2])[0])


def test_a_power_law_is_recovered_and_censored_sizes_only_bound_it():
    units = np.array([16.0, 32.0, 64.0, 128.0])
    turn, none = 2.0 * units**0.4, np.zeros(4, bool)
    assert turns.power_law(units, turn, none) == pytest.approx((0.4, 2.0))
    cut = turn.copy()
    cut[-1] = 0.6 * turn[-1]  # seen only up to there
    late = np.array([False, False, False, True])
    assert turns.power_law(units, cut, late)[0] == pytest.approx(0.4, abs=0.02)
    assert turns.power_law(units, cut, none)[0] < 0.3


def test_growth_is_open_where_a_size_is_censored():
    tau = xarray.DataArray(
        1.4 + 0.01 * (np.arange(2, 17) - np.array([5.0, 9.0])[:, None, None]) ** 2
        + 0 * np.ones((2, 4, 15)),
        {"units": [32, 128], "seed": range(4), "n": np.arange(2, 17)},
        ("units", "seed", "n"),
    )  # fmt: skip
    found = turns.turns(tau).growth(32, 128)
    assert found.value == pytest.approx(4) and np.isfinite([found.low, found.high]).all()
    cut = tau.where((tau.units == 32) | (tau.n <= 8))
    assert turns.turns(cut).growth(32, 128).high == np.inf
    assert turns.spread(np.array([2.0, np.nan, 5.0])) == 2.5 and np.isnan(turns.spread(np.ones(1)))


def nets(seeds=2, units=5):
    """Random nets at N = 2 and 3 of both curricula; single-head's of N = 3 do not exist."""
    rng = np.random.default_rng(0)
    shape = (2, seeds, 2)
    made = {
        "recurrent": rng.normal(size=(*shape, units, units)) / units,
        "input_weight": rng.normal(size=(*shape, units)),
        "bias": 0.1 * rng.normal(size=(*shape, units)),
        "raw_timescale": rng.uniform(0.8, 3, size=(*shape, units)),
    }
    for values in made.values():
        values[0, :, 1] = np.nan
    dims = ("forget", "seed", "stage")
    trailing = {"recurrent": ("unit", "source")}
    return xarray.Dataset(
        {name: ((*dims, *trailing.get(name, ("unit",))), v) for name, v in made.items()},
        {"forget": [1, 0], "seed": range(seeds), "stage": [0, 1], "unit": range(units)},
    )


def test_the_theory_of_each_net_stands_at_its_own_place():
    from figures.rnn_timescales.readings import as_linear

    sweep, lags = nets(), 4
    shape = (2, 2, 2, lags, 5)
    dims = ("n", "forget", "seed", "lag", "unit")
    coords = {"n": [2, 3], "forget": [1, 0], "seed": [0, 1]}
    found = xarray.Dataset({"rho": (dims, np.ones(shape))}, coords)
    found["variance"] = found.rho.isel(lag=0)
    found["gain"] = 0.6 * found.variance
    read = predictions(sweep, found, as_linear.by_gains)
    assert np.isnan(read.rho.sel(n=3, forget=1)).all()
    assert np.isfinite(read.rho.sel(n=3, forget=0)).all()
    net = sweep.sel(forget=0, seed=1, stage=1)
    tau = np.maximum(net.raw_timescale.values, 1)
    step = 0.6 * (np.eye(5) - np.diag(1 / tau) + net.recurrent.values / tau[:, None])
    drive = 0.6 * net.input_weight.values / tau
    covariance = sum(
        0.25 * np.outer(echo, echo)
        for echo in (np.linalg.matrix_power(step, k) @ drive for k in range(400))
    )
    np.testing.assert_allclose(read.variance.sel(n=3, forget=0, seed=1), np.diag(covariance))
    one = np.diag(step @ covariance) / np.diag(covariance)
    np.testing.assert_allclose(read.rho.sel(n=3, forget=0, seed=1, lag=1), one)
    moved = moves(sweep, 3)
    assert np.isnan(moved.sel(forget=1)).all()
    weights = [net[name].values for name in ("recurrent", "input_weight", "bias")]
    assert moved.sel(forget=0, seed=1).item() == gains.relative_move(*weights, tau)


def test_correlations_over_units_of_each_net():
    measured = xarray.DataArray([[1.0, 2, 3, 4], [np.nan] * 4, [4, 3, 2, 1]], dims=("net", "unit"))
    predicted = xarray.DataArray([[2.0, 4, 6, 8], [1, 2, 3, 4], [np.nan] * 4], dims=("net", "unit"))
    found = correlations(measured, predicted)
    assert found.dims == ("net",)
    np.testing.assert_allclose(found, [1, np.nan, 0])
    assert stages.NAMES[stages.SINGLE] == "single-head"


def test_a_bootstrap_over_seeds_is_as_wide_as_the_mean_s_standard_error():
    """The vertex of a mean of parabolas of one width is the mean of their vertices."""
    at = 7 + np.array([-1.2, -0.5, -0.1, 0.0, 0.2, 0.6, 1.0, 0.0])
    n = np.arange(2, 17)
    tau = xarray.DataArray(
        (1.4 + 0.01 * (n - at[:, None]) ** 2)[None],
        {"units": [32], "seed": range(8), "n": n},
        ("units", "seed", "n"),
    )
    found = turns.turns(tau)
    assert found.value[0] == pytest.approx(at.mean())
    interval = found.interval(found.value[0], found.drawn[:, 0], "vertex")
    error = at.std(ddof=1) / len(at) ** 0.5
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_runs_are_capped_at_the_epochs_they_may_take(store):
    evidence = Evidence(store, "quick")
    for name in ("rnn_timescales.parity", "rnn_timescales.dms"):
        base = evidence.find(name).base
        assert stages.cap_of(evidence, name) == base.steps / base.log_every > 50


def test_every_damage_is_read_beside_units_at_random():
    """Accuracy as a share of the intact net's above chance, by side and at random."""
    coords = {"side": ["short", "long"], "forget": [1, 0], "n": [8], "seed": [0]}
    accuracy = np.array([[0.6, 0.7], [0.8, 0.9]])  # (side, forget)
    dims = ("side", "forget", "n", "seed", "rank")
    intact = (("forget", "n", "seed"), np.full((2, 1, 1), 0.9))

    def removed(values):
        shape = np.broadcast_to(values[:, :, None, None, None], (2, 2, 1, 1, 3))
        return xarray.Dataset({"accuracy": (dims, shape), "intact": intact}, coords)

    kinds = by_kind((removed(accuracy), removed(np.array([[0.5, 0.7], [0.7, 0.7]]))))
    np.testing.assert_allclose(kinds["short"].squeeze(), [0.25, 0.5])
    np.testing.assert_allclose(kinds["long"].squeeze(), [0.75, 1.0])
    np.testing.assert_allclose(kinds["random"].squeeze(), [0.25, 0.5])


def test_units_at_the_floor_are_seen_at_log_points_and_by_n():
    raw = np.array([0.5, 1.0, 1.1, 2.0])
    made = sweep(np.full((2, 1, 1), 200), np.tile(raw, (2, 1, 1, 1)))
    made["timescale"] = (
        ("forget", "seed", "step", "unit"),
        np.maximum(raw, 1) + np.zeros((2, 1, 3, 4)),
    )
    found = floors(made)
    np.testing.assert_array_equal(found.share, 0.5)
    np.testing.assert_array_equal(found.at_floor.values[0, 0, 0], [True, True, False, False])


def test_the_example_is_the_first_net_that_reached_every_n():
    variance = np.ones((3, 4, 2))  # (n, seed, unit)
    variance[2, 0, 1] = variance[0, 1, 0] = np.nan
    found = xarray.Dataset({"variance": (("n", "seed", "unit"), variance)}, {"seed": [3, 5, 7, 9]})
    assert first_seed(found) == 7 and first_seed(found.isel(n=[0])) == 3
