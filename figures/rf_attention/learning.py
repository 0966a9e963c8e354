"""Verdicts on learning curves: the three models against each other and against theory (E1, E2)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray

from figures.evidence import Check, Evidence
from figures.rf_attention.identities import omniscient_bound
from figures.rf_attention.readings import (
    NAMES,
    Curves,
    Formula,
    chosen,
    energies,
    excess_apart,
    learning_curves,
    limit_curves,
    oracle,
    paired,
    predicted,
    setting_of,
)
from figures.statistics import Estimate, decide, mean, verdict, worst
from sims.rf_attention.experiment import PENALTIES
from theory.claims import State, Verdict
from theory.rf_attention import curves, norms, spectra


def attention_learns(found: Curves, size: int) -> Verdict:
    """C-RFA-23: how much worse the network does than RFA and BRFA on means of even powers."""
    limits = {("RFA", "f2"): 6.0, ("RFA", "f4"): 2.3, ("BRFA", "f2"): 4.0, ("BRFA", "f4"): 2.0}
    if size > 1000:
        limits = {("RFA", "f2"): 10.0, ("RFA", "f4"): 2.3}
    parts = {key: paired(found, "RFMLP", key[0], key[1], size) for key in limits}
    states: list[State] = [decide(part, low=limits[key]) for key, part in parts.items()]
    detail = {f"RFMLP/{m}, {t}": part.value for (m, t), part in parts.items()}
    expected = ", ".join(f"RFMLP/{m} {t} >= {low:g}" for (m, t), low in limits.items())
    return verdict("C-RFA-23", parts["RFA", "f2"], expected, worst(*states), detail)


def mean_helps(found: Curves, size: int) -> Verdict:
    """C-RFA-25: on g_1 and g_3 BRFA beats RFA, which beats the network."""
    large = size > 1000
    limits, behind = ({"g1": 0.6, "g3": 0.92}, 1.0) if large else ({"g1": 0.88, "g3": 0.96}, 1.15)
    parts = {t: paired(found, "BRFA", "RFA", t, size) for t in limits}
    others = {t: paired(found, "RFMLP", "RFA", t, size) for t in limits}
    states: list[State] = [decide(part, high=limits[t]) for t, part in parts.items()]
    states.extend(decide(part, low=behind) for part in others.values())
    detail = {f"BRFA/RFA, {t}": part.value for t, part in parts.items()}
    detail |= {f"RFMLP/RFA, {t}": part.value for t, part in others.items()}
    expected = ", ".join(f"BRFA/RFA {t} <= {high}" for t, high in limits.items())
    return verdict(
        "C-RFA-25", parts["g1"], f"{expected}, RFMLP/RFA >= {behind:g}", worst(*states), detail
    )


def theories(evidence: Evidence, formula: Formula = "own") -> dict[str, xarray.DataArray]:
    """Theory on RFA's and RFMLP's learning curves."""
    found = learning_curves(evidence)
    return {name: predicted(evidence, found[name], name, formula) for name in ("RFA", "RFMLP")}


def finite_width(found: Curves, theory: dict[str, xarray.DataArray]) -> Verdict:
    """C-RFA-19: simulated mean errors over the scalar formula of finite width."""
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    typical = 0.0
    for model in ("RFMLP", "RFA"):
        ratio = (oracle(found[model]).mean("seed") / theory[model]).transpose("size", "target")
        if model == "RFA":
            first = ratio.sel(target="f1").values
            ratio = ratio.drop_sel(target="f1")
            states.append("holds" if ((first >= 1) & (first <= 2)).all() else "fails")
            detail["f1 RFA, largest ratio"] = float(first.max())
        apart = np.abs(ratio.values - 1)
        middle, limit = float(np.median(apart)), {"RFMLP": 0.04, "RFA": 0.06}[model]
        states.append("holds" if middle <= limit else "fails")
        if model == "RFMLP":
            states.append("holds" if apart.max() <= 0.15 else "fails")
        detail |= {f"median, {model}": middle, f"largest, {model}": float(apart.max())}
        typical = max(typical, middle)
    method = "larger of two medians over cells of |simulated/theory - 1|"
    expected = "medians <= .04 (RFMLP; largest .15), .06 (RFA without f_1, which is in [1, 2])"
    return Verdict("C-RFA-19", typical, None, method, expected, worst(*states), detail)


def infinite_width(found: Curves, theory: dict[str, xarray.DataArray]) -> Verdict:
    """C-RFA-18: kernel ridge regression with the exact kernels against the omniscient risk."""
    states: list[State] = []
    detail, apart = {}, []
    for model, curve in found.items():
        errors = oracle(curve)
        ratio = abs(errors.mean("seed") / theory[model] - 1)
        apart.append(ratio.values.ravel())
        large = excess_apart(errors.where(errors.mean("seed") > 0.02), theory[model], 0.15)
        states.append("holds" if large <= 1 else "fails")
        detail[f"largest over what it may be, {model}"] = large
    middle = float(np.median(np.concatenate(apart)))
    states.append("holds" if middle <= 0.06 else "fails")
    method = "median over cells of |simulated/theory - 1|"
    expected = "<= .06; every error above .02 within 15 % or 3 s.e."
    return Verdict("C-RFA-18", middle, None, method, expected, worst(*states), detail)


def _limit_theories(evidence: Evidence, formula: Formula) -> dict[str, xarray.DataArray]:
    found = limit_curves(evidence)
    # The falsifier needs a width; M = 20 stands for "not infinite".
    few = {name: curve.assign_attrs({**curve.attrs, "heads": 20}) for name, curve in found.items()}
    return {name: predicted(evidence, few[name], name, formula) for name in found}


def bounded(theory: xarray.Dataset, simulated: float) -> Verdict:
    """C-RFA-22: the bound E0 B (Tr + delta)/(4 n) on theory's errors and on simulated ones.

    Args:
        theory: `error`, excess of theory's errors over the bound.
        simulated: largest simulated error over the bound.
    """
    excess = float(theory.error.max())
    state: State = "holds" if excess <= 0 and simulated <= 1 else "fails"
    method = "largest simulated mean error over the bound; theory's in the detail"
    detail = {"largest excess of theory": excess}
    return Verdict("C-RFA-22", simulated, None, method, "<= 1", state, detail)


def over_bound(curve: xarray.Dataset) -> float:
    """Largest mean error of RFA with infinitely many heads over B (Tr + delta)/(4 n); E0 >= 1."""
    setting = setting_of(curve)
    spectrum = spectra.rfa_spectrum(setting)
    trace = spectra.rfa_trace(setting)
    largest = 0.0
    for name in NAMES:
        parts = energies(name, setting)
        scale = norms.squared_norm(parts, spectrum) * trace / (4 * spectra.variance(parts))
        errors = curve.error.sel(target=name).mean("seed")
        bounds = scale * (1 + curve.penalty) / curve["size"]
        largest = max(largest, float((errors / bounds).max()))
    return largest


def pooled_theory(
    evidence: Evidence, fitted: bool = False, corrected: bool = True
) -> xarray.DataArray:
    """The pooled eigenframework on BRFA's curve at its penalties, relative, (size, target).

    Args:
        fitted: divide by 1 - n/P, as if training points had no error.
        corrected: divide at all.
    """
    curve = learning_curves(evidence)["BRFA"]
    pool = evidence.sweep("rf_attention.pool").isel(step=-1, drop=True)
    best, count = chosen(curve), pool.sizes["mode"]
    sizes = [int(n) for n in curve["size"].values if n <= count // 4]
    best = best.sel(size=sizes)
    found = np.zeros(best.shape)
    for column, name in enumerate(NAMES):
        whole = spectra.variance(energies(name, setting_of(curve)))
        for row, size in enumerate(sizes):
            each = []
            for seed in range(pool.sizes["seed"]):
                lam = np.maximum(pool.eigenvalue.isel(seed=seed).values, 0)
                energy = pool.energy.isel(seed=seed, target=column).values
                ridge = PENALTIES[int(best[row, column])] * lam.sum()
                error = curves.pooled(lam, energy, size, ridge, fitted)
                each.append(error * (1 if corrected else 1 - size / count))
            found[row, column] = np.mean(each) / whole
    return xarray.DataArray(found, best.coords, best.dims)


def pool_predicts(claim: str, found: Curves, theory: xarray.DataArray) -> Verdict:
    """C-RFA-28, 37: BRFA's simulated errors over the pooled eigenframework from n = 100."""
    theory = theory.sel(size=[n for n in theory["size"].values if n >= 100])
    errors = oracle(found["BRFA"]).sel(size=theory["size"].values)
    middle = float(np.median(abs(errors.mean("seed") / theory - 1)))
    large = excess_apart(errors, theory, 0.1)
    state: State = "holds" if middle <= 0.06 and large <= 1 else "fails"
    method = "median over cells of |simulated/theory - 1|, 100 <= n <= P/4"
    expected = "<= .06; every cell within 10 % or 3 s.e."
    detail = {"largest over what it may be": large}
    return Verdict(claim, middle, None, method, expected, state, detail)


def even_weight(found: Curves, smallest: int) -> Verdict:
    """C-RFA-26: BRFA/RFA on g_2 from `smallest` samples on."""
    sizes = [int(n) for n in found["RFA"]["size"].values if n >= smallest]
    parts = {n: paired(found, "BRFA", "RFA", "g2", n) for n in sizes}
    states: list[State] = [decide(part, 0.95, 1.06) for part in parts.values()]
    farthest = max(parts.values(), key=lambda part: abs(np.log(part.value)))
    detail = {f"n = {n}": part.value for n, part in parts.items()}
    return verdict("C-RFA-26", farthest, "in [.95, 1.06] at every n", worst(*states), detail)


def on_plateaus(found: Curves, model: str, sizes: dict[str, int]) -> Verdict:
    """C-RFA-27: RFA's error over what is left of the target once its first level is learnt.

    Args:
        sizes: training size at which each target stands on its first plateau.
    """
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    farthest = Estimate(0.0, 0.0, 0.0, "")
    for target, size in sizes.items():
        parts = curves.plateaus(energies(target, setting_of(found["RFA"])))
        left = oracle(found[model]).sel(target=target, size=size) - parts[0][1]
        apart = mean(left.values)
        states.append(decide(apart, -0.03, 0.03))
        detail[f"{target}, n = {size}"] = apart.value
        farthest = max(farthest, apart, key=lambda part: abs(part.value))
    return verdict("C-RFA-27", farthest, "error less plateau 0 +- .03", worst(*states), detail)


def cross_validation(found: Curves, shift: int) -> Verdict:
    """C-RFA-20: GCV over test error, means over seeds, at the oracle's penalty.

    Args:
        shift: compare with the error at so many sizes further on.
    """
    apart, late = [], []
    for curve in found.values():
        best = curve.error.mean("seed").argmin("penalty")
        gcv = curve.gcv.isel(penalty=best).mean("seed").transpose("size", "target")
        error = curve.error.isel(penalty=best).mean("seed").transpose("size", "target")
        ratio = np.abs(gcv.values / np.roll(error.values, shift, axis=0) - 1)
        apart.append(ratio[curve.size.values >= 100])
        late.append(ratio[curve.size.values >= 400])
    middle, largest = float(np.median(np.concatenate(apart))), float(np.max(np.concatenate(late)))
    state: State = "holds" if middle <= 0.12 and largest <= 0.15 else "fails"
    method = "median over cells from n = 100 of |GCV/error - 1|"
    detail = {"largest from n = 400": largest}
    expected = "median <= .12; every cell from n = 400 <= .15"
    return Verdict("C-RFA-20", middle, None, method, expected, state, detail)


def selection(found: Curves, size: int, blind: bool) -> Verdict:
    """C-RFA-33: error at the penalty that validation or GCV selects over the oracle's.

    Args:
        blind: select the largest penalty always.
    """
    worst_ratio, detail = 0.0, {}
    for rule in ("validation", "gcv"):
        for model, curve in found.items():
            at = curve.sel(size=size)
            chosen = at[rule].mean("seed").argmin("penalty")
            chosen = chosen * 0 + len(PENALTIES) - 1 if blind else chosen
            error = at.error.isel(penalty=chosen).mean("seed")
            ratio = float((error / at.error.mean("seed").min("penalty")).max())
            worst_ratio = max(worst_ratio, ratio)
            detail[f"{rule}, {model}"] = ratio
    state: State = "holds" if worst_ratio <= 1.05 else "fails"
    method = "largest ratio over targets, models and both rules, means over seeds"
    return Verdict("C-RFA-33", worst_ratio, None, method, "<= 1.05", state, detail)


def _size(evidence: Evidence, quick: int, paper: int) -> int:
    return paper if evidence.preset == "paper" else quick


def _sized(quick: int, paper: int) -> Callable[[Evidence], tuple]:
    return lambda evidence: (learning_curves(evidence), _size(evidence, quick, paper))


def _renamed(quick: int, **names: str) -> Callable[[Evidence], tuple]:
    """The break of a comparison: models in each other's places."""

    def findings(evidence: Evidence) -> tuple[Curves, int]:
        found = learning_curves(evidence)
        return {name: found[names.get(name, name)] for name in found}, quick

    return findings


def _bound(evidence: Evidence, broken: bool) -> tuple[xarray.Dataset, float]:
    curve = limit_curves(evidence)["RFA"]
    return evidence.table(omniscient_bound, broken=broken), over_bound(curve)


PRESETS = ("quick", "paper")

CHECKS = (
    Check(
        "C-RFA-18",
        infinite_width,
        lambda e: (limit_curves(e), _limit_theories(e, "limit")),
        lambda e: (limit_curves(e), _limit_theories(e, "scalar")),
        PRESETS,
    ),
    Check(
        "C-RFA-19",
        finite_width,
        lambda e: (learning_curves(e), theories(e, "scalar")),
        lambda e: (learning_curves(e), theories(e, "wrong width")),
        PRESETS,
    ),
    Check(
        "C-RFA-20",
        cross_validation,
        lambda evidence: (learning_curves(evidence), 0),
        lambda evidence: (learning_curves(evidence), 1),
        PRESETS,
    ),
    Check("C-RFA-22", bounded, lambda e: _bound(e, False), lambda e: _bound(e, True), PRESETS),
    Check(
        "C-RFA-23",
        attention_learns,
        _sized(400, 1600),
        _renamed(400, RFA="RFMLP", RFMLP="RFA"),
        PRESETS,
    ),
    Check(
        "C-RFA-25", mean_helps, _sized(200, 1600), _renamed(200, BRFA="RFA", RFA="BRFA"), PRESETS
    ),
    Check("C-RFA-26", even_weight, _sized(200, 200), _renamed(200, BRFA="RFMLP"), ("paper",)),
    Check(
        "C-RFA-27",
        on_plateaus,
        lambda e: (learning_curves(e), "RFA", {"g1": 800, "g3": 800, "f3": 3200}),
        lambda e: (learning_curves(e), "RFMLP", {"g1": 200, "g3": 200, "f3": 200}),
        ("paper",),
    ),
    Check(
        "C-RFA-28",
        pool_predicts,
        lambda e: ("C-RFA-28", learning_curves(e), pooled_theory(e, fitted=True)),
        lambda e: ("C-RFA-28", learning_curves(e), pooled_theory(e, corrected=False)),
        PRESETS,
    ),
    Check(
        "C-RFA-37",
        pool_predicts,
        lambda e: ("C-RFA-37", learning_curves(e), pooled_theory(e)),
        lambda e: ("C-RFA-37", learning_curves(e), pooled_theory(e, fitted=True)),
        PRESETS,
    ),
    Check(
        "C-RFA-33",
        selection,
        lambda evidence: (learning_curves(evidence), _size(evidence, 400, 1600), False),
        lambda evidence: (learning_curves(evidence), 400, True),
        PRESETS,
    ),
)
