"""Other data and other attention: correlated covariates, several tasks, other activations."""

from theory.claims import Claim, around, at_least, at_most

_FIGURES = "figures.icl_regression"
_TRAINED = ("quick", "paper")

CLAIMS = (
    Claim(
        id="C-ICL-32",
        statement="With correlated covariates the heads add up to the optimal preconditioner of "
        "debiased GD, Omega* = (Sigma + ((tr Sigma + d s2)/L) I)^-1.",
        kind="empirical",
        source="He et al.'s post, figure 3.1, completed by [icl-6.8]",
        bounds={
            "distance": at_most(0.03),
            "distance, upper quartile": at_most(0.06),
            "share": at_least(0.75),
            "cosine": at_least(0.998),
            "closer": at_least(0),
            "loss over the optimum's": at_most(1.035),
        },
        expected="nets whose mu cancel: median relative Frobenius distance from Omega* {distance}, "
        "share {share} with one {distance, upper quartile}; cosine {cosine}, its excess over those "
        "with Sigma^-1 and I {closer}; mean loss over the optimum's {loss over the optimum's}",
        tolerance="most seeds come within 2 %, slow ones within 5 %",
        falsifier="nets trained on covariates that do not correlate",
        checked_by=f"{_FIGURES}.correlated.preconditioning",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-33",
        statement="With several tasks the heads add up to theory's steps per task and coordinate, "
        "M'W, for two heads and from N + 1 on; a single head is a kernel regressor.",
        kind="empirical",
        source="He et al.'s post, figures 3.2 to 3.5; [icl-7.1], [icl-7.2], [icl-7.6]",
        bounds={
            "M'W - target": around(0, 0.03),
            "leak": around(0, 0.1),
            "OV off its diagonal": at_most(0.05),
            "loss over theory's": (0.98, 1.065),
            "loss over theory's, H = 1": around(1, 0.03),
            "omega over theory's": around(1, 0.07),
            "mu over theory's": around(1, 0.06),
        },
        expected="nets whose mu cancel: median over seeds of every entry of M'W minus target "
        "{M'W - target}, of the leak off the support {leak}, of OV off its diagonal "
        "{OV off its diagonal} of the largest entry, of the loss over theory's "
        "{loss over theory's} (H = 2, 3, 4); H = 1, each over theory's: omega of every kind of "
        "coordinate {omega over theory's}, mu {mu over theory's}, loss "
        "{loss over theory's, H = 1}",
        tolerance="theory's losses for several heads are those of gamma -> 0, a few per cent "
        "lower; a single head's optimum is by quadrature, and nets scatter by some per cent",
        falsifier="tasks that read the same coordinates, held against the separate ones' theory",
        checked_by=f"{_FIGURES}.tasks.combined_steps",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-34",
        statement="Three heads serve two tasks as well as four, by a head that both share; two "
        "heads do not.",
        kind="empirical",
        source="He et al.'s post, figures 3.2 to 3.5; [icl-7.2], [icl-7.3]",
        bounds={
            "three heads over four": at_most(1.04),
            "two heads over four": at_least(1.25),
            "share": at_least(0.75),
        },
        expected="loss of three heads over four {three heads over four}, of two over four "
        "{two heads over four}; every three-headed net that reaches theory's loss has a head for "
        "both tasks, lower bound {share}",
        tolerance="theory's ratios are 1 and 1.34; 4 % for the gammas at the end",
        falsifier="tasks that read the same coordinates, which two heads serve as well",
        checked_by=f"{_FIGURES}.task_steps.superposition",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-35",
        statement="Given 2 N heads, most of a head's weight belongs to one task; not in every net.",
        kind="empirical",
        source="He et al.'s post, figure 3.5, weakened by measurement; [icl-7.4]",
        bounds={"specialisation": at_least(0.75)},
        expected="median over seeds of the mu^2-weighted max|mu_n|/sum|mu_n| at H = 4 "
        "{specialisation}",
        tolerance="1/2 is a head that both tasks share alike, 1 a head of one task's own",
        falsifier="two heads whose mu cancel, which must share",
        checked_by=f"{_FIGURES}.tasks.specialisation",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-36",
        statement="With one beta for both tasks, the authors' text but not their code, OV is not "
        "diagonal: heads use the other task's label.",
        kind="empirical",
        source="derived here [icl-7.5]",
        bounds={"largest entry off OV's diagonal": at_least(0.5)},
        expected="median over seeds of the largest entry off OV's diagonal at H = 4 "
        "{largest entry off OV's diagonal}",
        tolerance="mu is about 3: what is left with a beta for each task is below .2",
        falsifier="a beta for each task",
        checked_by=f"{_FIGURES}.tasks.cross_reading",
        decided_at=_TRAINED,
    ),
    Claim(
        id="C-ICL-37",
        statement="N + 1 heads are enough for any matrix of steps of N tasks with mu that cancel.",
        kind="identity",
        source="derived here [icl-7.3]",
        bounds={"error": at_most(1e-10)},
        expected="largest error of M'W = T and M'1 = 0 over random supports, N = 2 and 3, {error}",
        tolerance="round-off of float64 through some hundred operations",
        falsifier="N heads",
        checked_by=f"{_FIGURES}.identities.small",
    ),
    Claim(
        id="C-ICL-38",
        statement="Other activations in place of the exponential, 1 + s, (1 + s/2)^2 and "
        "1 + tanh s, give the same two-signed pattern.",
        kind="empirical",
        source="He et al.'s post, figure 4.2; [icl-2.4], [icl-8.2]",
        bounds={
            "off-diagonal energy": at_most(0.01),
            "imbalance": at_most(0.02),
            "label's part": at_least(0.99),
        },
        expected="two-signed seeds of each: mean off-diagonal energy {off-diagonal energy}, "
        "imbalance {imbalance}, label's part of OV {label's part}, all signs match",
        tolerance="the limits of the softmax's two heads and of all H",
        falsifier="query coordinates rolled by one in training",
        checked_by=f"{_FIGURES}.activations.activations",
        decided_at=_TRAINED,
    ),
)
