"""The regression problem as the formulas see it, and the constants that recur in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Num

# What formulas that act entry by entry take and give: numbers, or arrays that broadcast.
Values = float | int | Num[Array | np.ndarray, "..."]


class Setting(NamedTuple):
    """An isotropic single-task problem (section 1).

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
        """The optimal step 1/(1 + (1 + s2) d/L) = L/(L + D), the paper's eta*."""
        return self.length / (self.length + self.big_d)
