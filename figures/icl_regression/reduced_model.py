"""The reduced model beyond identities: its flow's ends, its true valley, its limits."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
import xarray

from figures.evidence import Check, Evidence
from figures.icl_regression.identities import SETTING
from figures.statistics import Estimate, decide, share, verdict, worst
from sims.icl_regression.metrics import two_signed
from sims.icl_regression.softmax_pairs import (
    pair_errors,
    pair_moments,
    ridge_risks,
    softmax_norms,
)
from theory.claims import State, Verdict
from theory.icl_regression import flow, reduced, risks
from theory.icl_regression.setting import Setting

# (length, dimension, noise) of the ridge comparison, section 8.
RIDGE = ((40, 5, 0.1), (100, 20, 3.0), (400, 80, 3.0))
# The authors' risks of GD at eta* and of ridge, at the second of these (section 7, F17).
AUTHORS = {"GD": 3.4475, "ridge": 3.4066}
# omega, (length, dimension) -> mean norm, section 6.7.
NORMS = (
    *((0.5, (40, 5), 0.258), (0.5, (100, 5), 0.175), (0.5, (500, 5), 0.085)),
    *((0.5, (200, 25), 0.359), (0.5, (800, 100), 0.599)),
    *((0.35, (40, 5), 0.208), (0.35, (200, 25), 0.225), (0.35, (800, 100), 0.443)),
)
SMALL = (0.005, 0.01, 0.02, 0.04)
CONTROL = 0.001
VALLEY = (CONTROL, 0.03, 0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.12, 0.15, 0.20)


def small_flow() -> xarray.Dataset:
    """The flow from .001 for several sign groups: `omega` and `mu` of the first head, and signs."""
    groups = ((1, 1), (2, 2), (1, 3), (3, 3))
    times = np.concatenate([np.linspace(0.05, 12, 240), np.geomspace(12.5, 1e4, 120)])
    omegas, mus = [], []
    with jax.enable_x64(True):
        for plus, minus in groups:
            start = 1e-3 * jnp.asarray([1.0] * plus + [-1.0] * minus)
            omega, mu = flow.gradient_flow(start, start, jnp.asarray(times), SETTING)
            omegas.append(np.asarray(omega[:, 0]))
            mus.append(np.asarray(mu[:, 0]))
    return xarray.Dataset(
        {"omega": (("group", "time"), omegas), "mu": (("group", "time"), mus)},
        {"time": times, "plus": ("group", [p for p, _ in groups]),
         "minus": ("group", [m for _, m in groups])},
    )  # fmt: skip


def four_heads() -> xarray.Dataset:
    """The authors' four heads: start N(0, .1^2), s2 = .01; `omega`, `mu` (time, head)."""
    times = np.geomspace(0.01, 1e4, 300)
    with jax.enable_x64(True):
        start = 0.1 * jax.random.normal(jax.random.key(0, impl="threefry2x32"), (2, 4), "float64")
        quiet = SETTING._replace(noise_variance=0.01)
        omega, mu = flow.gradient_flow(start[0], start[1], jnp.asarray(times), quiet)
    values = {"omega": np.asarray(omega), "mu": np.asarray(mu)}
    return xarray.Dataset({n: (("time", "head"), v) for n, v in values.items()}, {"time": times})


def drift(found: xarray.Dataset, counted: bool) -> Verdict:
    """C-ICL-16: gamma(t) over the sixth-root law, at late times."""
    ratios, limits = {}, []
    for index in range(found.sizes["group"]):
        plus, minus = (int(found[name][index]) for name in ("plus", "minus"))
        groups = (plus, minus) if counted else (1, 1)
        late = found.isel(group=index).sel(time=slice(1e3 if plus + minus == 2 else 3e3, None))
        law = np.asarray(flow.drift_law(late.time.values, *groups, SETTING))
        deviation = np.abs(late.omega.values / law - 1)
        ratios[f"({plus},{minus})"] = float(deviation.max())
        limits.append(float(deviation.max()) / (0.01 if plus + minus == 2 else 0.02))
    largest = max(ratios.values())
    return Verdict(
        "C-ICL-16",
        largest,
        None,
        f"largest |gamma/law - 1| of {len(ratios)} sign groups, t to 10,000",
        "<= 0.01 for one pair from t = 1,000, <= 0.02 for other groups from t = 3,000",
        "holds" if max(limits) <= 1 else "fails",
        ratios,
    )


def flow_ends(time: float) -> xarray.Dataset:
    """Where the flow ends from 64 starts N(0, .1^2) for each H = 2, 3, 4, at `time`."""
    parts = []
    with jax.enable_x64(True):
        for heads in (2, 3, 4):
            key = jax.random.fold_in(jax.random.key(0, impl="threefry2x32"), heads)
            starts = 0.1 * jax.random.normal(key, (64, 2, heads), "float64")

            def end(start: jax.Array) -> jax.Array:
                at = jnp.asarray([time])
                omega, mu = flow.gradient_flow(start[0], start[1], at, SETTING)
                return jnp.stack([omega[-1], mu[-1]])

            omega, mu = np.moveaxis(np.asarray(jax.jit(jax.vmap(end))(starts)), 1, 0)
            size, weight = np.abs(omega), np.abs(mu)
            active = weight >= 0.1 * weight.max(axis=1, keepdims=True)
            mean = (size * active).sum(axis=1) / active.sum(axis=1)
            scatter = (np.abs(size - mean[:, None]) * active).max(axis=1) / mean
            losses = jax.vmap(reduced.approximate_loss, (0, 0, None))(omega, mu, SETTING)
            single = SETTING.dimension**-0.5
            values = {
                "matched": ((np.sign(omega) == np.sign(mu)) | ~active).all(axis=1),
                "two_signed": two_signed(mu),
                "imbalance": np.abs(mu.sum(axis=1)) / weight.sum(axis=1),
                "inhomogeneity": scatter,
                "off_single": (np.abs(size - single) * active).max(axis=1) / single,
                "half_loss": np.asarray(losses) / 2,
            }
            parts.append(xarray.Dataset({k: ("start", v) for k, v in values.items()}))
    return xarray.concat(parts, "heads").assign_coords(heads=[2, 3, 4])  # pyright: ignore[reportReturnType]


def endings(ends: xarray.Dataset, four: xarray.Dataset) -> Verdict:
    """C-ICL-17: every start ends two-signed on the manifold, or same-sign at one head's optimum.

    Args:
        four: the path of the authors' four heads at s2 = .01, which has to end on the manifold.
    """
    single = float(reduced.single_head_optimum(SETTING)[2]) / 2
    on_manifold = (ends.imbalance < 0.01) & (ends.inhomogeneity < 0.01)
    at_single = (ends.off_single < 1e-3) & (np.abs(ends.half_loss / single - 1) < 1e-3)
    good = (ends.matched & xarray.where(ends.two_signed, on_manifold, at_single)).values
    found = share(int(good.sum()), good.size, "starts")
    same = (~ends.two_signed).mean("start")
    detail = {f"same-sign share, H={int(h)}": float(same.sel(heads=h)) for h in ends.heads}
    size, mu = np.abs(four.omega.values[-1]), four.mu.values[-1]
    scatter, imbalance = size.std() / size.mean(), abs(mu.sum()) / np.abs(mu).sum()
    detail |= {"scatter of four heads": float(scatter), "their imbalance": float(imbalance)}
    ended = good.all() and scatter < 0.02 and imbalance < 0.01
    state: State = decide(found, low=0.98) if ended else "fails"
    return verdict("C-ICL-17", found, "every start; lower bound >= 0.98", state, detail)


def valley(moments: xarray.Dataset) -> xarray.DataArray:
    """Loss at the best mu minus that of the control, (block, gamma): paired within blocks.

    The best mu comes from all blocks, so a block's loss is linear in its moments.
    """
    noise = SETTING.noise_variance
    power = moments.square + noise * moments.noise
    mu = moments.signal.mean("block") / power.mean("block")
    loss = -2 * mu * moments.signal + mu**2 * power
    return loss - loss.isel(gamma=0)


def optimum(curve: xarray.DataArray) -> Verdict:
    """C-ICL-39: where the true valley is lowest, and by how much."""
    near = curve.sel(gamma=slice(0.045, 0.105)).transpose("block", "gamma")
    rng = np.random.default_rng(0)

    def vertex(blocks: np.ndarray) -> tuple[float, float]:
        a, b, c = np.polyfit(near.gamma.values, blocks.mean(axis=0), 2)
        return (-b / (2 * a), c - b**2 / (4 * a)) if a > 0 else (0.0, 0.0)

    values = near.values
    draws = [vertex(values[rng.integers(0, len(values), len(values))]) for _ in range(2000)]
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    best, gain = vertex(values)
    method = f"vertex of a parabola, bootstrap of {len(values)} blocks, 95 %"
    found = Estimate(float(best), float(low[0]), float(high[0]), method)
    depth = Estimate(float(gain), float(low[1]), float(high[1]), method)
    state = worst(decide(found, 0.06, 0.09), decide(depth, -4.3e-5, -2.3e-5))
    detail = {"gain": depth.value, "gain, low": depth.low, "gain, high": depth.high}
    return verdict("C-ICL-39", found, "gamma in [.06, .09], gain 3.3e-5 +- 1e-5", state, detail)


def approach(errors: xarray.Dataset) -> Verdict:
    """C-ICL-14: how fast a softmax pair turns into debiased GD as gamma falls."""
    slope, _ = np.polyfit(np.log(errors.gamma), np.log(errors.error), 1)
    # Chebyshev: at most one prompt in a hundred differs by more than ten times the rms.
    bound = reduced.approximation_bound(errors.gamma.values, SETTING)
    part = float((10 * errors.error.values / bound).max())
    state: State = "holds" if 1.9 <= slope <= 2.1 and part <= 1 else "fails"
    detail = {f"rms at {float(g):g}": float(errors.error.sel(gamma=g)) for g in errors.gamma}
    detail["99 % of prompts, over the bound"] = part
    method = "log-log slope over gamma <= .04, common draws"
    expected = "[1.9, 2.1]; 99 % of prompts below sqrt(1 + s2) gamma d"
    return Verdict("C-ICL-14", float(slope), None, method, expected, state, detail)


def ridge_limit(found: Mapping[tuple, xarray.Dataset]) -> Verdict:
    """C-ICL-12: ridge at finite size against the proportional limit, and the authors' table."""
    excesses, detail = [], {}
    length, dimension, noise = RIDGE[1]
    setting = Setting(dimension, length, noise)
    values = {"GD": float(risks.gd_risk(setting.eta_star, setting))}
    values["ridge"] = float(found[RIDGE[1]].risk.mean())
    for name, value in values.items():
        detail[f"{name}, L={length}"] = value
        excesses.append(abs(value - AUTHORS[name]) / 0.01)
    for (length, dimension, noise), data in found.items():
        limit = float(risks.bayes_risk_limit(Setting(dimension, length, noise)))
        error = float(data.risk.std(ddof=1)) / data.sizes["draw"] ** 0.5
        gap = float(data.risk.mean()) - limit
        excesses.append(abs(gap) / (4 * error + 0.2 / length))
        detail[f"gap, L={length}, d={dimension}"] = gap
    state: State = "holds" if max(excesses) <= 1 else "fails"
    method = f"largest |gap| over its tolerance, {len(found)} sizes and the authors' two values"
    return Verdict("C-ICL-12", max(excesses), None, method, "<= 1", state, detail)


def ratio_bound(power: int) -> Verdict:
    """C-ICL-13: debiased GD over Bayes against the bound, on a grid of (xi, s2)."""
    xi, noise = (grid.ravel() for grid in np.meshgrid(*[np.geomspace(0.01, 10, 200)] * 2))
    inside = noise + 1 / xi > 1
    setting = Setting(xi[inside], 1.0, noise[inside])
    with jax.enable_x64(True):
        ratio = risks.debiased_gd_risk_limit(setting) / risks.bayes_risk_limit(setting)
        bound = risks.bayes_ratio_bound(setting)
        shrunk = (1 + setting.noise_variance + 1 / setting.dimension) ** (power - 1)
        largest = float(jnp.max(ratio / (1 + (bound - 1) / shrunk)))
    state: State = "holds" if largest <= 1 else "fails"
    method = f"largest ratio/bound on {inside.sum()} grid points"
    return Verdict("C-ICL-13", largest, None, method, "<= 1", state)


def norms(found: xarray.Dataset) -> Verdict:
    """C-ICL-40: mean softmax norms against the table of section 6.7."""
    expected = np.array([norm for *_, norm in NORMS])
    largest = float(np.abs(found.norm.mean("draw").values / expected - 1).max())
    state: State = "holds" if largest <= 0.02 else "fails"
    method = f"largest relative difference of {len(NORMS)} means of {found.sizes['draw']} draws"
    return Verdict("C-ICL-40", largest, None, method, "<= 0.02", state)


def norm_scaling(found: xarray.Dataset) -> Verdict:
    """C-ICL-49: the norm's power of L at fixed d, and its growth at fixed d/L."""
    norm, lengths = found.norm.mean("draw").values, np.array([shape[0] for _, shape, _ in NORMS])
    cases = {"d = 5": [0, 1, 2], "L = 8d, omega = .5": [0, 3, 4], "omega = .35": [5, 6, 7]}
    slopes = {
        name: float(np.polyfit(np.log(lengths[at]), np.log(norm[at]), 1)[0])
        for name, at in cases.items()
    }
    fixed, *growing = slopes.values()
    state: State = "holds" if -0.5 <= fixed <= -0.4 and min(growing) > 0.1 else "fails"
    method = f"log-log slope of means of {found.sizes['draw']} draws on L"
    expected = "[-0.5, -0.4] at d = 5, above 0.1 at fixed d/L and omega"
    return Verdict("C-ICL-49", fixed, None, method, expected, state, slopes)


def pairs(evidence: Evidence) -> xarray.Dataset:
    """Moments of pairs along the valley at the training length."""
    size = {"dimension": 5, "length": 40, "blocks": 200, "prompts": 10_000}
    return evidence.table(pair_moments, gammas=VALLEY, **size)


def _flat_valley(evidence: Evidence) -> tuple[xarray.DataArray]:
    """The approximate loss has no valley floor at finite gamma: its curve with the true scatter."""
    true = valley(pairs(evidence))
    approximate = np.asarray(reduced.two_head_minimum(true.gamma.values, SETTING))
    shape = xarray.DataArray(approximate - approximate[0], true.gamma.coords)
    return (true - true.mean("block") + shape,)


def _pair_errors(evidence: Evidence, debiased: bool) -> tuple[xarray.Dataset]:
    problem = {"dimension": 5, "length": 40, "noise_variance": 0.1, "step_size": 0.88}
    return (
        evidence.table(
            pair_errors, gammas=SMALL, **problem, blocks=4, prompts=2000, debiased=debiased
        ),
    )


def _ridge(evidence: Evidence, per_dimension: bool) -> tuple[dict]:
    found = {}
    for length, dimension, noise in RIDGE:
        penalty = noise * (dimension if per_dimension else 1)
        found[length, dimension, noise] = evidence.table(
            ridge_risks,
            dimension=dimension,
            length=length,
            noise_variance=noise,
            penalty=penalty,
            draws=2000 if dimension < 50 else 300,
        )
    return (found,)


def _norms(evidence: Evidence, factor: float = 1.0, draws: int = 10_000) -> tuple[xarray.Dataset]:
    omegas, shapes = [factor * omega for omega, *_ in NORMS], [shape for _, shape, _ in NORMS]
    return (evidence.table(softmax_norms, omegas=omegas, shapes=shapes, draws=draws),)


def _shrinking(evidence: Evidence) -> tuple[xarray.Dataset]:
    """Where omega shrinks as sqrt(log L/d), the norm falls at fixed d/L as well."""
    omegas = [
        omega * float(np.sqrt(np.log(length) / dimension / (np.log(40) / 5)))
        for omega, (length, dimension), _ in NORMS
    ]
    shapes = [shape for _, shape, _ in NORMS]
    return (evidence.table(softmax_norms, omegas=omegas, shapes=shapes, draws=1000),)


CHECKS = (
    Check("C-ICL-12", ridge_limit, lambda e: _ridge(e, True), lambda e: _ridge(e, False)),
    Check("C-ICL-13", ratio_bound, lambda e: (1,), lambda e: (2,)),
    Check("C-ICL-14", approach, lambda e: _pair_errors(e, True), lambda e: _pair_errors(e, False)),
    Check(
        "C-ICL-16",
        drift,
        lambda e: (e.table(small_flow), True),
        lambda e: (e.table(small_flow), False),
    ),
    Check(
        "C-ICL-17",
        endings,
        lambda e: (e.table(flow_ends, time=2000.0), e.table(four_heads)),
        lambda e: (e.table(flow_ends, time=4.0), e.table(four_heads)),
    ),
    Check("C-ICL-39", optimum, lambda e: (valley(pairs(e)),), _flat_valley),
    Check("C-ICL-40", norms, _norms, lambda e: _norms(e, 0.5, 1000)),
    Check("C-ICL-49", norm_scaling, _norms, _shrinking),
)
