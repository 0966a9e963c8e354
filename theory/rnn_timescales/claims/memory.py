"""What trained nets keep, and what they withstand: forgetting, probes, damage, retraining."""

from theory.claims import Claim, at_least, at_most
from theory.rnn_timescales.claims.shared import CHECKS, PILOT, STANDARD, TRAINED, other_task
from theory.rnn_timescales.setting import LENGTHENED, PROBED_FROM, WEIGHT_NOISE

_PAST = (
    Claim(
        id="C-RNN-10",
        statement="Single-head forgets smaller N, multi-head does not, at both tasks.",
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
        statement="What single-head forgets is only partly lost: older answers are less linearly "
        "readable than in multi-head, and more than by chance, at both tasks.",
        kind="empirical",
        source="checkpoints; [rnn-8.4], [rnn-9.7]",
        bounds={"multi - single": at_least(0.1), "single-head": at_least(0.52)},
        expected=f"probes' accuracy, averaged over M = {PROBED_FROM} .. N - 1: {{multi - single}}, "
        "multi-head less single-head; {single-head}, single-head",
        tolerance="half of the difference in the authors' checkpoints of parity [rnn-10.2]; chance "
        "is 1/2, and a probe of 5,000 decisions scatters by .007",
        falsifier="labels shuffled",
        checked_by=f"{CHECKS}.probes.older_answers",
        decided_at=TRAINED,
        expected_state={"*": "holds", "quick": "undecided"},
        why="at parity few seeds of single-head get to the last N, and one of them forgets "
        "nearly nothing",
    ),
    Claim(
        id="C-RNN-12",
        statement="Multi-head networks hold the next answer before they are asked for it, at both "
        "tasks.",
        kind="empirical",
        source="paper, its abstract; checkpoints; [rnn-8.4], [rnn-9.7]",
        bounds={"multi - single": at_least(0.15)},
        expected="probes' accuracy at N + 1: {multi - single}, multi-head less single-head",
        tolerance="half of the difference in the authors' checkpoints of parity [rnn-10.2]",
        falsifier="one curriculum's networks as both, where multi-head's hold an answer: N - 1",
        checked_by=f"{CHECKS}.probes.next_answer",
        decided_at=TRAINED,
        expected_state={"*": "holds", "quick": "fails", "standard": "fails"},
        why="32 units have few to spare at the N where they end: N + 1 is nearly unreadable in "
        "nets of either curriculum",
    ),
)

_NOISE = Claim(
    id="C-RNN-14",
    statement="Multi-head is more robust to noise on W, at parity.",
    kind="empirical",
    source="paper, the authors' df_perturb_rnn_normalized.pkl; [rnn-8.6], [rnn-9.8]; " + PILOT,
    bounds={"difference": at_least(0.1)},
    expected=f"relative accuracy at eps = {WEIGHT_NOISE:g}, multi - single: {{difference}}",
    tolerance="half of pilot nets' difference; theirs is printed beside it",
    falsifier="noise on the readout only, where the unbroken check reads lengthened tau",
    checked_by=f"{CHECKS}.perturbation.tolerates_more",
    decided_at=TRAINED,
    expected_state={"*": "holds", "quick": "undecided"},
    why="half of the seeds of single-head get to the last N, and those that do differ much",
)
_DAMAGE = (
    Claim(
        id="C-RNN-13",
        statement="Multi-head nets bear the loss of a unit of long tau better than of one taken at "
        "random, at both tasks. That their units of short tau matter more is not said: most units "
        "tie at tau = 1.",
        kind="empirical",
        source="paper, the authors' df_ablate_tau.pkl, which has no random units; [rnn-8.5], "
        "[rnn-9.8]",
        bounds={"multi-head, long - random": at_least(0.1)},
        expected="relative accuracy without one unit of long tau less that without one taken at "
        "random: {multi-head, long - random}",
        tolerance="a tenth of what the intact net knows above chance",
        falsifier="random units in the place of those of long tau",
        checked_by=f"{CHECKS}.ablation.without_a_unit",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-48",
        statement="Single-head nets bear the loss of a unit of long tau worse than of one taken at "
        "random, at both tasks.",
        kind="empirical",
        source="paper, the authors' df_ablate_tau.pkl, which has no random units; [rnn-8.5], "
        "[rnn-9.8]",
        bounds={"single-head, long - random": at_most(0)},
        expected="relative accuracy without one unit of long tau less that without one taken at "
        "random: {single-head, long - random}",
        tolerance="none: a sign",
        falsifier="the curricula in each other's places",
        checked_by=f"{CHECKS}.ablation.without_a_unit",
        decided_at=TRAINED,
        expected_state={"*": "holds", "quick": "undecided"},
        why="at parity few seeds of single-head get to the last N, and one of them does not need "
        "its long units",
    ),
    _NOISE,
    other_task(
        _NOISE,
        "C-RNN-34",
        "nets of 32 units bear the same noise at DMS under either curriculum; not yet measured at "
        "the paper's size",
        quick="fails",
        standard="fails",
    ),
    Claim(
        id="C-RNN-15",
        statement="Multi-head is more robust to lengthened tau, at both tasks.",
        kind="empirical",
        source="paper, the authors' df_perturb_tau_normalized_abs.pkl; [rnn-8.6], [rnn-9.8]; "
        + PILOT,
        bounds={"difference": at_least(0.1)},
        expected=f"relative accuracy at eps = {LENGTHENED:g}, multi - single, both tasks: "
        "{difference}",
        tolerance="under half of pilot nets' differences",
        falsifier="noise on the readout only",
        checked_by=f"{CHECKS}.perturbation.tolerates_more",
        decided_at=TRAINED,
    ),
)

_BETTER = Claim(
    id="C-RNN-20",
    statement="Multi-head retrains better to larger N, at parity.",
    kind="empirical",
    source=f"paper, its abstract; [rnn-8.7], [rnn-9.8]; {PILOT}",
    bounds={"multi - single": at_least(0.03)},
    expected="nets of one N after a few epochs of single-head training: accuracy at every "
    "larger N', multi - single, {multi - single}",
    tolerance="a third of pilot nets' difference at parity",
    falsifier="one curriculum's networks as both",
    checked_by=f"{CHECKS}.retraining.retrains_better",
    decided_at=STANDARD,
)
_RETRAINING = (
    _BETTER,
    other_task(
        _BETTER,
        "C-RNN-35",
        "nets of 32 units show the reverse at DMS; not yet measured at the paper's size",
        standard="fails",
    ),
)

CLAIMS = _PAST + _DAMAGE + _RETRAINING
