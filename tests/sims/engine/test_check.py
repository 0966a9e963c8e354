"""What a user's own experiment may get wrong is one line before the first step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims import Experiment, Sweep, static, traced
from sims.engine.check import check, check_sweep
from sims.engine.errors import UserError
from sims.engine.execute import run
from sims.engine.results import load
from sims.engine.rooms import sweeps


class Right(Experiment):
    """Nothing to complain about, Python's numbers included."""

    dims = {"x": ("i",)}
    rate: float = traced(default=0.5, help="rate")

    def init(self, key):
        return {"x": jnp.ones(2), "count": 0}

    def step(self, state, key):
        return {"x": state["x"] * self.rate, "count": state["count"] + 1}, {"loss": 1.0}

    def observe(self, state, key):
        return {"x": state["x"]}


def wrong(**functions):
    """`Right` with other functions."""
    return type("Wrong", (Right,), functions)


class Seeded(Experiment):
    seed: int = static(default=1, help="a seed")


CASES = {
    "nothing observed": (
        {"observe": lambda self, state, key: None},
        "Wrong.observe returns nothing: expected named arrays, {} for none",
    ),
    "no dims": (
        {"observe": lambda self, state, key: {"y": state["x"]}},
        r"Wrong.observe returns y of shape \(2,\) and dims declares \(\)",
    ),
    "a metric called seed": (
        {"step": lambda self, state, key: (state, {"seed": jnp.ones(())})},
        "Wrong.step names an array 'seed', which is a coordinate's name",
    ),
    "a metric called like a setting": (
        {"step": lambda self, state, key: (state, {"rate": jnp.ones(())})},
        "Wrong.step names an array 'rate', which is a setting's name",
    ),
    "one name twice": (
        {"step": lambda self, state, key: (state, {"x": state["x"]})},
        "Wrong has a metric and an observable 'x'",
    ),
    "no metrics": (
        {"step": lambda self, state, key: state},
        r"Wrong.step returns a dict: expected \(state, metrics\)",
    ),
    "a function in the state": (
        {"init": lambda self, key: {"x": jnp.ones(2), "count": jax.nn.relu}},
        r"Wrong.init returns a function at \['count'\]: expected arrays",
    ),
    "nothing in the state": (
        {"init": lambda self, key: {"x": jnp.ones((0,)), "count": 0}},
        r"Wrong.init returns a state with nothing in \['x'\]",
    ),
    "a drifting dtype": (
        {"step": lambda self, state, key: ({**state, "count": state["count"] + 0.5}, {})},
        r"Wrong.step turns the state's \['count'\] from int32\[\] into float32\[\]",
    ),
    "a traced setting in Python's if": (
        {"step": lambda self, state, key: (state if self.rate > 0 else {**state}, {})},
        r"Wrong.step asks for the value of what is traced \(test_check.py:\d+\): expected jnp",
    ),
    "another structure": (
        {"step": lambda self, state, key: ({"x": state["x"]}, {})},
        "Wrong.step returns a state of another structure",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_said_before_anything_is_computed(case, store):
    functions, message = CASES[case]
    with pytest.raises(UserError, match=message) as caught:
        run([Sweep(wrong(**functions)(steps=2, log_every=1))], store, quiet=True)
    assert "\n" not in str(caught.value)
    assert not list(store.root.glob("runs/**/*.nc"))


@pytest.mark.parametrize("name", sweeps())
def test_every_sweep_of_every_room_can_run(name):
    """Its functions are traced as a run's are, settings and all."""
    presets = sweeps()[name]
    check_sweep(presets.get("smoke") or next(iter(presets.values())))


def test_a_setting_with_the_name_of_a_coordinate_is_refused():
    with pytest.raises(UserError, match="Seeded has a setting 'seed'"):
        check(Seeded())


def test_what_is_right_passes_and_python_s_numbers_are_arrays(store):
    sweep = Sweep(Right(steps=4, log_every=2), seeds=2)
    run([sweep], store, quiet=True)
    data = load(store, sweep)
    np.testing.assert_array_equal(data.x.isel(step=-1), np.full((2, 2), 0.5**4))
    assert (data.loss.isel(step=slice(1, None)) == 1).all()


def test_bfloat16_is_filed_as_float32(store):
    half = wrong(observe=lambda self, state, key: {"x": state["x"].astype("bfloat16")})
    sweep = Sweep(half(steps=2, log_every=2))
    run([sweep], store, quiet=True)
    assert load(store, sweep).x.dtype == "float32"
