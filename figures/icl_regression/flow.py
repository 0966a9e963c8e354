"""The reduced flow from a small start, early and late, and the sixth-root law."""

from __future__ import annotations

from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.icl_regression.identities import breakable
from figures.icl_regression.measured.flows import growth as growth_table
from figures.icl_regression.measured.flows import small_flow, trajectory
from figures.statistics import exact, judge, largest
from figures.style import BLUE, GREEN, GREY, ORANGE, PAGE, PURPLE, THEORY
from theory.claims import Claim, Verdict
from theory.icl_regression import authors
from theory.icl_regression.flow import drift_law
from theory.icl_regression.reduced import approximate_loss, optimal_mu
from theory.icl_regression.setting import SETTING

Numbers = dict[str, Any]


def growth(claim: Claim, found: xarray.Dataset) -> Verdict:
    """C-ICL-48: mu/omega early on and at t = 12, and mu against mu*(omega) at 30.

    The verdict reports the largest distance from a bound's centre over its half width.
    """
    parts: dict[str, Any] = {}
    scaled = []

    def hold(name: str, values: xarray.DataArray) -> None:
        low, high = claim.bound(name)
        errors = np.abs(values.values - (low + high) / 2) / ((high - low) / 2)
        scaled.append(errors.ravel())
        farthest = values.values.ravel()[errors.argmax()]
        parts[name] = exact(farthest, f"farthest of {errors.size} values")

    hold("ratio in stage one", found.early)
    hold("ratio at t = 12, flow", found.late.sel(path="flow"))
    hold("ratio at t = 12, descent", found.late.sel(path="descent"))
    hold("mu over mu* at t = 30", found.optimal)
    over = {"error over tolerance": largest(np.concatenate(scaled))}
    return judge(claim, {**over, **parts})


def drift(claim: Claim, found: xarray.Dataset, counted: bool) -> Verdict:
    """C-ICL-16: gamma(t) over the sixth-root law, at late times.

    Args:
        counted: let the law know the numbers of heads of either sign.
    """
    method = f"largest |gamma/law - 1| of {found.sizes['group']} sign groups, t to 10,000"
    parts = {}
    for index in range(found.sizes["group"]):
        plus, minus = (int(found[name][index]) for name in ("plus", "minus"))
        groups = (plus, minus) if counted else (1, 1)
        pair = plus + minus == 2
        late = found.isel(group=index).sel(time=slice(1e3 if pair else 3e3, None))
        law = np.asarray(drift_law(late.time.values, *groups, SETTING))
        name = "one pair" if pair else f"({plus}, {minus})"
        parts[f"|gamma/law - 1|, {name}"] = exact(
            float(np.abs(late.omega.values / law - 1).max()), method
        )
    return judge(claim, parts, shown=max(parts, key=lambda name: parts[name].value))


def draw(evidence: Evidence) -> tuple[Drawing, Numbers]:
    """The time is that of the flow on half the loss, as in the paper's plots."""
    found = evidence.table(small_flow)
    drawing, axes = plt.subplots(2, 2, figsize=(PAGE, 4.8))
    numbers = {"time": found.time.values, **_one_pair(axes, found.isel(group=0))}
    _descents(axes[1, 1], found, numbers)
    return drawing, numbers


def _one_pair(axes: np.ndarray, pair: xarray.Dataset) -> Numbers:
    """The paper's four views of one pair: growth, ratio and loss, product, all time."""
    (growth, ratio), (product, whole) = axes
    both = np.stack([pair.omega, -pair.omega], 1), np.stack([pair.mu, -pair.mu], 1)
    with jax.enable_x64(True):
        half = jax.vmap(approximate_loss, (0, 0, None))(*both, SETTING) / 2
        best = jax.vmap(optimal_mu, (0, None))(both[0], SETTING)[:, 0]
    pair = pair.assign(half=("time", np.asarray(half)), best=("time", np.asarray(best)))
    first = pair.sel(time=slice(0, authors.STAGES[-1]))
    for name, color in (("mu", ORANGE), ("omega", BLUE)):
        for head, sign, mark in ((1, 1, "o"), (2, -1, "s")):
            look = {"color": color, "marker": mark, "ms": 3, "label": rf"$\{name}_{head}$"}
            growth.plot(first.time, sign * first[name], markevery=0.1, **look)
    growth.set(ylabel=r"$\omega$, $\mu$", title="three stages")
    ratio.plot(first.time, first.mu / first.omega, color=PURPLE, label=r"$\mu/\omega$")
    ratio.plot(first.time, first.half, color=GREEN, label="half the approximate loss")
    ratio.set(ylabel="ratio; loss / 2", ylim=(0, 1.7), title="ratio and loss")
    edges = (0, *authors.STAGES)
    for panel in (growth, ratio):
        for left, right, shade in zip(edges, edges[1:], (0.05, 0.2, 0.12), strict=False):
            panel.axvspan(left, right, color=GREY, alpha=shade, lw=0)
        panel.set_xlim(0, edges[-1])
    _product(product, pair.sel(time=slice(0, 30)))
    for panel in (growth, ratio, product):
        panel.set_xlabel("time of the flow")
        panel.legend(loc="upper left", ncols=2)
    whole.plot(pair.time, pair.mu, color="black", lw=1)
    last = pair.isel(time=-1)
    whole.text(last.time, last.mu, r"$\mu$, one pair ", ha="right", va="bottom", fontsize=7)
    return {"half_loss": half, "optimal_mu": best, "mu": pair.mu, "ratio": pair.mu / pair.omega}


def _product(panel: Axes, middle: xarray.Dataset) -> None:
    """mu omega against eta*/2, and mu against its optimum."""
    panel.plot(middle.time, middle.mu * middle.omega, color=BLUE, label=r"$\mu\omega$")
    panel.plot(middle.time, middle.mu, color=ORANGE, label=r"$\mu$")
    after = middle.sel(time=slice(authors.STAGES[0], None))
    panel.plot(after.time, after.best, color="black", label=r"$\mu^*(\omega)$", **THEORY)
    panel.axhline(float(SETTING.eta_star) / 2, color=BLUE, label=r"$\eta^*/2$", **THEORY)
    panel.set(ylabel=r"$\mu\omega$, $\mu$", xlim=(0, 30), ylim=(0, 1.6))
    panel.set_title(r"$\mu$ follows its optimum")


def _descents(late: Axes, found: xarray.Dataset, numbers: Numbers) -> None:
    """|omega| for several sign groups against the sixth-root law."""
    for index, color in enumerate((BLUE, GREEN, ORANGE, PURPLE)):
        path = found.isel(group=index)
        plus, minus = int(path.plus), int(path.minus)
        after = path.sel(time=slice(15, None))
        law = np.asarray(drift_law(after.time.values, plus, minus, SETTING))
        late.plot(after.time, after.omega, color=color, label=f"{plus} +, {minus} \u2212")
        late.plot(after.time, law, color=color, **THEORY)
        numbers[f"omega ({plus},{minus})"] = path.omega.values
        numbers[f"law ({plus},{minus}), t >= 15"] = law
    late.set(xscale="log", yscale="log", xlabel="time of the flow", xlim=(15, None))
    late.set(ylabel=r"$\gamma=|\omega|$; $\mu$", ylim=(0.1, 4), title="sixth-root descent")
    late.set_yticks([0.1, 0.2, 0.4, 1, 2, 4], ["0.1", "0.2", "0.4", "1", "2", "4"])
    late.minorticks_off()
    late.legend(title="heads of either sign", title_fontsize=7, ncols=2,
                loc="center right", bbox_to_anchor=(1, 0.55))  # fmt: skip


FIGURE = Figure(
    "flow",
    "The reduced flow: growth, equality, and a sixth-root descent",
    f"Gradient flow on half the approximate loss, from mu = omega = ({authors.START:g}, "
    f"-{authors.START:g}). Above, both grow as e^t until t = {authors.STAGES[0]}, then omega "
    "shrinks while mu grows (shaded, the paper's three stages); their ratio and the loss. Below, "
    "mu follows its optimum mu*(omega) at the omega of that time, and mu omega tends to eta*/2; at "
    "late times |omega|, for several numbers of heads of either sign, against the sixth-root law "
    "(dashed), which holds within 1 % from t = 3,000.",
    draw,
    ("C-ICL-15", "C-ICL-16", "C-ICL-17", "C-ICL-48"),
)
CHECKS = (
    breakable("C-ICL-15", trajectory, slow=True),
    Check(
        "C-ICL-16",
        drift,
        lambda e: (e.table(small_flow), True),
        lambda e: (e.table(small_flow), False),
        slow=True,
    ),
    Check(
        "C-ICL-48",
        growth,
        lambda e: (e.table(growth_table, speed=1.0),),
        lambda e: (e.table(growth_table, speed=2.0),),
        slow=True,
    ),
)
