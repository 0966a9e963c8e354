"""Which sweeps the figures read, and selections and derived quantities that several share.

Nets come as `Nets`: number of heads -> metrics of final nets, or of their paths. Averages are over
two-signed seeds (every seed for a single head); the same-sign seeds are counted wherever a share is
reported [icl-8.1].
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray
from jaxtyping import Bool

from figures.evidence import Evidence
from figures.icl_regression.measured.flows import flow_ends, four_heads
from sims.engine.sweep import Sweep
from sims.icl_regression.data import supports
from sims.icl_regression.lengths import linear_losses, reduced_losses, trained_losses
from sims.icl_regression.metrics import pattern, task_pattern
from theory.icl_regression import authors, reduced, risks
from theory.icl_regression.setting import SETTING, Setting

TRAINED = {
    1: "icl_regression.training_h1",
    2: "icl_regression.training_h2",
    3: "icl_regression.training_h3",
    4: "icl_regression.training_h4",
    8: "icl_regression.training_h8",
}
SEVERAL = {heads: sweep for heads, sweep in TRAINED.items() if heads > 1}
LINEAR = "icl_regression.linear"
TASKS = {
    1: "icl_regression.tasks_h1",
    2: "icl_regression.tasks_h2",
    3: "icl_regression.tasks_h3",
    4: "icl_regression.tasks_h4",
}
TASKS_SHARED = "icl_regression.tasks_shared"
CORRELATED = "icl_regression.anisotropic"
ACTIVATIONS = {
    "linear": "icl_regression.activation_linear",
    "square": "icl_regression.activation_square",
    "tanh": "icl_regression.activation_tanh",
}
RATES = ("icl_regression.rates_slow", "icl_regression.rates")
SGD = "icl_regression.sgd"

# Prompt lengths at which nets and estimators are evaluated.
LENGTHS = tuple(range(10, 101, 5))
# Above this share of sum |mu| the heads' mu do not cancel, and theory does not speak of the net:
# with several tasks each has a head of its own, a kernel regressor, which is no gradient step.
BALANCED = 0.1

# The control variate: a pair so small that it is debiased GD, whose risk is known exactly.
CONTROL = 1e-3
# The step 2 gamma mu of the pair that the paper evaluates against other estimators.
PAIR_ETA = 2 * authors.EVALUATED[0] * authors.EVALUATED[1]

Nets = Mapping[int, xarray.Dataset]
Sweeps = Mapping[int, str | Sweep]
# A problem, a step, and simulated losses there.
Comparison = tuple[Setting, float, xarray.Dataset]


def setting_of(data: xarray.Dataset) -> Setting:
    """The problem that a sweep, or nets of it, were trained on."""
    return Setting(*(float(data.attrs[name]) for name in Setting._fields))


def counted(heads: int, final: xarray.Dataset) -> Bool[np.ndarray, " seed"]:
    """Which seeds enter the averages: the two-signed ones, or all where there is one head."""
    return final.two_signed.values if heads > 1 else np.ones(final.sizes["seed"], bool)


def chosen(good: Bool[np.ndarray, " seed"]) -> Bool[np.ndarray, " seed"] | slice:
    """The seeds to draw: the good ones, or all where there is none."""
    return good if good.any() else slice(None)


def final_risk(training: xarray.Dataset) -> xarray.DataArray:
    """Mean training loss of the last tenth of the log points, (seed); training data are fresh."""
    last = max(1, training.sizes["step"] // 10)
    return training.loss.isel(step=slice(-last, None)).mean("step")


def final_nets(data: Nets, every: bool = False) -> dict[int, xarray.Dataset]:
    """Metrics of the last log point, with `final_risk` as `risk`, by number of heads.

    Args:
        data: finished sweeps.
        every: keep the seeds that do not count as well.
    """
    found = {}
    for heads, training in data.items():
        nets = pattern(training.isel(step=-1)).assign(risk=final_risk(training))
        kept = slice(None) if every else counted(heads, nets)
        found[heads] = nets.isel(seed=kept).assign_attrs(setting_of(training)._asdict())
    return found


def swept(evidence: Evidence, sweeps: Sweeps) -> dict[int, xarray.Dataset]:
    """Results of some sweeps, by number of heads."""
    return {heads: evidence.sweep(sweep) for heads, sweep in sweeps.items()}


def nets_of(evidence: Evidence, sweeps: Sweeps, every: bool = False) -> dict[int, xarray.Dataset]:
    """Final nets of some sweeps, by number of heads; see `final_nets`."""
    return final_nets(swept(evidence, sweeps), every)


def paths_of(evidence: Evidence, sweeps: Sweeps) -> dict[int, xarray.Dataset]:
    """Metrics over training of the seeds that count, by number of heads."""
    found = {}
    for heads, training in swept(evidence, sweeps).items():
        path = pattern(training)
        found[heads] = path.isel(seed=counted(heads, path.isel(step=-1)))
    return found


def typical_seed(energy: xarray.DataArray, good: Bool[np.ndarray, " seed"]) -> int:
    """The seed of median off-diagonal energy among the good ones, or among all if none is."""
    shown = energy.isel(seed=chosen(good))
    return int(shown.seed[int(np.argsort(shown.values)[shown.size // 2])])


def losses_by_length(evidence: Evidence, sweeps: Sweeps) -> dict[int, xarray.DataArray]:
    """Loss (seed, length) by number of heads, on plain prompts.

    All nets see the same 8,000 prompts, whose own scatter is removed through the control: one step
    of debiased GD, whose loss on them is measured and whose risk is known [icl-6.2].
    """
    found = {}
    for heads, sweep in sweeps.items():
        setting = setting_of(evidence.sweep(sweep))
        step = float(setting.eta_star)
        data = evidence.table(
            trained_losses, sweep, lengths=LENGTHS, step_size=step, blocks=8, prompts=1000
        )
        exact = [risks.debiased_gd_risk(step, setting._replace(length=L)) for L in LENGTHS]
        found[heads] = data.loss - data.control + xarray.DataArray(exact, data.length.coords)
    return found


def counting_losses(evidence: Evidence, sweeps: Sweeps) -> dict[int, xarray.DataArray]:
    """`losses_by_length` of the seeds that count."""
    losses = losses_by_length(evidence, sweeps)
    return {h: losses[h].sel(seed=net.seed) for h, net in nets_of(evidence, sweeps).items()}


def relative_losses(final: xarray.Dataset, losses: xarray.DataArray) -> xarray.DataArray:
    """Losses (seed, length) over the exact risk of debiased GD at each net's own eta."""
    lengths, etas = losses.length.values, final.eta.values[:, None]
    exact = risks.debiased_gd_risk(etas, setting_of(final)._replace(length=lengths))
    own = losses.sel(seed=final.seed).transpose("seed", "length")
    return own / np.asarray(exact)


def linear_predictors(evidence: Evidence) -> list[Comparison]:
    """Simulated losses of GD and debiased GD in random settings: four problems, four lengths."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(4):
        dimension, noise = int(rng.integers(1, 9)), float(rng.uniform(0, 2))
        lengths = sorted(rng.choice(np.arange(2, 60), 4, replace=False).tolist())
        steps = rng.uniform(0.1, 1.2, 4).tolist()
        data = evidence.table(
            linear_losses,
            dimension=dimension,
            noise_variance=noise,
            lengths=lengths,
            step_sizes=steps,
            blocks=64,
            prompts=500,
        )
        for length, step in zip(lengths, steps, strict=True):
            found.append((Setting(dimension, length, noise), step, data.sel(length=length)))
    return found


def estimators(evidence: Evidence, blocks: int = 25) -> tuple[xarray.Dataset, xarray.DataArray]:
    """Losses by length of GD, debiased GD and ridge, and of reduced models, at the paper's step.

    Returns:
        `linear_losses`, and the loss (block, model, length) of the pair, of one head at the
        approximate loss's optimum, and of a control: debiased GD in disguise.
    """
    omega, mu = (float(value) for value in reduced.single_head_optimum(SETTING)[:2])
    size, weight = authors.EVALUATED
    problem = {"dimension": 5, "noise_variance": 0.1, "lengths": LENGTHS}
    draws = {"blocks": blocks, "prompts": 2000}
    steps = [PAIR_ETA] * len(LENGTHS)
    linear = evidence.table(linear_losses, **problem, **draws, step_sizes=steps)
    omegas = [[size, -size], [omega, 0.0], [CONTROL, -CONTROL]]
    mus = [[weight, -weight], [mu, 0.0], [PAIR_ETA / (2 * CONTROL), -PAIR_ETA / (2 * CONTROL)]]
    softmax = evidence.table(reduced_losses, **problem, **draws, omega=omegas, mu=mus)
    return linear, softmax.loss


def ends(evidence: Evidence, time: float = 2000.0) -> xarray.Dataset:
    """Where the reduced flow ends from random starts; see `flow_ends`."""
    return evidence.table(flow_ends, time=time)


def authors_heads(evidence: Evidence) -> xarray.Dataset:
    """The reduced flow of the authors' four heads; see `four_heads`."""
    return evidence.table(four_heads)


def task_nets(training: xarray.Dataset) -> xarray.Dataset:
    """Multi-task metrics of the last log point, with `final_risk` as `risk`."""
    attributes = {**setting_of(training)._asdict(), "support": int(training.attrs["support"])}
    found = task_pattern(training.isel(step=-1)).assign(risk=final_risk(training))
    return found.assign_attrs(attributes)


def task_nets_of(evidence: Evidence, sweeps: Sweeps) -> dict[int, xarray.Dataset]:
    """Multi-task nets of some sweeps, by number of heads."""
    return {heads: task_nets(training) for heads, training in swept(evidence, sweeps).items()}


def balanced(nets: xarray.Dataset) -> Bool[np.ndarray, " seed"]:
    """Which seeds' mu cancel (for every task), so that theory speaks of gradient steps."""
    return (nets.imbalance <= BALANCED).values


def masks_of(nets: xarray.Dataset) -> Bool[np.ndarray, "task dimension"]:
    """Supports of the problem that multi-task nets were trained on."""
    dimension, support = int(nets.attrs["dimension"]), int(nets.attrs["support"])
    return supports(nets.sizes["task"], dimension, support)
