"""Nets for which context and weights always agreed: which of the two they have learned to use."""

from __future__ import annotations

import jax.numpy as jnp
import xarray
from jaxtyping import Array

from sims.associative_recall.circuits import accuracy, fresh, setting_of
from sims.associative_recall.prompts import AGREE, CONFLICT
from sims.associative_recall.transformer import Transformer, forward
from sims.engine.analysis import over_runs, state_of


def winners(training: xarray.Dataset, *, prompts: int) -> xarray.Dataset:
    """What nets answer where the context contradicts the weights for the first time.

    Returns:
        By run: `agree`, accuracy where both agree; `context` and `fact`, the
        shares of conflicts answered by either.
    """
    setting = setting_of(training)
    kinds = {"agree": AGREE, "conflict": CONFLICT}
    same, against = (fresh(setting.task, kind, prompts, name) for name, kind in kinds.items())

    def read(net: Transformer) -> dict[str, Array]:
        asked = ((same, same.answer), (against, against.held), (against, against.fact))
        shares = [accuracy(forward(net, p.tokens, setting.form).logits, a) for p, a in asked]
        return dict(zip(("agree", "context", "fact"), jnp.stack(shares), strict=True))

    return over_runs(read, training, state_of(training).net)
