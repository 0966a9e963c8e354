"""Facts about subjects: who looks the answer up, and what the last MLP says about it."""

from theory.associative_recall.claims.shared import LONG, PILOT
from theory.associative_recall.label_noise import NOISY
from theory.claims import Claim, around, at_least, at_most

_FIGURES = "figures.associative_recall"
_LV = "Lv et al. 2024, its abstract"

CLAIMS = (
    Claim(
        id="C-AR-28",
        statement="Heads bring the subject to the last token, and the MLP makes the answer of it.",
        kind="empirical",
        source=f"{_LV}; [ar-1.3], [ar-6.1]; {PILOT}",
        bounds={
            "share": at_least(0.8),
            "without the MLP": at_most(0.6),
            "without heads": at_most(0.3),
        },
        expected="one layer of one head, medians: share of the MLP in the right answer's logit "
        "{share}; accuracy {without the MLP} without the MLP, {without heads} without the head",
        tolerance="room beyond what the pilot nets show; order statistics over nets",
        falsifier="planted nets whose head makes the answer",
        checked_by=f"{_FIGURES}.facts.made_by_the_mlp",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-29",
        statement="The last MLP lowers the right answer, everywhere.",
        kind="empirical",
        source=f"{_LV} (a last layer against overconfidence); [ar-8.2]",
        bounds={"share": at_least(0.95)},
        expected=f"after joint training with a share of {NOISY:g} of random labels: share of "
        "prompts where it does, mean over nets {share}",
        tolerance="one prompt in twenty",
        falsifier="planted nets whose last MLP raises it",
        checked_by=f"{_FIGURES}.noise.lowers",
        decided_at=LONG,
        expected_state={"*": "fails"},
        why="training all parts together fixes their sum, and not the sign of the last one",
    ),
    Claim(
        id="C-AR-30",
        statement="After joint training the last MLP lowers the right answer of hardly any prompt.",
        kind="empirical",
        source=f"[ar-8.2]; {PILOT}",
        bounds={"share": at_most(0.05)},
        expected=f"with a share of {NOISY:g} of random labels: share of prompts where it does, "
        "mean over nets {share}",
        tolerance="one prompt in twenty",
        falsifier="planted nets whose last MLP was trained after the rest",
        checked_by=f"{_FIGURES}.noise.lowers",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-31",
        statement="A last MLP that is trained on noisy labels behind a confident body lowers the "
        "right answer, to the margin that the noise asks for.",
        kind="empirical",
        source=f"derived here [ar-8.1], [ar-8.2]; {PILOT}",
        bounds={"share": at_least(0.95), "margin - best": around(0, 0.4)},
        expected=f"with a share of {NOISY:g} of random labels, medians: share of prompts where it "
        "does {share}; mean margin less the best {margin - best} nats",
        tolerance="one MLP of 64 units cannot bring every prompt to one margin",
        falsifier="planted nets that were trained without noise",
        checked_by=f"{_FIGURES}.noise.staged",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-32",
        statement="After joint training the margin is what the noise asks for.",
        kind="empirical",
        source=f"derived here [ar-8.1]; {PILOT}",
        bounds={"margin - best": around(0, 0.1)},
        expected="mean margin less the best {margin - best} nats, at every share of random labels",
        tolerance="margins still vary between prompts at the end of training",
        falsifier="planted nets as sure as without noise",
        checked_by=f"{_FIGURES}.noise.as_sure_as_best",
        decided_at=LONG,
    ),
)
