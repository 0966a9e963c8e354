"""What is learned, and how fast: curricula, none, fixed time constants, gated nets."""

from theory.claims import Claim, around, at_least, at_most
from theory.rnn_timescales.authors import FIRST_LOSSES
from theory.rnn_timescales.claims.shared import (
    AUTHORS,
    CHECKS,
    PILOT,
    STANDARD,
    TRAINED,
    other_task,
)
from theory.rnn_timescales.setting import LARGE, LARGE_PAPER, MANY, MANY_GATED, MULTI, SINGLE

# How far apart the authors' curricula are in the first epoch of the N where they are nearest.
_NEAREST = min(
    abs(one - other)
    for one, other in zip(FIRST_LOSSES[SINGLE][1:], FIRST_LOSSES[MULTI][1:], strict=True)
)
_ALONE = Claim(
    id="C-RNN-8",
    statement="Without a curriculum large N is not learned, at parity.",
    kind="empirical",
    source="paper, its reviews; [rnn-9.4]",
    bounds={
        "epochs of the smallest N": at_most(6),
        "runs that solved the first large N": at_most(0.5),
    },
    expected="one N alone: the smallest solved by every seed in {epochs of the smallest N} epochs; "
    f"of the runs on the first N >= {LARGE} (H = 500: {LARGE_PAPER}) a share "
    "{runs that solved the first large N} solved it within the budget",
    tolerance="the smallest N shows that the runs can learn at all; of the others, most do not",
    falsifier="the curriculum on",
    checked_by=f"{CHECKS}.no_curriculum.without_curriculum",
    decided_at=TRAINED,
)

CLAIMS = (
    Claim(
        id="C-RNN-7",
        statement="Multi-head learns large N in fewer epochs, at both tasks.",
        kind="empirical",
        source=f"paper, its abstract; [rnn-9.3]; {PILOT}",
        bounds={"dms": at_least(1.5), "parity": at_least(2)},
        expected=f"epochs, single-head over multi-head: {{dms}} (DMS, to N = {MANY['dms']}), "
        f"{{parity}} (parity, to N = {MANY['parity']}); runs at the cap count as lower bounds",
        tolerance="three quarters and half of pilot nets' ratios",
        falsifier="equal head lists: both curricula's runs from one",
        checked_by=f"{CHECKS}.epochs.multi_head_is_faster",
        decided_at=TRAINED,
    ),
    _ALONE,
    other_task(
        _ALONE,
        "C-RNN-47",
        f"N = {LARGE} is not large for DMS, which needs half of parity's units [rnn-7.4]: nets of "
        "32 units learn it alone",
        quick="fails",
        standard="fails",
    ),
    Claim(
        id="C-RNN-9",
        statement="All heads at once are learned without any order, small N first, at both tasks.",
        kind="empirical",
        source=f"paper, its appendix D by its reviews; [rnn-9.4]; {PILOT}",
        bounds={"slowest head's epoch": at_most(25), "Spearman": at_least(0.9)},
        expected="heads from N = 2 on, all asked from the first step: solved in {slowest head's "
        "epoch} epochs; Spearman's rho of N with the epoch in which its head is first solved, in "
        "every seed, {Spearman}",
        tolerance="twice what pilot nets took, whose order was perfect up to ties",
        falsifier="a curriculum, which asks one N after the other",
        checked_by=f"{CHECKS}.no_curriculum.all_at_once",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-16",
        statement="Multi-head solves as much with tau = 1 as with trained tau, and less with "
        "longer ones, at both tasks.",
        kind="empirical",
        source=f"paper, constants in the authors' notebooks; [rnn-9.5]; {PILOT}",
        bounds={"trained - 1": around(0, 2), "1 - 2": at_least(2), "2 - 3": at_least(2)},
        expected="both tasks, largest N solved within the budget: trained less tau = 1 "
        "{trained - 1}; tau = 1 less 2 {1 - 2}, 2 less 3 {2 - 3}",
        tolerance="a stage or two: the least gap of pilot nets",
        falsifier="fixed tau in reverse order",
        checked_by=f"{CHECKS}.fixed.fixed_multi",
        decided_at=TRAINED,
        expected_state={"*": "holds", "quick": "undecided"},
        why="at parity four seeds leave open whether tau = 1 gets more than two stages further "
        "than trained tau, and whether 3 falls two behind 2",
    ),
    Claim(
        id="C-RNN-17",
        statement="Single-head solves more with trained tau than with any fixed one, at both "
        "tasks.",
        kind="empirical",
        source="paper, constants in the authors' notebooks; [rnn-9.5]",
        bounds={"trained - best fixed": at_least(3)},
        expected="both tasks, H = 500, largest N: trained less the best of tau = 1, 2, 3 "
        "{trained - best fixed}",
        tolerance="a third of what their networks gained at parity [rnn-10.2]",
        falsifier="trained and fixed in each other's places",
        checked_by=f"{CHECKS}.fixed.fixed_single",
        decided_at=("paper",),
        why="at 32 units there is no such gain: tau = 1 learns as far, and faster",
    ),
    Claim(
        id="C-RNN-29",
        statement="The multi-head curriculum helps LSTMs and GRUs, at parity; they were trained "
        "for no other task.",
        kind="empirical",
        source="paper, its abstract; [rnn-9.9]",
        bounds={"single - multi": at_least(1), "least seed": at_least(0)},
        expected=f"epochs to N = {MANY_GATED}, GRU and LSTM: single-head less multi-head "
        "{single - multi}, mean over seeds; of every seed {least seed}",
        tolerance="an epoch, the unit in which progress is seen; most single-head runs end at the "
        "cap, a lower bound",
        falsifier="the curricula in each other's places",
        checked_by=f"{CHECKS}.gated.curriculum_helps",
        decided_at=STANDARD,
    ),
    Claim(
        id="C-RNN-37",
        statement="At the authors' settings the first epochs cost what they cost in their logs.",
        kind="empirical",
        source="checkpoints, their logs; [rnn-9.11], [rnn-10.2]",
        bounds={"ours - theirs": around(0, _NEAREST / 2)},
        expected="parity, H = 500, mean training loss of the first epoch of N = 2 .. 5 of each "
        "curriculum: mean over our seeds less theirs {ours - theirs}",
        tolerance="half of what is between their curricula where these are nearest; theirs is one "
        "seed, ours 12 for N = 2 and 3 for the others",
        falsifier="the loss averaged over heads in place of their sum",
        checked_by=f"{CHECKS}.authors.losses_agree",
        decided_at=AUTHORS,
    ),
)
