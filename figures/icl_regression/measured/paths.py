"""Training dynamics predicted from each net's own start, beside what training did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray

from sims.icl_regression.metrics import pattern, two_signed
from theory.icl_regression import flow
from theory.icl_regression.setting import Setting

# Nets whose paths are predicted.
SEEDS = 32


def paths(training: xarray.Dataset, plain: bool) -> xarray.Dataset:
    """Trained and predicted paths of the first 32 nets [icl-5.6].

    Args:
        plain: predict by the plain flow, whose clock is another one, up to time 2,000; rather than
            by the factors' flow at the times of SGD, from the rates that it logs.

    Returns:
        `trained` (seed, step, head, part) and `predicted` (seed, time, head, part), part being
        omega and mu; `two_signed` (seed, source) at the ends.
    """
    setting = Setting(*(float(training.attrs[name]) for name in Setting._fields))
    path = pattern(training.isel(seed=slice(SEEDS)))
    both = xarray.concat([path.omega, path.mu], "part").transpose("seed", "step", "head", "part")
    start = [both.isel(step=0, part=i).values.astype("float64") for i in (0, 1)]
    with jax.enable_x64(True):
        if not plain:
            first = training.isel(seed=slice(SEEDS), step=0).transpose("seed", "head", ...)
            times = training.step.values[1:] * float(training.attrs["learning_rate"])
            start += [first[n].values.astype("float64") for n in ("kq_rate", "ov_rate")]
            move: Callable[..., flow.Path] = flow.factorised_flow
        else:
            times = np.concatenate([np.linspace(0.1, 20, 200), np.geomspace(20.5, 2000, 60)])
            move = flow.gradient_flow

        def predict(*at: Any) -> jax.Array:
            return jnp.stack(move(*at, jnp.asarray(times), setting), axis=-1)

        predicted = np.asarray(jax.jit(jax.vmap(predict))(*map(jnp.asarray, start)))
    predicted = np.concatenate([both.values[:, :1], predicted], axis=1)
    signs = [two_signed(both.values[:, -1, :, 1]), two_signed(predicted[:, -1, :, 1])]
    return xarray.Dataset(
        {
            "trained": (("seed", "step", "head", "part"), both.values),
            "predicted": (("seed", "time", "head", "part"), predicted),
            "two_signed": (("seed", "source"), np.stack(signs, 1)),
        },
        {"step": training.step.values, "time": np.concatenate([[0.0], times])},
        {"dimension": float(setting.dimension)},
    )
