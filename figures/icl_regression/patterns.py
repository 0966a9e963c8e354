"""What training finds, in verdicts over seeds: the pattern of KQ and OV, and what it predicts.

Nets come as `Nets`: number of heads -> sweep. Averages are over two-signed seeds (every seed for a
single head); the same-sign seeds are counted wherever a share is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy.stats
import xarray

from figures.evidence import Check, Evidence
from figures.icl_regression.broken import rolled
from figures.icl_regression.reduced_model import flow_ends
from figures.statistics import Estimate, decide, mean, ratio, share, verdict, worst
from sims.engine.sweep import Sweep
from sims.icl_regression.lengths import trained_losses
from sims.icl_regression.metrics import pattern
from theory.claims import State, Verdict
from theory.icl_regression import risks
from theory.icl_regression.reduced import mu_gamma, single_head_optimum
from theory.icl_regression.setting import Setting

HEADS = (1, 2, 3, 4, 8)
LENGTHS = tuple(range(10, 101, 5))
# Shares of off-diagonal energy that still count as diagonal, by number of heads (section 8).
OFF_ENERGY = {1: 0.01, 2: 0.01, 3: 0.04, 4: 0.04, 8: 0.06}
# Mean part of the label in OV that is asked for (section 7, F2 and F8).
LABEL_RATIO = {1: 0.999, 2: 0.999, 3: 0.99, 4: 0.99, 8: 0.99}
# Relative scatter of |omega| that still counts as equal.
INHOMOGENEITY = {2: 0.03, 3: 0.05, 4: 0.05, 8: 0.08}

Nets = Mapping[int, xarray.Dataset]


def counted(heads: int, final: xarray.Dataset) -> np.ndarray:
    """Which seeds enter the averages: the two-signed ones, or all where there is one head."""
    return final.two_signed.values if heads > 1 else np.ones(final.sizes["seed"], bool)


def final_risk(training: xarray.Dataset) -> xarray.DataArray:
    """Mean training loss of the last tenth of the log points; training data are fresh."""
    last = max(1, training.sizes["step"] // 10)
    return training.loss.isel(step=slice(-last, None)).mean("step")


def final_nets(
    data: Mapping[int, xarray.Dataset], every: bool = False
) -> dict[int, xarray.Dataset]:
    """Metrics of the last log point, with the mean training loss of the last tenth as `risk`.

    Args:
        every: keep the seeds that do not count as well.
    """
    found = {}
    for heads, training in data.items():
        nets = pattern(training.isel(step=-1)).assign(risk=final_risk(training))
        chosen = slice(None) if every else counted(heads, nets)
        found[heads] = nets.isel(seed=chosen).assign_attrs(setting_of(training)._asdict())
    return found


def diagonal(nets: Nets) -> Verdict:
    """C-ICL-18: the share of seeds whose KQ is diagonal."""
    parts = {
        heads: share(int((final.weighted_off_energy <= OFF_ENERGY[heads]).sum()), _count(final))
        for heads, final in nets.items()
    }
    return _least("C-ICL-18", parts, dict.fromkeys(parts, 0.90), ">= 0.9 for each H")


def label_only(nets: Nets) -> Verdict:
    """C-ICL-19: the mean share of the label in OV."""
    parts = {heads: mean(final.weighted_label_ratio.values) for heads, final in nets.items()}
    return _least("C-ICL-19", parts, LABEL_RATIO, ">= 0.999 (H = 1, 2), 0.99 (H > 2)")


def sign_matching(nets: Nets) -> Verdict:
    """C-ICL-20: sign(omega) = sign(mu) in every active head of two-signed nets."""
    matched = total = 0
    for heads, final in nets.items():
        if heads > 1:
            same = (np.sign(final.omega) == np.sign(final.mu)).values[final.active.values]
            matched, total = matched + int(same.sum()), total + same.size
    found = share(matched, total, "active heads")
    state = decide(found, low=0.99) if matched == total else "fails"
    return verdict("C-ICL-20", found, "every active head; lower bound >= 0.99", state)


def zero_sum(nets: Nets) -> Verdict:
    """C-ICL-21: the share of two-signed seeds whose mu add up to nearly nothing."""
    good = {heads: final.imbalance.values <= 0.02 for heads, final in nets.items() if heads > 1}
    return _pooled("C-ICL-21", good, 0.95)


def valley(nets: Nets) -> Verdict:
    """C-ICL-23: eta, and mu_+ against mu_gamma at the measured gamma."""
    states: list[State] = []
    detail: dict[str, float | str] = {}
    etas = []
    for heads, final in nets.items():
        if heads == 1:
            continue
        eta = mean(final.eta.values)
        predicted = np.asarray(mu_gamma(final.gamma.values, setting_of(final)))
        height = mean((final.mu_plus - final.mu_minus).values / 2 / predicted)
        states.append(decide(eta, 0.883 - 0.015, 0.883 + 0.015))
        states.append(decide(height, 0.95, 1.05))
        etas.append(eta)
        detail |= {f"eta, H={heads}": eta.value, f"mu_+/mu_gamma, H={heads}": height.value}
        detail |= {f"gamma, H={heads}": float(final.gamma.mean())}
    farthest = max(etas, key=lambda eta: abs(eta.value - 0.883))
    expected = "eta 0.883 +- 0.015, mu_+/mu_gamma 1 +- 0.05"
    return verdict("C-ICL-23", farthest, expected, worst(*states), detail)


def single_head(nets: Nets) -> Verdict:
    """C-ICL-24: one head's omega, mu and loss, and the rejection of 1/sqrt(d)."""
    final = nets[1]
    omega, mu = (mean(np.abs(final[name].values[:, 0])) for name in ("omega", "mu"))
    loss, energy = mean(final.risk.values), mean(final.weighted_off_energy.values)
    states: list[State] = [
        decide(omega, 0.50, 0.54),  # which excludes 1/sqrt(5) = .447
        decide(mu, 1.43, 1.55),
        decide(loss, 0.397, 0.409),
        decide(energy, high=0.001),
    ]
    detail = {"mu": mu.value, "loss": loss.value, "smallest |omega|": float(abs(final.omega).min())}
    detail["off-diagonal energy"] = energy.value
    expected = "|omega| 0.52 +- 0.02, not 0.447; |mu| 1.49 +- 0.06; loss 0.403 +- 0.006"
    return verdict("C-ICL-24", omega, expected, worst(*states), detail)


def homogeneity(nets: Nets) -> Verdict:
    """C-ICL-22: the scatter of |omega| over the heads of a net, relative to its limit."""
    parts = {
        heads: mean(final.inhomogeneity.values / INHOMOGENEITY[heads])
        for heads, final in nets.items()
        if heads > 1
    }
    states: list[State] = [decide(part, high=1.0) for part in parts.values()]
    largest = max(parts.values(), key=lambda part: part.value)
    detail = {f"scatter, H={h}": part.value * INHOMOGENEITY[h] for h, part in parts.items()}
    return verdict("C-ICL-22", largest, "<= 1 for each H", worst(*states), detail)


def falling(counts: Mapping[int, tuple[int, int]]) -> State:
    """Whether a share (successes, of how many) falls with the number of heads, from two on.

    "holds" if no later share is above an earlier one and two heads have more than all others
    together (Fisher's exact test, one-sided, 2.5 %); "fails" if they have fewer.
    """
    shares = [hits / count for _, (hits, count) in sorted(counts.items())]
    hits, count = np.array([value for heads, value in counts.items() if heads > 2]).sum(axis=0)
    table = [[counts[2][0], counts[2][1] - counts[2][0]], [hits, count - hits]]
    sides: Any = [scipy.stats.fisher_exact(table, side) for side in ("greater", "less")]
    more, fewer = (side.pvalue for side in sides)
    if fewer < 0.025:
        return "fails"
    return "holds" if more < 0.025 and (np.diff(shares) <= 0).all() else "undecided"


def same_sign(nets: Nets, ends: xarray.DataArray) -> Verdict:
    """C-ICL-27: how often all active heads end with one sign, and at what loss.

    Args:
        ends: whether starts of the reduced flow end two-signed (heads, start).
    """
    counts = {h: (int((~net.two_signed).sum()), _count(net)) for h, net in nets.items() if h > 1}
    flows = {int(h): (int((~ends.sel(heads=h)).sum()), ends.sizes["start"]) for h in ends.heads}
    shares = {heads: share(*count) for heads, count in counts.items()}
    states: list[State] = [decide(shares[2], 0.05, 0.45), falling(counts), falling(flows)]
    states.extend(decide(part, high=0.10) for heads, part in shares.items() if heads >= 4)
    lost = nets[2].risk.values[~nets[2].two_signed.values]
    if len(lost) > 1:
        states.append(decide(mean(lost), 0.393, 0.413))
    detail = {f"share, H={heads}": part.value for heads, part in shares.items()}
    detail |= {f"share of the flow, H={heads}": a / b for heads, (a, b) in flows.items()}
    detail["loss, H=2"] = float(lost.mean()) if len(lost) else float("nan")
    expected = "H = 2 in [.05, .45], H >= 4 <= .10, falling with H; loss 0.403 +- 0.01"
    return verdict("C-ICL-27", shares[2], expected, worst(*states), detail)


def overshoot(found: Nets) -> Verdict:
    """C-ICL-28: |omega| rises above its end value and falls back, mu_+ does not fall.

    Up to four heads the peak must be early, within the first 15 % of training.
    """
    good = {}
    for heads, path in found.items():
        end = path.isel(step=-1)
        peaked = path.gamma.max("step") >= 1.2 * end.gamma
        if heads <= 4:
            peaked &= path.gamma.argmax("step") <= 0.15 * (path.sizes["step"] - 1)
        risen = end.mu_plus >= 0.95 * path.mu_plus.max("step")
        good[heads] = (peaked & risen).values
    return _pooled("C-ICL-28", good, 0.90)


def head_count(losses: Mapping[int, xarray.DataArray], length: int) -> Verdict:
    """C-ICL-25: the loss of one head over that of more, and of more over that of two.

    Args:
        losses: number of heads -> loss (seed, length) of the nets that count.
        length: prompt length of training, where one head is held against more.
    """
    more = [heads for heads in losses if heads > 1]
    at = {heads: found.sel(length=length).values for heads, found in losses.items()}
    gains = [ratio(at[1], at[heads]) for heads in more]
    states: list[State] = [decide(gain, low=1.5) for gain in gains]
    detail: dict[str, float | int | str] = {}
    for heads in (heads for heads in more if heads > 2):
        pairs = [[losses[h].sel(length=L).values for h in (heads, 2)] for L in LENGTHS if L >= 20]
        alike = [ratio(*pair) for pair in pairs]
        states.extend(decide(part, 1 / 1.03, 1.03) for part in alike)
        farthest = max(alike, key=lambda part: abs(part.value - 1))
        detail[f"H={heads} over H=2, farthest"] = farthest.value
    falls = {heads: found.mean("seed").diff("length").max() < 0 for heads, found in losses.items()}
    states.append("holds" if all(falls.values()) else "fails")
    least = min(gains, key=lambda gain: gain.value)
    expected = "one over more >= 1.5; more over two 1 +- 0.03 for L' >= 20; falling with L'"
    return verdict("C-ICL-25", least, expected, worst(*states), detail)


def length_generalisation(nets: Nets, losses: Mapping[int, xarray.DataArray]) -> Verdict:
    """C-ICL-29: loss at every length against the exact risk at the net's own eta."""
    states: list[State] = []
    means = []
    for heads, final in nets.items():
        if heads == 1:
            continue
        relative = relative_losses(final, losses[heads]).sel(length=slice(20, 100))
        for length in relative.length.values:
            found = mean(relative.sel(length=length).values)
            states.append(decide(found, 0.97, 1.03))
            means.append((abs(found.value - 1), found, heads, int(length)))
    _, farthest, heads, length = max(means)
    detail = {"heads": heads, "length": length}
    return verdict("C-ICL-29", farthest, "1 +- 0.03 at every length", worst(*states), detail)


def relative_losses(final: xarray.Dataset, losses: xarray.DataArray) -> xarray.DataArray:
    """Losses (seed, length) over the exact risk of debiased GD at each net's own eta."""
    lengths, etas = losses.length.values, final.eta.values[:, None]
    exact = risks.debiased_gd_risk(etas, setting_of(final)._replace(length=lengths))
    chosen = losses.sel(seed=final.seed).transpose("seed", "length")
    return chosen / np.asarray(exact)


def losses_by_length(evidence: Evidence, sweeps: Sweeps) -> dict[int, xarray.DataArray]:
    """Loss (seed, length) by number of heads, on plain prompts.

    All nets see the same 8,000 prompts, whose own scatter is removed through the control: one step
    of debiased GD, whose loss on them is measured and whose risk is known.
    """
    found = {}
    for heads, sweep in sweeps.items():
        training = evidence.sweep(sweep)
        setting = setting_of(training)
        step = float(setting.eta_star)
        data = evidence.table(
            trained_losses, sweep, lengths=LENGTHS, step_size=step, blocks=8, prompts=1000
        )
        exact = [risks.debiased_gd_risk(step, setting._replace(length=L)) for L in LENGTHS]
        found[heads] = data.loss - data.control + xarray.DataArray(exact, data.length.coords)
    return found


Sweeps = Mapping[int, str | Sweep]
TRAINED: Sweeps = {heads: f"icl_regression.training_h{heads}" for heads in HEADS}
ROLLED: Sweeps = {heads: rolled(heads) for heads in (1, 2, 4)}


def nets_of(evidence: Evidence, sweeps: Sweeps) -> dict[int, xarray.Dataset]:
    """Final nets of some sweeps, by number of heads."""
    return final_nets({heads: evidence.sweep(sweep) for heads, sweep in sweeps.items()})


def _nets(sweeps: Sweeps) -> Callable[[Evidence], tuple[Nets]]:
    return lambda evidence: (nets_of(evidence, sweeps),)


def _every_net(sweeps: Sweeps, signed: bool) -> Callable[[Evidence], tuple]:
    def findings(evidence: Evidence) -> tuple[Nets, xarray.DataArray]:
        data = {heads: evidence.sweep(sweep) for heads, sweep in sweeps.items()}
        if not signed:
            data = {heads: nets.assign(ov=np.abs(nets.ov)) for heads, nets in data.items()}
        ends = evidence.table(flow_ends, time=2000.0 if signed else 4.0)
        return final_nets(data, every=True), ends.two_signed

    return findings


def paths(sweeps: Sweeps, forward: bool) -> Callable[[Evidence], tuple[Nets]]:
    """Metrics over training of two-signed nets with several heads, or in reverse order."""

    def findings(evidence: Evidence) -> tuple[Nets]:
        found = {}
        for heads, sweep in sweeps.items():
            if heads > 1:
                path = pattern(evidence.sweep(sweep))
                chosen = counted(heads, path.isel(step=-1))
                found[heads] = path.isel(seed=chosen, step=slice(None, None, 1 if forward else -1))
        return (found,)

    return findings


def _rolled_labels(evidence: Evidence) -> tuple[Nets]:
    data = {heads: evidence.sweep(sweep) for heads, sweep in ROLLED.items()}
    return (final_nets({h: nets.assign(ov=nets.ov.roll(key=1)) for h, nets in data.items()}),)


def _approximate_head(evidence: Evidence) -> tuple[Nets]:
    """Nets at the optimum of the approximate loss, with the scatter of trained ones."""
    omega, mu, loss = (float(value) for value in single_head_optimum(Setting()))
    rng = np.random.default_rng(0)
    made = {"omega": omega + rng.normal(0, 0.004, 32), "mu": mu + rng.normal(0, 0.01, 32)}
    data = {name: (("seed", "head"), values[:, None]) for name, values in made.items()}
    flat = {"risk": loss + rng.normal(0, 0.005, 32), "weighted_off_energy": np.full(32, 5e-4)}
    return ({1: xarray.Dataset({**data, **{n: ("seed", v) for n, v in flat.items()}})},)


def _next_seed(evidence: Evidence) -> tuple[Nets]:
    """Null data: the second head of each net is that of the next seed."""
    data = {}
    for heads in (2, 4):
        nets = evidence.sweep(ROLLED[heads])
        shifted = nets.roll(seed=1).assign_coords(seed=nets.seed)
        second = nets["head"] == 1
        data[heads] = nets.assign(
            {name: xarray.where(second, shifted[name], nets[name]) for name in ("kq", "ov")}
        )
    return (final_nets(data),)


def _losses(sweeps: Sweeps) -> Callable[[Evidence], tuple]:
    def findings(evidence: Evidence) -> tuple[dict[int, xarray.DataArray], int]:
        nets, losses = nets_of(evidence, sweeps), losses_by_length(evidence, sweeps)
        counting = {heads: losses[heads].sel(seed=net.seed) for heads, net in nets.items()}
        return counting, int(nets[1].attrs["length"])

    return findings


def _all_lengths(sweeps: Sweeps) -> Callable[[Evidence], tuple]:
    return lambda evidence: (nets_of(evidence, sweeps), losses_by_length(evidence, sweeps))


def setting_of(data: xarray.Dataset) -> Setting:
    """The problem that a sweep, or nets of it, were trained on."""
    return Setting(*(float(data.attrs[name]) for name in Setting._fields))


def _count(final: xarray.Dataset) -> int:
    return final.sizes["seed"]


def _least(
    claim: str, parts: Mapping[int, Estimate], limits: Mapping[int, float], expected: str
) -> Verdict:
    states: list[State] = [decide(part, low=limits[heads]) for heads, part in parts.items()]
    heads = min(parts, key=lambda key: parts[key].low)
    detail: dict[str, float | str] = {f"H={h}": part.value for h, part in parts.items()}
    return verdict(claim, parts[heads], expected, worst(*states), detail)


def _pooled(claim: str, good: Mapping[int, np.ndarray], low: float) -> Verdict:
    every = np.concatenate(list(good.values()))
    found = share(int(every.sum()), every.size)
    detail = {f"H={heads}": float(values.mean()) for heads, values in good.items()}
    return verdict(claim, found, f">= {low:g}, all H > 1", decide(found, low=low), detail)


_PRESETS = ("quick", "paper")

CHECKS = (
    Check("C-ICL-18", diagonal, _nets(TRAINED), _nets(ROLLED), _PRESETS),
    Check("C-ICL-19", label_only, _nets(TRAINED), _rolled_labels, _PRESETS),
    Check("C-ICL-20", sign_matching, _nets(TRAINED), _nets(ROLLED), _PRESETS),
    Check("C-ICL-21", zero_sum, _nets(TRAINED), _next_seed, _PRESETS),
    Check("C-ICL-22", homogeneity, _nets(TRAINED), _nets(ROLLED), _PRESETS),
    Check("C-ICL-23", valley, _nets(TRAINED), _nets(ROLLED), _PRESETS),
    Check("C-ICL-24", single_head, _nets(TRAINED), _approximate_head, _PRESETS),
    Check(
        "C-ICL-25",
        head_count,
        _losses(TRAINED),
        _losses(ROLLED),
        _PRESETS,
    ),
    Check("C-ICL-27", same_sign, _every_net(TRAINED, True), _every_net(ROLLED, False), _PRESETS),
    Check("C-ICL-28", overshoot, paths(TRAINED, True), paths(ROLLED, False), _PRESETS),
    Check("C-ICL-29", length_generalisation, _all_lengths(TRAINED), _all_lengths(ROLLED), _PRESETS),
)
