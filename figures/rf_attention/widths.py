"""Error against the number of heads, and through the peak where units equal samples."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.rf_attention.palette import COLORS, MARKERS
from figures.rf_attention.readings import Formula, Predictor, setting_of, swept
from figures.statistics import jackknife, judge
from figures.style import GREY, LIMIT, PAGE, THEORY, band, plain_ticks
from theory.claims import Claim, Verdict
from theory.rf_attention import spectra
from theory.rf_attention.targets import NAMES, target_energies

WIDTHS = {"RFA": "rf_attention.widths", "RFMLP": "rf_attention.widths_rfmlp"}
# Seeds that decide C-RFA-21 and 35; quick has half as many.
SEEDS = 12
PEAKS = {"RFA": "rf_attention.peak", "RFMLP": "rf_attention.peak_rfmlp"}


def falls(claim: Claim, added: xarray.DataArray) -> Verdict:
    """C-RFA-21: log-log slope of RFA's excess error on f_1 over infinitely many heads."""
    logs = np.log(added.heads.values)

    def slope(values: np.ndarray) -> float:
        return float(np.polyfit(logs, np.log(values.mean(axis=0)), 1)[0])

    detail = {
        f"M (E_M - E_inf), M = {int(m)}": float(m * added.sel(heads=m).mean()) for m in added.heads
    }
    return judge(claim, {"slope": jackknife(slope, added.values)}, detail=detail)


def shared(claim: Claim, added: xarray.DataArray, predicted: xarray.DataArray) -> Verdict:
    """C-RFA-35: RFA's excess error on f_1 over the theory of heads that share their weights."""

    def ratio(values: np.ndarray) -> float:
        return float(np.exp(np.mean(np.log(values.mean(axis=0) / predicted.values))))

    each = added.mean("seed") / predicted
    detail = {f"M = {int(m)}": float(each.sel(heads=m)) for m in each.heads}
    return judge(claim, {"simulated/theory": jackknife(ratio, added.values)}, detail=detail)


def widening(evidence: Evidence, sweep: str, **more: int) -> xarray.Dataset:
    """`error` and `limit`, relative, (seed, heads, target); `more` as of `swept`."""
    training = swept(evidence, sweep, **more)
    setting = setting_of(training)
    scale = xarray.DataArray(
        [spectra.variance(target_energies(name, setting)) for name in NAMES],
        {"target": list(NAMES)},
    )
    heads = np.arange(1, training.sizes["step"]) * int(training.attrs["block"])
    found = training[["error", "limit"]].isel(step=slice(1, None)).rename(step="heads")
    found = found.assign_coords(target=list(NAMES), heads=heads) / scale
    return found.transpose("seed", "heads", "target").assign_attrs(training.attrs)


def theory(
    evidence: Evidence,
    curve: xarray.Dataset,
    model: str,
    heads: list[int],
    formula: Formula = "own",
) -> xarray.DataArray:
    """Relative errors (heads, target); heads of 0 stand for infinitely many."""
    setting = setting_of(curve)
    samples, penalty = int(curve.attrs["train"]), float(curve.attrs["penalty"])
    found = np.empty((len(heads), len(NAMES)))
    for row, count in enumerate(heads):
        predict = Predictor(evidence, model, setting, count, formula if count else "limit")
        for column, name in enumerate(NAMES):
            parts = target_energies(name, setting)
            found[row, column] = predict(parts, samples, penalty) / spectra.variance(parts)
    return xarray.DataArray(found, {"heads": heads, "target": list(NAMES)}, ("heads", "target"))


def doubled(curve: xarray.Dataset) -> list[int]:
    """Numbers of heads that double, from one block on."""
    block, most = int(curve.attrs["block"]), int(curve.heads[-1])
    return [block * 2**k for k in range(int(np.log2(most // block)) + 1)]


def excess(curve: xarray.Dataset, target: str = "f1") -> xarray.DataArray:
    """What finitely many heads add to the error, on the same data, (seed, heads)."""
    at = curve.sel(target=target, heads=doubled(curve))
    return (at.error - at.limit).transpose("seed", "heads")


def shared_findings(
    evidence: Evidence, formula: Formula, **more: int
) -> tuple[xarray.DataArray, ...]:
    """Excess errors on f_1, simulated and by a formula; `more` as of `swept`."""
    curve = widening(evidence, WIDTHS["RFA"], **more)
    found = theory(evidence, curve, "RFA", [0, *doubled(curve)], formula)
    return excess(curve), _over_limit(found)


def _over_limit(found: xarray.DataArray) -> xarray.DataArray:
    at = found.sel(target="f1")
    return at.isel(heads=slice(1, None)) - at.sel(heads=0)


_INFINITE: dict[str, Any] = THEORY | {"linewidth": 0.6}


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Left, error against heads; middle, what finite heads add; right, the peak at k = n."""
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.8))
    numbers: dict[str, Any] = {}
    for model in WIDTHS:
        curve, color = widening(evidence, WIDTHS[model]), COLORS[model]
        heads = doubled(curve)
        lines = theory(evidence, curve, model, [0, *heads])
        for target, face in (("f1", color), ("g1", "white")):
            at = curve.sel(target=target, heads=heads)
            band(left, np.array(heads), at.error.transpose("seed", "heads").values, color)
            look = {"color": color, "mfc": face, "marker": MARKERS[model], "ms": 4, "ls": "none"}
            left.plot(heads, at.error.mean("seed"), **look)
            left.plot(heads, lines.sel(target=target)[1:], color=color, **THEORY)
            left.axhline(float(lines.sel(target=target, heads=0)), color=color, **_INFINITE)
            numbers[f"{target} {model}"] = {
                "heads": heads,
                "error": at.error.mean("seed"),
                "limit": at.limit.mean(["seed", "heads"]),
                "theory, infinite heads first": lines.sel(target=target),
            }
        if model == "RFA":
            predicted = _over_limit(lines)
        _peak(right, evidence, PEAKS[model], model, numbers)
        samples = int(curve.attrs["train"])
    _added(middle, evidence, predicted, numbers)
    left.set(xscale="log", yscale="log", xlabel="heads M", ylabel="relative test error",
             title=f"$f_1$ (filled), $g_1$ (open), n = {samples}")  # fmt: skip
    middle.set(xscale="log", yscale="log", xlabel="heads M", ylabel="$E_M - E_\\infty$",
               title="what $M$ heads add (RFA, $f_1$)")  # fmt: skip
    for axes in (left, middle):
        plain_ticks(axes, predicted.heads.values)
    handles = [Line2D([], [], color=COLORS[m], marker=MARKERS[m], ms=4, label=m) for m in WIDTHS]
    handles += [Line2D([], [], color="black", label="theory", **THEORY)]
    handles += [Line2D([], [], color="black", label="its limit of infinite heads", **_INFINITE)]
    handles += [Line2D([], [], color=GREY, label="scalar formula", **THEORY)]
    drawing.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return drawing, numbers


def _peak(axes: Axes, evidence: Evidence, sweep: str, model: str, numbers: dict[str, Any]) -> None:
    curve, color = widening(evidence, sweep), COLORS[model]
    samples, heads = int(curve.attrs["train"]), [int(count) for count in curve.heads]
    units = np.array(heads) * (setting_of(curve).dimension + 1) / samples
    errors = curve.error.sel(target="g1").transpose("seed", "heads").values
    line = theory(evidence, curve, model, heads).sel(target="g1")
    band(axes, units, errors, color, marker=MARKERS[model])
    axes.plot(units, line, color=color, **THEORY)
    numbers[f"peak {model}"] = {"units over n": units, "error": errors.mean(axis=0)}
    numbers[f"peak {model}"]["theory"] = line
    axes.set(yscale="log", xlabel="units over samples, k/n", ylabel="relative test error",
             title=f"$g_1$, hardly a penalty, n = {samples}")  # fmt: skip
    axes.axvline(1, **LIMIT)


def _added(
    axes: Axes, evidence: Evidence, predicted: xarray.DataArray, numbers: dict[str, Any]
) -> None:
    """What finite heads add on f_1, against the theory of shared weights and the scalar formula."""
    added, scalar = shared_findings(evidence, "scalar")
    band(axes, added.heads.values, added.values, COLORS["RFA"], marker=MARKERS["RFA"])
    axes.plot(predicted.heads, predicted, color=COLORS["RFA"], **THEORY)
    axes.plot(scalar.heads, scalar, color=GREY, **THEORY)
    numbers["excess on f1"] = {"mean": added.mean("seed"), "theory": predicted, "scalar": scalar}


def _limitless(evidence: Evidence) -> tuple[xarray.DataArray]:
    """g_1's errors, which keep their limit and do not fall as 1/M."""
    curve = widening(evidence, WIDTHS["RFA"], seeds=SEEDS)
    return (curve.error.sel(target="g1", heads=doubled(curve)),)


FIGURE = Figure(
    "widths",
    "What finitely many heads cost",
    "Our preset. Left, relative test error against the number of heads M at one training size "
    "and penalty (RFMLP: as many units as M heads have), mean and 95 % band over seeds; thin, "
    "theory of infinitely many. Middle, what finite heads add to RFA's error on f_1, on the "
    "same data: the theory of heads whose d + 1 features share their weights against the "
    "scalar formula (grey). Right, next to no penalty: the peak where there are as many units as "
    "samples (dotted). Dashed, theory, nothing fitted.",
    draw,
    ("C-RFA-19", "C-RFA-21", "C-RFA-35"),
)
CHECKS = (
    Check(
        "C-RFA-21",
        falls,
        lambda e: (excess(widening(e, WIDTHS["RFA"])),),
        _limitless,
        lambda e: (excess(widening(e, WIDTHS["RFA"], seeds=SEEDS)),),
        slow=True,
    ),
    Check(
        "C-RFA-35",
        shared,
        lambda e: shared_findings(e, "own"),
        lambda e: shared_findings(e, "scalar", seeds=SEEDS),
        lambda e: shared_findings(e, "own", seeds=SEEDS),
        slow=True,
    ),
)
