"""Which sweeps the figures read, and what several of them read off these."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray

from figures.evidence import Evidence, override
from sims.associative_recall.agreement import winners
from sims.associative_recall.circuits import compression, conflicts, lengths, roles
from sims.associative_recall.one_layer import readings
from sims.associative_recall.relation import parts
from sims.associative_recall.secondary import secondary_sinks
from sims.associative_recall.sink_choice import attended, dosed
from sims.engine.sweep import Sweep
from theory.associative_recall.setting import LEARNED, SURE, Setting

SINKS = "associative_recall.sinks"
NO_SINK = "associative_recall.no_sink"
TWO_HEADS = "associative_recall.two_heads"
RECALL = "associative_recall.recall"
CONFLICT = "associative_recall.conflict"
AGREE = "associative_recall.agree"
CHOICE = "associative_recall.choice"
SECONDARY = "associative_recall.secondary"
RELATION = "associative_recall.relation"
BARE = "associative_recall.bare"
NOISY = "associative_recall.noisy"
STAGED = "associative_recall.staged"
# Fresh prompts of each kind on which a trained net is read: one layer, two, and two many times.
FRESH, FRESH_TWO, FRESH_CUT = 4096, 512, 256
# Heads cut at most one after the other, and random orders of these.
CUT, ORDERS = 4, 4
RANKS = [1, 2, 3, 4, 6, 8]
DOSES = [0.0, 5.0, 10.0, 20.0, 40.0, SURE]
# Where a token may attend to itself and scores know offsets, and where neither is so.
OPEN: dict[str, Any] = {"own": "all", "offsets": "all"}
SHUT: dict[str, Any] = {"own": "none", "offsets": "first"}


def layers(evidence: Evidence, sweep: str | Sweep) -> xarray.Dataset:
    """What trained one-layer nets learned and attend to, by share with a match and seed."""
    return evidence.table(readings, sweep, prompts=FRESH)


def learned(found: xarray.Dataset, context: xarray.DataArray | None = None) -> xarray.Dataset:
    """The nets (seed) that learned the task, by accuracy on context prompts [ar-6.2].

    All nets where fewer than two did: verdicts then say that most have not (`most_learned`).

    Args:
        context: their accuracy; `found.context` where left out.
    """
    good = ((found.context if context is None else context) >= LEARNED).values
    kept = good if good.sum() > 1 else np.ones_like(good)
    return found.isel(seed=kept).assign_attrs(learned=int(good.sum()), nets=len(good))


def most_learned(found: xarray.Dataset) -> dict[str, bool]:
    """The condition of every verdict about trained nets."""
    return {"most nets learned": bool(2 * found.attrs["learned"] > found.attrs["nets"])}


def told(found: xarray.Dataset) -> dict[str, Any]:
    """How many nets learned, for a verdict's detail."""
    return {"nets that learned": "{learned} of {nets}".format(**found.attrs)}


def trained_on(evidence: Evidence) -> Setting:
    """Pairs and values of the prompts that nets of two layers were trained on."""
    base: Any = evidence.find(RECALL).base
    return Setting(base.pairs, base.values)


def heads(evidence: Evidence) -> xarray.Dataset:
    """Scores of heads and accuracy without them, of the nets that learned."""
    return learned(evidence.table(roles, RECALL, prompts=FRESH_CUT, draws=ORDERS, most=CUT))


def elsewhere(evidence: Evidence, offsets: bool = True) -> xarray.Dataset:
    """Scores of heads and accuracy in contexts of other lengths."""
    pairs = int(trained_on(evidence).pairs)
    asked = [pairs // 2, pairs, pairs + pairs // 2 + 1]
    found, whole = (
        evidence.table(lengths, RECALL, pairs=asked, prompts=FRESH_TWO, offsets=kept)
        for kept in (offsets, True)
    )
    found = learned(found, whole.context.sel(pairs=pairs))
    return found.assign_attrs(trained=pairs)


def ranked(evidence: Evidence) -> xarray.Dataset:
    """Accuracy by rank of the retrieval heads' queries and keys."""
    found = evidence.table(compression, RECALL, ranks=RANKS, prompts=FRESH_TWO)
    found = learned(found, found.context.isel(rank=-1))
    return found.assign_attrs(pairs=int(trained_on(evidence).pairs))


def sides(evidence: Evidence, sweep: str | Sweep = RECALL) -> xarray.Dataset:
    """What conflicts come to, with and without each head, at one or several c (`follows`)."""
    found = evidence.table(conflicts, sweep, prompts=FRESH_TWO)
    if "follows" in found.dims:
        return found
    setting: Any = (evidence.find(sweep) if isinstance(sweep, str) else sweep).base
    return found.expand_dims(follows=[setting.follows])


def agreed(evidence: Evidence) -> list[xarray.Dataset]:
    """Who wins conflicts after training where both agree: nets (seed) by number of `facts`."""
    sweep, found = evidence.find(AGREE), []
    for count in sweep.axes["facts"]:
        nets = evidence.table(winners, override(sweep, facts=count), prompts=FRESH_TWO)
        found.append(learned(nets, nets.agree).assign_coords(facts=count))
    return found


def choices(evidence: Evidence, own: str, offsets: str) -> xarray.Dataset:
    """Where the last token looks, by where tokens may attend to themselves and know offsets."""
    sweep = override(evidence.find(CHOICE), own=own, offsets=offsets)
    return learned(evidence.table(attended, sweep, prompts=FRESH_CUT))


def doses(evidence: Evidence) -> xarray.Dataset:
    """Attention on tokens with a dose, of nets (seed) that learned and must look elsewhere."""
    shut = override(evidence.find(CHOICE), **SHUT)
    return learned(evidence.table(dosed, shut, doses=DOSES, prompts=FRESH_CUT))


def secondaries(evidence: Evidence, copies: bool) -> xarray.Dataset:
    """Sinks of nets of three layers whose first may read the first token, or may not."""
    sweep = override(evidence.find(SECONDARY), copies=copies)
    return learned(evidence.table(secondary_sinks, sweep, prompts=FRESH_CUT))


def facts(evidence: Evidence, sweep: str, **at: Any) -> xarray.Dataset:
    """What parts of nets add to the right answer about a subject, of those (seed) that learned."""
    whole: Any = override(evidence.find(sweep), **at)
    found = evidence.table(parts, whole, prompts=FRESH_TWO)
    return learned(found, found.accuracy).assign_coords(at)
