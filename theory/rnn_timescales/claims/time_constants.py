"""Where trained time constants go: with N, with size, from other starts, without the clamp."""

from theory.claims import Claim, at_least, at_most
from theory.rnn_timescales.claims.shared import AUTHORS, CHECKS, SIZES, STANDARD, TRAINED
from theory.rnn_timescales.setting import (
    ABSORBED_FROM,
    LARGER,
    LEAST_SCATTER,
    PAST_TURN,
    SMALL,
    STARTS,
)

_STARTS = ", ".join(f"U({lowest:g}, {lowest + spread:g})" for lowest, spread in STARTS)

_CURRICULA = (
    Claim(
        id="C-RNN-1",
        statement="Single-head: mean tau rises with N beyond some N*.",
        kind="empirical",
        source="paper, its abstract; checkpoints; [rnn-9.1]",
        bounds={"rise": at_least(0.08), "Spearman past N*": at_least(0.8)},
        expected="DMS: mean tau at the last N less its least over N {rise}; Spearman's rho with "
        f"N, median over seeds, over N >= {PAST_TURN} {{Spearman past N*}}",
        tolerance="half of what pilot nets rose by [rnn-10.3]; whole curves are U-shaped",
        falsifier="tau frozen",
        checked_by=f"{CHECKS}.timescales.tau_rises",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-2",
        statement="Single-head: the spread and the maximum of tau rise with N.",
        kind="empirical",
        source="paper, the authors' plots; [rnn-9.1]",
        bounds={"STD ratio": at_least(1.4), "largest tau": at_least(2.2)},
        expected="DMS: STD(tau) at the last N over that at N = 2 {STD ratio}; largest tau "
        "{largest tau}",
        tolerance="a third of what pilot nets' spread grew by; largest initial tau is 2 [rnn-10.3]",
        falsifier="tau frozen",
        checked_by=f"{CHECKS}.timescales.tau_spreads",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-3",
        statement="Multi-head: mean tau falls towards 1 and its spread stays.",
        kind="empirical",
        source="paper, its abstract; checkpoints; [rnn-9.1]",
        bounds={"Spearman": at_most(-0.9), "STD ratio": at_most(1.1)},
        expected="both tasks: Spearman's rho of mean tau with N, median over seeds, {Spearman}; "
        "STD(tau) at the last N over that at N = 2 {STD ratio}",
        tolerance="pilot nets fell at nearly every N [rnn-10.3]",
        falsifier="tau frozen",
        checked_by=f"{CHECKS}.timescales.tau_falls",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-4",
        statement="The gap between single-head's and multi-head's mean tau grows with N.",
        kind="empirical",
        source="paper, the authors' plots; checkpoints; [rnn-9.1]",
        bounds={"gap": at_least(0.25), "Spearman": at_least(0.9)},
        expected="DMS: gap at the last N {gap}; Spearman's rho with N, median over seeds, "
        "{Spearman}",
        tolerance="half of pilot nets' gap [rnn-10.3]",
        falsifier="tau frozen",
        checked_by=f"{CHECKS}.timescales.gap_grows",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-30",
        statement="tau = 1 absorbs: units that reach it stay, and multi-head's are more.",
        kind="empirical",
        source="the authors' RNN_Stack.py; checkpoints; [rnn-2.5]",
        bounds={"units that came back": at_most(0), "multi - single": at_least(0.01)},
        expected="DMS: units that come back from tau = 1 at any log point {units that came "
        "back}; their share non-decreasing in N; multi - single, mean over N >= "
        f"{ABSORBED_FROM}, {{multi - single}}",
        tolerance="exact: the clamp's gradient is zero below 1; a step may overshoot by its own "
        "size",
        falsifier="tau = 1 + softplus(theta) in place of the clamp",
        checked_by=f"{CHECKS}.timescales.absorbing",
        decided_at=TRAINED,
    ),
)

_SIZE = (
    Claim(
        id="C-RNN-5",
        statement="N* grows with the size of the network.",
        kind="empirical",
        source="pilot nets and the authors' plots; [rnn-9.2]",
        bounds={"growth": at_least(0)},
        expected=f"N* at H = {LARGER} less N* at H = {SMALL} {{growth}}, both tasks; where tau "
        "still falls at the last N solved, that N is a lower bound",
        tolerance="none: a sign",
        falsifier="the sizes in each other's places",
        checked_by=f"{CHECKS}.sizes.turn_grows",
        decided_at=SIZES,
        expected_state={"*": "undecided"},
        why="N* of parity grows; that of DMS hardly moves with the size, so that eight seeds leave "
        "its sign open. The epochs that the stage took are the flattest of what might set N*",
    ),
    Claim(
        id="C-RNN-32",
        statement="At parity N* grows as a power of the number of units, and more slowly than what "
        "they can hold.",
        kind="empirical",
        source="beyond the paper; [rnn-7.5], [rnn-9.2]",
        # 2 N - 1 units suffice for N-parity: what H units can hold grows with exponent 1
        bounds={"exponent": (0.0, 1.0)},
        expected="g of N* ~ H^g, parity, {exponent} (95 % interval over seeds, censored N* as "
        "lower bounds)",
        tolerance="the exponents of what does not grow and of what H units can hold",
        falsifier="the sizes in reverse order",
        checked_by=f"{CHECKS}.sizes.turn_law",
        decided_at=SIZES,
    ),
    Claim(
        id="C-RNN-38",
        statement="The same at DMS.",
        kind="empirical",
        source="beyond the paper; [rnn-7.5], [rnn-9.2]",
        # N + 1 units suffice for N-DMS: exponent 1
        bounds={"exponent": (0.0, 1.0)},
        expected="g of N* ~ H^g, DMS, {exponent}, as C-RNN-32",
        tolerance="that of C-RNN-32; eight seeds decide it only just, where four did not",
        falsifier="the sizes in reverse order",
        checked_by=f"{CHECKS}.sizes.turn_law",
        decided_at=SIZES,
    ),
)

_OTHERWISE = (
    Claim(
        id="C-RNN-33",
        statement="With tau = 1 + softplus(theta) no unit reaches tau = 1, and tau still rises "
        "under single-head and falls under multi-head: only C-RNN-30 rests on the clamp.",
        kind="empirical",
        source="beyond the paper; [rnn-2.5], [rnn-9.1]",
        bounds={"units at tau = 1": at_most(0)},
        expected="DMS: {units at tau = 1} units at tau = 1; C-RNN-1, 3 and 4 hold, with their "
        "own bounds",
        tolerance="those of C-RNN-1, 3 and 4",
        falsifier="the clamp",
        checked_by=f"{CHECKS}.variants.smooth_clamp",
        decided_at=STANDARD,
    ),
    Claim(
        id="C-RNN-36",
        statement="At the authors' settings mean tau falls as it does in their checkpoints.",
        kind="empirical",
        source="checkpoints; [rnn-9.11], [rnn-10.2]",
        bounds={"deviations": at_most(3)},
        expected="parity, H = 500, each curriculum, fall of mean tau by the last N of the sweep: "
        f"ours from theirs, in standard deviations of our seeds, at least {LEAST_SCATTER:g} each, "
        "{deviations}",
        tolerance="theirs is one seed; ours are at least 3, whose own scatter may be small by "
        "chance",
        falsifier="tau frozen",
        checked_by=f"{CHECKS}.authors.falls_agree",
        decided_at=AUTHORS,
    ),
    Claim(
        id="C-RNN-39",
        statement="Where time constants begin does not decide where they go: from weak or strong, "
        "narrow or wide initial tau, multi-head lowers its mean and single-head stays above it.",
        kind="empirical",
        source="beyond the paper; [rnn-9.2]",
        bounds={"gap": at_least(0), "multi-head's Spearman": at_most(-0.9)},
        expected=f"DMS, initial tau {_STARTS}: at the last N that half of the runs of both solved, "
        "single - multi {gap}; multi-head's Spearman of mean tau with N, median over seeds, "
        "{multi-head's Spearman}",
        tolerance="a sign; that of C-RNN-3",
        falsifier="tau frozen",
        checked_by=f"{CHECKS}.variants.whatever_the_start",
        decided_at=STANDARD,
        expected_state={"*": "holds", "standard": "undecided"},
        why="from the narrowest and lowest start there is little to lower, and multi-head's rank "
        "correlation lies too near its bound for the seeds there are; the gap is seen from every "
        "start",
    ),
)

CLAIMS = _CURRICULA + _SIZE + _OTHERWISE
