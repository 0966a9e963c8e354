"""Broken variants that claims must not survive: sweeps that are trained wrongly, made-up data.

What is trained wrongly is trained at the size of the preset, so that nothing but the break tells it
from the findings. Made-up data come with data of the same maker on which the claim holds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
import xarray
from jaxtyping import Array, Key

from figures.evidence import Evidence, override
from figures.icl_regression.readings import (
    CORRELATED,
    SEVERAL,
    TASKS,
    TASKS_SHARED,
    TRAINED,
    Comparison,
    Nets,
    balanced,
    estimators,
    final_nets,
    swept,
    task_nets,
    task_nets_of,
)
from sims.engine.identity import settings
from sims.engine.sweep import Sweep
from sims.icl_regression.data import Prompts
from sims.icl_regression.training import Training
from sims.icl_regression.variants import Activation
from theory.icl_regression import authors
from theory.icl_regression.flow import drift_law
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


def rolled(evidence: Evidence, *heads: int) -> dict[int, Sweep]:
    """The plain training, on rolled queries."""
    return {h: _retrained(evidence.find(TRAINED[h]), RolledQuery) for h in heads}


def rolled_activation(evidence: Evidence, name: str, sweep: str) -> dict[str, Sweep]:
    """Training with another function in place of the exponential, on rolled queries."""
    return {name: _retrained(evidence.find(sweep), RolledActivation)}


def _retrained(sweep: Sweep, kind: type[Training]) -> Sweep:
    """A sweep of another experiment with the same settings."""
    return dataclasses.replace(sweep, base=kind(**settings(sweep.base)))


def uncorrelated(evidence: Evidence) -> Sweep:
    """Training on covariates that do not correlate."""
    return override(evidence.find(CORRELATED), correlation=0.0)


def tasks_alike(evidence: Evidence, *heads: int) -> dict[int, xarray.Dataset]:
    """Nets of tasks that read the same coordinates, by number of heads."""
    return task_nets_of(evidence, {h: override(evidence.find(TASKS[h]), support=6) for h in heads})


def two_that_share(evidence: Evidence) -> xarray.Dataset:
    """Nets of two heads whose mu cancel, so that either serves both tasks."""
    nets = task_nets(evidence.sweep(TASKS[2]))
    return nets.isel(seed=balanced(nets))


def own_betas(evidence: Evidence) -> xarray.Dataset:
    """Nets of two tasks with a beta each, rather than one for both."""
    return task_nets(evidence.sweep(override(evidence.find(TASKS_SHARED), shared=False)))


def rolled_output(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Nets whose OV has its coordinates rolled by one."""
    data = swept(evidence, TRAINED)
    return final_nets({h: nets.assign(ov=nets.ov.roll(key=1)) for h, nets in data.items()})


def rolled_keys(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Nets whose KQ has its keys rolled by one: the label's row stands in for a covariate's."""
    data = swept(evidence, TRAINED)
    return final_nets({h: nets.assign(kq=nets.kq.roll(key=1)) for h, nets in data.items()})


def unsigned(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Every net, with the signs of OV dropped."""
    data = swept(evidence, SEVERAL)
    made = {h: nets.assign(ov=np.abs(nets.ov)) for h, nets in data.items()}
    return final_nets(made, every=True)


def next_seed(evidence: Evidence) -> dict[int, xarray.Dataset]:
    """Null data: the second head of each net is that of the next seed."""
    data = {}
    for heads, nets in swept(evidence, SEVERAL).items():
        shifted = nets.roll(seed=1).assign_coords(seed=nets.seed)
        second = nets["head"] == 1
        data[heads] = nets.assign(
            {name: xarray.where(second, shifted[name], nets[name]) for name in ("kq", "ov")}
        )
    return final_nets(data)


def reversed_steps(nets: Nets) -> dict[int, xarray.Dataset]:
    """Paths whose steps come in reverse order."""
    return {heads: path.isel(step=slice(None, None, -1)) for heads, path in nets.items()}


def biased_gd(found: Sequence[Comparison]) -> list[Comparison]:
    """GD without debiasing in the place of debiased GD."""
    return [(setting, step, data.assign(debiased_gd=data.gd)) for setting, step, data in found]


def head_for_pair(evidence: Evidence) -> tuple[xarray.Dataset, xarray.DataArray]:
    """The single head in the place of the pair, from fewer draws."""
    linear, softmax = estimators(evidence, 4)
    return linear, softmax.isel(model=[1, 1, 2])


def scattered_head(omega: float, mu: float, loss: float) -> xarray.Dataset:
    """Single-head nets about an optimum, with the scatter of trained ones."""
    rng = np.random.default_rng(0)
    made = {"omega": omega + rng.normal(0, 0.004, 32), "mu": mu + rng.normal(0, 0.01, 32)}
    data = {name: (("seed", "head"), values[:, None]) for name, values in made.items()}
    flat = {"risk": loss + rng.normal(0, 0.005, 32), "weighted_off_energy": np.full(32, 5e-4)}
    return xarray.Dataset({**data, **{name: ("seed", v) for name, v in flat.items()}})


def published_nets(nets: Nets) -> dict[int, xarray.Dataset]:
    """Nets whose gamma and mu are scaled to the paper's on average; they scatter as before."""
    found = {}
    for heads, final in nets.items():
        gamma = authors.GAMMA / final.gamma.mean()
        mu = 2 * authors.MU / (final.mu_plus - final.mu_minus).mean()
        scaled = {name: mu * final[name] for name in ("mu_plus", "mu_minus")}
        found[heads] = final.assign(gamma=gamma * final.gamma, **scaled)
    return found


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
