"""Prompts of another length than that of training: softmax and linear attention."""

from theory.claims import Claim, around, at_least, at_most
from theory.icl_regression import risks
from theory.icl_regression.setting import SETTING

_FIGURES = "figures.icl_regression"
_TRAINED = ("quick", "paper")
_ETA = float(risks.gd_eta(SETTING))
_LOWEST = risks.linear_attention_best_length(_ETA, SETTING.length, SETTING)

CLAIMS = (
    Claim(
        id="C-ICL-30",
        statement="Linear attention that keeps the training length's 1/L fails at longer prompts "
        "as its exact risk says; with the prompt's own 1/L it does not fail.",
        kind="empirical",
        source="He et al.'s post, figure 4.1, completed by [icl-6.3]; [icl-2.3]",
        bounds={
            "loss over exact risk": around(1, 0.1),
            "length of the lowest loss": around(float(_LOWEST), 5),
            "loss at 100": at_least(1.4),
            "loss at 100 with its own 1/L": at_most(0.2),
        },
        expected="mean loss over exact risk {loss over exact risk} for 10 <= L' <= 100; length of "
        "the lowest loss {length of the lowest loss}, loss at 100 {loss at 100}, with its own 1/L "
        "{loss at 100 with its own 1/L}; softmax attention's falls throughout",
        tolerance="the risk at 100 moves by 5 % with eta's third digit; lengths are 5 apart; at "
        "100 the exact risks are 1.72 and .17",
        falsifier="the nets with their own 1/L held against the fixed one's risk",
        checked_by=f"{_FIGURES}.lengths.length_failure",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-31",
        statement="Trained linear attention is one step of GD, not of debiased GD.",
        kind="empirical",
        source="He et al.'s post, figure 4.1; [icl-6.1], [icl-2.3]",
        bounds={
            "eta": around(_ETA, 0.015),
            "loss": around(float(risks.gd_risk(_ETA, SETTING)), 0.003),
        },
        expected="mean eta {eta}, mean loss {loss}",
        tolerance="around GD's best step and its risk; eta* of debiased GD, .019 away, and its "
        "risk, .0031 away, are excluded",
        falsifier="OV halved",
        checked_by=f"{_FIGURES}.lengths.learns_gd",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-29",
        statement="A trained net keeps doing debiased GD at lengths it was not trained on.",
        kind="empirical",
        source="He et al.'s post, figure 2.4; [icl-6.7], [icl-6.2]",
        bounds={"loss over exact risk": around(1, 0.03)},
        expected="loss over the exact risk at the net's own eta {loss over exact risk}, for "
        "20 <= L' <= 100",
        tolerance="softmax is better by some gamma^2 at short prompts",
        falsifier="query coordinates rolled by one in training",
        checked_by=f"{_FIGURES}.estimators.length_generalisation",
        decided_at=_TRAINED,
    ),
)
