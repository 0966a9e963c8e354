"""Training dynamics predicted from each net's own start, not only the end point.

The state of a net is the (omega, mu) of its heads, in units of 1/sqrt(d) and sqrt(d): distances are
root mean squares over heads and both coordinates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure, override
from figures.icl_regression.patterns import TRAINED, setting_of
from figures.statistics import decide, median, share, verdict
from figures.style import BLUE, GREEN, GREY, ORANGE, PAGE, PURPLE, THEORY, band
from sims.engine.sweep import Sweep
from sims.icl_regression.metrics import pattern, two_signed
from theory.claims import Verdict
from theory.icl_regression import flow

SGD = "icl_regression.sgd"
SEEDS = 32
# In the units above: a path has length 3 or so, and single points of it lie about 1 from zero.
NEAR = 0.15


def paths(training: xarray.Dataset, plain: bool) -> xarray.Dataset:
    """Trained and predicted paths of the first 32 nets.

    Args:
        plain: predict by the plain flow, whose clock is another one, up to time 2,000; rather than
            by the factors' flow at the times of SGD, from the rates that it logs.

    Returns:
        `trained` (seed, step, head, part) and `predicted` (seed, time, head, part), part being
        omega and mu; `two_signed` (seed, source) at the ends.
    """
    setting = setting_of(training)
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


def distances(found: xarray.Dataset, shift: int = 0) -> np.ndarray:
    """Distance of every trained point from the predicted path of its net, (seed, step).

    Args:
        shift: compare with the path of the net so many seeds further on.
    """
    units = float(found.attrs["dimension"]) ** np.array([0.5, -0.5])
    trained = units * found.trained.values[:, :, None]
    predicted = units * np.roll(found.predicted.values, shift, axis=0)[:, None]
    square = ((trained - predicted) ** 2).mean(axis=(-2, -1))
    return np.sqrt(square.min(axis=2))


def lags(found: xarray.Dataset) -> np.ndarray:
    """Time at which |mu| has grown to half its largest, trained over predicted, per seed."""

    def rise(size: np.ndarray, times: np.ndarray) -> np.ndarray:
        total = np.abs(size[..., 1]).sum(axis=-1)
        return times[np.argmax(total >= total.max(axis=1, keepdims=True) / 2, axis=1)]

    times = found.time.values
    return rise(found.trained.values, times) / rise(found.predicted.values, times)


def departures(found: xarray.Dataset) -> np.ndarray:
    """Step at which a net is first farther than `NEAR` from its predicted path; NaN if never."""
    far = distances(found) > NEAR
    return np.where(far.any(axis=1), found.step.values[far.argmax(axis=1)], np.nan)


def predicted_path(found: xarray.Dataset) -> Verdict:
    """C-ICL-42: how far SGD strays from the path that its start predicts."""
    far = median(distances(found).max(axis=1))
    other = float(np.median(distances(found, 1).max(axis=1)))
    agreed = int((found.two_signed[:, 0] == found.two_signed[:, 1]).sum())
    ends = share(agreed, found.sizes["seed"])
    detail: dict[str, float | int | str] = {"from another seed's path": other}
    detail |= {"same kind of end": ends.value, "same kind of end, low": ends.low}
    detail["median lag of growth"] = float(np.median(lags(found)))
    left = departures(found)
    left = left[np.isfinite(left)]
    detail["nets that leave"] = f"{left.size} of {found.sizes['seed']}"
    if left.size:
        detail["median step of leaving"] = float(np.median(left))
    expected = f"median over seeds of the largest distance <= {NEAR}"
    state = decide(far, high=NEAR)
    return verdict("C-ICL-42", far, expected, state, detail)


def predictions(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Paths in the (omega, mu) plane, and SGD's in time."""
    adam, sgd = _found(evidence, TRAINED[2], True), _found(evidence, SGD, False)
    drawing, axes = plt.subplots(2, 3, figsize=(PAGE, 4.6))
    numbers: dict[str, Any] = {}
    for column, (name, found) in enumerate((("Adam", adam), ("SGD", sgd))):
        panel = axes[0, column]
        for seed, color in zip((0, 2, 5, 7), (BLUE, ORANGE, GREEN, PURPLE), strict=True):
            for kind, style in (("trained", {}), ("predicted", THEORY)):
                line = found[kind].isel(seed=seed).values
                for head in range(line.shape[1]):
                    omega, mu = line[:, head].T
                    panel.plot(omega, mu, color=color, **{"linewidth": 1.2, **style})
                    if kind == "trained":
                        panel.plot(omega[-1], mu[-1], "o", color=color, ms=3)
        panel.set(xlabel=r"$\omega$ of a head", ylabel=r"$\mu$ of a head")
        agreed = int((found.two_signed[:, 0] == found.two_signed[:, 1]).sum())
        panel.set_title(f"{name}: same kind of end, {agreed} of {found.sizes['seed']}")
        own, other = distances(found), distances(found, 1)
        numbers[name] = {"step": found.step.values, "distance": np.median(own, 0)}
        numbers[name] |= {"left_at_step": departures(found)}
        numbers[name] |= {"other_seed": np.median(other, 0), "two_signed": found.two_signed.values}
        low = axes[1, column]
        for values, color, label in (
            (own, BLUE, "own prediction"),
            (other, GREY, "another seed's"),
        ):
            low.plot(found.step, np.median(values, axis=0), color=color, label=label)
            span = np.quantile(values, [0.25, 0.75], axis=0)
            low.fill_between(found.step, *span, color=color, alpha=0.25, lw=0)
        low.axhline(NEAR, color="black", **THEORY)
        low.set(xlabel="training step", ylabel="distance of paths", ylim=(0, 1))
        low.set_xscale("symlog", linthresh=float(found.step[1]))
        low.set_xlim(0, found.step[-1])
        low.legend(loc="upper left")
    _in_time(axes[:, 2], sgd)
    numbers["SGD, lag"] = lags(sgd)
    return drawing, numbers


def _in_time(column: np.ndarray, sgd: xarray.Dataset) -> None:
    good = sgd.two_signed.all("source").values
    times = sgd.time.values
    labels = (r"mean $|\omega|$", r"mean $|\mu|$")
    for part, (panel, label) in enumerate(zip(column, labels, strict=True)):
        for kind, color in (("trained", BLUE), ("predicted", "black")):
            size = np.abs(sgd[kind].values[good, :, :, part]).mean(axis=2)
            if kind == "trained":
                band(panel, times, size, color, "SGD")
            else:
                panel.plot(times, size.mean(axis=0), color=color, label="factorised flow", **THEORY)
        panel.set(xlabel="time = rate x step", ylabel=label)
        panel.set_xscale("symlog", linthresh=1)
        panel.set_xlim(0, times[-1])
    column[0].legend(fontsize=6)
    assert isinstance(column[0], Axes)
    column[0].set_title(f"{int(good.sum())} nets two-signed in both")


def _found(evidence: Evidence, sweep: str | Sweep, plain: bool) -> xarray.Dataset:
    return evidence.table(paths, sweep, plain=plain)


def _short(evidence: Evidence) -> Sweep:
    return override(evidence.find(SGD), steps=500, log_every=20, seeds=8)


FIGURES = (
    Figure(
        "predictions",
        "SGD keeps near the path that its first (omega, mu) predicts, Adam less so",
        "Two-headed nets (solid) and the reduced flow from each net's own initial mean diagonal of "
        "KQ and label weight (dashed), nothing fitted. Above, four nets in the (omega, mu) plane, "
        "time removed: Adam against the plain flow, SGD against the flow of the factors Q, K, V, O "
        "(theory.icl_regression.flow.factorised_flow). Below, distance from the predicted path "
        "(median and quartiles over 32 seeds, in units of 1/sqrt(d) and sqrt(d)), against that "
        "from another seed's; dashed, the tolerance of C-ICL-42; when a net first leaves it is in "
        "the numbers. Right, SGD in time: it lags behind the flow during growth and then goes "
        "further down the valley.",
        predictions,
        ("C-ICL-42",),
    ),
)
CHECKS = (
    Check(
        "C-ICL-42",
        predicted_path,
        lambda evidence: (_found(evidence, SGD, False),),
        lambda evidence: (_found(evidence, _short(evidence), True),),
        ("quick", "paper"),
    ),
)
