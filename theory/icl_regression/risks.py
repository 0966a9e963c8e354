"""Exact finite-sample risks of the linear predictors, and Bayes [icl-6.1] to [icl-6.5].

A risk is E (y_q - yhat)^2 over everything, the target's own noise included, in the isotropic model
x ~ N(0, I), beta ~ N(0, I/d), noise s2.
"""

from __future__ import annotations

import jax.numpy as jnp

from theory.icl_regression.setting import Setting, Values


def gd_risk(eta: Values, setting: Setting) -> Values:
    """One gradient step from zero, yhat = (eta/L) sum_l y_l x_l.x_q [icl-6.1].

    With S = X'X/L: E tr S = d and E tr S^2 = d (1 + (d + 1)/L), so signal and cross term give
    1 - 2 eta + eta^2 (1 + (d + 1)/L), and the labels' noise eta^2 s2 d/L.
    """
    d, length, noise = setting
    return 1 + noise - 2 * eta + eta**2 * (1 + (d + 1 + d * noise) / length)


def gd_eta(setting: Setting) -> Values:
    """The step that minimises `gd_risk`: 1/(1 + (d + 1 + d s2)/L) [icl-6.1]."""
    d, length, noise = setting
    return 1 / (1 + (d + 1 + d * noise) / length)


def debiased_gd_risk(eta: Values, setting: Setting) -> Values:
    """One gradient step on centred covariates, yhat = (eta/L) sum_l y_l (x_l - xbar).x_q.

    The centred scatter is Wishart with L - 1 degrees of freedom [icl-6.2]: E tr S = d (L - 1)/L
    and E tr S^2 = d (L - 1)(L + d)/L^2; noise adds eta^2 s2 d (L - 1)/L^2. Its minimum is exactly
    at eta* for every L, with risk 1 + s2 - ((L - 1)/L) eta*.
    """
    length, free = setting.length, setting.length - 1
    square = eta**2 * free * (length + setting.big_d) / length**2
    return 1 + setting.noise_variance - 2 * eta * free / length + square


def linear_attention_risk(eta: Values, trained_length: Values, setting: Setting) -> Values:
    """GD whose 1/L stays at the training length's: a step eta L/L_0 at length L [icl-6.3]."""
    return gd_risk(eta * setting.length / trained_length, setting)


def linear_attention_best_length(eta: Values, trained_length: Values, setting: Setting) -> Values:
    """The length of least `linear_attention_risk`: L_0/eta - (d + 1 + d s2)/2 [icl-6.3].

    A parabola in L with its minimum there, a little beyond the training length at GD's best step.
    """
    d, _, noise = setting
    return trained_length / eta - (d + 1 + d * noise) / 2


def bayes_risk_limit(setting: Setting) -> Values:
    """Ridge with penalty d s2, which is Bayes, as d, L -> infinity at xi = d/L [icl-6.4].

    (1/2)[s2 + (xi - 1)/xi + sqrt(4 s2 + (s2 + (1 - xi)/xi)^2)], the target's noise included: the
    Marchenko-Pastur law inserted into s2 (1 + E tr (X'X + d s2)^-1).
    """
    noise, xi = setting.noise_variance, setting.dimension / setting.length
    root = jnp.sqrt(4 * noise + (noise + (1 - xi) / xi) ** 2)
    return (noise + (xi - 1) / xi + root) / 2


def debiased_gd_risk_limit(setting: Setting) -> Values:
    """Debiased GD at its optimal step as d, L -> infinity at xi = d/L [icl-6.5].

    s2 + xi (1 + s2)/(1 + xi (1 + s2)), which GD without debiasing shares.
    """
    noise, strength = setting.noise_variance, setting.dimension * setting.c
    return noise + strength / (1 + strength)


def bayes_ratio_bound(setting: Setting) -> Values:
    """Upper bound of `debiased_gd_risk_limit` over `bayes_risk_limit` where s2 + 1/xi > 1.

    1 + 1/(s2 (1 + xi s2)(1 + s2 + 1/xi)): part 3 of He et al.'s theorem 1 [icl-6.5].
    """
    noise, xi = setting.noise_variance, setting.dimension / setting.length
    return 1 + 1 / (noise * (1 + xi * noise) * (1 + noise + 1 / xi))
