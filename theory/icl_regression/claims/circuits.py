"""What training makes of KQ and OV: the pattern, the valley, the number of heads, the formation."""

from theory.claims import Claim, around, at_least, at_most
from theory.icl_regression import authors, true_loss
from theory.icl_regression.setting import SETTING

_FIGURES = "figures.icl_regression"
# The smoke preset only shows that the pipe is open: too few seeds and steps to decide anything.
_TRAINED = ("quick", "paper")
_ROLLED = "query coordinates rolled by one in training"
_HEAD = true_loss.head_optimum(SETTING)

CLAIMS = (
    Claim(
        id="C-ICL-18",
        statement="Training makes KQ diagonal.",
        kind="empirical",
        source="He et al.'s post, figures 2.1 and 2.2; [icl-8.1], [icl-8.2]",
        bounds={
            "share": at_least(0.90),
            "off-diagonal energy, H = 1": at_most(0.01),
            "off-diagonal energy, H = 2": at_most(0.01),
            "off-diagonal energy": at_most(0.04),
            "off-diagonal energy, H = 8": at_most(0.06),
        },
        expected="share of seeds {share} with off-diagonal energy {off-diagonal energy, H = 2} "
        "(H = 1, 2), {off-diagonal energy} (H = 3, 4) or {off-diagonal energy, H = 8} (H = 8)",
        tolerance="heads of small mu have noisy KQ, the more so the more heads",
        falsifier=_ROLLED,
        checked_by=f"{_FIGURES}.circuits.diagonal",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-19",
        statement="OV reads the label only.",
        kind="empirical",
        source="He et al.'s post, figures 2.1 and 2.2, and notebooks; [icl-8.1], [icl-8.2]",
        bounds={
            "label's part, H = 1": at_least(0.999),
            "label's part, H = 2": at_least(0.999),
            "label's part": at_least(0.99),
        },
        expected="mean ratio of the last entry to the norm of OV {label's part, H = 2} (H = 1, 2), "
        "{label's part} (H = 3, 4, 8)",
        tolerance="the authors print .9997 and more after a hundred times our steps; what is left "
        "falls with training",
        falsifier="coordinates of OV rolled by one",
        checked_by=f"{_FIGURES}.circuits.label_only",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-20",
        statement="The signs of omega and mu match in every active head.",
        kind="empirical",
        source="He et al.'s post, figure 2.3; [icl-8.2], [icl-5.3]",
        bounds={"share": at_least(0.99)},
        expected="no active head with opposite signs; lower bound of the share {share}",
        tolerance="the claim is 'every': 299 matching heads show 99 %",
        falsifier=f"{_ROLLED}, so that omega is noise",
        checked_by=f"{_FIGURES}.dynamics.sign_matching",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-21",
        statement="The mu of all heads add up to zero.",
        kind="empirical",
        source="He et al.'s post, figure 2.4; [icl-8.2], [icl-3.5]",
        bounds={"share": at_least(0.95), "imbalance": at_most(0.02)},
        expected="share of two-signed seeds of all H > 1 {share} with |sum mu|/sum |mu| "
        "{imbalance}",
        tolerance="the imbalance costs c (sum mu)^2, a thousandth of the loss at 2 %",
        falsifier="mu of the second head taken from the next seed",
        checked_by=f"{_FIGURES}.dynamics.zero_sum",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-22",
        statement="The |omega| of a net's heads are equal.",
        kind="empirical",
        source="He et al.'s post, figure 2.3; [icl-8.2], [icl-3.6]",
        bounds={
            "scatter over its limit": at_most(1),
            "scatter, H = 2": at_most(0.03),
            "scatter": at_most(0.05),
            "scatter, H = 8": at_most(0.08),
        },
        expected="mean relative scatter (mu^2-weighted) {scatter, H = 2} (H = 2), {scatter} "
        "(H = 3, 4), {scatter, H = 8} (H = 8): over its limit {scatter over its limit}",
        tolerance="about three times what a quick run's gradient noise leaves",
        falsifier=f"{_ROLLED}, so that omega is noise",
        checked_by=f"{_FIGURES}.dynamics.homogeneity",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-23",
        statement="Two-signed nets sit on the valley: eta = sum mu omega is the true loss's best "
        "step, a little above eta*, and mu_+ = mu_gamma at the gamma that is measured.",
        kind="empirical",
        source="derived here [icl-3.4], [icl-4.4]",
        bounds={
            "eta": around(true_loss.best_pair(authors.GAMMA, SETTING).step, 0.015),
            "mu_+/mu_gamma": around(1, 0.05),
        },
        expected="mean eta {eta}, mean mu_+/mu_gamma {mu_+/mu_gamma}, every H > 1",
        tolerance="eta is the true valley's at the paper's gamma, and .003 higher at the gamma of "
        "a quick run; the rest is the nets' own scatter",
        falsifier=_ROLLED,
        checked_by=f"{_FIGURES}.dynamics.valley",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-24",
        statement="A single head ends at the optimum of the true loss, and not at 1/sqrt(d), the "
        "optimum of the approximate one.",
        kind="empirical",
        source="He et al.'s post, figure 2.1, corrected by [icl-4.3]; the approximate optimum "
        "[icl-3.7]",
        bounds={
            "omega": around(_HEAD.size, 0.02),
            "mu": around(_HEAD.mu, 0.06),
            "loss": around(_HEAD.loss, 0.006),
            "off-diagonal energy": at_most(0.001),
        },
        expected="mean |omega| {omega}, which excludes 1/sqrt(d); |mu| {mu}; loss {loss}; "
        "off-diagonal energy of KQ {off-diagonal energy}",
        tolerance="around the true optimum by quadrature: nets scatter by .004 in omega, and end "
        "some .004 above it; a tenth of the steps' losses scatter by .001",
        falsifier="nets at the approximate loss's optimum",
        checked_by=f"{_FIGURES}.dynamics.single_head",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-25",
        statement="Several heads beat one, and the number beyond two hardly matters.",
        kind="empirical",
        source="He et al.'s post, figure 2.4; [icl-8.4], [icl-3.5]",
        bounds={
            "one head over more": at_least(1.5),
            "more heads over two": (1 / 1.03, 1.03),
        },
        expected="loss of one head over that of more {one head over more} at L' = 40; that of "
        "three, four, eight over that of two {more heads over two} for L' >= 20; all fall with L'",
        tolerance="the true losses of one head and of a pair have the ratio 1.66; 3 % for what "
        "gamma is at the end",
        falsifier=_ROLLED,
        checked_by=f"{_FIGURES}.estimators.head_count",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-27",
        statement="Some nets end with all heads of one sign, a single head in disguise; the more "
        "heads, the fewer. The paper, with one seed, does not see them.",
        kind="empirical",
        source="derived here [icl-5.5], [icl-8.4]; their loss [icl-4.3]",
        bounds={
            "share, H = 2": (0.05, 0.45),
            "share, H = 4": at_most(0.10),
            "share, H = 8": at_most(0.10),
            "loss": around(_HEAD.loss, 0.01),
        },
        expected="share of seeds {share, H = 2} (H = 2), {share, H = 4} (H = 4), {share, H = 8} "
        "(H = 8); never rising with H and larger at 2 than beyond (Fisher's test), in nets and in "
        "the flow; their loss {loss} (H = 2)",
        tolerance="gradient flow has some 40 % at H = 2, and noise lets some nets escape; the loss "
        "is the best single head's, by quadrature",
        falsifier="signs of mu dropped",
        checked_by=f"{_FIGURES}.circuits.same_sign",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-28",
        statement="|omega| overshoots and falls back while mu_+ keeps rising.",
        kind="empirical",
        source="He et al.'s post, figures 2.3 and 2.4; [icl-8.3], [icl-5.2]",
        bounds={
            "share": at_least(0.90),
            "peak over end": at_least(1.2),
            "peak's part of training": at_most(0.15),
            "mu_+ over its peak": at_least(0.95),
        },
        expected="share of two-signed seeds of all H > 1 {share} with peak over end "
        "{peak over end}, at a part of training {peak's part of training} (H <= 4), and mu_+ over "
        "its peak {mu_+ over its peak}",
        tolerance="the flow's peak is twice its end at t = 30; 5 % of mu_+ for noise",
        falsifier="steps in reverse order",
        checked_by=f"{_FIGURES}.dynamics.overshoot",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-44",
        statement="KQ is one number on the diagonal and does not read the keys' labels.",
        kind="empirical",
        source="He et al.'s post, figures 2.1 and 2.2, and notebooks; [icl-8.1], [icl-8.2]",
        bounds={
            "label row": at_most(0.08),
            "diagonal's variance": at_most(0.02),
            "diagonal's norm": at_least(0.97),
        },
        expected="means over seeds, each H: norm of the label row {label row} of gamma, variance "
        "of the diagonal over its squared mean {diagonal's variance}, norm of the diagonal over "
        "that of KQ {diagonal's norm}",
        tolerance="about twice what a quick run's gradient noise leaves at H = 8",
        falsifier="keys rolled by one, the labels' row in place of a covariate's",
        checked_by=f"{_FIGURES}.circuits.nothing_else",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-45",
        statement="The diagonal forms in the first quarter of training, out of a random start; "
        "heads that drop out lose their mu.",
        kind="empirical",
        source="He et al.'s post, figures 2.6 and 2.7; [icl-8.3]",
        bounds={
            "start": around(1 - 1 / float(SETTING.dimension), 0.1),
            "quarter": at_most(0.05),
            "end, H = 2": at_most(0.02),
            "end": at_most(0.05),
            "dropped heads": at_most(0.02),
        },
        expected="mean off-diagonal energy, H = 2, 3, 4: {start} at the start, {quarter} after a "
        "quarter, {end, H = 2} (H = 2) and {end} at the end; median |mu| of inactive heads "
        "{dropped heads} of the net's largest",
        tolerance="a random matrix has 1 - 1/d off its diagonal; with eight heads the pattern "
        "takes longer",
        falsifier="steps in reverse order",
        checked_by=f"{_FIGURES}.formation.forms",
        decided_at=_TRAINED,
    ),
)
