"""Training dynamics predicted from each net's own start, not only the end point.

The state of a net is the (omega, mu) of its heads, in units of 1/sqrt(d) and sqrt(d): distances are
root mean squares over heads and both coordinates.
"""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.measured.paths import SEEDS, paths
from figures.icl_regression.readings import SGD, TRAINED
from figures.statistics import judge, median, share
from figures.style import BLUE, GREEN, GREY, LIMIT, ORANGE, PAGE, PURPLE, THEORY, band
from sims.engine.sweep import Sweep
from theory.claims import Claim, Verdict, claim

# Nets whose paths are drawn one by one.
SHOWN = {0: (BLUE, "o"), 2: (ORANGE, "s"), 5: (GREEN, "^"), 7: (PURPLE, "D")}


def distances(found: xarray.Dataset, shift: int = 0) -> Float[np.ndarray, "seed step"]:
    """Distance of every trained point from the predicted path of its net.

    Args:
        shift: compare with the path of the net so many seeds further on.
    """
    units = float(found.attrs["dimension"]) ** np.array([0.5, -0.5])
    trained = units * found.trained.values[:, :, None]
    predicted = units * np.roll(found.predicted.values, shift, axis=0)[:, None]
    square = ((trained - predicted) ** 2).mean(axis=(-2, -1))
    return np.sqrt(square.min(axis=2))


def lags(found: xarray.Dataset) -> Float[np.ndarray, " seed"]:
    """Time at which |mu| has grown to half its largest, trained over predicted."""

    def rise(size: np.ndarray, times: np.ndarray) -> np.ndarray:
        total = np.abs(size[..., 1]).sum(axis=-1)
        return times[np.argmax(total >= total.max(axis=1, keepdims=True) / 2, axis=1)]

    times = found.time.values
    return rise(found.trained.values, times) / rise(found.predicted.values, times)


def strayed(found: xarray.Dataset) -> xarray.Dataset:
    """Of trained and predicted paths: `distance` of every trained point (seed, step); the largest
    from another seed's path, `other`, and the `lag` of growth (seed); `two_signed` (seed, source).
    """
    far = distances(found).astype("float32")
    data = {"distance": (("seed", "step"), far), "lag": ("seed", lags(found))}
    data["other"] = "seed", distances(found, 1).max(axis=1)
    return xarray.Dataset(data, {"step": found.step}).assign(two_signed=found.two_signed)


def departures(found: xarray.Dataset, near: float) -> Float[np.ndarray, " seed"]:
    """Step at which a net is first farther than `near` from its predicted path; NaN if never.

    Args:
        found: `strayed`.
    """
    far = found.distance.values > near
    return np.where(far.any(axis=1), found.step.values[far.argmax(axis=1)], np.nan)


def predicted_path(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-ICL-42: how far SGD strays from the path that its start predicts.

    Args:
        found: `strayed`.
    """
    other = float(np.median(found.other))
    agreed = int((found.two_signed[:, 0] == found.two_signed[:, 1]).sum())
    ends = share(agreed, found.sizes["seed"])
    detail: dict[str, float | int | str] = {"from another seed's path": other}
    detail |= {"same kind of end": ends.value, "same kind of end, low": ends.low}
    detail["median lag of growth"] = float(np.median(found.lag))
    left = departures(found, claim.bound("distance")[1])
    left = left[np.isfinite(left)]
    detail["nets that leave"] = f"{left.size} of {found.sizes['seed']}"
    if left.size:
        detail["median step of leaving"] = float(np.median(left))
    return judge(claim, {"distance": median(found.distance.max("step").values)}, detail=detail)


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Paths in the (omega, mu) plane, distances from the predicted ones, and SGD's in time."""
    adam, sgd = _found(evidence, TRAINED[2], True), _found(evidence, SGD, False)
    near = claim("C-ICL-42").bound("distance")[1]
    drawing, axes = plt.subplots(2, 3, figsize=(PAGE, 4.6))
    numbers: dict[str, Any] = {}
    for column, (name, found) in enumerate((("Adam", adam), ("SGD", sgd))):
        _plane(axes[0, column], name, found)
        own, other = strayed(found), distances(found, 1)
        numbers[name] = {"step": found.step.values, "distance": own.distance.median("seed")}
        numbers[name] |= {"left_at_step": departures(own, near)}
        numbers[name] |= {"other_seed": np.median(other, 0), "two_signed": found.two_signed.values}
        low = axes[1, column]
        for values, color, label in (
            (own.distance.values, BLUE, "own prediction"),
            (other, GREY, "another seed's"),
        ):
            low.plot(found.step, np.median(values, axis=0), color=color, label=label)
            span = np.quantile(values, [0.25, 0.75], axis=0)
            low.fill_between(found.step, *span, color=color, alpha=0.25, lw=0)
        low.axhline(near, **LIMIT)
        low.set(xlabel="training step", ylabel="distance of paths", ylim=(0, 1))
        low.set_xscale("symlog", linthresh=float(found.step[1]))
        low.set_xlim(0, found.step[-1])
        low.legend(loc="upper left")
    _in_time(axes[:, 2], sgd)
    _legend(drawing)
    numbers["SGD, lag"] = lags(sgd)
    return drawing, numbers


def _legend(drawing: Drawing) -> None:
    """What the nets' colours, the ends of their paths and the line styles stand for."""
    handles = [
        Line2D([], [], color=color, marker=mark, ms=4, label=f"net of seed {seed}, and its end")
        for seed, (color, mark) in SHOWN.items()
    ]
    handles.append(Line2D([], [], color="black", label="reduced flow from its start", **THEORY))
    handles.append(Line2D([], [], label="tolerance of C-ICL-42", **LIMIT))
    drawing.legend(handles=handles, loc="outside lower center", ncols=3)


def _plane(panel: Axes, name: str, found: xarray.Dataset) -> None:
    for seed, (color, mark) in SHOWN.items():
        for kind, style in (("trained", {}), ("predicted", THEORY)):
            line = found[kind].isel(seed=seed).values
            for head in range(line.shape[1]):
                omega, mu = line[:, head].T
                panel.plot(omega, mu, color=color, **{"linewidth": 1.2, **style})
                if kind == "trained":
                    panel.plot(omega[-1], mu[-1], mark, color=color, ms=4)
    panel.set(xlabel=r"$\omega$ of a head", ylabel=r"$\mu$ of a head")
    agreed = int((found.two_signed[:, 0] == found.two_signed[:, 1]).sum())
    panel.set_title(f"{name}: same end, {agreed} of {found.sizes['seed']}")


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
    column[0].legend(loc="upper left")
    column[0].set_title(f"{int(good.sum())} nets two-signed in both")


def _found(evidence: Evidence, sweep: str | Sweep, plain: bool) -> xarray.Dataset:
    return evidence.table(paths, sweep, plain=plain)


def _halved(found: xarray.Dataset) -> xarray.Dataset:
    """Nets that stray half as far: what quick finds is on the edge."""
    return found.assign(distance=found.distance / 2)


FIGURE = Figure(
    "predictions",
    "SGD keeps near the path that its first (omega, mu) predicts, Adam less so",
    "Two-headed nets (solid) and the reduced flow from each net's own initial mean diagonal of KQ "
    "and label weight (dashed), nothing fitted. Above, four nets in the (omega, mu) plane, time "
    "removed: Adam against the plain flow, SGD against the flow of the factors Q, K, V, O "
    "(derivations, icl-5.6). Below, distance from the predicted path (median and quartiles over "
    f"{SEEDS} seeds, in units of 1/sqrt(d) and sqrt(d)), against that from another seed's; dotted, "
    "the tolerance of C-ICL-42; when a net first leaves it is in the numbers. Right, SGD in time: "
    "it lags behind the flow during growth and then goes further down the valley.",
    draw,
    ("C-ICL-42",),
)
CHECKS = (
    Check(
        "C-ICL-42",
        predicted_path,
        lambda e: (strayed(_found(e, SGD, False)),),
        lambda e: (strayed(_found(e, SGD, True)),),
        lambda e: (_halved(strayed(_found(e, SGD, False))),),
        slow=True,
    ),
)
