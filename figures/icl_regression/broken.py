"""Broken variants that claims must not survive: sweeps that are trained wrongly, made-up data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Key

from figures.evidence import Evidence, override
from figures.icl_regression.readings import (
    CORRELATED,
    LINEAR,
    SGD,
    TASKS,
    TRAINED,
    Comparison,
    estimators,
    final_nets,
    paths_of,
    swept,
    task_nets_of,
)
from sims.engine.sweep import Sweep
from sims.icl_regression.data import Prompts
from sims.icl_regression.training import Training
from sims.icl_regression.variants import Activation
from theory.icl_regression.flow import drift_law
from theory.icl_regression.reduced import single_head_optimum
from theory.icl_regression.setting import SETTING


def _turned(prompts: Prompts) -> Prompts:
    """Queries arrive with their coordinates rolled by one."""
    return prompts._replace(query=jnp.roll(prompts.query, 1, axis=-1))


class RolledQuery(Training):
    """Training on queries whose coordinates are rolled by one.

    The task is as learnable as before, but through KQ = omega R with the rotation R: not diagonal,
    its diagonal noise, and useless on prompts that are not rolled.
    """

    def sample(self, key: Key[Array, ""]) -> Prompts:
        return _turned(super().sample(key))


class RolledActivation(Activation):
    """The same for other functions in place of the exponential."""

    def sample(self, key: Key[Array, ""]) -> Prompts:
        return _turned(super().sample(key))


# A few short runs: enough for the checks to fail.
ROLLED: Mapping[int, Sweep] = {
    heads: Sweep(RolledQuery(heads=heads, steps=1500, log_every=100), seeds=16)
    for heads in (1, 2, 4)
}
ROLLED_SEVERAL = {heads: ROLLED[heads] for heads in (2, 4)}
_ACTIVATION = RolledActivation(
    heads=2, activation="linear", steps=1000, log_every=100, learning_rate=0.02
)
ROLLED_ACTIVATION: Mapping[str, Sweep] = {"linear": Sweep(_ACTIVATION, seeds=8)}


def short(evidence: Evidence, *heads: int) -> dict[int, Sweep]:
    """A few short runs of the plain training, whose results are then broken."""
    return {
        h: override(evidence.find(TRAINED[h]), steps=1000, log_every=40, seeds=16) for h in heads
    }


def short_linear(evidence: Evidence) -> Sweep:
    """Linear attention, trained briefly."""
    return override(evidence.find(LINEAR), steps=600, seeds=8)


def short_sgd(evidence: Evidence) -> Sweep:
    """SGD, trained briefly."""
    return override(evidence.find(SGD), steps=500, log_every=20, seeds=8)


def uncorrelated(evidence: Evidence) -> Sweep:
    """Training on covariates that do not correlate."""
    sweep = evidence.find(CORRELATED)
    return override(sweep, correlation=0.0, steps=2000, log_every=100, seeds=8)


def tasks_alike(evidence: Evidence, *heads: int) -> dict[int, xarray.Dataset]:
    """Nets of tasks that read the same coordinates, by number of heads."""
    sweeps = {
        h: override(evidence.find(TASKS[h]), support=6, steps=1500, log_every=100, seeds=8)
        for h in heads
    }
    return task_nets_of(evidence, sweeps)


def rolled_output(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Nets whose OV has its coordinates rolled by one."""
    data = swept(evidence, ROLLED)
    return final_nets({h: nets.assign(ov=nets.ov.roll(key=1)) for h, nets in data.items()})


def rolled_keys(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Nets whose KQ has its keys rolled by one: the label's row stands in for a covariate's."""
    data = swept(evidence, short(evidence, 2, 4))
    return final_nets({h: nets.assign(kq=nets.kq.roll(key=1)) for h, nets in data.items()})


def unsigned(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Every net, with the signs of OV dropped."""
    data = swept(evidence, ROLLED_SEVERAL)
    made = {h: nets.assign(ov=np.abs(nets.ov)) for h, nets in data.items()}
    return final_nets(made, every=True)


def next_seed(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Null data: the second head of each net is that of the next seed."""
    data = {}
    for heads, nets in swept(evidence, ROLLED_SEVERAL).items():
        shifted = nets.roll(seed=1).assign_coords(seed=nets.seed)
        second = nets["head"] == 1
        data[heads] = nets.assign(
            {name: xarray.where(second, shifted[name], nets[name]) for name in ("kq", "ov")}
        )
    return final_nets(data)


def reversed_paths(evidence: Evidence, sweeps: Mapping[int, Sweep]) -> dict[int, xarray.Dataset]:
    """Paths whose steps come in reverse order."""
    return {
        heads: path.isel(step=slice(None, None, -1))
        for heads, path in paths_of(evidence, sweeps).items()
    }


def biased_gd(found: Sequence[Comparison]) -> list[Comparison]:
    """GD without debiasing in the place of debiased GD."""
    return [(setting, step, data.assign(debiased_gd=data.gd)) for setting, step, data in found]


def head_for_pair(evidence: Evidence) -> tuple[xarray.Dataset, xarray.DataArray]:
    """The single head in the place of the pair, from fewer draws."""
    linear, softmax = estimators(evidence, 4)
    return linear, softmax.isel(model=[1, 1, 2])


def approximate_head() -> xarray.Dataset:
    """Nets at one head's optimum of the approximate loss, with the scatter of trained ones."""
    omega, mu, loss = (float(value) for value in single_head_optimum(SETTING))
    rng = np.random.default_rng(0)
    made = {"omega": omega + rng.normal(0, 0.004, 32), "mu": mu + rng.normal(0, 0.01, 32)}
    data = {name: (("seed", "head"), values[:, None]) for name, values in made.items()}
    flat = {"risk": loss + rng.normal(0, 0.005, 32), "weighted_off_energy": np.full(32, 5e-4)}
    return xarray.Dataset({**data, **{name: ("seed", v) for name, v in flat.items()}})


def stationary_gammas(rate_power: float, batch_power: float) -> xarray.Dataset:
    """gamma of six seeds with 1 % scatter, around rate^p batch^q times the reduced flow's.

    With both powers zero: what the flow, which has no noise, gives at one time.

    Returns:
        `third` and `last`, alike, (learning_rate, prompts, seed).
    """
    gamma = float(drift_law(400.0, 1, 1, SETTING))
    rate, prompts = np.array([0.005, 0.01, 0.02]), np.array([16, 32, 64])
    scatter = np.random.default_rng(0).normal(1, 0.01, (3, 3, 6))
    values = gamma * scatter * rate[:, None, None] ** rate_power * prompts[:, None] ** batch_power
    return xarray.Dataset(
        {name: (("learning_rate", "prompts", "seed"), values) for name in ("third", "last")},
        {"learning_rate": rate, "prompts": prompts},
    )
