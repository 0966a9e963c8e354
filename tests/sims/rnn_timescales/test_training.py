"""Curricula as data: head lists, what is kept, and that company changes nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.engine.errors import UserError
from sims.engine.execute import run
from sims.engine.program import compile_program, stack
from sims.engine.results import load
from sims.engine.sweep import Sweep
from sims.rnn_timescales.training import Curriculum

SMALL = dict(units=8, sequences=16, log_every=20, test_batches=4)


@pytest.mark.parametrize(
    "settings, lists",
    [
        ({"forget": 1}, [(2, 2), (3, 3), (4, 4), (5, 5)]),
        ({"forget": 0}, [(2, 2), (2, 3), (2, 4), (2, 5)]),
        ({"window": 2, "forget": 2, "add": 2, "last": 7}, [(2, 3), (4, 5), (6, 7)]),
        ({"window": 4, "forget": 0}, [(2, 5)]),
        ({"first": 4, "add": 0}, [(4, 4)]),
    ],
)
def test_the_head_list_moves_as_the_curriculum_says(settings, lists):
    experiment = Curriculum(**{"last": 5, "steps": 20, **SMALL, **settings})
    state = experiment.init(jax.random.key(0))
    right = jnp.ones(experiment.heads)
    for place, (smallest, largest) in enumerate(lists):
        assert (int(state.smallest), int(state.largest)) == (smallest, largest)
        active = jnp.arange(experiment.heads) <= largest - smallest
        for wrong in (0, largest - smallest):  # one head below, then the newest one
            observed = {"accuracy": jnp.where(active, right, 0).at[wrong].set(0.5)}
            same, done = experiment.advance(state, observed)
            assert not done and int(same.largest) == largest
            assert int(experiment.keep(state, observed)[0]) == -1
        observed = {"accuracy": jnp.where(active, right, 0)}
        stage, kept = experiment.keep(state, observed)
        assert int(stage) == largest - 2 and int(kept["list_start"]) == smallest
        state, done = experiment.advance(state, observed)
        assert bool(done) == (place == len(lists) - 1)


def test_a_list_beyond_the_last_n_is_refused():
    with pytest.raises(UserError, match="asks for N = 7, above last = 5; the nearest valid window"):
        Curriculum(first=2, window=6, last=5)


def test_all_curricula_and_time_constants_share_one_program(store):
    axes = {"forget": [0, 1], "window": [1, 2], "lowest": [1.0, 2.0], "timescale_rate": [0.0, 1.0]}
    sweep = Sweep(Curriculum(last=4, steps=40, **SMALL), axes, 1)
    assert run([sweep], store, quiet=True).compilations == 1
    data = load(store, sweep)
    moved = np.abs(data.timescale.isel(step=-1) - data.timescale.isel(step=0)).max("unit")
    assert (moved.sel(timescale_rate=0.0) == 0).all()
    assert (moved.sel(timescale_rate=1.0) > 0).all()
    assert set(data.largest.isel(step=0).sel(window=2).values.ravel()) == {3}


def weights(*first):
    """W after 20 steps of one net per device, for each smallest N in `first`, seed 3."""
    experiments = [Curriculum(last=6, steps=20, first=n, **SMALL) for n in first]
    experiments = [experiment for experiment in experiments for _ in jax.devices()]
    program = compile_program(experiments[0], len(experiments))
    batch = program.place(stack([(experiment, 3) for experiment in experiments]))
    carry, _ = program.chunk(*batch, program.init(*batch, None)[0], np.int32(0))
    return np.asarray(carry.state.net.recurrent)[:: len(jax.devices())]


def test_company_with_longer_streams_changes_nothing(monkeypatch):
    """Where nets are vmapped, as on an accelerator, a batch takes as many steps as its longest:
    every bit the same at equal batch size, and as if alone within round-off."""
    (alone,) = weights(2)
    monkeypatch.setattr("sims.engine.program.on_cpu", lambda: False)
    alike, longer = weights(2, 2), weights(2, 6)
    np.testing.assert_array_equal(alike[0], longer[0])
    assert np.abs(alike[1] - longer[1]).max() > 1e-4
    np.testing.assert_allclose(alike[0], alone, rtol=1e-5, atol=1e-6)


def test_training_solves_small_n_and_keeps_the_nets(store):
    sweep = Sweep(Curriculum(task="dms", last=3, steps=2000, log_every=100), {"forget": [1, 0]}, 2)
    run([sweep], store, quiet=True)
    data = load(store, sweep)
    assert (data.kept > 0).all() and (data.kept.isel(stage=1) > data.kept.isel(stage=0)).all()
    assert (data.ended == data.kept.isel(stage=-1)).all()
    assert data.list_start.sel(forget=1).values.ravel().tolist() == [2, 3, 2, 3]
    assert (data.list_start.sel(forget=0) == 2).all()
    for forget in (0, 1):
        for stage in (0, 1):
            at = data.sel(forget=forget, stage=stage, seed=0)
            tau = data.timescale.sel(forget=forget, seed=0, step=int(at.kept))
            np.testing.assert_array_equal(np.maximum(at.raw_timescale, 1), tau)
    assert float(np.abs(np.diagonal(data.recurrent, axis1=-2, axis2=-1)).max()) == 0
