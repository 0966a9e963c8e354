"""The regression problem as the formulas see it, and the constants that recur in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Num

# What formulas that act entry by entry take and give: numbers, or arrays that broadcast.
Values = float | int | Num[Array | np.ndarray, "..."]


class Setting(NamedTuple):
    """An isotropic single-task problem [icl-1.1]; the defaults are the paper's.

    Attributes:
        dimension: covariate dimension d.
        length: number of in-context pairs L.
        noise_variance: sigma^2, written s2.
    """

    dimension: Values = 5.0
    length: Values = 40.0
    noise_variance: Values = 0.1

    @property
    def c(self) -> Values:
        """(1 + s2)/L, the strength of the attention weights' own noise."""
        return (1 + self.noise_variance) / self.length

    @property
    def big_d(self) -> Values:
        """D = d (1 + s2), the length at which half of the signal is lost."""
        return self.dimension * (1 + self.noise_variance)

    @property
    def eta_star(self) -> Values:
        """The optimal step 1/(1 + (1 + s2) d/L) = L/(L + D) [icl-6.2], the paper's eta*."""
        return self.length / (self.length + self.big_d)


SETTING = Setting()
"""The problem that the paper trains on."""

TASKS = Setting(6.0, 48.0, 0.1)
"""The same with two tasks [icl-7.1]; s2 is the labels' noise per unit of signal."""

SUPPORT = 4
"""Coordinates that each of the two tasks reads."""

CORRELATION = 0.5
"""Sigma_ij = CORRELATION^|i-j| of the paper's correlated covariates [icl-6.8]."""
