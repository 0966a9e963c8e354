"""Settings: what is accepted, what is said of the rest, and what counts as structure."""

import jax
import numpy as np
import pytest

from sims.engine.errors import UserError
from sims.engine.experiment import (
    draw,
    named_key,
    parse_setting,
    static,
    traced_names,
    with_settings,
)
from sims.engine.optimisers import optimiser
from sims.engine.sweep import Sweep
from tests.sims.engine.toy import Quadratic


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"size": 0}, r"size = 0: expected an integer >= 1; the nearest valid value is 1"),
        ({"size": 2.5}, r"size = 2.5: expected an integer >= 1"),
        ({"learning_rate": "abc"}, r"learning_rate = abc: expected a number > 0"),
        ({"learning_rate": 0.0}, r"learning_rate = 0.0: expected a number > 0"),
        ({"learning_rate": float("nan")}, r"learning_rate = nan: expected a number > 0"),
        ({"final_fraction": 2}, r"expected a number >= 0 and <= 1; the nearest valid value is 1"),
        ({"optimiser": "adma"}, r"unknown value of optimiser 'adma'; did you mean 'adam'"),
        ({"steps": 25, "log_every": 10}, r"steps = 25 is no multiple of log_every = 10"),
        ({"learning_rte": 1.0}, r"unknown setting 'learning_rte'; did you mean 'learning_rate'"),
        ({"size": True}, r"size = True: expected an integer"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(settings, message):
    with pytest.raises(UserError, match=message) as caught:
        with_settings(Quadratic(), **settings)
    assert "\n" not in str(caught.value)


def test_text_becomes_the_declared_type():
    assert parse_setting(Quadratic, "size", "7") == 7
    assert parse_setting(Quadratic, "learning_rate", "1e-2") == 0.01
    assert parse_setting(Quadratic, "optimiser", "adam") == "adam"
    with pytest.raises(UserError, match="expected an integer"):
        parse_setting(Quadratic, "size", "7.5")


@pytest.mark.parametrize("axes, seeds", [({"size": ()}, 1), ({"size": (2, 2)}, 1), ({}, 0)])
def test_a_sweep_without_runs_or_with_doubles_is_refused(axes, seeds):
    with pytest.raises(UserError, match="expected"):
        Sweep(Quadratic(), axes, seeds)


def test_structure_is_the_static_settings():
    base = Quadratic()
    same = with_settings(base, learning_rate=0.5, noise=1.0)
    other = with_settings(base, size=4)
    assert jax.tree.structure(base) == jax.tree.structure(same) != jax.tree.structure(other)
    assert len(jax.tree.leaves(base)) == len(traced_names(Quadratic)) == 5


def test_a_batch_of_settings_passes_through_vmap():
    rates = np.asarray([0.1, 0.2], "float32")
    batch = jax.tree.unflatten(jax.tree.structure(Quadratic()), [rates] * 5)
    doubled = jax.vmap(lambda experiment: 2 * experiment.learning_rate)(batch)
    np.testing.assert_array_equal(doubled, 2 * rates)


def test_a_misspelt_limit_is_a_programmer_s_error():
    with pytest.raises(TypeError, match="unknown limits"):
        static(default=1, min=0)


@pytest.mark.parametrize("sampler", [jax.random.normal, jax.random.uniform])
def test_draws_along_one_axis_are_the_same_bits(sampler):
    key = jax.random.key(3, impl="threefry2x32")
    found = jax.vmap(lambda key: draw(sampler, key, (4, 3, 2), "float32"))(key[None])[0]
    np.testing.assert_array_equal(found, sampler(key, (4, 3, 2), "float32"))


def test_names_split_keys():
    key = jax.random.key(0)
    names = ("data", "init", "step")
    assert len({tuple(jax.random.key_data(named_key(key, name)).tolist()) for name in names}) == 3


def test_an_unknown_optimiser_is_named():
    with pytest.raises(ValueError, match="expected one of adam, sgd, nesterov"):
        optimiser("adamw", 0.1, steps=1)
