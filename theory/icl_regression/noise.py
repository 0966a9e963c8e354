"""How large gamma is at a constant rate: noise across the valley, against its tilt [icl-5.7].

On the valley 2 gamma mu = eta* the approximate loss rises with gamma as c d^3 eta*^2 gamma^4/6,
which pushes gamma down. Across it the curvature in gamma mu is about 8 mu^2, proportional to
1/gamma^2: fluctuations of a temperature T there cost (T/2) log(curvature) each, which pushes gamma
up. Adam divides gradients by their root mean square; where noise dominates that is the noise's own
sd/sqrt(batch), and T is proportional to rate/sqrt(batch).
"""

from __future__ import annotations

from theory.icl_regression.setting import Setting, Values


def stationary_gamma(temperature: Values, setting: Setting) -> Values:
    """gamma of least c d^3 eta*^2 gamma^4/6 - T log gamma: (3 T/(2 c d^3 eta*^2))^(1/4) [icl-5.7].

    Derived here, for small gamma and a noise that does not depend on it. Where the noise of a
    direction is proportional to mu ~ 1/gamma, as for the entries of KQ, the power is 1/5; the sixth
    order of the loss and a noise that grows with the rate raise it at larger gamma.

    Args:
        temperature: T times the number of directions across the valley.
    """
    tilt = setting.c * setting.dimension**3 * setting.eta_star**2
    return (3 * temperature / (2 * tilt)) ** 0.25


def relative_temperature(rate: Values, prompts: Values) -> Values:
    """T up to a constant: rate/sqrt(batch) [icl-5.7]."""
    return rate / prompts**0.5
