"""Where the last token looks when no answer is in the context, and what a dose of a sink does."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import xarray
from jaxtyping import Array, Float

from sims.associative_recall.circuits import RETRIEVES, accuracy, fresh, setting_of
from sims.associative_recall.interventions import retrieval
from sims.associative_recall.prompts import CONTEXT, NONE, Prompts
from sims.associative_recall.transformer import Form, Trace, Transformer, forward
from sims.engine.analysis import over_runs, state_of

KINDS = {"context": CONTEXT, "none": NONE}
# Whose direction a token is given a dose of: the first token's or the last one's.
DIRECTIONS = ("first", "last")
# Which tokens of the last pair are given one.
TOKENS = ("key", "value")


def seeking(trace: Trace, here: Prompts) -> Float[Array, " head"]:
    """Weights, of sum 1, of the late heads that retrieve; of all of them where none does."""
    late = retrieval(trace.attention, here.needle)[-1] > RETRIEVES
    chosen = jnp.where(late.any(), late, True).astype("float32")
    return chosen / chosen.sum()


def attended(training: xarray.Dataset, *, prompts: int) -> xarray.Dataset:
    """The last token's attention in the last layer, by position.

    Returns:
        By run: `context`, accuracy on context prompts; `attention` (kind, position), the mean over
        prompts with the answer in the context and without any, and over the heads that retrieve.
    """
    setting = setting_of(training)
    here, none = (fresh(setting.task, kind, prompts, name) for name, kind in KINDS.items())

    def read(net: Transformer) -> dict[str, Array]:
        traces = [forward(net, asked.tokens, setting.form) for asked in (here, none)]
        late = jnp.stack([trace.attention[-1][:, :, 0].mean(axis=0) for trace in traces])
        seen = jnp.einsum("khp,h->kp", late, seeking(traces[0], here))
        return {"context": accuracy(traces[0].logits, here.answer), "attention": seen}

    return over_runs(
        read,
        training,
        state_of(training).net,
        dims={"attention": ("kind", "position")},
        coords={"kind": list(KINDS)},
    )


def dosed(training: xarray.Dataset, *, doses: Sequence[float], prompts: int) -> xarray.Dataset:
    """The last token's attention on tokens of the last pair that are given a dose of a direction.

    The dose is added to the state that the last layer takes in, of one token at a time. A direction
    is the mean state of the first or the last token there, of norm 1.

    Returns:
        By run: `context`, accuracy on context prompts; `attention` (token, direction, dose), the
        mean over late heads and prompts without an answer; `norm`, the first token's there.
    """
    setting = setting_of(training)
    here, none = (fresh(setting.task, kind, prompts, name) for name, kind in KINDS.items())
    places = [jnp.asarray(2 * setting.pairs - 1), jnp.asarray(2 * setting.pairs)]
    width = setting.width

    def read(net: Transformer) -> dict[str, Array]:
        states = forward(net, none.tokens, setting.form).streams[-1].mean(axis=0)
        ends = states[jnp.array([0, -1])]
        norms = jnp.linalg.norm(ends, axis=1, keepdims=True)
        changes = jnp.asarray(doses)[None, :, None] * (ends / norms)[:, None]

        asked = [(place, change) for place in places for change in changes.reshape(-1, width)]
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *asked)
        seen = jax.lax.map(lambda at: dosed_attention(net, none, setting.form, *at), stacked)
        logits = forward(net, here.tokens, setting.form).logits
        found = {"context": accuracy(logits, here.answer), "norm": norms[0, 0]}
        return found | {"attention": seen.reshape(len(TOKENS), *changes.shape[:2])}

    return over_runs(
        read,
        training,
        state_of(training).net,
        dims={"attention": ("token", "direction", "dose")},
        coords={"token": list(TOKENS), "direction": list(DIRECTIONS), "dose": list(doses)},
    )


def dosed_attention(
    net: Transformer, asked: Prompts, form: Form, place: Array, change: Float[Array, " width"]
) -> Array:
    """The last token's mean attention on a position whose state in the last layer is changed."""
    length, width = asked.tokens.shape[1], net.embed.shape[1]
    added = jnp.zeros((net.layers, length, width)).at[-1, place].set(change)
    return forward(net, asked.tokens, form, added=added).attention[-1][:, :, 0, place].mean()
