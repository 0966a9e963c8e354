"""Several tasks at once: what a net's heads add up to, and how they share the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray
from matplotlib.figure import Figure as Drawing

from figures.evidence import Check, Evidence, Figure, override
from figures.icl_regression.heat_maps import heat_map
from figures.icl_regression.patterns import final_risk, setting_of
from figures.statistics import decide, mean, median, ratio, share, verdict, worst
from figures.style import BLUE, ORANGE, PAGE
from sims.engine.sweep import Sweep
from sims.icl_regression.data import supports
from sims.icl_regression.metrics import task_pattern
from theory.claims import State, Verdict
from theory.icl_regression import tasks
from theory.icl_regression.setting import Setting

HEADS = (1, 2, 3, 4)
SWEEPS = {heads: f"icl_regression.tasks_h{heads}" for heads in HEADS}
SHARED = "icl_regression.tasks_shared"
# omega of the single head by coordinate (first task's, both tasks', second task's), and its mu.
SINGLE = {"omega": (0.428, 0.511, 0.427), "mu": 1.635}
# Losses of section 6.3 by number of heads; theory's are a little lower, at gamma -> 0.
LOSSES = {1: 0.2958, 2: 0.139, 3: 0.1066, 4: 0.1037}
# Above this share of sum |mu| the heads' mu do not cancel: each task has a head of its own, a
# kernel regressor, which is not a gradient step.
UNBALANCED = 0.1

Nets = Mapping[int, xarray.Dataset]


def final_nets(training: xarray.Dataset) -> xarray.Dataset:
    """Metrics of the last log point, with the mean training loss of the last tenth as `risk`."""
    risk = final_risk(training)
    attributes = {**setting_of(training)._asdict(), "support": int(training.attrs["support"])}
    return task_pattern(training.isel(step=-1)).assign(risk=risk).assign_attrs(attributes)


def balanced(nets: xarray.Dataset) -> xarray.Dataset:
    """The seeds whose mu cancel for every task, where theory speaks of gradient steps."""
    return nets.isel(seed=(nets.imbalance <= UNBALANCED).values)


def masks_of(nets: xarray.Dataset) -> np.ndarray:
    """Supports of the problem that nets were trained on."""
    dimension, support = int(nets.attrs["dimension"]), int(nets.attrs["support"])
    return supports(nets.sizes["task"], dimension, support)


def combined_steps(nets: Nets, masks: np.ndarray) -> Verdict:
    """C-ICL-33: M'W and the loss against theory, for each number of heads.

    Args:
        masks: the supports that theory assumes.
    """
    states: list[State] = []
    detail: dict[str, float | int | str] = {}
    farthest = None
    for heads, every in nets.items():
        final = balanced(every) if heads > 1 else every
        loss = median(final.risk.values)
        states.append(decide(loss, 0.97 * LOSSES[heads], 1.03 * LOSSES[heads]))
        detail[f"loss, H={heads}"] = loss.value
        if heads == 1:
            states.append(_one_head(every, detail))
            continue
        cross = median((final.cross_label / abs(final.mu).max(("head", "task"))).values)
        states.append(decide(cross, high=0.05))
        detail[f"OV off the diagonal, H={heads}"] = cross.value
        setting = setting_of(final)
        target = tasks.optimal_steps(heads, masks, setting)
        steps = final.steps.transpose("seed", "task", "coordinate").values
        used = np.broadcast_to(target > 0, steps.shape[1:])
        for name, limit, entries in (("M'W - target", 0.03, used), ("leak", 0.1, ~used)):
            parts = [median(part) for part in (steps - target)[:, entries].T]
            states.extend(decide(part, -limit, limit) for part in parts)
            if parts:
                most = max(parts, key=lambda part: abs(part.value))
                detail[f"{name}, H={heads}"] = most.value
                if name != "leak" and (farthest is None or abs(most.value) > abs(farthest.value)):
                    farthest = most
        risk = float(tasks.losses(target, masks, setting).mean())
        detail |= {f"loss over theory's, H={heads}": loss.value / risk}
        detail[f"balanced, H={heads}"] = f"{final.sizes['seed']} of {every.sizes['seed']}"
    assert farthest is not None
    expected = "M'W - target 0 +- .03, leak <= .1, OV's off <= .05, losses of section 6.3 +- 3 %"
    return verdict("C-ICL-33", farthest, expected, worst(*states), detail)


def _one_head(nets: xarray.Dataset, detail: dict) -> State:
    """One head has no theory here: its omega by kind of coordinate and its mu."""
    omega = np.abs(nets.omega.isel(head=0)).transpose("seed", "coordinate").values
    kinds = np.split(omega, 3, axis=1)
    parts = [mean(kind.mean(axis=1)) for kind in kinds]
    mu = mean(np.abs(nets.mu.isel(head=0)).mean("task").values)
    detail |= {"omega, H=1": ", ".join(f"{part.value:.3f}" for part in parts), "mu, H=1": mu.value}
    states: list[State] = [
        decide(part, value - 0.03, value + 0.03)
        for part, value in zip(parts, SINGLE["omega"], strict=True)
    ]
    return worst(*states, decide(mu, SINGLE["mu"] - 0.1, SINGLE["mu"] + 0.1))


def superposition(nets: Nets) -> Verdict:
    """C-ICL-34: three heads do as well as four by sharing one, two do not."""
    reached = {heads: balanced(nets[heads]) for heads in (2, 3, 4)}
    three = reached[3]
    masks, setting = masks_of(three), setting_of(three)
    target = tasks.losses(tasks.optimal_steps(3, masks, setting), masks, setting).mean()
    reached[3] = three.isel(seed=(three.risk <= 1.1 * float(target)).values)
    losses = {heads: final.risk.values for heads, final in reached.items()}
    near, far = ratio(losses[3], losses[4]), ratio(losses[2], losses[4])
    serving = reached[3].sharing.values >= 1
    shared = share(int(serving.sum()), len(serving))
    states: list[State] = [decide(near, high=1.04), decide(far, low=1.25)]
    states.append(decide(shared, low=0.75) if serving.all() else "fails")
    detail = {
        "H=2 over H=4": far.value,
        "three heads that reach the target": f"{len(serving)} of {nets[3].sizes['seed']}",
        "of which share a head": shared.value,
    }
    expected = "H=3/H=4 <= 1.04, H=2/H=4 >= 1.25, a shared head in every net of three"
    return verdict("C-ICL-34", near, expected, worst(*states), detail)


def specialisation(nets: xarray.Dataset) -> Verdict:
    """C-ICL-35: how much of a head's mu belongs to one task, at H = 4."""
    found = median(nets.specialisation.values)
    clear = share(int((nets.specialisation >= 0.9).sum()), nets.sizes["seed"])
    detail = {"share of seeds above .9": clear.value}
    return verdict("C-ICL-35", found, ">= 0.75", decide(found, low=0.75), detail)


def cross_reading(nets: xarray.Dataset) -> Verdict:
    """C-ICL-36: with one beta for both tasks, heads read the other task's label."""
    found = median(nets.cross_label.values)
    detail = {"smallest": float(nets.cross_label.min()), "loss": float(nets.risk.median())}
    return verdict("C-ICL-36", found, "> 0.5", decide(found, low=0.5), detail)


def minimal_heads(extra: int) -> xarray.Dataset:
    """C-ICL-37: |M'W - T| and |M'1| of the construction with N + extra heads, random supports."""
    errors, rng = [], np.random.default_rng(0)
    for count in (2, 3):
        for _ in range(25):
            dimension = int(rng.integers(4, 9))
            masks = rng.random((count, dimension)) < 0.5
            masks[:, rng.integers(dimension)] = True
            # Supports that are alike need fewer heads; one coordinate of its own each.
            masks = np.concatenate([masks, np.eye(count, dtype=bool)], axis=1)
            setting = Setting(float(masks.shape[1]), 48.0, 0.1)
            target = tasks.optimal_steps(count + 1, masks, setting)
            m, w = tasks.construction(target, count + extra, rng)
            errors.append(max(np.abs(m.T @ w - target).max(), np.abs(m.sum(axis=0)).max()))
    return xarray.Dataset({"error": ("draw", errors)})


def exact(found: xarray.Dataset) -> Verdict:
    """C-ICL-37: the largest error of the construction."""
    largest = float(found.error.max())
    state: State = "holds" if largest <= 1e-10 else "fails"
    method = f"largest error of {found.sizes['draw']} random supports, N = 2 and 3"
    return Verdict("C-ICL-37", largest, None, method, "<= 1e-10", state)


def task_circuits(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """F19: KQ and OV of a typical net for each number of heads.

    The paper's "diagonal mean" of this figure's dynamics includes one label coordinate; ours does
    not. Its losses are for a signal of variance 4.
    """
    drawing = plt.figure(figsize=(PAGE, 4.3))
    grid = drawing.add_gridspec(3, 5, width_ratios=[1, 1, 1, 1, 0.06])
    cells = {1: [(0, 0)], 2: [(0, 1), (0, 2)], 3: [(1, c) for c in range(3)]}
    cells[4] = [(2, c) for c in range(4)]
    numbers: dict[str, Any] = {}
    image = None
    for heads, places in cells.items():
        training = evidence.sweep(SWEEPS[heads])
        final = final_nets(training)
        pool = balanced(final) if heads > 1 else final
        order = pool.risk.sortby(pool.risk)
        seed = int(order.seed[order.sizes["seed"] // 2])
        net = training.isel(step=-1).sel(seed=seed)
        kq = net.kq.transpose("head", "key", "query").values
        ov = net.ov.transpose("head", "key", "task").values
        # Heads of small mu keep a large and noisy KQ; colours are for the others.
        active = np.abs(ov).max((1, 2)) >= 0.1 * np.abs(ov).max()
        limit = np.abs(kq[active][..., :-2]).max()
        for head, place in enumerate(places):
            panel = drawing.add_subplot(grid[place])
            image = heat_map(panel, kq[head] / limit, ov[head] / np.abs(ov).max())
            name = f"H = {heads}" + (f", head {head + 1}" if heads > 1 else "")
            panel.set_title(f"{name} (max {limit:.2f})" if head == 0 else name, pad=3)
        numbers[f"H={heads}"] = {
            "seed": seed,
            "kq": kq,
            "ov": ov,
            "steps": final.steps.transpose("seed", "task", "coordinate").values,
            "cross_label": final.cross_label.values,
            "risk": final.risk.values,
            "balanced": (final.imbalance <= UNBALANCED).values,
        }
    assert image is not None
    colorbar = drawing.add_subplot(grid[2, 4])
    drawing.colorbar(image, cax=colorbar, ticks=[-1, 0, 1], label="relative to max")
    return drawing, numbers


def step_bars(evidence: Evidence) -> tuple[Drawing, dict[str, Any]]:
    """M'W of every seed against theory, and losses."""
    drawing, axes = plt.subplots(1, 4, figsize=(PAGE, 2.3), width_ratios=[1, 1, 1, 0.9])
    numbers: dict[str, Any] = {}
    losses = {}
    for panel, heads in zip(axes, (2, 3, 4), strict=False):
        every = final_nets(evidence.sweep(SWEEPS[heads]))
        setting, masks = setting_of(every), masks_of(every)
        target = tasks.optimal_steps(heads, masks, setting)
        at = 1 + np.arange(masks.shape[1])
        good = (every.imbalance <= UNBALANCED).values
        steps = every.steps.transpose("seed", "task", "coordinate").values
        for task, (color, shift) in enumerate(((BLUE, -0.12), (ORANGE, 0.12))):
            for ok, marker in ((good, "."), (~good, "x")):
                xs = np.repeat(at[None] + shift, ok.sum(), axis=0)
                panel.plot(xs, steps[ok, task], marker, color=color, ms=3, alpha=0.5, mew=0.7)
            panel.step([*(at - 0.5), at[-1] + 0.5], [*target[task], target[task, -1]], where="post",
                       color=color, lw=1, ls="--", label=f"task {task + 1}")  # fmt: skip
        panel.set(title=f"H = {heads}: {good.sum()} of {len(good)} balanced", ylim=(-0.15, 1.1))
        panel.set(xlabel="coordinate", xticks=at)
        risk = float(tasks.losses(target, masks, setting).mean())
        losses[heads] = (every.risk.values, good, risk)
        numbers[f"H={heads}"] = {"steps": steps, "target": target, "risk": risk, "balanced": good}
    axes[0].set_ylabel("step $(M^\\top W)_{n,i}$")
    axes[0].legend(loc="center", handlelength=1.5)
    one = final_nets(evidence.sweep(SWEEPS[1])).risk.values
    losses = {1: (one, np.ones(len(one), bool), None), **losses}
    for heads, (values, good, risk) in losses.items():
        jitter = heads + np.linspace(-0.2, 0.2, len(values))
        axes[3].plot(jitter[good], values[good], ".", color=BLUE, ms=3)
        axes[3].plot(jitter[~good], values[~good], "x", color=BLUE, ms=3, mew=0.7)
        if risk is not None:
            axes[3].plot([heads - 0.35, heads + 0.35], [risk, risk], "k--", lw=1)
    axes[3].set(xlabel="number of heads H", xticks=HEADS, ylim=(0.08, 0.32))
    axes[3].set_ylabel("loss per unit of signal")
    return drawing, numbers


def _finals(sweeps: Mapping[int, Any]) -> Callable[[Evidence], Nets]:
    return lambda evidence: {h: final_nets(evidence.sweep(s)) for h, s in sweeps.items()}


def _all_alike(evidence: Evidence, heads: int) -> Sweep:
    """The break: tasks that read the same coordinates, in a few short runs."""
    sweep = evidence.find(SWEEPS[heads])
    return override(sweep, support=6, steps=1500, log_every=100, seeds=8)


def _alike(evidence: Evidence, *heads: int) -> Nets:
    return {h: final_nets(evidence.sweep(_all_alike(evidence, h))) for h in heads}


_PRESETS = ("quick", "paper")
_WINDOWS = supports(2, 6, 4)
_MANY = {heads: SWEEPS[heads] for heads in (2, 3, 4)}

FIGURES = (
    Figure(
        "tasks",
        "Two tasks: heads share them, and OV stays diagonal",
        "KQ of each head on covariates x and labels y_1, y_2, and beside it OV for the two "
        "outputs, of the net of median loss among those whose mu cancel. Task 1 reads coordinates "
        "1 to 4, task 2 coordinates 3 to 6. Colours relative to the largest entry of the net's KQ "
        "(of heads that act, given) and of its OV. OV is diagonal: no head carries one task's "
        "label to the other.",
        task_circuits,
        ("C-ICL-33", "C-ICL-35", "C-ICL-36"),
    ),
    Figure(
        "task_steps",
        "Three heads are enough for two tasks",
        "Steps (M'W) of each task on each coordinate, one mark per seed, against theory (dashed): "
        "two heads share one row of steps, from three on each task has its own. Crosses: nets "
        "whose mu do not cancel, one kernel regressor per task. Right, losses against theory, "
        "which is the limit of small gamma.",
        step_bars,
        ("C-ICL-33", "C-ICL-34", "C-ICL-37"),
    ),
)
CHECKS = (
    Check(
        "C-ICL-33",
        combined_steps,
        lambda evidence: (_finals(SWEEPS)(evidence), _WINDOWS),
        lambda evidence: (_alike(evidence, 2, 3), _WINDOWS),
        _PRESETS,
    ),
    Check(
        "C-ICL-34",
        superposition,
        lambda evidence: (_finals(_MANY)(evidence),),
        lambda evidence: (_alike(evidence, 2, 3, 4),),
        _PRESETS,
    ),
    Check(
        "C-ICL-35",
        specialisation,
        lambda evidence: (final_nets(evidence.sweep(SWEEPS[4])),),
        lambda evidence: (_alike(evidence, 2)[2],),
        _PRESETS,
    ),
    Check(
        "C-ICL-36",
        cross_reading,
        lambda evidence: (final_nets(evidence.sweep(SHARED)),),
        lambda evidence: (_alike(evidence, 4)[4],),
        _PRESETS,
    ),
    Check(
        "C-ICL-37",
        exact,
        lambda evidence: (evidence.table(minimal_heads, extra=1),),
        lambda evidence: (evidence.table(minimal_heads, extra=0),),
    ),
)
