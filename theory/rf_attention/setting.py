"""The geometry that kernels, spectra and learning curves share."""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """Tokens on a sphere and the scale of the random weights ([rfa-1.1]).

    The defaults are R = b = 1 and weights of standard deviation 1/2, for which the
    pre-activations of RFA are standard normal. Convention S has R = sqrt(d).

    Attributes:
        dimension: token dimension d.
        keys: number of keys N.
        radius: R, the norm of every token.
        bias: b, appended to every token.
        weight_scale: sigma_w, standard deviation of the entries of W.
    """

    dimension: int = 8
    keys: int = 8
    radius: float = 1.0
    bias: float = 1.0
    weight_scale: float = 0.5

    @property
    def token_square(self) -> float:
        """b^2 + R^2, the squared norm of a token with its bias."""
        return self.bias**2 + self.radius**2
