"""Analyses on nets whose behaviour is known: a hand-made net that recalls the last bit but one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from sims.rnn_timescales.representation import dimension, moments, probes
from sims.rnn_timescales.retraining import Retraining
from sims.rnn_timescales.robustness import ablation, forgetting, perturbation, resolution
from sims.rnn_timescales.stages import nets
from sims.rnn_timescales.training import Curriculum


@pytest.fixture(scope="module")
def trained():
    """One kept stage, N = 2, of a net that solves 2-DMS by a delay of one and a sum.

    Units: the delay d of x; d' + x and d' + x - 1, which span functions of the sum; one idle.
    """
    experiment = Curriculum(task="dms", last=2, units=4, sequences=16, steps=20, log_every=20)
    recurrent = np.zeros((4, 4), "float32")
    recurrent[1, 0] = recurrent[2, 0] = 1
    arrays = {
        "raw_timescale": np.array([1.0, 1.0, 1.0, 1.5], "float32"),
        "input_weight": np.array([1.0, 1.0, 1.0, 0.0], "float32"),
        "bias": np.array([0.0, 0.0, -1.0, 0.5], "float32"),
        "recurrent": recurrent,
        # the sum s = 0, 1, 2: equal at both ends; s - 2 relu(s - 1) is 0, 1, 0
        "readout": np.array([[[0, 2, -4, 0], [0, 0, 0, 0]]], "float32"),
        "readout_bias": np.array([[-1.0, 0.0]], "float32"),
        "list_start": np.array(2),
    }
    dims = {**Curriculum.dims, "list_start": ()}
    data = xarray.Dataset({name: (dims[name], value) for name, value in arrays.items()})
    data = data.expand_dims(forget=[1, 0], seed=[0, 1]).expand_dims("stage", axis=2)
    data = data.assign_coords(diverged=(("forget", "seed"), np.full((2, 2), -1)))
    where = f"{Curriculum.__module__}:{Curriculum.__name__}"
    attrs = {name: getattr(experiment, name) for name in vars(experiment)}
    return data.assign_attrs(attrs, **{"class": where})


def test_a_stage_that_was_never_kept_is_said(trained):
    with pytest.raises(ValueError, match="no stage N = 3: the sweep asks for N = 2 .. 2"):
        nets(trained, 3)


def test_the_net_is_right_and_each_damage_shows(trained):
    assert (forgetting(trained, stages=[2]).accuracy.sel(asked=2) == 1).all()
    found = ablation(trained, stages=[2], removed=1)
    assert (found.intact == 1).all()
    assert (found.accuracy.sel(side="short") < 0.8).all()  # the delay
    assert (found.accuracy.sel(side="long") == 1).all()  # the idle unit
    moved = perturbation(trained, stages=[2], strengths=[0.0, 3.0], what="recurrent", draws=4)
    assert (moved.accuracy.sel(strength=0.0) == 1).all()
    assert (moved.accuracy.sel(strength=3.0) < 0.9).all()
    longer = perturbation(trained, stages=[2], strengths=[2.0], what="timescale", draws=4)
    assert (longer.accuracy < 0.9).all()
    with pytest.raises(KeyError):
        perturbation(trained, stages=[2], strengths=[1.0], what="bias")


def test_probes_read_what_is_there_and_nothing_else(trained):
    right = probes(trained, stages=[2])
    assert (right.accuracy.sel(asked=2) > 0.99).all()
    assert (np.abs(right.accuracy.sel(asked=3) - 0.5) < 0.05).all()
    null = probes(trained, stages=[2], shuffled=True)
    assert (np.abs(null.accuracy - 0.5) < 0.05).all()


def test_moments_of_a_delay_line(trained):
    found = moments(trained, stages=[2], trials=3, steps=4000, task="dms")
    np.testing.assert_allclose(found.variance.isel(unit=0), 0.25, atol=0.01)
    np.testing.assert_allclose(found.gain.isel(unit=0), 0.505, atol=0.03)
    assert (np.abs(found.rho.sel(lag=1).isel(unit=0)) < 0.05).all()
    assert (found.variance.isel(unit=3) < 1e-10).all()


def test_dimension_counts_all_but_the_last_component_needed():
    """Ten equal components: nine explain 90 %, the authors' index, at most."""
    states = jnp.asarray(np.linalg.qr(np.random.default_rng(0).normal(size=(400, 10)))[0])
    assert int(dimension(states - states.mean(axis=0))) in (8, 9)
    line = jnp.outer(jnp.arange(100.0), jnp.ones(5))
    assert int(dimension(line + 1e-3 * jax.random.normal(jax.random.key(0), line.shape))) == 0


def test_retraining_keeps_what_a_net_can(trained):
    """From the net that solves N = 2: an epoch of that keeps it, one of N = 3 is not enough."""
    kept = trained.isel(stage=0, forget=0, seed=0)
    names = ("raw_timescale", "input_weight", "bias", "recurrent", "readout", "readout_bias")
    start = {name: jnp.asarray(kept[name].values) for name in (*names, "list_start")}
    for target, low, high in ((2, 0.95, 1.0), (3, 0.0, 0.9)):
        again = Retraining(
            origin=2, target=target, task="dms", last=3, units=4, sequences=16, steps=20,
            log_every=20,
        )  # fmt: skip
        state = again.begin(jax.random.key(0), start)
        first = again.observe(state, jax.random.key(1))["accuracy"]
        assert (first[0] == 1.0) == (target == 2)
        state, _ = jax.lax.scan(again.step, state, jax.random.split(jax.random.key(2), 20))
        accuracy = again.observe(state, jax.random.key(3))["accuracy"]
        assert low <= accuracy[0] <= high and accuracy.shape == (2,) and accuracy[1] == 0
        assert not again.advance(state, {"accuracy": accuracy})[1]


def test_a_retrained_net_reads_n_with_the_head_that_read_it():
    """Multi-head: the head of N = `origin` is the one at its place in the list."""
    start = {
        "raw_timescale": jnp.ones(4),
        "input_weight": jnp.ones(4),
        "bias": jnp.zeros(4),
        "recurrent": jnp.zeros((4, 4)),
        "readout": jnp.arange(3.0)[:, None, None] * jnp.ones((3, 2, 4)),
        "readout_bias": jnp.arange(3.0)[:, None] * jnp.ones((3, 2)),
        "list_start": jnp.asarray(2),
    }
    again = Retraining(origin=3, target=4, last=6, units=4)
    net = again.begin(jax.random.key(0), start).net
    assert net.readout.shape == (5, 2, 4) and (net.readout == 1).all()
    assert (net.readout_bias == 1).all()
    late = again.begin(jax.random.key(0), {**start, "list_start": jnp.asarray(3)}).net
    assert (late.readout == 0).all()


def test_a_delay_of_bits_does_not_survive_another_resolution(trained):
    found = resolution(trained, stages=[2], holds=[1, 20])
    assert (found.accuracy.sel(hold=1) == 1).all()
    assert (found.accuracy.sel(hold=20) < 0.9).all()
