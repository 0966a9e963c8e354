"""One attention layer over pairs, with and without a sink: losses and optima [ar-2.1] to [ar-2.5].

A token is a pair (k, v). The query scores its match B, every other pair 0 and the sink b; the sink
carries no value, so a logit is the gain g times the attention on the pair that holds that value.
Losses are in nats.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.optimize

from theory.associative_recall.setting import Setting, Values

# Where `sink_law` is asked to hold: B at least `SHARP`, g e^(b-B) at most `NEAR`, e^b/P at least
# `FAR`.
SHARP, NEAR, FAR = 10.0, 0.08, 30.0


class Circuit(NamedTuple):
    """A one-layer look-up.

    Attributes:
        match: score B of the match above that of any other pair.
        gain: logit g of a value per unit of attention.
        sink: score b of the sink above that of a pair; -inf where there is none.
    """

    match: Values
    gain: Values
    sink: Values = -np.inf


def normaliser(circuit: Circuit, setting: Setting) -> Values:
    """Z = e^B + P - 1 + e^b of a query that has a match [ar-2.1]."""
    return np.exp(circuit.match) + setting.pairs - 1 + np.exp(circuit.sink)


def sink_masses(circuit: Circuit, setting: Setting) -> tuple[Values, Values]:
    """Attention on the sink without and with a match in the context [ar-2.2]."""
    sink = np.exp(circuit.sink)
    return sink / (setting.pairs + sink), sink / normaliser(circuit, setting)


def matched_loss(circuit: Circuit, setting: Setting) -> Values:
    """Loss where the query has a match: -ga + log(e^{ga} + (P-1) e^{g/Z} + V - P) [ar-2.1]."""
    pairs, values = setting
    total = normaliser(circuit, setting)
    top = circuit.gain * np.exp(circuit.match) / total
    rest = (pairs - 1) * np.exp(circuit.gain / total - top) + (values - pairs) * np.exp(-top)
    return np.log1p(rest)


def unmatched_excess(circuit: Circuit, setting: Setting) -> Values:
    """Loss above log V where the query has no match and the answer is uniform [ar-2.2].

    Every pair gets the logit z = g/(P + e^b): log(P e^z + V - P) - (P/V) z - log V.
    """
    pairs, values = setting
    logit = circuit.gain / (pairs + np.exp(circuit.sink))
    share = pairs / values
    return np.log1p(share * np.expm1(logit)) - share * logit


def excess(circuit: Circuit, setting: Setting, matched: Values) -> Values:
    """Loss above the entropy floor (1 - pi) log V, pi = `matched` the share with a match."""
    with_match = matched_loss(circuit, setting)
    return matched * with_match + (1 - matched) * unmatched_excess(circuit, setting)


def best_sink(match: float, gain: float, setting: Setting, matched: float) -> float:
    """The sink score b that minimises `excess` at given B and g, numerically [ar-2.2]."""

    def cost(sink: float) -> float:
        return float(excess(Circuit(match, gain, sink), setting, matched))

    found = scipy.optimize.minimize_scalar(
        cost, bounds=(-10, match + 5), method="bounded", options={"xatol": 1e-8}
    )
    return float(found.x)  # pyright: ignore[reportAttributeAccessIssue]


def sink_law(match: Values, gain: Values, setting: Setting, matched: Values) -> Values:
    """b* = (B + g + log(g (1-pi)/pi (P/V)(1-P/V)/(V-1)))/3, for P << e^b << e^B/g [ar-2.3]."""
    pairs, values = setting
    share = pairs / values
    odds = (1 - matched) / matched * share * (1 - share) / (values - 1)
    return (match + gain + np.log(gain * odds)) / 3


def cost_without_sink(setting: Setting, matched: float) -> tuple[float, float]:
    """Least `excess` without a sink, at B -> infinity, and the gain that has it [ar-2.4]."""
    pairs, values = setting

    def cost(gain: float) -> float:
        answered = np.log1p((values - 1) * np.exp(-gain))
        return float(
            matched * answered + (1 - matched) * unmatched_excess(Circuit(0, gain), setting)
        )

    found = scipy.optimize.minimize_scalar(
        cost, bounds=(0, 60), method="bounded", options={"xatol": 1e-10}
    )
    return cost(float(found.x)), float(found.x)  # pyright: ignore[reportAttributeAccessIssue]


def cancelling_excess(match: Values, gain: Values, setting: Setting, matched: Values) -> Values:
    """`excess` of a sharp head of gain g and a uniform one of gain -g, no sink [ar-2.5].

    Without a match both are uniform and their logits cancel; with one the uniform head takes g/P
    from every value of the context.
    """
    pairs, values = setting
    total = normaliser(Circuit(match, gain), setting)
    top = gain * (np.exp(match) / total - 1 / pairs)
    low = gain * (1 / total - 1 / pairs)
    rest = (pairs - 1) * np.exp(low - top) + (values - pairs) * np.exp(-top)
    return matched * np.log1p(rest)
