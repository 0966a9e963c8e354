"""The recall task as the formulas see it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Num

# What formulas that act entry by entry take and give: numbers, or arrays that broadcast.
Values = float | int | Num[Array | np.ndarray, "..."]


class Setting(NamedTuple):
    """A prompt of pairs and the answers there are [ar-1.1].

    Attributes:
        pairs: number P of key-value pairs in the context.
        values: number V of possible answers.
    """

    pairs: Values = 4.0
    values: Values = 8.0

    @property
    def length(self) -> Values:
        """Tokens T = 2P + 3 of a prompt: the first token, the pairs, the query, the last token."""
        return 2 * self.pairs + 3


LEARNED = 0.95
"""Accuracy on context prompts from which a net counts as having learned the task [ar-6.2]."""

LOOKS_BACK = 0.5
"""Attention on the token before from which a head counts as looking there [ar-6.2]."""

ENOUGH, FEW = 6, 4
"""Rank at which a look-up is to be nearly whole, and rank from which it beats random maps."""

OFTEN = 0.05
"""Share of prompts from which an MLP counts as making a token a sink [ar-7.5]."""

SURE = 80.0
"""Dose of a direction from which it makes up most of a token's state [ar-7.5]."""

SETTING = Setting()
"""The task that the nets of this room are trained on."""

PAIR = (12.0, 16.0)
"""Score B and gain g of the written-down pair of heads that cancel [ar-2.5]."""

MISSED = 0.05
"""Excess in nats above which a net of two heads counts as not having found the pair [ar-2.5]."""
