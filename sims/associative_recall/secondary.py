"""Tokens that become sinks on their way through a net: which there are, and what made them.

A *sink* of a layer is a token, not the first, whose state there points along the first token's and
on which the last token puts attention in some head. It is *made by the MLP* of the layer below
where it did not point along the first token's state before that MLP, and made *without a copy*
where it still points there if no head may read the first token.
"""

from __future__ import annotations

import jax.numpy as jnp
import xarray
from jaxtyping import Array, Float, Shaped

from sims.associative_recall.circuits import accuracy, fresh, setting_of
from sims.associative_recall.prompts import KEYS
from sims.associative_recall.sink_choice import KINDS
from sims.associative_recall.transformer import Transformer, forward
from sims.engine.analysis import over_runs, state_of

# Cosine with the first token's state, and attention, from which a token counts as a sink.
ALONG, MASS = 0.9, 0.1
BEHIND = ("fact", "no fact")
_BY_POSITION = ("mass", "cosine", "before", "uncopied", "sinks", "made", "own")
DIMS = {name: ("layer", "position") for name in _BY_POSITION} | {"first": ("layer",)}
DIMS |= {f"{name}_behind": ("layer", "behind") for name in ("cosine", "own")}

States = Float[Array, "prompt position width"]


def cosines(states: States) -> Float[Array, "prompt later"]:
    """Cosines of all states but the first one with that."""
    sizes = jnp.maximum(jnp.linalg.norm(states, axis=2), 1e-12)
    along = jnp.einsum("pld,pd->pl", states, states[:, 0])
    return (along / sizes / sizes[:, :1])[:, 1:]


def secondary_sinks(training: xarray.Dataset, *, prompts: int) -> xarray.Dataset:
    """How often tokens are sinks, on prompts without an answer.

    Returns:
        By run: `context`, accuracy on context prompts; by `layer` from the second and position from
        the second: `mass`, attention of the last token in the head that attends to it most, mean
        over prompts; mean cosines with the first token's state, `cosine` of the token's state,
        `before` the MLP below, `uncopied` with the first token closed to all heads; `sinks`, `made`
        and `own`, shares of prompts where the token is a sink, is made one by the MLP, and without
        a copy; by layer, `first`, the mean attention on the first token in the head that attends to
        it most; by layer and `behind`, of values behind keys with a fact and without one, the mean
        `cosine_behind`, and `own_behind`, the share of them that is made a sink without a copy.
    """
    setting = setting_of(training)
    here, none = (fresh(setting.task, kind, prompts, name) for name, kind in KINDS.items())
    novel = none.tokens[:, 1:-2:2] >= KEYS + setting.facts
    behind = jnp.stack([~novel, novel]).astype("float32")
    behind = behind / behind.sum(axis=(1, 2), keepdims=True)

    def by_key(at: Shaped[Array, "prompt later"]) -> Float[Array, " behind"]:
        return jnp.einsum("kpv,pv->k", behind, at[:, 1:-2:2].astype("float32"))

    def read(net: Transformer) -> dict[str, Array]:
        trace = forward(net, none.tokens, setting.form)
        closed = jnp.ones(net.query.shape[:2])
        apart = forward(net, none.tokens, setting.form, closed=closed)
        found: dict[str, list[Array]] = {name: [] for name in DIMS}
        for layer in range(1, net.layers):
            weights, states = trace.attention[layer][:, :, -1], trace.streams[layer]
            earlier = states - (trace.mlps[layer - 1] if trace.mlps else 0.0)
            along, before, uncopied = map(cosines, (states, earlier, apart.streams[layer]))
            sink = (along >= ALONG) & (weights[:, :, 1:].max(axis=1) >= MASS)
            made = sink & (before < ALONG)
            own = made & (uncopied >= ALONG)
            mass = weights.mean(axis=0).max(axis=0)
            shares = (s.mean(axis=0) for s in (along, before, uncopied, sink, made, own))
            told = (mass[1:], *shares, mass[0], by_key(along), by_key(own))
            for name, value in zip(DIMS, told, strict=True):
                found[name].append(value)
        logits = forward(net, here.tokens, setting.form).logits
        right = {"context": accuracy(logits, here.answer)}
        return right | {name: jnp.stack(values) for name, values in found.items()}

    return over_runs(
        read,
        training,
        state_of(training).net,
        dims=DIMS,
        coords={"layer": list(range(2, setting.layers + 1)), "behind": list(BEHIND)},
    )
