"""What is learned, and how fast: curricula, none, fixed time constants, gated nets."""

from theory.claims import Claim, around, at_least, at_most
from theory.rnn_timescales.claims.shared import AUTHORS, CHECKS, STANDARD, TRAINED
from theory.rnn_timescales.setting import LARGE, LARGE_PAPER, MANY, MANY_GATED, THRESHOLD

CLAIMS = (
    Claim(
        id="C-RNN-7",
        statement="Multi-head learns large N in fewer epochs.",
        kind="empirical",
        source="paper, its abstract; [rnn-9.3]",
        bounds={"dms": at_least(1.5), "parity": at_least(2)},
        expected=f"epochs, single-head over multi-head: {{dms}} (DMS, to N = {MANY['dms']}), "
        f"{{parity}} (parity, to N = {MANY['parity']}); runs at the cap count as lower bounds",
        tolerance="three quarters and half of pilot nets' ratios [rnn-10.3]",
        falsifier="equal head lists: both curricula's runs from one",
        checked_by=f"{CHECKS}.epochs.multi_head_is_faster",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-8",
        statement="Without a curriculum large N is not learned.",
        kind="empirical",
        source="paper, its reviews; [rnn-9.4]",
        bounds={
            "epochs of the smallest N": at_most(6),
            "seeds that solved a large N": at_most(0),
            "best accuracy at the first large N": at_most(THRESHOLD),
        },
        expected="parity, one N alone: the smallest solved by every seed in "
        "{epochs of the smallest N} epochs; "
        f"N >= {LARGE} (H = 500: {LARGE_PAPER}) by {{seeds that solved a large N}} seeds, whose "
        "best accuracy at the first of them, mean over seeds, is "
        "{best accuracy at the first large N}",
        tolerance="pilot nets [rnn-10.3]; what counts as solved [rnn-3.2]",
        falsifier="the curriculum on",
        checked_by=f"{CHECKS}.no_curriculum.without_curriculum",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-9",
        statement="All heads at once are learned without any order, small N first.",
        kind="empirical",
        source="paper, its appendix D by its reviews; [rnn-9.4]",
        bounds={"slowest head's epoch": at_most(25), "Spearman": at_least(0.9)},
        expected="heads from N = 2 on asked together: solved in {slowest head's epoch} epochs; "
        "Spearman's rho of N with the epoch in which its head is first solved, in every seed, "
        "{Spearman}",
        tolerance="twice what pilot nets took, whose order was perfect up to ties [rnn-10.3]",
        falsifier="a list of one head",
        checked_by=f"{CHECKS}.no_curriculum.all_at_once",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-16",
        statement="Multi-head solves as much with tau = 1 as with trained tau, and less with "
        "longer ones.",
        kind="empirical",
        source="paper, constants in the authors' notebooks; [rnn-9.5]",
        bounds={"trained - 1": around(0, 2), "1 - 2": at_least(2), "2 - 3": at_least(2)},
        expected="parity, largest N solved within the budget: trained less tau = 1 {trained - 1}; "
        "tau = 1 less 2 {1 - 2}, 2 less 3 {2 - 3}",
        tolerance="a stage or two: the least gap of pilot nets [rnn-10.3]",
        falsifier="fixed tau in reverse order",
        checked_by=f"{CHECKS}.fixed.fixed_multi",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-17",
        statement="Single-head solves more with trained tau than with any fixed one.",
        kind="empirical",
        source="paper, constants in the authors' notebooks; [rnn-9.5]",
        bounds={"trained - best fixed": at_least(3)},
        expected="parity, H = 500, largest N: trained less the best of tau = 1, 2, 3 "
        "{trained - best fixed}",
        tolerance="a third of what their networks gained [rnn-10.2]",
        falsifier="trained and fixed in each other's places",
        checked_by=f"{CHECKS}.fixed.fixed_single",
        decided_at=("paper",),
        why="at 32 units there is no such gain: tau = 1 learns as far, and faster",
    ),
    Claim(
        id="C-RNN-29",
        statement="The multi-head curriculum helps LSTMs and GRUs.",
        kind="empirical",
        source="paper, its abstract; [rnn-9.9]",
        bounds={"single - multi": at_least(1), "least seed": at_least(0)},
        expected=f"parity, epochs to N = {MANY_GATED}, GRU and LSTM: single-head less multi-head "
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
        bounds={"deviations": at_most(3)},
        expected="parity, H = 500, mean training loss of the first epoch of N = 2 .. 5 of each "
        "curriculum: ours from theirs, in standard deviations of our seeds, {deviations}",
        tolerance="theirs is one seed, ours 12 for N = 2 and 3 for the others",
        falsifier="short training of small nets",
        checked_by=f"{CHECKS}.authors.losses_agree",
        decided_at=AUTHORS,
    ),
)
