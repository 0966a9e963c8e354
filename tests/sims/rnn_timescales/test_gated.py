"""Gated nets: flax's cells are the equations we cite, and curricula are data for them too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.engine.execute import run
from sims.engine.results import load
from sims.engine.sweep import Sweep
from sims.rnn_timescales.gated import CELLS, GatedCurriculum, initial_net, last_activity

UNITS, TIME, SEQUENCES = 5, 9, 4


def logistic(x):
    return 1 / (1 + np.exp(-x))


def recursion(kind, parameters, inputs):
    """The module's equations in NumPy, float64, over inputs (time, sequence)."""

    def dense(name, values):
        part = parameters[name]
        return values @ np.float64(part["kernel"]) + np.float64(part.get("bias", 0))

    h = c = np.zeros((inputs.shape[1], UNITS))
    for x in inputs[..., None]:
        if kind == "gru":
            r, z = (logistic(dense(f"i{g}", x) + dense(f"h{g}", h)) for g in "rz")
            h = (1 - z) * np.tanh(dense("in", x) + r * dense("hn", h)) + z * h
        else:
            i, f, g, o = (dense(f"i{g}", x) + dense(f"h{g}", h) for g in "ifgo")
            c = logistic(f) * c + logistic(i) * np.tanh(g)
            h = logistic(o) * np.tanh(c)
    return h


@pytest.mark.parametrize("dtype, near", [("float32", 1e-6), ("float64", 1e-14)])
@pytest.mark.parametrize("kind", CELLS)
def test_cells_are_the_equations_over_the_last_bits(kind, dtype, near):
    """Batched and compiled; each net reads a length of its own from right-aligned streams."""
    bits = np.random.default_rng(0).integers(0, 2, (TIME, SEQUENCES))
    lengths = [3, 6, 9]
    with jax.enable_x64(dtype == "float64"):
        keys = jax.random.split(jax.random.key(0), 3)
        nets = jax.vmap(lambda key: initial_net(key, kind, UNITS, 2))(keys)
        cells = jax.tree.map(lambda leaf: leaf.astype(dtype), nets.cell)
        stream = jnp.asarray(bits, dtype)
        read = jax.jit(jax.vmap(lambda p, n: last_activity(kind, p, UNITS, stream, n)))
        found = read(cells, jnp.asarray(lengths, "int32"))
        assert found.dtype == dtype
        found = np.asarray(found)
        cells = jax.tree.map(np.asarray, cells)
    for net, length in enumerate(lengths):
        parameters = jax.tree.map(lambda leaf, net=net: leaf[net], cells)
        expected = recursion(kind, parameters, 2.0 * bits[TIME - length :] - 1)
        np.testing.assert_allclose(found[net], expected, atol=near)
    assert np.abs(found[0] - found[1]).max() > 1e-3


@pytest.mark.parametrize("kind", CELLS)
def test_parameters_start_within_pytorchs_bound(kind):
    leaves = jax.tree.leaves(initial_net(jax.random.key(1), kind, 64, 3))
    largest = max(float(jnp.abs(leaf).max()) for leaf in leaves)
    assert 0.99 / 8 < largest <= 1 / 8
    assert all(leaf.dtype == "float32" and (leaf != 0).all() for leaf in leaves)


@pytest.mark.parametrize("kind", CELLS)
def test_both_curricula_share_a_program_and_solve_small_n(kind, store):
    settings = dict(units=16, sequences=32, last=3, steps=800, log_every=100, learning_rate=1e-2)
    sweep = Sweep(GatedCurriculum(cell=kind, test_batches=5, **settings), {"forget": [1, 0]}, 1)
    assert run([sweep], store, quiet=True).compilations == 1
    data = load(store, sweep)
    assert (data.kept.isel(stage=0) > 0).all()
    lists = data.list_start.where(data.kept > 0)
    assert set(lists.isel(stage=0).values.ravel()) == {2.0}
    assert (data.smallest.sel(forget=0) == 2).all() and data.smallest.sel(forget=1).max() == 3
