"""Identities and bounds on random draws: relative errors, and those of a break.

With `broken=True` each table makes the one small mistake that the register names, and the errors
must show it. The same identities are properties in `tests/`, where inputs are searched rather than
drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import xarray

from sims.icl_regression.data import Prompts, sample_prompts
from sims.icl_regression.model import (
    initial_attention,
    literal_forward,
    predict,
    reduced_circuits,
    tokens,
)
from theory.icl_regression import flow, reduced, risks, tasks
from theory.icl_regression.setting import SETTING, Setting, Values

DRAWS = 50
# Largest |omega| of random heads.
SIZE = 0.6


def circuits(broken: bool) -> xarray.Dataset:
    """Prediction through KQ, OV against the network as written [icl-2.1]."""

    def error(key: jax.Array, prompts: Prompts, heads: int) -> jax.Array:
        model = initial_attention(key, heads=heads, dimension=5)
        kq, ov = model.circuits()
        kq = kq * 6**0.5 if broken else kq
        return _apart(predict(kq, ov, prompts), literal_forward(model, prompts))

    return _errors(error(*draw, heads) for heads in (1, 2, 4) for draw in _prompts(10))


def symmetries(broken: bool) -> xarray.Dataset:
    """The query's label slot, the order of pairs, the common sign [icl-2.2], [icl-2.5]."""

    def errors(key: jax.Array, prompts: Prompts) -> list[jax.Array]:
        model = initial_attention(key, heads=3, dimension=5)
        kq, ov = model.circuits()
        plain = predict(kq, ov, prompts)
        # Were the label slot to carry a value, the last column would add it to every logit.
        slot = jnp.where(broken, 1.0, 0.0) * kq[:, :, -1]
        pairs = tokens(prompts)
        queries = jnp.einsum("hij,pj->phi", kq[:, :, :-1], prompts.query) + slot
        attention = jax.nn.softmax(jnp.einsum("phi,pli->phl", queries, pairs), axis=-1)
        slotted = jnp.einsum("phl,pli,hi->p", attention, pairs, ov)
        turned = Prompts(prompts.covariates[:, ::-1], prompts.labels[:, ::-1], *prompts[2:])
        omega, mu = jax.random.normal(key, (2, 3))
        half = (omega / 5, mu)
        losses = [reduced.approximate_loss(s * half[0], s * half[1], SETTING) for s in (1, -1)]
        mirrored = Prompts(-prompts.covariates, -prompts.labels, *prompts[2:])
        one = predict(*reduced_circuits(omega, mu, 5), prompts)
        other = predict(*reduced_circuits(-omega, -mu, 5), mirrored)
        return [
            _apart(plain, slotted),
            _apart(plain, predict(kq, ov, turned)),
            _apart(one, other),
            _apart(*losses),
        ]

    return _errors(error for draw in _prompts(10) for error in errors(*draw))


def gradient(broken: bool) -> xarray.Dataset:
    """The written vector field against minus the derivative of Lt/2 [icl-5.1]."""

    @jax.jit
    def error(omega: jax.Array, mu: jax.Array) -> jax.Array:
        down = jax.grad(lambda o, m: -reduced.approximate_loss(o, m, SETTING) / 2, (0, 1))
        along_omega, along_mu = flow.descent(omega, mu, SETTING)
        kernel = jnp.exp(SETTING.dimension * jnp.outer(omega, omega))
        hadamard = SETTING.c * (kernel * jnp.outer(mu, mu)) @ omega
        along_omega += broken * (SETTING.dimension - 1) * hadamard
        return _apart(jnp.stack(down(omega, mu)), jnp.stack([along_omega, along_mu]))

    with jax.enable_x64(True):
        return _errors(error(*draw) for draw in _heads())


def taylor(broken: bool) -> xarray.Dataset:
    """The Taylor form of Lt [icl-3.2]."""
    terms = 3 if broken else 60
    with jax.enable_x64(True):
        return _errors(
            _apart(
                reduced.approximate_loss(*draw, SETTING),
                reduced.taylor_loss(*draw, SETTING, terms),
            )
            for draw in _heads()
        )


def balance(broken: bool) -> xarray.Dataset:
    """The balance law against the derivative along the flow [icl-5.2]."""

    @jax.jit
    def error(omega: jax.Array, mu: jax.Array) -> jax.Array:
        along_omega, along_mu = flow.descent(omega, mu, SETTING)
        terms = jnp.stack([mu @ along_mu, -omega @ along_omega])
        # With k in place of k - 1, the whole series is added once more.
        whole = reduced.taylor_loss(omega, mu, SETTING) - SETTING.noise_variance
        extra = broken * (whole - (1 - mu @ omega) ** 2)
        rate = flow.balance_rate(omega, mu, SETTING) + extra
        return jnp.abs(rate - terms.sum()) / jnp.abs(terms).sum()

    with jax.enable_x64(True):
        return _errors(error(*draw) for draw in _heads())


def hoelder(broken: bool) -> xarray.Dataset:
    """Excess of the bound over the tail where signs match; distance on the manifold [icl-3.6]."""

    def bound(omega: jax.Array, mu: jax.Array) -> jax.Array:
        value = reduced.hoelder_bound(omega, mu, SETTING)
        # Even orders, whose part of the tail may vanish, bounded as if they were odd.
        weight, overlap = jnp.abs(mu).sum(), jnp.abs(mu) @ jnp.abs(omega)
        even = SETTING.dimension**2 / 2 * (overlap**2 / weight) ** 2
        return value + broken * even

    def errors(omega: jax.Array, mu: jax.Array) -> Iterator[jax.Array]:
        omega = jnp.abs(omega) * jnp.sign(mu)
        tail = reduced.taylor_tail(omega, mu, SETTING)
        yield jnp.maximum(bound(omega, mu) / tail - 1, 0)
        mu = mu - mu.mean()
        omega = jnp.abs(omega[0]) * jnp.sign(mu)
        yield _apart(bound(omega, mu), reduced.taylor_tail(omega, mu, SETTING))

    with jax.enable_x64(True):
        return _errors(error for draw in _heads() for error in errors(*draw))


def optimal_mu(broken: bool) -> xarray.Dataset:
    """Numerical minimisers against mu_gamma; the minimum's growth with gamma [icl-3.4], [icl-3.5].

    The break has exp in place of sinh.
    """
    with jax.enable_x64(True):
        gammas = np.linspace(0.02, 0.5, 25)
        predicted = np.asarray(reduced.mu_gamma(jnp.asarray(gammas), SETTING))
        if broken:
            excess = SETTING.c * np.exp(SETTING.dimension * gammas**2)
            predicted = gammas / 2 / (gammas**2 + excess)

        def minimiser(gamma: jax.Array) -> jax.Array:
            def loss(groups: jax.Array) -> jax.Array:
                return jnp.asarray(reduced.homogeneous_loss(gamma, groups[0], groups[1], SETTING))

            # The loss is a parabola in (mu_+, mu_-): one Newton step from anywhere is its minimum.
            origin = jnp.zeros(2)
            return -jnp.linalg.solve(jax.hessian(loss)(origin), jax.grad(loss)(origin))

        found = np.asarray(jax.vmap(minimiser)(jnp.asarray(gammas)))
        pairs = reduced.two_head_loss(gammas, predicted, SETTING)
        least = reduced.two_head_minimum(gammas, SETTING)
        distances = np.abs(found / np.stack([predicted, -predicted], 1) - 1).max(axis=1)
        falls = np.maximum(-np.diff(least), 0)
        return _errors([*distances, *np.abs(np.asarray(pairs) / np.asarray(least) - 1), *falls])


def splitting(broken: bool) -> xarray.Dataset:
    """A head and its two halves, in the output and in Lt [icl-2.6]."""

    def errors(key: jax.Array, prompts: Prompts) -> list[jax.Array]:
        omega, mu = jax.random.normal(key, (2, 3)) * 0.3
        share = 1.0 if broken else 0.3
        halves = jnp.concatenate([share * mu[:1], (1.0 if broken else 0.7) * mu[:1], mu[1:]])
        copied = jnp.concatenate([omega[:1], omega])
        whole, split = (omega, mu), (copied, halves)
        outputs = (predict(*reduced_circuits(*heads, 5), prompts) for heads in (whole, split))
        losses = (reduced.approximate_loss(*heads, SETTING) for heads in (whole, split))
        return [_apart(*outputs), _apart(*losses)]

    return _errors(error for draw in _prompts(10) for error in errors(*draw))


def eta_star(broken: bool) -> xarray.Dataset:
    """The root of the debiased risk's derivative against eta* [icl-6.2]."""
    rng = np.random.default_rng(0)
    errors = []
    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(risks.debiased_gd_risk))
        for _ in range(DRAWS):
            dimension, length = (float(value) for value in rng.integers(2, (50, 400)))
            setting = Setting(dimension, length, float(rng.uniform(0.01, 3)))
            best: Any = scipy.optimize.brentq(slope, 0.001, 2.0, args=(setting,), xtol=1e-14)
            errors.append(best / (risks.gd_eta(setting) if broken else setting.eta_star) - 1)
    return _errors(np.abs(errors))


def ratio_over_bound(broken: bool) -> xarray.Dataset:
    """Debiased GD over Bayes, over the paper's bound, on a grid of (xi, s2) [icl-6.5].

    The break has the bound's last factor squared.

    Returns:
        `ratio` (point).
    """
    xi, noise = (grid.ravel() for grid in np.meshgrid(*[np.geomspace(0.01, 10, 200)] * 2))
    inside = noise + 1 / xi > 1
    setting = Setting(xi[inside], 1.0, noise[inside])
    with jax.enable_x64(True):
        ratio = risks.debiased_gd_risk_limit(setting) / risks.bayes_risk_limit(setting)
        bound = risks.bayes_ratio_bound(setting)
        last = 1 + setting.noise_variance + 1 / setting.dimension
        shrunk = last if broken else 1.0
        values = np.asarray(ratio / (1 + (bound - 1) / shrunk))
    return xarray.Dataset({"ratio": ("point", values)})


def minimal_heads(extra: int) -> xarray.Dataset:
    """|M'W - T| and |M'1| of the construction with N + extra heads, random supports [icl-7.3]."""
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
    return _errors(errors)


def _errors(errors: Iterable[Any]) -> xarray.Dataset:
    return xarray.Dataset({"error": ("draw", [float(error) for error in errors])})


def _apart(one: Values, other: Values) -> jax.Array:
    """Largest difference over the largest value."""
    return jnp.max(jnp.abs(one - other)) / jnp.max(jnp.abs(one))


def _heads() -> Iterator[tuple[jax.Array, jax.Array]]:
    """Random (omega, mu) of three heads."""
    rng = np.random.default_rng(0)
    for _ in range(DRAWS):
        yield jnp.asarray(rng.uniform(-SIZE, SIZE, 3)), jnp.asarray(rng.normal(0, 2, 3))


def _prompts(count: int) -> Iterator[tuple[jax.Array, Prompts]]:
    for seed in range(count):
        key = jax.random.key(seed)
        yield key, sample_prompts(key, prompts=16, dimension=5, length=40, noise_variance=0.1)
