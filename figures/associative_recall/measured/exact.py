"""Errors of closed forms against explicit nets, and those of a break."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import xarray

from sims.associative_recall import geometry, one_layer
from sims.associative_recall.by_hand import written_down
from sims.associative_recall.circuits import fresh, margin
from sims.associative_recall.interventions import contributions, cut
from sims.associative_recall.prompts import CONFLICT, CONTEXT, Prompts, Task, sample_prompts
from sims.associative_recall.training import cross_entropy
from sims.associative_recall.transformer import Transformer, forward, initial_transformer
from theory.associative_recall import conflict, induction, rank
from theory.associative_recall import one_layer as formulas
from theory.associative_recall.setting import Setting

SMALL = Task(facts=6, novel=6, values=8, pairs=4)
MISS = 0.01
CHANCES = tuple(np.linspace(0.1, 0.9, 9))
# Strength of the copy in layer 1 that counts as infinite.
SURE = 60.0


def _errors(errors: Iterable[Any]) -> xarray.Dataset:
    return xarray.Dataset({"error": ("draw", [float(error) for error in errors])})


@jax.jit
def _random_net(key: jax.Array) -> tuple[Transformer, Prompts]:
    """A net at its start, biases drawn too, with conflict prompts."""
    net = initial_transformer(
        key, tokens=SMALL.tokens, answers=SMALL.values, layers=2, heads=4, width=32
    )
    net = net._replace(bias=jax.random.normal(key, net.bias.shape))
    return net, sample_prompts(key, SMALL, 64, 0.5, CONFLICT)


def _random_nets(count: int) -> Iterable[tuple[Transformer, Prompts]]:
    return (_random_net(jax.random.key(seed)) for seed in range(count))


@jax.jit
def _parts(net: Transformer, prompts: Prompts) -> dict[str, jax.Array]:
    """What every part adds to the logits and to the mean margin, and the whole without parts."""
    layers, heads = net.query.shape[:2]

    def without(chosen: jax.Array) -> jax.Array:
        return cut(net, prompts.tokens, jnp.zeros((layers, heads)).at[-1].set(chosen))

    def margins(logits: jax.Array) -> jax.Array:
        return jax.vmap(lambda each: margin(each, prompts).mean())(logits)

    # Nothing cut, then each late head.
    left = jax.lax.map(without, jnp.concatenate([jnp.zeros((1, heads)), jnp.eye(heads)]))
    added = contributions(net, prompts.tokens)
    late = margins(added[-heads:])
    return {"logits": left[0], "added": added, "left": margins(left), "late": late}


def direct(broken: bool) -> xarray.Dataset:
    """Logits against sums of contributions [ar-6.1], and margins after a cut [ar-3.2].

    The breaks: a head is left out of the sum; D_h is that of the next random net.

    Returns:
        `attribution` (net), the largest error over the largest logit; `cutting` (head).
    """
    nets = list(_random_nets(4))
    hand = written_down(SMALL, copy=SURE, strength=9.0, aversion=4.0, gain=6.0, memory=5.0)
    found = [_parts(*net) for net in (*nets, (hand, nets[0][1]))]
    late = [np.asarray(parts["late"]) for parts in found]
    if broken:
        late = [*late[1:4], late[0], late[4]]
    sums, errors = [], []
    for parts, own in zip(found, late, strict=True):
        added = np.asarray(parts["added"][:-1] if broken else parts["added"]).sum(axis=0)
        logits, left = np.asarray(parts["logits"]), np.asarray(parts["left"])
        sums.append(np.abs(added - logits).max() / np.abs(logits).max())
        errors += list(np.abs(conflict.after_cutting(float(left[0]), own) - left[1:]))
    return xarray.Dataset({"attribution": ("net", sums), "cutting": ("head", errors)})


@functools.partial(jax.jit, static_argnums=(1, 2))
def _one_layer(net: one_layer.PairedAttention, pairs: int, matched: float) -> list[jax.Array]:
    """Losses of the layer on prompts with or without a match, and its attention on the sink."""
    prompts = one_layer.sample_pairs(
        jax.random.key(pairs),
        prompts=16,
        keys=net.score.shape[-1],
        pairs=pairs,
        values=net.read.shape[-1],
        matched=matched,
    )
    attention = one_layer.attend(net, prompts, sink=True)
    return [one_layer.losses(net, prompts, sink=True), attention[:, 0, -1]]


def layers(broken: bool) -> xarray.Dataset:
    """Losses and masses of both circuits against explicit layers [ar-2.1], [ar-5.1].

    In the break layer 1 of the induction circuit copies with a score of 2.
    """
    errors: list[Any] = []
    for pairs, values, match, gain, sink in ((4, 8, 5.0, 6.0, 2.0), (6, 16, 3.0, 9.0, -1.0)):
        at, circuit = Setting(pairs, values), formulas.Circuit(match, gain, sink)
        net = one_layer.look_up(match, gain, sink, keys=16, values=values)
        unmatched, matched = formulas.sink_masses(circuit, at)
        uniform = formulas.unmatched_excess(circuit, at) + np.log(values)
        expected = {
            1.0: (formulas.matched_loss(circuit, at), matched),
            0.0: (uniform, unmatched),
        }
        for share, laws in expected.items():
            found = _one_layer(net, pairs, share)
            errors += [np.abs(np.asarray(a) - b).max() for a, b in zip(found, laws, strict=True)]
    for strength, aversion, gain in ((4.0, 0.0, 5.0), (7.0, 3.0, 6.0)):
        needle, own, loss = induction_readings(strength, aversion, gain, 2.0 if broken else SURE)
        law = induction.masses(strength, aversion, _setting(SMALL))
        errors += [abs(needle - law.needle), abs(own - law.own)]
        errors.append(abs(loss - induction.loss(strength, aversion, gain, _setting(SMALL))))
    return _errors(errors)


def _setting(task: Task) -> Setting:
    return Setting(task.pairs, task.values)


def induction_readings(
    strength: float, aversion: float, gain: float, copy: float
) -> tuple[float, float, float]:
    """Mean attention of the written-down net on needle and itself, and its loss."""
    net = written_down(
        SMALL, copy=copy, strength=strength, aversion=aversion, gain=gain, memory=0.0
    )
    return tuple(float(value) for value in _induction(net))  # pyright: ignore[reportReturnType]


@jax.jit
def _induction(net: Transformer) -> tuple[jax.Array, jax.Array, jax.Array]:
    prompts = sample_prompts(jax.random.key(0), SMALL, 32, 1.0, CONTEXT)
    trace = forward(net, prompts.tokens)
    weights = trace.attention[1][:, 0, 0]
    needle = jnp.take_along_axis(weights, prompts.needle[:, None], axis=1)
    loss = cross_entropy(trace.logits, prompts).mean()
    return needle.mean(), weights[:, -1].mean(), loss


def induction_curves(strengths: list[float], aversions: list[float], gain: float) -> xarray.Dataset:
    """The written-down net along beta and kappa [ar-5.1].

    Returns:
        `needle`, `own`, `loss` (aversion, strength).
    """
    found = np.array([[induction_readings(s, a, gain, SURE) for s in strengths] for a in aversions])
    names = ("needle", "own", "loss")
    return xarray.Dataset(
        {name: (("aversion", "strength"), found[..., i]) for i, name in enumerate(names)},
        {"aversion": aversions, "strength": strengths},
    )


def calibration(ridge: float) -> xarray.Dataset:
    """Best margin of nets with a context and a memory head, against the log-odds [ar-3.1].

    The logits are linear in the two gains: those of the net with one of them each are added up.
    """
    prompts = fresh(SMALL, CONFLICT, 16, "calibration")
    units, run = [], jax.jit(forward)
    for gain, memory in ((1.0, 0.0), (0.0, 1.0)):
        net = written_down(SMALL, copy=SURE, strength=25.0, aversion=25.0, gain=gain, memory=memory)
        units.append(np.asarray(run(net, prompts.tokens).logits, "float64"))
    rows = np.arange(len(units[0]))

    def cost(difference: float, follows: float) -> float:
        gains = 20 + difference / 2, 20 - difference / 2
        logits = gains[0] * units[0] + gains[1] * units[1]
        total = np.log(np.exp(logits - 40).sum(axis=1)) + 40
        held, fact = logits[rows, prompts.held], logits[rows, prompts.fact]
        loss = (total - follows * held - (1 - follows) * fact).mean()
        return float(loss + ridge / 2 * (gains[0] ** 2 + gains[1] ** 2))

    errors = []
    for follows in CHANCES:
        found: Any = scipy.optimize.minimize_scalar(
            cost, bounds=(-10, 10), args=(follows,), method="bounded", options={"xatol": 1e-8}
        )
        errors.append(abs(found.x - float(conflict.log_odds(follows))))
    return _errors(errors)


def needed_scores(labels: list[int], broken: bool) -> xarray.Dataset:
    """Scores that put all but `MISS` on a label, by search and in closed form [ar-4.2], [ar-4.3].

    The break has orthonormal labels in place of the simplex.

    Returns:
        `searched`, `predicted` (shape, labels).
    """
    shapes = {
        "simplex": (geometry.simplex, lambda n: rank.simplex_score(n, MISS)),
        "circle": (geometry.circle, lambda n: rank.circle_score(n, MISS)),
    }
    searched, predicted = [], []
    for shape, (vectors_of, formula) in shapes.items():
        for count in labels:
            vectors = np.eye(count) if broken and shape == "simplex" else vectors_of(count)

            def gap(score: float, vectors: np.ndarray = vectors) -> float:
                return geometry.attention_on_itself(vectors, score) - (1 - MISS)

            searched.append(scipy.optimize.brentq(gap, 1e-3, 1e4, xtol=1e-10))
            predicted.append(formula(count))
    dims, size = ("shape", "labels"), (len(shapes), len(labels))
    return xarray.Dataset(
        {
            "searched": (dims, np.reshape(np.asarray(searched, float), size)),
            "predicted": (dims, np.reshape(np.asarray(predicted, float), size)),
        },
        {"shape": list(shapes), "labels": labels},
    )
