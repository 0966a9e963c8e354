"""Sizes and members of a batch that lets finished runs go."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sims.engine.compaction import fitting, put, take, travellers


@given(devices=st.integers(1, 4), width=st.integers(1, 40), share=st.floats(0, 1))
def test_sizes_are_halves_in_whole_devices_that_fit(devices, width, share):
    batch_size = devices * width
    going = round(share * batch_size)
    size = fitting(batch_size, going, devices)
    assert max(going, devices) <= size <= batch_size and size % devices == 0
    ladder = {batch_size}
    while (half := -(-min(ladder) // 2 // devices) * devices) < min(ladder):
        ladder.add(half)
    assert size in ladder
    assert not any(going <= other < size for other in ladder if other >= max(going, 1))


def test_all_that_travels_is_taken_and_put_back():
    travels = np.array([False, True, False, True, True, False])
    members = travellers(travels, 4)
    assert set(np.flatnonzero(travels)) <= set(members) and len(set(members)) == 4
    whole = {"x": np.arange(12.0).reshape(6, 2)}
    import jax.numpy as jnp

    arrays = {"x": jnp.asarray(whole["x"])}
    part = take(arrays, members)
    np.testing.assert_array_equal(part["x"], whole["x"][members])
    back = put(arrays, members, {"x": -part["x"]})["x"]
    sign = np.where(np.isin(np.arange(6), members), -1.0, 1.0)[:, None]
    np.testing.assert_array_equal(back, sign * whole["x"])
