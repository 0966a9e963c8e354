"""What is solved without a curriculum, and with time constants that do not learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure
from figures.rnn_timescales.stages import COLORS, FROZEN, MULTI, NAMES, SINGLE, by_n, solved_by
from figures.rnn_timescales.stages import spearman as order
from figures.statistics import Estimate, decide, mean, verdict, worst
from figures.style import GREY, PAGE, THEORY, band
from sims.rnn_timescales.tasks import SMALLEST
from sims.rnn_timescales.training import THRESHOLD
from theory.claims import State, Verdict
from theory.rnn_timescales.limits import majority_accuracy

DIRECT, TOGETHER = "rnn_timescales.direct_parity", "rnn_timescales.together_parity"
FIXED, PARITY = "rnn_timescales.fixed_parity", "rnn_timescales.parity"
SOON, BUDGET = 6, 25
TRAINED = "trained"
# What 30 epochs do not reach at 32 units, and what the paper says is not learned at 500.
LARGE, LARGE_PAPER = 8, 11


def asked(direct: xarray.Dataset) -> xarray.DataArray:
    """Accuracy of head 0, by the N it was asked from the start (`first`), seed and epoch."""
    accuracy = direct.accuracy.isel(head=0)
    if "first" not in accuracy.dims:
        accuracy = accuracy.expand_dims(first=[int(direct.attrs["first"])])
    epochs = accuracy.step / direct.attrs["log_every"]
    return accuracy.assign_coords(step=epochs).rename(step="epoch")


def crossings(sweep: xarray.Dataset) -> xarray.DataArray:
    """The epoch in which each head's accuracy first exceeds 98 %: (seed, n), NaN where never."""
    above = sweep.accuracy > THRESHOLD
    epochs = (above.step / sweep.attrs["log_every"]).where(above).min("step")
    found = epochs.rename(head="n")
    return found.assign_coords(n=found.n + sweep.attrs["first"]).transpose("seed", "n")


def largest_solved(trained: xarray.Dataset, fixed: xarray.Dataset) -> xarray.DataArray:
    """The largest N solved in the epochs that the fixed runs had: (kind, ..., seed).

    Kinds are `trained` and the fixed tau in bits; the cap is the largest N asked.
    """
    budget = fixed.attrs["steps"] / fixed.attrs["log_every"]
    cap = min(int(trained.attrs["last"]), int(fixed.attrs["last"]))
    free = solved_by(by_n(trained), budget).expand_dims(lowest=[0.0])
    held = solved_by(by_n(fixed))
    if "forget" not in held.dims:
        free = free.sel(forget=fixed.attrs["forget"], drop=True)
    both = xarray.concat([free, held], "lowest", join="outer", coords="minimal", compat="override")
    names = [TRAINED, *(f"{tau:g}" for tau in held.lowest.values)]
    both = both.reset_coords(drop=True).clip(max=cap).rename(lowest="kind")
    both = both.assign_coords(kind=names)
    return both.assign_attrs(cap=cap, budget=budget)


def without_curriculum(accuracy: xarray.DataArray, large: int) -> Verdict:
    """C-RNN-8: the smallest N asked alone is soon solved by every seed, a large one by none.

    Args:
        accuracy: as of `asked`.
        large: N from here on are large.
    """
    epochs = _first_epoch(accuracy)
    soon = bool((epochs.isel(first=0) <= SOON).all())
    hard = epochs.sel(first=slice(large, None))
    none = bool(hard.isnull().all())
    best = mean(accuracy.sel(first=hard.first[0]).max("epoch").values)
    detail: dict[str, float | int | str] = {"budget": float(accuracy.epoch[-1])}
    for n in accuracy.first.values:
        own = epochs.sel(first=n)
        detail[f"seeds that solved N = {n}"] = f"{int(own.count())} of {own.size}"
        detail[f"best accuracy at N = {n}"] = float(accuracy.sel(first=n).max("epoch").mean())
    detail["slowest seed's epochs, smallest N"] = float(epochs.isel(first=0).max())
    found = best._replace(method=f"best accuracy at N = {int(hard.first[0])}, {best.method}")
    expected = f"smallest N by every seed in <= {SOON} epochs; N >= {large} by none"
    return verdict("C-RNN-8", found, expected, "holds" if soon and none else "fails", detail)


def all_at_once(epochs: xarray.DataArray) -> Verdict:
    """C-RNN-9: every head is solved within 25 epochs, in the order of N.

    Args:
        epochs: of each head's first crossing of 98 %, (seed, n).
    """
    orders = order(epochs.values, epochs.n.values)
    found = mean(orders)
    within = bool((epochs <= BUDGET).all())
    states: list[State] = [
        "holds" if within else "fails",
        "holds" if orders.min() > 0.9 else "fails",
    ]
    detail: dict[str, float | int | str] = {"least Spearman": float(orders.min())}
    detail |= {f"epoch of N = {int(n)}": float(epochs.sel(n=n).mean()) for n in epochs.n}
    expected = "every head in <= 25 epochs; Spearman of every seed > .9"
    return verdict("C-RNN-9", found, expected, worst(*states), detail)


def fixed_multi(solved: xarray.DataArray) -> Verdict:
    """C-RNN-16: largest N of multi-head, with tau trained and fixed."""
    values = {str(kind): _seeds(solved.sel(kind=kind)) for kind in solved.kind.values}
    gaps = {
        pair: _difference(values[pair[0]], values[pair[1]])
        for pair in ((TRAINED, "1"), ("1", "2"), ("2", "3"))
    }
    same, longer, longest = gaps.values()
    states: list[State] = [decide(same, -2.0, 2.0), decide(longer, 2.0), decide(longest, 2.0)]
    detail: dict[str, float | int | str] = {
        f"tau {kind}": float(found.mean()) for kind, found in values.items()
    }
    detail |= {f"{one} - {other}": gap.value for (one, other), gap in gaps.items()}
    detail |= {"largest N asked": int(solved.attrs["cap"]), "epochs": solved.attrs["budget"]}
    expected = "trained - (tau = 1) within 2; 1 over 2 and 2 over 3 by >= 2 stages each"
    return verdict("C-RNN-16", longer, expected, worst(*states), detail)


def fixed_single(solved: xarray.DataArray) -> Verdict:
    """C-RNN-17: largest N of single-head, tau trained over the best fixed tau."""
    values = {str(kind): _seeds(solved.sel(kind=kind)) for kind in solved.kind.values}
    free = values.pop(TRAINED)
    best = max(values, key=lambda kind: values[kind].mean())
    gap = _difference(free, values[best])
    detail: dict[str, float | int | str] = {"best fixed tau": best, "trained": float(free.mean())}
    detail |= {f"tau {kind}": float(found.mean()) for kind, found in values.items()}
    detail["largest N asked"] = int(solved.attrs["cap"])
    return verdict("C-RNN-17", gap, "trained - best fixed > 3", decide(gap, low=3.0), detail)


def no_curriculum_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F3a: one N alone from the start, and all heads at once."""
    accuracy, epochs = asked(evidence.sweep(DIRECT)), crossings(evidence.sweep(TOGETHER))
    drawing, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, accuracy.first.size))
    numbers: dict[str, Any] = {}
    for n, color in zip(accuracy.first.values, colors, strict=True):
        own = accuracy.sel(first=n).transpose("seed", "epoch")
        band(left, own.epoch.values, own.values, color, f"N = {n}")
        left.axhline(majority_accuracy(int(n)), color=color, **(THEORY | {"linewidth": 0.7}))
        numbers[f"alone, N = {n}"] = {"epoch": own.epoch, "accuracy": own}
    left.axhline(THRESHOLD, color=GREY, lw=0.6, ls=":")
    left.set(xlabel="epoch", ylabel="accuracy of the only head", title="one N alone")
    left.set_ylim(0.3, 1.03)
    left.legend(loc="lower right", ncols=3)
    for row in epochs.values:
        right.plot(epochs.n, row, color=COLORS["parity", MULTI], lw=0.5, alpha=0.5)
    right.plot(epochs.n, epochs.mean("seed"), "o-", ms=3, color=COLORS["parity", MULTI])
    right.set(xlabel="N", ylabel="epoch of first crossing 98 %", title="all N at once")
    right.set_xticks(epochs.n.values)
    numbers["together"] = {"N": epochs.n, "epoch": epochs}
    return drawing, numbers


def fixed_figure(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F4a: the largest N solved, tau trained and fixed."""
    solved = largest_solved(evidence.sweep(PARITY), evidence.sweep(FIXED))
    drawing, axes = plt.subplots(figsize=(PAGE / 2, 2.5))
    numbers: dict[str, Any] = {"epochs": solved.attrs["budget"], "N asked": solved.attrs["cap"]}
    at = np.arange(solved.kind.size)
    jitter = np.linspace(-0.06, 0.06, solved.seed.size)
    curricula = solved.forget.values if "forget" in solved.dims else [MULTI]
    for forget, shift in zip(
        curricula, np.linspace(-0.2, 0.2, len(curricula) + 2)[1:], strict=False
    ):
        own = solved.sel(forget=forget) if "forget" in solved.dims else solved
        color, name = COLORS["parity", int(forget)], NAMES[int(forget)]
        places = at + shift
        for x, kind in zip(places, own.kind.values, strict=True):
            axes.plot(x + jitter, own.sel(kind=kind), ".", ms=4, alpha=0.5, color=color)
        axes.plot(places, own.mean("seed"), "o", ms=5, mfc="none", color=color, label=name)
        numbers[name] = {"tau": own.kind, "largest N": own.transpose("kind", "seed")}
    axes.axhline(solved.attrs["cap"], color=GREY, lw=0.6, ls=":")
    labels = [TRAINED, *(rf"$\tau = {kind}$" for kind in solved.kind.values[1:])]
    axes.set_xticks(at, labels)
    axes.set(ylabel=f"largest N in {solved.attrs['budget']:.0f} epochs", title="N-parity")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower left")
    return drawing, numbers


def _first_epoch(accuracy: xarray.DataArray) -> xarray.DataArray:
    above = accuracy > THRESHOLD
    return above.epoch.where(above).min("epoch")


def _seeds(values: xarray.DataArray) -> np.ndarray:
    """The seeds of a kind of run; those that only the other sweep has are NaN."""
    return values.values[np.isfinite(values.values)]


def _difference(one: np.ndarray, other: np.ndarray) -> Estimate:
    """Mean of one - other, paired by seed: the same initial weights."""
    common = min(len(one), len(other))
    return mean(one[:common] - other[:common])


def _solved(evidence: Evidence, forget: int) -> tuple[xarray.DataArray]:
    solved = largest_solved(evidence.sweep(PARITY), evidence.sweep(FIXED))
    return (solved.sel(forget=forget) if "forget" in solved.dims else solved,)


def _constructed(by_kind: Mapping[str, float]) -> tuple[xarray.DataArray]:
    """Runs that solved so much, four seeds that differ by a stage."""
    values = np.array(list(by_kind.values()))[:, None] + np.array([0.0, 1.0, 0.0, 1.0])
    coords = {"kind": list(by_kind), "seed": range(4)}
    return (xarray.DataArray(values, coords, ("kind", "seed"), attrs={"cap": 40, "budget": 1}),)


def _alone(evidence: Evidence) -> tuple[xarray.DataArray, int]:
    large = LARGE_PAPER if evidence.preset == "paper" else LARGE
    return asked(evidence.sweep(DIRECT)), large


def _curriculum_on(evidence: Evidence) -> tuple[xarray.DataArray, int]:
    """Each head's accuracy where a curriculum leads to it, as if it had been asked alone."""
    sweep = evidence.sweep(FROZEN).sel(forget=MULTI)
    heads = sweep.accuracy.rename(head="first", step="epoch")
    n, epochs = heads.first + SMALLEST, heads.epoch / sweep.attrs["log_every"]
    heads = heads.assign_coords(first=n, epoch=epochs)
    return heads, int(n[-1])


def _one_head(evidence: Evidence) -> tuple[xarray.DataArray]:
    """A list of one head: the others are never asked."""
    return (crossings(evidence.sweep(FROZEN).sel(forget=SINGLE)),)


FIGURES = (
    Figure(
        "no_curriculum",
        "Without a curriculum large N is not learned, unless smaller N are asked as well",
        "N-parity from initial nets, no stages. Left, accuracy of a net that is asked one N alone "
        "(mean and 95 % band over seeds; a run ends, and its line goes on flat, at 98 %, dotted); "
        "dashed, what a reader that knows each stream's p but not its parity gets (T8). Right, "
        "heads for N = 2 to 8 asked together: the epoch in which each first exceeds 98 %; thin "
        "lines, seeds.",
        no_curriculum_figure,
        ("C-RNN-8", "C-RNN-9"),
    ),
    Figure(
        "fixed",
        "With every N so far asked, tau = 1 gets as far as trained tau, longer tau less far",
        "The largest N solved within the same number of epochs, with time constants trained from "
        "U(1, 2) and fixed at 1, 2 and 3 bits: points, seeds; rings, their mean. Dotted, the "
        "largest N asked, which hides any difference above it.",
        fixed_figure,
        ("C-RNN-16", "C-RNN-17"),
    ),
)
CHECKS = (
    Check(
        "C-RNN-8",
        without_curriculum,
        _alone,
        _curriculum_on,
        ("quick", "standard", "paper"),
    ),
    Check(
        "C-RNN-9",
        all_at_once,
        lambda evidence: (crossings(evidence.sweep(TOGETHER)),),
        _one_head,
        ("quick", "standard", "paper"),
    ),
    Check(
        "C-RNN-16",
        fixed_multi,
        lambda evidence: _solved(evidence, MULTI),
        lambda _: _constructed({TRAINED: 12.0, "1": 4.0, "2": 6.0, "3": 11.0}),
        ("quick", "standard", "paper"),
    ),
    Check(
        "C-RNN-17",
        fixed_single,
        lambda evidence: _solved(evidence, SINGLE),
        lambda _: _constructed({TRAINED: 25.0, "1": 33.0, "2": 26.0, "3": 24.0}),
        ("paper",),
    ),
)
