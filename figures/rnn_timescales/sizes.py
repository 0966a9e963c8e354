"""Where mean tau of single-head nets turns from falling to rising, and how that N* grows with H."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import scipy.optimize
import scipy.special
import xarray
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.stages import COLORS, SINGLE, TITLES, by_n
from figures.statistics import Estimate, decide, verdict, worst
from figures.style import GREY, PAGE
from theory.claims import State, Verdict

SWEEPS = {task: f"rnn_timescales.sizes_{task}" for task in TITLES}
RESAMPLES = 400
# Standard deviation of ln N* that a fit may not go below: N comes in steps of one.
LEAST_SCATTER = 0.03
# Units that a net needs whose taus are all 1 (T7).
NEEDED = {"parity": (2, -1), "dms": (1, 1)}
CANDIDATES = {
    "absorbed share": r"share of units at $\tau = 1$",
    "absorbed per needed": r"$\tau = 1$ / needed units",
    "epochs": "epochs of the stage",
}


class Turns(NamedTuple):
    """N* by size, of all seeds and of each resampling of them.

    Attributes:
        units: H.
        value: vertices; where `censored`, the last N of a tau that still falls, a lower bound.
        drawn: the same of resampled seeds, (resample, size), with `drawn_censored`.
    """

    units: Float[np.ndarray, " size"]
    value: Float[np.ndarray, " size"]
    censored: np.ndarray
    drawn: Float[np.ndarray, "resample size"]
    drawn_censored: np.ndarray
    seeds: int

    def interval(self, value: float, drawn: np.ndarray, method: str) -> Estimate:
        """Percentiles about `value`, widened by sqrt(n/(n - 1)): resampling n seeds is narrower."""
        wider = np.sqrt(self.seeds / (self.seeds - 1))
        low, high = value + wider * (np.quantile(drawn, (0.025, 0.975)) - value)
        return Estimate(value, float(low), float(high), f"{method}, 95 % bootstrap over seeds")


def curves(sweep: xarray.Dataset) -> xarray.DataArray:
    """Mean tau over units, (units, seed, n), NaN where N was not solved."""
    return by_n(sweep).tau.mean("unit").transpose("units", "seed", "n")


def vertex(n: Float[np.ndarray, " n"], tau: Float[np.ndarray, " n"]) -> tuple[float, bool]:
    """The N of least tau, from a parabola through up to five points about it.

    Returns:
        N*, and whether tau still falls at the last N, which is then a lower bound of N*; NaN
        where fewer than three N are known.
    """
    known = np.isfinite(tau)
    n, tau = n[known], tau[known]
    if len(n) < 3:
        return np.nan, True
    least = int(tau.argmin())
    if least == len(n) - 1:
        return float(n[-1]), True
    near = slice(max(0, least - 2), least + 3)
    square, slope, _ = np.polyfit(n[near], tau[near], 2)
    if square <= 0:
        return float(n[least]), False
    return float(np.clip(-slope / (2 * square), n[near][0], n[near][-1])), False


def turns(tau: xarray.DataArray) -> Turns:
    """N* of the seeds' mean tau, over the N that every seed solved, by size."""
    rng = np.random.default_rng(0)
    n, count = tau.n.values.astype("float64"), tau.seed.size
    found, drawn = [], []
    for rows in tau.values.astype("float64"):
        found.append(vertex(n, rows.mean(axis=0)))
        chosen = rng.integers(count, size=(RESAMPLES, count))
        drawn.append([vertex(n, curve) for curve in rows[chosen].mean(axis=1)])
    value, censored = np.array(found).T
    values, bounds = np.moveaxis(np.array(drawn), 0, 1).transpose(2, 0, 1)
    units = tau.units.values.astype("float64")
    return Turns(units, value, censored.astype(bool), values, bounds.astype(bool), count)


def power_law(
    units: Float[np.ndarray, " size"], turn: Float[np.ndarray, " size"], censored: np.ndarray
) -> tuple[float, float]:
    """Exponent g and factor c of N* = c H^g by maximum likelihood (Tobit).

    ln N* is normal about ln c + g ln H; where censored, it is anywhere above its bound.
    """
    x, y = np.log(units), np.log(turn)
    centre = x.mean()
    slope, level = np.polyfit(x - centre, y, 1)

    def loss(parameters: np.ndarray) -> float:
        level, slope, scatter = parameters
        z = (y - level - slope * (x - centre)) / np.exp(scatter)
        terms = np.where(censored, scipy.special.log_ndtr(-z), -(z**2) / 2 - scatter)
        return -float(terms.sum())

    if censored.any():  # else the line of least squares is it
        bounds = [(None, None), (None, None), (np.log(LEAST_SCATTER), 0.0)]
        start = (level, slope, -1.5)
        level, slope, _ = scipy.optimize.minimize(loss, start, bounds=bounds, method="L-BFGS-B").x
    return float(slope), float(np.exp(level - slope * centre))


def exponent(found: Turns) -> Estimate:
    """g of N* ~ H^g with its interval; every resampling is of all sizes at once."""
    value, _ = power_law(found.units, found.value, found.censored)
    drawn = [
        power_law(found.units, *pair)[0]
        for pair in zip(found.drawn, found.drawn_censored, strict=True)
    ]
    bounds = f"{int(found.censored.sum())} of {len(found.units)} censored"
    return found.interval(value, np.array(drawn), f"censored regression, {bounds}")


def turn_grows(tasks: Mapping[str, xarray.DataArray]) -> Verdict:
    """C-RNN-5: N* at 128 units less N* at 32."""
    states: list[State] = []
    gaps = {}
    detail: dict[str, float | int | str] = {}
    for task, tau in tasks.items():
        found = turns(tau)
        small, large = (int(np.flatnonzero(found.units == size)[0]) for size in (32, 128))
        gap = found.value[large] - found.value[small]
        drawn = found.drawn[:, large] - found.drawn[:, small]
        gaps[task] = found.interval(gap, drawn, "difference of N*")
        # A lower bound of the small net's N* is an upper bound of the difference.
        state = decide(gaps[task], low=0.0)
        states.append("undecided" if found.censored[small] else state)
        for size, value, bound in zip(found.units, found.value, found.censored, strict=True):
            detail[f"{task}, H = {size:.0f}"] = f"{'>= ' if bound else ''}{value:.2f}"
    least = min(gaps.values(), key=lambda gap: gap.low)
    return verdict("C-RNN-5", least, "N*(128) - N*(32) > 0, both tasks", worst(*states), detail)


def turn_law(tasks: Mapping[str, xarray.DataArray]) -> Verdict:
    """C-RNN-32: the exponent of N* ~ H^g, parity."""
    return _law("C-RNN-32", tasks["parity"])


def turn_law_dms(tasks: Mapping[str, xarray.DataArray]) -> Verdict:
    """C-RNN-38: the same, DMS."""
    return _law("C-RNN-38", tasks["dms"])


def _law(claim: str, tau: xarray.DataArray) -> Verdict:
    found = turns(tau)
    slope = exponent(found)
    detail: dict[str, float | int | str] = {"factor": power_law(*found[:3])[1]}
    return verdict(claim, slope, "0 < exponent < 1", decide(slope, 0.0, 1.0), detail)


def at_turn(task: str, sweep: xarray.Dataset, found: Turns) -> dict[str, np.ndarray]:
    """What might set N*, by size, each read at N* between whole N, the mean over seeds.

    Units that T7's construction needs over all and absorbed units over all and over those needed;
    epochs of the stage.
    """
    stages = by_n(sweep)
    known = stages.tau.notnull().sum("unit")
    share = ((stages.tau <= 1).sum("unit") / known).mean("seed", skipna=False)
    before = stages.solved.shift(n=1).where(stages.n > stages.n[0], 0.0)
    epochs = (stages.solved - before).mean("seed", skipna=False)
    per, more = NEEDED[task]
    needed = (per * found.value + more) / found.units
    absorbed = _read(share, found)
    return {
        "needed share": needed,
        "absorbed share": absorbed,
        "absorbed per needed": absorbed / needed,
        "epochs": _read(epochs, found),
    }


def sizes_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Mean tau against N by size, N*(H) with its law, and what might set it."""
    drawing, grid = plt.subplots(2, 3, figsize=(PAGE, 4.4))
    numbers: dict[str, Any] = {}
    for axes, (task, name) in zip(grid[0], SWEEPS.items(), strict=False):
        sweep = evidence.sweep(name)
        tau = curves(sweep)
        found = turns(tau)
        _draw_curves(axes, task, tau, found)
        numbers[TITLES[task]] = _draw_law(grid[0, 2], task, found)
        causes = at_turn(task, sweep, found)
        for panel, key in zip(grid[1], CANDIDATES, strict=True):
            _draw_points(panel, task, found, causes[key])
        for key, values in causes.items():
            spread = _spread(values[~found.censored])
            numbers[TITLES[task]] |= {key: values, f"{key}, largest/smallest": spread}
        numbers[TITLES[task]] |= {"N": tau.n, "tau": tau.mean("seed"), "H": tau.units}
    for panel, label in zip(grid[1], CANDIDATES.values(), strict=True):
        panel.set(ylabel=f"{label} at $N^*$")
    for panel in (grid[0, 2], *grid[1]):
        _by_size(panel, np.asarray(tau.units.values, "float64"))
    # limits of its own: where no N* is known, as at smoke, a logarithmic axis has none
    asked = [float(n) for drawn in numbers.values() for n in (drawn["N"][0], drawn["N"][-1])]
    grid[0, 2].set(ylabel="$N^*$", yscale="log")
    grid[0, 2].set_yticks([3, 5, 7, 10, 15], ["3", "5", "7", "10", "15"])
    grid[0, 2].set_ylim(min(asked), max(asked))
    grid[0, 2].minorticks_off()
    if grid[0, 2].get_legend_handles_labels()[0]:
        grid[0, 2].legend()
    grid[0, 1].legend(fontsize=6, ncols=2)
    for panel in grid[1]:
        panel.set_ylim(bottom=0)
    return drawing, numbers


def _draw_curves(axes: Axes, task: str, tau: xarray.DataArray, found: Turns) -> None:
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.9, tau.units.size))
    for size, value, bound, color in zip(
        tau.units.values, found.value, found.censored, colors, strict=True
    ):
        # the mean of the seeds of N* themselves: those N that every seed solved
        mean = tau.sel(units=size).mean("seed", skipna=False)
        axes.plot(mean.n, mean, color=color, label=f"H = {size}")
        if not bound:
            axes.plot(value, np.interp(value, mean.n, mean), "o", ms=4, mfc="none", color=color)
    axes.set(xlabel="N", ylabel=r"mean $\tau$ (bits)", title=TITLES[task])


def _draw_law(axes: Axes, task: str, found: Turns) -> dict[str, Any]:
    """N* with intervals and the fitted law; returns the numbers."""
    bars = [
        found.interval(value, drawn, "vertex")
        for value, drawn in zip(found.value, found.drawn.T, strict=True)
    ]
    for size, bar, bound in zip(found.units, bars, found.censored, strict=True):
        axes.plot([size, size], [bar.low, bar.high], color=COLORS[task, SINGLE], lw=0.8)
        if bound:
            axes.annotate(
                "",
                (size, 1.25 * bar.value),
                (size, bar.value),
                arrowprops={"arrowstyle": "->", "color": COLORS[task, SINGLE], "lw": 0.8},
            )
    _draw_points(axes, task, found, found.value)
    numbers: dict[str, Any] = {"N*": found.value, "lower bound": found.censored}
    numbers["interval"] = [(bar.low, bar.high) for bar in bars]
    if len(found.units) < 3:
        return numbers
    g, factor = power_law(found.units, found.value, found.censored)
    known = exponent(found)
    line = np.geomspace(found.units.min(), found.units.max())
    label = f"{TITLES[task]}: $H^{{{g:.2f}}}$ [{known.low:.2f}, {known.high:.2f}]"
    axes.plot(line, factor * line**g, "--", lw=1, color=COLORS[task, SINGLE], label=label)
    return numbers | {"exponent": known._asdict(), "factor": factor}


def _draw_points(axes: Axes, task: str, found: Turns, values: np.ndarray) -> None:
    """Filled where N* was seen, open where it is a lower bound."""
    seen = ~found.censored
    color = COLORS[task, SINGLE]
    axes.plot(found.units[seen], values[seen], "o-", ms=4, lw=0.8, color=color)
    axes.plot(found.units[~seen], values[~seen], "o", ms=4, mfc="white", color=color)


def _by_size(axes: Axes, units: np.ndarray) -> None:
    axes.set(xlabel="units H", xscale="log")
    axes.set_xticks(units, [f"{size:.0f}" for size in units])
    axes.minorticks_off()
    axes.grid(axis="y", color=GREY, lw=0.3, alpha=0.4)


def _read(values: xarray.DataArray, found: Turns) -> Float[np.ndarray, " size"]:
    """`values` (units, n) at N* of each size, between whole N; NaN where nothing is known."""
    read = []
    for row, turn in zip(values.transpose("units", "n").values, found.value, strict=True):
        known = np.isfinite(row)
        some = known.any() and np.isfinite(turn)
        read.append(np.interp(turn, values.n.values[known], row[known]) if some else np.nan)
    return np.array(read)


def _spread(values: np.ndarray) -> float:
    """Largest over smallest; NaN of fewer than two."""
    values = values[np.isfinite(values)]
    return float(values.max() / values.min()) if len(values) > 1 else np.nan


def _curves(evidence: Evidence) -> tuple[Mapping[str, xarray.DataArray]]:
    return ({task: curves(evidence.sweep(name)) for task, name in SWEEPS.items()},)


def _constructed(least: Sequence[float]) -> tuple[Mapping[str, xarray.DataArray]]:
    """Parabolas of mean tau with their least values there, seeds a little apart."""
    n = np.arange(2, 17)
    seeds = np.array([-0.3, -0.1, 0.1, 0.3])
    at = np.array(least)[:, None, None] + seeds[:, None]
    coords = {"units": [16, 32, 64, 128], "seed": range(4), "n": n}
    tau = xarray.DataArray(1.4 + 0.01 * (n - at) ** 2, coords, ("units", "seed", "n"))
    return (dict.fromkeys(TITLES, tau),)


FIGURES = (
    Figure(
        "sizes",
        "Where mean tau turns from falling to rising, by the size of the net",
        "Single-head nets. Above, mean tau over units and seeds against N, where every seed solved "
        "N, with its turn N* (circles: vertex of a parabola through up to five N about the least "
        "value); and N* against the number of units H with its bootstrap interval over seeds and "
        "a power law by censored regression; open with an arrow where tau still falls at the last "
        "N solved, a lower bound. Below, what might set the turn, read at N*: the share of units "
        "whose tau has been absorbed at 1, their number over those that suffice with every tau at "
        "1 (T7: 2 N - 1 for parity, N + 1 for DMS), and the epochs that the stage took. A cause "
        "that acts alone would be flat.",
        sizes_figure,
        ("C-RNN-5", "C-RNN-32", "C-RNN-38"),
        ("sizes", "smoke"),
    ),
)
CHECKS = (
    Check(
        "C-RNN-5", turn_grows, _curves, lambda _: _constructed((10.0, 9.0, 7.0, 6.0)), ("sizes",)
    ),
    Check("C-RNN-32", turn_law, _curves, lambda _: _constructed((11.0, 9.0, 7.0, 6.0)), ("sizes",)),
    Check(
        "C-RNN-38", turn_law_dms, _curves, lambda _: _constructed((11.0, 9.0, 7.0, 6.0)), ("sizes",)
    ),
)
