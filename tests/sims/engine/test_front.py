"""What a script sees: run, load, back to the experiment and its nets, and runs that go on."""

import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import sims
from sims.engine import front, plan
from sims.engine.errors import Incomplete, UserError
from sims.engine.execute import run as execute
from sims.engine.results import load as load_sweep
from sims.engine.store import Store
from sims.engine.sweep import Start, Sweep
from tests.sims.engine.toy import Quadratic, QuadraticAlone, Staged

ROOT = Path(__file__).parents[3]


class Decay(sims.Experiment):
    """x falls by `rate` a step; with momentum in the state, a key, an integer and two shapes."""

    dims = {"x": ("coordinate",)}
    size: int = sims.static(default=2, help="coordinates", ge=1)
    rate: float = sims.traced(default=0.5, help="per step", gt=0, lt=1)

    def init(self, key):
        return {
            "x": jnp.ones(self.size),
            "key": key,
            "count": 0,
            "half": jnp.ones((2, 3), "bfloat16"),
        }

    def step(self, state, key):
        x = state["x"] * (1 - self.rate)
        return {**state, "x": x, "count": state["count"] + 1}, {"loss": x @ x}

    def observe(self, state, key):
        return {"x": state["x"]}


class Once(sims.Experiment):
    """No steps: what it observes of its first state is all."""

    dims = {"y": ("coordinate",)}
    steps: int = sims.static(default=0, help="number of steps", ge=0)
    scale: float = sims.traced(default=1.0, help="of the numbers", gt=0)

    def init(self, key):
        return sims.draw(jax.random.normal, key, (3,))

    def observe(self, state, key):
        return {"y": self.scale * state}


@pytest.fixture
def call(tmp_path):
    def run(what, **more):
        return sims.run(what, results=tmp_path / "results", quiet=True, **more)

    return run


def test_the_front_door_offers_what_it_lists():
    assert all(hasattr(sims, name) for name in sims.__all__)
    assert all(f" {name}" in sims.__doc__ or f"{name}," in sims.__doc__ for name in sims.__all__)
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        sims.runn  # noqa: B018


def test_importing_sims_loads_nothing_heavy():
    code = "import sims, sys; assert not {'jax', 'numpy', 'xarray'} & set(sys.modules), 'heavy'"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_anything_may_vary(call):
    data = call(Decay(steps=4, log_every=2), rate=[0.25, 0.5], seeds=3)
    assert data.loss.dims == ("rate", "seed", "step")
    np.testing.assert_allclose(data.x.sel(rate=0.25).isel(step=-1), 0.75**4, rtol=1e-6)
    sweep = Sweep(Decay(steps=4, log_every=2), {"rate": (0.25, 0.5)}, 3)
    np.testing.assert_array_equal(call(sweep).x, data.x)
    one = call(sweep, rate=0.5, seeds=1)
    assert one.x.dims == ("seed", "step", "coordinate") and one.attrs["rate"] == 0.5


def test_what_is_loaded_is_what_was_run(call, tmp_path):
    what = Decay(steps=4, log_every=2)
    with pytest.raises(UserError, match="there is no results folder"):
        sims.load(what, results=tmp_path / "results")
    assert not (tmp_path / "results").exists()
    call(what)
    np.testing.assert_array_equal(sims.load(what, results=tmp_path / "results").x, call(what).x)
    with pytest.raises(UserError, match="did you mean 'results'"):
        sims.load(what, results=tmp_path / "result")
    with pytest.raises(
        Incomplete, match="2 of 3 runs of .*Decay are not in .*sims.run with the same"
    ):
        sims.load(what, seeds=3, results=tmp_path / "results")


def test_a_named_sweep_that_is_missing_says_what_computes_it(tmp_path):
    Store(tmp_path / "results")
    with pytest.raises(Incomplete) as caught:
        sims.load(
            "icl_regression.training_h2",
            preset="smoke",
            seeds=3,
            learning_rate=[0.01, 0.1],
            noise_variance=0.0,
            results=tmp_path / "results",
        )
    assert (
        "python -m sims run icl_regression.training_h2 --preset smoke --seeds 3 "
        "--set learning_rate=0.01,0.1 noise_variance=0.0" in str(caught.value)
    )


def test_what_reads_a_sweep_is_said_in_python():
    settings = {"rate": (0.1, 0.2), "size": 3}
    line = front.in_words("paper.sweep", "paper", 4, settings, "python")
    assert line == "load('paper.sweep', preset='paper', seeds=4, rate=[0.1, 0.2], size=3)"


def test_results_lead_back_to_their_experiment(call):
    data = call(Decay(steps=4, log_every=2, size=3), rate=[0.25, 0.5])
    assert sims.experiment_of(data.sel(rate=0.25)) == Decay(steps=4, log_every=2, size=3, rate=0.25)
    with pytest.raises(UserError, match="no experiment is named in these data"):
        sims.experiment_of(data.drop_attrs())


def test_final_states_are_kept_whole_and_read_back(call):
    plain = call(Decay(steps=4, log_every=2), rate=[0.25, 0.5], seeds=2)
    assert not [name for name in plain.data_vars if str(name).startswith("state")]
    with pytest.raises(UserError, match="files no final states: expected keep_state=True"):
        sims.state_of(plain)
    data = call(Decay(steps=4, log_every=2, keep_state=True), rate=[0.25, 0.5], seeds=2)
    state = sims.state_of(data)
    np.testing.assert_array_equal(state["x"], data.x.isel(step=-1))
    assert state["count"].tolist() == [[4, 4], [4, 4]] and state["count"].dtype == "int32"
    assert state["half"].dtype == jnp.bfloat16 and state["half"].shape == (2, 2, 2, 3)
    assert jax.dtypes.issubdtype(state["key"].dtype, jax.dtypes.prng_key)
    draws = jax.vmap(lambda key: jax.random.normal(key))(state["key"].ravel())
    assert len(set(draws.tolist())) == 2, "the key is the seed's, whatever the rate"


def test_states_of_several_shapes_are_selected_first(call):
    what = Decay(steps=2, log_every=2, keep_state=True)
    data = call(what, size=[2, 3])
    with pytest.raises(UserError, match="expected data of one value of each, as data.sel.size=2"):
        sims.state_of(data)
    for size in (2, 3):
        state = sims.state_of(data.sel(size=size))
        np.testing.assert_array_equal(state["x"], np.full((1, size), 0.25))
        assert state["count"].dtype == "int32"


@pytest.mark.parametrize("together", [1, 3])
def test_one_function_over_all_nets_keeps_the_axes(call, together):
    data = call(Decay(steps=4, log_every=2, keep_state=True), rate=[0.25, 0.5], seeds=3)

    def function(state, offset):
        return {"sum": state["x"].sum() + offset, "both": state["x"]}

    offset = np.arange(6.0).reshape(2, 3)
    found = sims.over_runs(
        function, data, sims.state_of(data), offset, dims={"both": ("i",)}, together=together
    )
    assert found["sum"].dims == ("rate", "seed") and found.both.dims == ("rate", "seed", "i")
    np.testing.assert_allclose(found["sum"], data.x.isel(step=-1).sum("coordinate") + offset)
    assert found.rate.values.tolist() == [0.25, 0.5]


def test_a_run_goes_on_from_another_s_final_state(store):
    """4 + 4 steps are 8 steps, per rate and seed; and the other run is part of the name."""
    first = Sweep(Decay(steps=4, log_every=2, keep_state=True), {"rate": (0.25, 0.5)}, 2)
    then = Sweep(Decay(steps=4, log_every=2), {"rate": (0.25, 0.5)}, 2, Start(first))
    report = execute([then], store, quiet=True)
    assert report.computed == 4
    whole = Sweep(Decay(steps=8, log_every=2), {"rate": (0.25, 0.5)}, 2)
    execute([whole], store, quiet=True)
    ends = [load_sweep(store, sweep).x.isel(step=-1) for sweep in (then, whole)]
    np.testing.assert_allclose(*ends, rtol=1e-6)
    elsewhere = Sweep(first.base, {"rate": (0.25, 0.5)}, 2)
    longer = Sweep(Decay(steps=6, log_every=2, keep_state=True), first.axes, 2)
    names = {
        Sweep(then.base, then.axes, 2, start).id for start in (None, Start(first), Start(longer))
    }
    assert len(names) == 3 and elsewhere.id == first.id


class Again(Staged):
    """Starts at what a stage kept."""

    def begin(self, key, start):
        return start["at"], self._optimiser().init(start["at"])


def test_a_run_starts_from_a_stage_of_another(store):
    rates = {"learning_rate": (0.2, 0.4)}
    origin = Sweep(Staged(steps=100, log_every=5), rates, 2)
    then = Sweep(Again(steps=10, log_every=5), rates, 2, Start(origin, 1))
    execute([then], store, quiet=True)
    kept = load_sweep(store, origin).at.isel(stage=1)
    found = load_sweep(store, then).x.isel(step=0)
    np.testing.assert_array_equal(found, kept.transpose(*found.dims))


@pytest.mark.parametrize(
    "sweep, message",
    [
        (lambda: Sweep(Decay(), start=Start(Sweep(Decay()))), "files no final state to start from"),
        (
            lambda: Sweep(Again(), start=Start(Sweep(Staged()), 7)),
            "stage = 7: expected one of the 3 stages",
        ),
        (
            lambda: Sweep(Once(), start=Start(Sweep(Decay(keep_state=True), {"rate": (0.1, 0.2)}))),
            "have no setting rate",
        ),
    ],
)
def test_a_start_that_is_not_there_is_one_line(sweep, message):
    with pytest.raises(UserError, match=message) as caught:
        sweep()
    assert "\n" not in str(caught.value)


def test_an_evaluation_needs_no_loop(call):
    data = call(Once(), scale=[1.0, 2.0], seeds=2)
    assert data.y.dims == ("scale", "seed", "step", "coordinate") and data.sizes["step"] == 1
    np.testing.assert_array_equal(data.y.sel(scale=2.0), 2 * data.y.sel(scale=1.0))
    assert (data.ended == 0).all()


def test_why_something_is_computed_again_is_said(store, capsys, monkeypatch):
    sweep = Sweep(Decay(steps=4, log_every=2))
    execute([sweep], store)
    assert "again" not in capsys.readouterr().err
    monkeypatch.setattr(
        "sims.engine.sources._installed", lambda top: "jax 99" if top == "jax" else None
    )
    execute([sweep], store)
    assert (
        "Decay is computed again: jax 0" in (err := capsys.readouterr().err) and "now jax 99" in err
    )


def test_a_run_alone_goes_on_with_more_or_fewer_cores(store, monkeypatch):
    """Interrupted on two devices, resumed on one: from the same step, and nothing is left over."""
    base = QuadraticAlone(steps=40, log_every=10, noise=0.1)
    sweep = Sweep(base, seeds=2)
    group = plan.plan([sweep])[0]
    runs = sweep.runs()
    stop = iter([False] * (2 if len(jax.devices()) > 1 else 1) + [True])
    monkeypatch.setattr("sims.engine.interrupt.requested", lambda: next(stop))
    with pytest.raises(Incomplete, match="interrupted at step"):
        execute([sweep], store, quiet=True)
    monkeypatch.undo()
    alone = plan.Group(group.name, group.runs, 1)
    folders = alone.folders(store, runs)
    assert any(plan.latest(folder) > 0 for folder in folders)
    assert [run.id for run in alone.batches(store)[0]] == [
        max(runs, key=lambda run: plan.latest(alone.folders(store, [run])[0])).id
    ]
    execute([sweep], store, quiet=True)
    assert not any(folder.exists() for folder in folders)
    fresh = Store(store.root.parent / "fresh")
    execute([sweep], fresh, quiet=True)
    np.testing.assert_array_equal(load_sweep(store, sweep).x, load_sweep(fresh, sweep).x)


def test_quadratic_is_still_known_by_its_name():
    assert sims.Sweep(Quadratic()).name == "tests.Quadratic"
