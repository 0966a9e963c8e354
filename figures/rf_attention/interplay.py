"""A target between f_2 and g_1, and label noise on it."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from figures.evidence import Check, Evidence, Figure
from figures.rf_attention.palette import COLORS
from figures.rf_attention.readings import Predictor, beyond, last, median_apart, setting_of
from figures.statistics import exact, judge
from figures.style import PAGE, THEORY, band
from sims.rf_attention.data import ANGLES
from sims.rf_attention.experiment import PENALTIES
from theory.claims import Claim, Verdict
from theory.rf_attention import spectra
from theory.rf_attention.setting import Setting
from theory.rf_attention.targets import target_energies

SWEEPS = {"RFA": "rf_attention.interplay", "RFMLP": "rf_attention.interplay_rfmlp"}


def noise_enters(claim: Claim, errors: xarray.DataArray, theory: xarray.DataArray) -> Verdict:
    """C-RFA-34: RFA's excess error with label noise over E0 (bias + sigma^2) - sigma^2."""
    ratio = errors.mean("seed") / theory
    method = (
        f"median over {ratio.size} cells of |simulated/theory - 1|, {errors.sizes['seed']} seeds"
    )
    parts = {
        "median": exact(median_apart(errors, theory), method),
        "cells beyond 3 s.e.": exact(beyond(errors, theory), "largest of them"),
    }
    return judge(claim, parts, detail={"largest": float(abs(ratio - 1).max())})


def best_mean(claim: Claim, errors: xarray.DataArray) -> Verdict:
    """C-RFA-31: which w0 does best as the target turns from f_2 to g_1, at the smallest size.

    Args:
        errors: (seed, query_key_mean, size, angle).
    """
    average = errors.mean("seed")
    best = average.query_key_mean[average.argmin("query_key_mean")]
    first, count = best.isel(size=0), errors.sizes["seed"]
    parts = {
        f"best w0 for {target}": exact(
            float(first.sel(angle=angle)), f"w0 of least mean error, {count} seeds"
        )
        for target, angle in (("g_1", 90.0), ("f_2", 0.0))
    }
    detail: dict[str, float | int | str] = {
        f"best w0, n = {int(size)}": ", ".join(
            f"{float(w):g} at {float(angle):g}" for angle, w in zip(best.angle, row, strict=True)
        )
        for size, row in zip(best["size"], best.transpose("size", "angle"), strict=True)
    }
    return judge(claim, parts, detail=detail)


def interplay_errors(evidence: Evidence) -> dict[str, xarray.DataArray]:
    """Relative errors of h_theta at the oracle's penalty, RFA at every w0, and the network."""
    found = {}
    for model, name in SWEEPS.items():
        training = last(evidence.sweep(name))
        best = training.error.mean("seed").argmin("penalty")
        errors = training.error.isel(penalty=best).rename(target="angle")
        found[model] = errors.assign_coords(angle=list(ANGLES))
    return found


def angle_energies(angle: float, setting: Setting) -> dict[tuple[int, int], float]:
    """h_theta's by level: f_2 without its mean and g_1 have none in common."""
    found = {}
    for name, weight in (("f2", np.cos(np.deg2rad(angle))), ("g1", np.sin(np.deg2rad(angle)))):
        parts = target_energies(name, setting)
        whole = spectra.variance(parts)
        found |= {level: weight**2 * value / whole for level, value in parts.items() if any(level)}
    return found


def interplay_theory(evidence: Evidence) -> dict[str, xarray.DataArray]:
    """Theory of RFA (w0 = 0) and RFMLP at the oracle's penalties, (size, angle)."""
    found = {}
    for model, name in SWEEPS.items():
        training = evidence.sweep(name)
        setting, heads = setting_of(training), int(training.attrs["heads"])
        theory = Predictor(evidence, model, setting, heads)
        curve = last(training).error.mean("seed")
        if "query_key_mean" in curve.dims:
            curve = curve.sel(query_key_mean=0.0)
        best = curve.argmin("penalty").transpose("size", "target")
        values = np.empty(best.shape)
        for row, size in enumerate(best["size"].values):
            for column, angle in enumerate(ANGLES):
                penalty = PENALTIES[int(best[row, column])]
                values[row, column] = theory(angle_energies(angle, setting), int(size), penalty)
        at = {"size": best["size"].values, "angle": list(ANGLES)}
        found[model] = xarray.DataArray(values, at, ("size", "angle"))
    return found


def noisy(evidence: Evidence, enters: bool) -> tuple[xarray.DataArray, xarray.DataArray]:
    """C-RFA-34: excess error with label noise, simulated (seed, noise, angle, penalty) and theory.

    Args:
        enters: whether theory has the noise.
    """
    training = evidence.sweep("rf_attention.noise")
    setting, heads = setting_of(training), int(training.attrs["heads"])
    theory = Predictor(evidence, "RFA", setting, heads)
    errors = last(training).error.isel(size=0, drop=True).rename(target="angle")
    errors = errors.assign_coords(angle=list(ANGLES)).sel(angle=[0.0, 90.0])
    errors = errors.isel(penalty=slice(2, 6))
    errors = errors.transpose("seed", "noise_variance", "angle", "penalty")
    size = int(training.attrs["largest"])
    values = np.array([
        [
            [
                theory(angle_energies(float(a), setting), size, float(p), float(v) * enters)
                for p in errors.penalty
            ]
            for a in errors.angle
        ]
        for v in errors.noise_variance
    ])  # fmt: skip
    return errors, xarray.DataArray(values, errors.isel(seed=0, drop=True).coords, errors.dims[1:])


def draw(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """Error against the angle between f_2 and g_1, for several means of the weights."""
    found = interplay_errors(evidence)
    attention, network = found["RFA"], found["RFMLP"].squeeze(drop=True)
    sizes, means = attention["size"].values, attention.query_key_mean.values
    if "size" not in network.dims:
        network = network.expand_dims(size=sizes)
    theory = interplay_theory(evidence)
    drawing, grid = plt.subplots(1, len(sizes), figsize=(PAGE, 2.6), sharey=True, squeeze=False)
    numbers: dict[str, Any] = {"angle": ANGLES, "size": sizes}
    marks = "ov^D<>PXp"[: len(means)] + "s"
    for axes, size in zip(grid[0], sizes, strict=True):
        curves = {f"$w_0={mean:g}$" if mean else "RFA": attention.sel(query_key_mean=mean)
                  for mean in means}  # fmt: skip
        curves["RFMLP"] = network
        for (label, curve), mark in zip(curves.items(), marks, strict=True):
            color = COLORS.get(label) or _darker(float(curve.query_key_mean))
            values = curve.sel(size=size).transpose("seed", "angle").values
            band(axes, np.asarray(ANGLES), values, color, label, mark)
            numbers[f"n={size}, {label}"] = values.mean(axis=0)
            if label in theory:
                line = theory[label].sel(size=size)
                axes.plot(ANGLES, line, color=color, **THEORY)
                numbers[f"n={size}, {label}, theory"] = line
        axes.set(xlabel=r"$\theta$, from $f_2$ (0) to $g_1$ (90)", title=f"n = {size}")
        axes.set_xticks(ANGLES)
    grid[0][0].set_ylabel("relative test error")
    handles, labels = grid[0][-1].get_legend_handles_labels()
    handles.append(Line2D([], [], color="black", **THEORY))
    grid[0][0].set_ylim(bottom=0)
    drawing.legend(handles, [*labels, "theory"], ncols=len(handles), loc="outside lower center")
    return drawing, numbers


def _darker(mean: float) -> str:
    """BRFA's green, which it has at w0 = 1 elsewhere, darker the larger the mean w0."""
    share = 0.5 ** (0.6 * np.log2(mean))
    green = np.array(to_rgb(COLORS["BRFA"]))
    red, green, blue = share * green if share < 1 else 1 - (1 - green) / share
    return to_hex((red, green, blue))


def _errors(evidence: Evidence) -> tuple[xarray.DataArray]:
    return (interplay_errors(evidence)["RFA"],)


def _reversed(evidence: Evidence) -> tuple[xarray.DataArray]:
    return (interplay_errors(evidence)["RFA"].assign_coords(angle=list(ANGLES)[::-1]),)


FIGURE = Figure(
    "interplay",
    "Which mean of the weights is best depends on the target",
    "Our preset. Relative test error at several training sizes n on cos(theta) f_2 + "
    "sin(theta) g_1, both of variance one, for RFA and BRFA at several means w0 of the "
    "query-key weights, and for RFMLP; mean and 95 % band over seeds; dashed, theory of RFA "
    "and RFMLP. C-RFA-31 is decided at the smallest size, where RFA stands on its first "
    "plateau on g_1; how the best w0 moves with n is in its detail. C-RFA-34 adds noise to "
    "the labels of both ends.",
    draw,
    ("C-RFA-31", "C-RFA-34"),
)
CHECKS = (
    Check("C-RFA-31", best_mean, _errors, _reversed, slow=True),
    Check("C-RFA-34", noise_enters, lambda e: noisy(e, True), lambda e: noisy(e, False), slow=True),
)
