"""What trained nets keep, and what they withstand: forgetting, probes, damage, retraining."""

from theory.claims import Claim, at_least, at_most
from theory.rnn_timescales.claims.shared import CHECKS, STANDARD, TRAINED
from theory.rnn_timescales.setting import LENGTHENED, PROBED_FROM, WEIGHT_NOISE

_PAST = (
    Claim(
        id="C-RNN-10",
        statement="Single-head forgets smaller N, multi-head does not.",
        kind="empirical",
        source="paper, its abstract; checkpoints; [rnn-8.3], [rnn-9.7]",
        bounds={"single-head": at_most(0.6), "multi-head": at_least(0.97)},
        expected="p = 1/2, each N by its own head: mean accuracy on older N {single-head} "
        "(single-head), {multi-head} (multi-head)",
        tolerance="chance is 1/2 and what is solved exceeds .98 [rnn-3.2]",
        falsifier="the curricula in each other's places",
        checked_by=f"{CHECKS}.ablation.forgetting",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-11",
        statement="What single-head forgets is only partly lost: older parities are less linearly "
        "readable.",
        kind="empirical",
        source="checkpoints; [rnn-8.4], [rnn-9.7]",
        bounds={"multi - single": at_least(0.1)},
        expected=f"probes' accuracy, averaged over M = {PROBED_FROM} .. N - 1: {{multi - single}}, "
        "multi-head less single-head",
        tolerance="half of the difference in the authors' checkpoints [rnn-10.2]",
        falsifier="labels shuffled",
        checked_by=f"{CHECKS}.probes.older_parities",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-12",
        statement="Multi-head networks hold the next parity before they are asked for it.",
        kind="empirical",
        source="paper, its abstract; checkpoints; [rnn-8.4], [rnn-9.7]",
        bounds={"multi - single": at_least(0.15)},
        expected="probes' accuracy at N + 1: {multi - single}, multi-head less single-head",
        tolerance="half of the difference in the authors' checkpoints [rnn-10.2]",
        falsifier="one curriculum's networks as both",
        checked_by=f"{CHECKS}.probes.next_parity",
        decided_at=TRAINED,
        expected_state={"*": "holds", "quick": "fails", "standard": "fails"},
        why="32 units have few to spare at the N where they end: N + 1 is nearly unreadable in "
        "nets of either curriculum",
    ),
)

_DAMAGE = (
    Claim(
        id="C-RNN-13",
        statement="Ablating units of long tau hurts single-head and not multi-head; units of short "
        "tau matter for multi-head.",
        kind="empirical",
        source="paper, the authors' df_ablate_tau.pkl; [rnn-8.5], [rnn-9.8]",
        bounds={
            "multi-head, long": at_least(0.9),
            "multi-head, short": at_most(0.75),
            "single-head, long": at_most(0.8),
        },
        expected="parity, relative accuracy without one unit: multi-head, long tau "
        "{multi-head, long}, short {multi-head, short}; single-head, long {single-head, long}",
        tolerance="between intact and half way to chance, as pilot nets were [rnn-10.3]",
        falsifier="random units ablated",
        checked_by=f"{CHECKS}.ablation.without_a_unit",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-14",
        statement="Multi-head is more robust to noise on W, at parity.",
        kind="empirical",
        source="paper, the authors' df_perturb_rnn_normalized.pkl; [rnn-8.6], [rnn-9.8]",
        bounds={"difference": at_least(0.1)},
        expected=f"relative accuracy at eps = {WEIGHT_NOISE:g}, multi - single: {{difference}}",
        tolerance="half of pilot nets' difference [rnn-10.3]; C-RNN-34 for DMS",
        falsifier="noise on the readout only",
        checked_by=f"{CHECKS}.perturbation.tolerates_more",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-15",
        statement="Multi-head is more robust to lengthened tau, at both tasks.",
        kind="empirical",
        source="paper, the authors' df_perturb_tau_normalized_abs.pkl; [rnn-8.6], [rnn-9.8]",
        bounds={"difference": at_least(0.1)},
        expected=f"relative accuracy at eps = {LENGTHENED:g}, multi - single, both tasks: "
        "{difference}",
        tolerance="under half of pilot nets' differences [rnn-10.3]",
        falsifier="noise on the readout only",
        checked_by=f"{CHECKS}.perturbation.tolerates_more",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-34",
        statement="Multi-head is more robust to noise on W, at DMS.",
        kind="empirical",
        source="paper, which shows parity; [rnn-8.6], [rnn-9.8]",
        bounds={"difference": at_least(0.1)},
        expected=f"relative accuracy at eps = {WEIGHT_NOISE:g}, multi - single: {{difference}}",
        tolerance="that of C-RNN-14",
        falsifier="noise on the readout only",
        checked_by=f"{CHECKS}.perturbation.tolerates_more",
        decided_at=TRAINED,
        expected_state={"*": "holds", "quick": "fails", "standard": "fails"},
        why="nets of 32 units bear the same noise at DMS under either curriculum; not yet "
        "measured at the paper's size",
    ),
)

_RETRAINING = (
    Claim(
        id="C-RNN-20",
        statement="Multi-head retrains better to larger N, at parity.",
        kind="empirical",
        source="paper, its abstract; [rnn-8.7], [rnn-9.8]",
        bounds={"multi - single": at_least(0.03)},
        expected="nets of one N after a few epochs of single-head training: accuracy at every "
        "larger N', multi - single, {multi - single}",
        tolerance="a third of pilot nets' difference [rnn-10.3]; C-RNN-35 for DMS",
        falsifier="one curriculum's networks as both",
        checked_by=f"{CHECKS}.retraining.retrains_better",
        decided_at=STANDARD,
    ),
    Claim(
        id="C-RNN-35",
        statement="Multi-head retrains better to larger N, at DMS.",
        kind="empirical",
        source="paper, which shows parity; [rnn-8.7], [rnn-9.8]",
        bounds={"multi - single": at_least(0.03)},
        expected="nets of one N after a few epochs of single-head training: accuracy at every "
        "larger N', multi - single, {multi - single}",
        tolerance="that of C-RNN-20",
        falsifier="one curriculum's networks as both",
        checked_by=f"{CHECKS}.retraining.retrains_better",
        decided_at=STANDARD,
        expected_state={"*": "holds", "standard": "fails"},
        why="nets of 32 units show the reverse at DMS; not yet measured at the paper's size",
    ),
)

CLAIMS = _PAST + _DAMAGE + _RETRAINING
