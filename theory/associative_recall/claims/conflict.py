"""Conflicts between context and weights in trained nets, and the heads that decide them."""

from theory.associative_recall.claims.shared import LONG, PILOT, TRAINED
from theory.associative_recall.conflict import COMMON, EVEN, FAR, MEMORY_LIKE, RARE
from theory.claims import Claim, around, at_least, at_most

_FIGURES = "figures.associative_recall"
_JIN = "Jin et al. 2024, its abstract"

CLAIMS = (
    Claim(
        id="C-AR-13",
        statement="Trained nets are calibrated in conflicts: the margin is the log-odds of the "
        "context's being right.",
        kind="empirical",
        source=f"derived here [ar-3.1]; {PILOT}",
        bounds={"p - c": around(0, 0.05), "slope": around(1, 0.15)},
        expected="mean chance of the context's value against the fact less c, at every c {p - c}; "
        "slope of the margin on log(c/(1-c)) {slope}",
        tolerance="room beyond what the pilot nets show, whose strengths are finite",
        falsifier="planted nets that are as sure everywhere as if c were .99",
        checked_by=f"{_FIGURES}.conflict.calibrated",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-15",
        statement="Which side the majority of conflicts takes without a late head is the sign of "
        "Delta - D_h.",
        kind="empirical",
        source=f"derived here [ar-3.2]; {PILOT}",
        bounds={"share": at_least(0.85), "share, far": at_least(0.95)},
        expected="share of late heads, mean over nets: {share}; of those with a distance of "
        f"{FAR:g} nats and more {{share, far}}",
        tolerance="margins vary between prompts, so that mean and majority may differ near 0",
        falsifier="the contributions of another net's heads, in planted nets",
        checked_by=f"{_FIGURES}.flipping.follows_the_rule",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-16",
        statement="Cutting one late head turns conflicts from the context to the weights and "
        "spares recall from either.",
        kind="empirical",
        source=f"{_JIN}; derived here [ar-3.2]; {PILOT}",
        bounds={"conflict": at_most(0.2), "context": at_least(0.8), "memory": at_least(0.9)},
        expected="at c = .8, without the late head of the largest D_h, medians: conflicts answered "
        "by the context {conflict}, accuracy from the context {context}, from the weights {memory}",
        tolerance="room beyond what the pilot nets show; order statistics over nets",
        falsifier="the late head of the smallest D_h",
        checked_by=f"{_FIGURES}.flipping.one_head",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-AR-17",
        statement="Where context and weights are right equally often, cutting heads moves "
        "conflicts both ways.",
        kind="empirical",
        source=f"{_JIN} (memory heads and context heads); derived here [ar-3.2]; {PILOT}",
        bounds={"most context-like": at_most(-0.3), "memory-like": at_least(0.1)},
        expected=f"at c = {EVEN:g}, change of the share of conflicts answered by the context, "
        "means over nets: {most context-like} without the late head of the largest D_h, "
        f"{{memory-like}} without one of D_h <= {MEMORY_LIKE:g}",
        tolerance="two thirds of what the pilot nets move",
        falsifier="a late head drawn at random from planted ones",
        checked_by=f"{_FIGURES}.conflict.both_ways",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-18",
        statement="Direct contributions rank the late heads by what replacing them does, and miss "
        "the earlier ones.",
        kind="empirical",
        source="Lieberum et al. 2023 (logit attribution finds output nodes); [ar-6.2]; bounds by a "
        "prototype of a larger net [ar-6.3]",
        bounds={"late": at_least(0.75), "late - all": at_least(0.3)},
        expected="rank correlation of contribution and effect over the late heads of a net {late}, "
        "above that over all its heads by {late - all}, medians",
        tolerance="four late heads: one pair of neighbours in the wrong order is .8",
        falsifier="contributions of the next head",
        checked_by=f"{_FIGURES}.contribution.ranked",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-AR-34",
        statement="Nets for which context and weights always agreed use the weights where facts "
        "are few and the context where they are many.",
        kind="empirical",
        source=f"derived here [ar-3.3], [ar-3.4] (the order, not the number); {PILOT}",
        bounds={"fact": at_least(0.9), "context - fact": at_least(0)},
        expected="first conflicts after training, means over nets: answered by the fact {fact} at "
        f"each M <= {COMMON}, by the context less by the fact {{context - fact}} at M = {RARE}",
        tolerance="one conflict in ten; none",
        falsifier="planted nets that use the weights however many facts there are",
        checked_by=f"{_FIGURES}.agreement.who_wins",
        decided_at=LONG,
    ),
)
