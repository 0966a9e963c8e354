"""A prompt whose context contradicts what the weights hold [ar-3.1] to [ar-3.2]."""

from __future__ import annotations

import numpy as np
import scipy.optimize

from theory.associative_recall.setting import Setting, Values


def log_odds(follows: Values) -> Values:
    """log(c/(1-c)), the logit difference context - fact that is calibrated to c [ar-3.1]."""
    return np.log(follows) - np.log1p(-np.asarray(follows, "float64"))


def strengths_loss(
    context: Values,
    memory: Values,
    follows: Values,
    mix: tuple[float, float, float],
    setting: Setting,
) -> Values:
    """Loss in nats of two additive strengths on context, memory and conflict prompts [ar-3.1].

    Args:
        context, memory: logits gamma_c and gamma_m that a context and a fact add.
        follows: probability c that a conflict's answer is the context's.
        mix: shares of the three types of prompt.
    """
    alone = [np.log1p((setting.values - 1) * np.exp(-gamma)) for gamma in (context, memory)]
    total = np.logaddexp(np.logaddexp(context, memory), np.log(setting.values - 2))
    conflict = total - follows * context - (1 - follows) * memory
    return mix[0] * alone[0] + mix[1] * alone[1] + mix[2] * conflict


def best_difference(
    total: float,
    follows: float,
    mix: tuple[float, float, float],
    setting: Setting,
    ridge: float = 0.0,
) -> float:
    """gamma_c - gamma_m that minimises the loss at gamma_c + gamma_m = `total` [ar-3.1].

    Args:
        ridge: weight of (gamma_c^2 + gamma_m^2)/2 added to the loss.
    """

    def cost(difference: float) -> float:
        gammas = (total + difference) / 2, (total - difference) / 2
        penalty = ridge / 2 * (gammas[0] ** 2 + gammas[1] ** 2)
        return float(strengths_loss(*gammas, follows, mix, setting)) + penalty

    found = scipy.optimize.minimize_scalar(
        cost, bounds=(-total, total), method="bounded", options={"xatol": 1e-9}
    )
    return float(found.x)  # pyright: ignore[reportAttributeAccessIssue]


def after_cutting(difference: Values, contribution: Values) -> Values:
    """Mean logit difference context - fact once a last-layer head is cut: Delta - D_h [ar-3.2]."""
    return difference - contribution
