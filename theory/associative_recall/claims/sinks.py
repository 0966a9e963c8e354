"""Sinks of trained nets with normalised states: where they are, and what a dose of one does."""

from theory.associative_recall.claims.shared import DEEP, LONG, PILOT
from theory.associative_recall.setting import OFTEN, SURE
from theory.claims import Claim, at_least, at_most

_FIGURES = "figures.associative_recall"

CLAIMS = (
    Claim(
        id="C-AR-25",
        statement="Without an answer in the context the last token attends to itself where it may; "
        "where it may not and has no offsets, to the first token.",
        kind="empirical",
        source=f"[ar-1.2], [ar-7.5]; {PILOT}",
        bounds={
            "itself": at_least(0.8),
            "first, if itself": at_most(0.05),
            "first": at_least(0.15),
            "first, answer there": at_most(0.08),
        },
        expected="attention without an answer, medians over nets: {itself} on itself and "
        "{first, if itself} on the first token where it may; else {first} on the first token, and "
        "with the answer in the context {first, answer there}",
        tolerance="room beyond what prototypes showed; order statistics over nets",
        falsifier="planted nets that spread their attention over all tokens",
        checked_by=f"{_FIGURES}.choice.chosen",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-27",
        statement="A dose of the first token's direction makes a value of the context a sink; one "
        "of the last token's does not.",
        kind="empirical",
        source=f"Wong et al. 2025 (the norm along the sink); [ar-7.3], [ar-7.5]; {PILOT}",
        bounds={"first": at_least(2), "last": at_most(1.5)},
        expected=f"attention at a dose of {SURE:g} over that without, medians over nets: {{first}} "
        "along the first token, {last} along the last",
        tolerance="two thirds of the least that the prototypes showed; order statistics over nets",
        falsifier="planted nets that are given the last token's direction for the first one's",
        checked_by=f"{_FIGURES}.choice.drawn_by_a_dose",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-36",
        statement="Sinks beside the first token are mostly copies of it: there are hardly any "
        "where the first layer may not read it.",
        kind="empirical",
        source=f"[ar-7.5]; {PILOT}",
        bounds={"sinks": at_least(0.2), "sinks, closed": at_most(0.02)},
        expected="share of prompts where a token is a sink, in its most frequent place, means over "
        "nets: {sinks} where the first layer may read the first token, {sinks, closed} where not",
        tolerance="one prompt in fifty",
        falsifier="planted nets whose MLPs make sinks",
        checked_by=f"{_FIGURES}.secondary.copied",
        decided_at=DEEP,
    ),
    Claim(
        id="C-AR-37",
        statement="Middle MLPs of trained nets make tokens sinks that are no copies of the first "
        "one; in few nets of this size.",
        kind="empirical",
        source=f"Wong et al. 2025 (middle MLPs make secondary sinks); [ar-7.5]; {PILOT}",
        bounds={"share, some net": at_least(OFTEN), "nets": at_most(0.5)},
        expected="share of prompts where an MLP makes a token a sink without a copy, in its most "
        f"frequent place: {{share, some net}} in the net with most; share of nets with {OFTEN:g} "
        "and more {nets}",
        tolerance="95 % interval of a share",
        falsifier="planted nets whose sinks are copies",
        checked_by=f"{_FIGURES}.secondary.made",
        decided_at=DEEP,
    ),
)
