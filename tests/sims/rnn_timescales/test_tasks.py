"""Streams, lengths and answers of both tasks against brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.rnn_timescales.tasks import (
    fair_bits,
    labels,
    length,
    longest,
    sliding_labels,
    training_bits,
)


def answer(task, bits, n):
    """The definition, on the last n of a list of bits."""
    last = bits[-n:]
    return sum(last) % 2 if task == "parity" else int(last[0] == last[-1])


@pytest.mark.parametrize("task", ["parity", "dms"])
@given(code=st.integers(0, 2**9 - 1))
def test_answers_are_those_of_the_definition(task, code):
    bits = [code >> place & 1 for place in range(9)]
    stream = jnp.asarray(bits, "float32")[:, None]
    found = labels(task, stream, 9)[:, 0].tolist()
    assert found == [answer(task, bits, n) for n in range(2, 10)]
    moving = sliding_labels(task, stream, 9)[:, :, 0]
    assert moving.shape == (9, 8)
    for time in range(9):
        for n in range(2, time + 2):
            assert int(moving[time, n - 2]) == answer(task, bits[: time + 1], n)


def test_the_example_of_the_docstring():
    stream = jnp.asarray([0, 1, 1, 0, 1], "float32")[:, None]
    assert labels("parity", stream, 4)[:, 0].tolist() == [1, 0, 1]
    assert labels("dms", stream, 4)[:, 0].tolist() == [0, 1, 1]


@pytest.mark.parametrize("largest", [2, 5])
def test_lengths_are_uniform_from_n_plus_2_to_4n_plus_1(largest):
    draws = jax.random.uniform(jax.random.key(0), (60_000,), "float32")
    found = np.asarray(jax.vmap(lambda u: length(u, jnp.asarray(largest)))(draws))
    values, counts = np.unique(found, return_counts=True)
    assert values.tolist() == list(range(largest + 2, 4 * largest + 2))
    assert values[-1] == longest(largest)
    share = 1 / (3 * largest)
    error = np.sqrt(share * (1 - share) / len(found))
    assert np.abs(counts / len(found) - share).max() < 4.5 * error


def test_parity_s_streams_differ_in_p_and_dms_s_do_not():
    keys = jax.random.split(jax.random.key(0))
    uniform = jax.random.uniform(keys[0], (400, 2000), "float32")
    chance = jax.random.uniform(keys[1], (2000,), "float32")
    means = {task: training_bits(task, uniform, chance).mean(axis=0) for task in ("parity", "dms")}
    np.testing.assert_allclose(means["parity"], chance, atol=0.13)
    assert float(means["parity"].std()) > 0.27 and float(means["dms"].std()) < 0.04
    assert abs(float(fair_bits(jax.random.key(1), 400, 500).mean()) - 0.5) < 0.005
