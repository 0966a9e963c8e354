"""What the engine promises of a run, held against closed forms."""

import errno
import json

import jax
import numpy as np
import pytest

from sims.engine import drive, execute, plan
from sims.engine import forecast as forecasting
from sims.engine import store as store_module
from sims.engine.errors import Incomplete, UserError
from sims.engine.execute import run
from sims.engine.forecast import forecast
from sims.engine.results import load
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from tests.sims.engine import toy
from tests.sims.engine.toy import Patient, Quadratic, Quadratic64, QuadraticAlone

QUICK = dict(quiet=True)


def test_every_traced_setting_follows_its_closed_form(store):
    """Rate, schedule and momentum are data: each run ends where the recursion says."""
    axes = {"learning_rate": (0.05, 0.3), "final_fraction": (0.1, 1.0), "momentum": (0.0, 0.8)}
    sweep = Sweep(Quadratic(steps=60, log_every=20), axes, seeds=2)
    report = run([sweep], store, **QUICK)
    data = load(store, sweep)
    assert report.compilations == 1 and report.computed == 16
    for rate in axes["learning_rate"]:
        for final in axes["final_fraction"]:
            for momentum in axes["momentum"]:
                at = data.sel(learning_rate=rate, final_fraction=final, momentum=momentum)
                x = at.x.isel(step=0).values.astype("float64")
                velocity = np.zeros_like(x)
                for t in range(60):
                    lr = rate * ((1 - final) * (1 + np.cos(np.pi * t / 60)) / 2 + final)
                    velocity = momentum * velocity + x
                    x = x - lr * velocity
                np.testing.assert_allclose(at.x.isel(step=-1), x, rtol=2e-4, atol=2e-6)


def test_sixty_four_settings_compile_once(store):
    """8 seeds x 8 learning rates: one program, and the step is traced as often as for one run."""
    rates = tuple(0.01 * (1 + i) for i in range(8))
    toy.TRACES.clear()
    one = run([Sweep(Quadratic(size=5, steps=10, log_every=5))], store, **QUICK)
    alone = len(toy.TRACES)
    toy.TRACES.clear()
    base = Quadratic(size=6, steps=10, log_every=5)
    many = run([Sweep(base, {"learning_rate": rates}, seeds=8)], store, **QUICK)
    assert (one.compilations, many.compilations, many.computed) == (1, 1, 64)
    assert len(toy.TRACES) == alone


def test_only_what_is_missing_is_computed(store):
    base = Quadratic(steps=20, log_every=10)
    first = run([Sweep(base, {"learning_rate": (0.1, 0.2)}, seeds=2)], store, **QUICK)
    again = run([Sweep(base, {"learning_rate": (0.1, 0.2)}, seeds=2)], store, **QUICK)
    wider = run([Sweep(base, {"learning_rate": (0.2, 0.3)}, seeds=3)], store, **QUICK)
    assert (first.computed, again.computed, wider.computed) == (4, 0, 4)
    assert again.compilations == 0


def test_divergence_is_recorded_and_stays_at_home(store, tmp_path):
    """The step at which x^2 first overflows is exact, and neighbours keep every bit."""
    base = Quadratic(steps=200, log_every=20, noise=0.05)
    mixed = Sweep(base, {"learning_rate": (0.1, 4.0)}, seeds=2)
    tame = Sweep(base, {"learning_rate": (0.1, 0.2)}, seeds=2)
    other = Store(tmp_path / "other")
    report = run([mixed], store, **QUICK)
    assert not run([tame], other, **QUICK).diverged
    wild, calm = load(store, mixed), load(other, tame)
    np.testing.assert_array_equal(wild.x.sel(learning_rate=0.1), calm.x.sel(learning_rate=0.1))
    assert sorted(one.seed for one, _ in report.diverged) == [0, 1]
    quiet = Sweep(Quadratic(steps=200, log_every=1, learning_rate=4.0, noise=0.05), seeds=2)
    run([quiet], store, **QUICK)
    loss = load(store, quiet).loss
    for (_, step), seed in zip(report.diverged, (0, 1), strict=True):
        assert np.isfinite(loss.sel(seed=seed, step=slice(1, step - 1))).all()
        assert not np.isfinite(loss.sel(seed=seed, step=step))
    assert not report.unexpected


def test_a_result_depends_on_nothing_but_its_run(store, tmp_path):
    """Bit for bit at equal batch size, whatever the slot; within rounding at another size."""
    base = Quadratic(steps=1000, log_every=500, noise=0.1, optimiser="adam", momentum=0.9, size=37)
    whole = Sweep(base, {"learning_rate": (0.01, 0.02)}, seeds=32)
    run([whole], store, **QUICK)
    together = load(store, whole).x.sel(learning_rate=0.02, seed=5)
    swapped = Sweep(base, {"learning_rate": (0.02, 0.03)}, seeds=32)
    elsewhere = Store(tmp_path / "swapped")
    run([swapped], elsewhere, **QUICK)
    np.testing.assert_array_equal(
        together, load(elsewhere, swapped).x.sel(learning_rate=0.02, seed=5)
    )
    single = Store(tmp_path / "single")
    alone = Sweep(Quadratic(**{**vars(base), "learning_rate": 0.02}), seeds=6)
    run([alone], single, **QUICK)
    apart = np.abs(together - load(single, alone).x.sel(seed=5)).max()
    assert apart <= 1e-4 * np.abs(together).max()


def test_runs_alone_on_a_device_are_those_of_a_batch(store):
    settings = dict(steps=20, log_every=10, noise=0.1, size=5)
    rates = {"learning_rate": (0.1, 0.3)}
    together, alone = (
        Sweep(kind(**settings), rates, seeds=3) for kind in (Quadratic, QuadraticAlone)
    )
    assert [group.batch_size for group in plan.plan([alone])] == [len(jax.devices())]
    report = run([together, alone], store, **QUICK)
    assert report.compilations == 2 and report.computed == 12
    found = [load(store, sweep).x.values for sweep in (together, alone)]
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_a_run_that_asks_to_stop_ends_there_alone(store):
    sweep = Sweep(Patient(steps=200, log_every=10), {"learning_rate": (0.05, 0.2, 0.4)}, seeds=2)
    run([sweep], store, **QUICK)
    data = load(store, sweep)
    size = np.abs(data.x).max("coordinate")
    for rate in sweep.axes["learning_rate"]:
        for seed in range(2):
            at = dict(learning_rate=rate, seed=seed)
            end = int(data.ended.sel(**at))
            assert (size.sel(**at, step=slice(10, end - 10)) >= 1e-3).all()
            assert size.sel(**at, step=end) < 1e-3
            assert (data.x.sel(**at, step=slice(end, None)) == data.x.sel(**at, step=end)).all()


def test_stages_are_kept_with_the_step_at_which_they_were(store):
    sweep = toy.staged()
    run([sweep], store, **QUICK)
    data = load(store, sweep).isel(seed=0)
    decades = np.floor(-np.log10(np.abs(data.x).max("coordinate"))) - 1
    assert data.kept.dims == ("learning_rate", "stage") and data.sizes["stage"] == 3
    found = 0
    for rate in sweep.axes["learning_rate"]:
        at = data.sel(learning_rate=rate)
        for stage in range(3):
            kept = int(at.kept.sel(stage=stage))
            steps = at.step[1:].where(decades.sel(learning_rate=rate)[1:] == stage, drop=True)
            steps = steps.where(steps <= at.ended, drop=True)
            assert kept == (int(steps[-1]) if len(steps) else -1)
            value = at["at"].sel(stage=stage)
            if kept < 0:
                assert np.isnan(value).all()
            else:
                found += 1
                np.testing.assert_array_equal(value, at.x.sel(step=kept))
    assert found > 8


def test_finished_runs_are_let_go(store, monkeypatch):
    """The batch of eight shrinks; every run ends as it does where nothing shrinks."""
    sweep, sizes = toy.staged(), []
    real = execute.compile_program

    def seen(experiment, batch_size, start=None):
        sizes.append(batch_size)
        return real(experiment, batch_size)

    monkeypatch.setattr(execute, "compile_program", seen)
    report = run([sweep], store, **QUICK)
    halves = [size for size in (8, 4, 2, 1) if size >= len(jax.devices())]
    assert sizes == halves and report.compilations == len(halves)
    monkeypatch.setattr(drive, "fitting", lambda batch_size, going, devices: batch_size)
    other = Store(store.root.parent / "whole")
    run([sweep], other, **QUICK)
    small, whole = load(store, sweep), load(other, sweep)
    np.testing.assert_array_equal(small.kept, whole.kept)
    np.testing.assert_array_equal(small.ended, whole.ended)
    assert len(np.unique(small.ended)) > 4
    np.testing.assert_allclose(small["at"], whole["at"], rtol=1e-5, atol=1e-9)


def test_float32_is_the_same_before_and_after_float64(tmp_path):
    base = dict(steps=50, log_every=50, noise=0.1)
    before, after = Store(tmp_path / "before"), Store(tmp_path / "after")
    run([Sweep(Quadratic(**base), seeds=3)], before, **QUICK)
    run([Sweep(Quadratic64(**base), seeds=3)], before, **QUICK)
    run([Sweep(Quadratic(**base), seeds=3)], after, **QUICK)
    single = [load(at, Sweep(Quadratic(**base), seeds=3)).x for at in (before, after)]
    double = load(before, Sweep(Quadratic64(**base), seeds=3)).x
    assert single[0].dtype == "float32" and double.dtype == "float64"
    np.testing.assert_array_equal(*single)
    assert not jax.config.jax_enable_x64


def test_out_of_memory_halves_the_batch_and_goes_on(store, monkeypatch, capsys):
    real = execute.compile_program

    def scarce(experiment, batch_size, start=None):
        def chunk(*arguments):
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory")

        program = real(experiment, batch_size)
        object.__setattr__(program, "chunk", chunk if batch_size > 4 else program.chunk)
        return program

    monkeypatch.setattr(execute, "compile_program", scarce)
    sweep = Sweep(Quadratic(steps=20, log_every=10), seeds=16)
    assert run([sweep], store).computed == 16
    assert "batches of 4 instead of 8 (memory)" in capsys.readouterr().err
    assert {source["batch_size"] for source in json.loads(load(store, sweep).provenance)} == {4}


def test_batches_shrink_to_the_memory_that_the_compiler_asks_for(store, monkeypatch):
    sweep = Sweep(Quadratic(steps=20, log_every=10, size=512), seeds=16)
    whole = forecast([sweep], store)[0]["bytes_per_device"]
    monkeypatch.setattr(execute, "memory_limit", lambda device: 0.6 * whole)
    assert run([sweep], store, **QUICK).computed == 16
    assert max(source["batch_size"] for source in json.loads(load(store, sweep).provenance)) < 16
    monkeypatch.setattr(execute, "memory_limit", lambda device: 8)
    with pytest.raises(UserError, match="one run needs more memory"):
        run([Sweep(Quadratic(size=700, steps=20, log_every=10))], store, **QUICK)


def test_a_full_disk_loses_nothing(store, monkeypatch):
    sweep = Sweep(Quadratic(steps=20, log_every=10), seeds=2)

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store_module.os, "fsync", full)
        with pytest.raises(Incomplete, match="No space left on device"):
            run([sweep], store, **QUICK)
    with pytest.raises(Incomplete, match="2 of 2 runs"):
        load(store, sweep)
    assert run([sweep], store, **QUICK).computed == 2


def test_forecast_tells_what_run_does(store):
    sweep = Sweep(Quadratic(steps=20, log_every=10), {"size": (2, 3)}, seeds=3)
    groups = forecast([sweep], store)
    report = run([sweep], store, **QUICK)
    assert sum(group["missing"] for group in groups) == report.computed == 6
    assert sum(group["compilations"] for group in groups) == report.compilations == 2
    assert sum(group["missing"] for group in forecast([sweep], store)) == 0


def test_a_forecast_makes_batches_that_fit_as_running_would(store, monkeypatch):
    sweep = Sweep(Quadratic(steps=20, log_every=10, size=512), seeds=16)
    whole = forecast([sweep], store)[0]
    monkeypatch.setattr(forecasting, "memory_limit", lambda device: 0.6 * whole["bytes_per_device"])
    (found,) = forecast([sweep], store)
    assert found["batch_size"] < whole["batch_size"] and found["batches"] > whole["batches"]
    real, sizes = forecasting.compile_program, []

    def scarce(experiment, batch_size, start=None):
        sizes.append(batch_size)
        if batch_size > 4:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory")
        return real(experiment, batch_size, start)

    monkeypatch.setattr(forecasting, "compile_program", scarce)
    assert forecast([sweep], store)[0]["batch_size"] == 4 and sizes == [16, 8, 4]
    monkeypatch.setattr(forecasting, "memory_limit", lambda device: 8)
    with pytest.raises(UserError, match="one run needs more memory"):
        forecast([sweep], store)


def test_batches_are_even_and_fit_the_devices():
    devices = plan.mesh().size
    for count in (1, 2, 31, 64, 65, 200):
        size = plan.even(count)
        assert size % devices == 0 and size <= plan.CPU_WIDTH * devices
        assert -(-count // size) * size < count + size
