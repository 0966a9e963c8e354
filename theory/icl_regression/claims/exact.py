"""Identities and bounds of the network and of its closed forms, for every input."""

from theory.claims import Claim, around, at_most
from theory.icl_regression import authors

_SMALL = "figures.icl_regression.identities.small"
_FLOAT32 = "float32 round-off, 1e-7 a term, over a prompt's softmax sums"
_FLOAT64 = "round-off of float64 through some hundred operations"

CLAIMS = (
    Claim(
        id="C-ICL-1",
        statement="The network with Q, K, V, O equals its circuits KQ = K'Q/sqrt(e) and OV = V'O'.",
        kind="identity",
        source="He et al.'s code; [icl-2.1]",
        bounds={"error": at_most(1e-5)},
        expected="largest relative difference {error}",
        tolerance=_FLOAT32,
        falsifier="circuits without the 1/sqrt(e)",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-2",
        statement="The output does not depend on the last column of KQ nor on the order of the "
        "pairs, and the reduced losses, true and approximate, are even: loss(omega, mu) = "
        "loss(-omega, -mu).",
        kind="identity",
        source="He et al.'s code; [icl-2.2], [icl-2.5]",
        bounds={"error": at_most(1e-5)},
        expected="largest relative difference {error}",
        tolerance=_FLOAT32,
        falsifier="a query token that carries 1 in its label slot",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-3",
        statement="The written gradient of half the approximate loss is its derivative.",
        kind="identity",
        source="He et al.'s code (`gradients`); [icl-5.1]",
        bounds={"error": at_most(1e-10)},
        expected="largest relative difference {error}",
        tolerance=_FLOAT64,
        falsifier="the Hadamard term without its factor d",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-4",
        statement="The approximate loss equals its Taylor form for |omega| <= 0.6.",
        kind="identity",
        source="He et al.'s post; [icl-3.1], [icl-3.2]",
        bounds={"error": at_most(1e-10)},
        expected="largest relative difference {error} with 60 terms",
        tolerance=_FLOAT64,
        falsifier="the series cut after 3 terms",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-5",
        statement="Along the flow |mu|^2 - |omega|^2 grows at the rate of the balance law.",
        kind="identity",
        source="derived here [icl-5.2]",
        bounds={"error": at_most(1e-10)},
        expected="largest relative difference {error}",
        tolerance=_FLOAT64,
        falsifier="k in place of k - 1",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-6",
        statement="The Taylor tail is bounded below through |mu|_1 and mu.omega where signs match, "
        "with equality on the solution manifold.",
        kind="bound",
        source="He et al.'s post; [icl-3.6]",
        bounds={"error": at_most(1e-10)},
        expected="excess of the bound over the tail, relative to it, and distance from it on the "
        "manifold {error}",
        tolerance=_FLOAT64,
        falsifier="even orders counted as well as odd ones",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-7",
        statement="mu_gamma minimises the two-head loss, whose minimum increases with gamma; with "
        "many heads the minimum has mu_+ = -mu_- = mu_gamma.",
        kind="identity",
        source="He et al.'s post, theorem 1 part 2; [icl-3.4], [icl-3.5]",
        bounds={"error": at_most(1e-10)},
        expected="relative distance of a numerical minimiser {error}",
        tolerance=_FLOAT64,
        falsifier="exp in place of sinh",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-8",
        statement="Splitting a head into two of the same omega whose mu add up changes no output, "
        "no loss.",
        kind="identity",
        source="derived here [icl-2.6]",
        bounds={"error": at_most(1e-5)},
        expected="largest relative difference {error}",
        tolerance=_FLOAT32,
        falsifier="both copies keep the whole mu",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-9",
        statement="For small gamma the approximate loss is too low by (2 eta - eta^2)/L - "
        "eta^2 D/L^2.",
        kind="asymptotic",
        source="derived here [icl-3.8], against He et al.'s approximate loss [icl-3.1]",
        bounds={"measured/predicted": around(1, 0.05)},
        expected="measured/predicted {measured/predicted} with 3 standard errors, L = 20, 40, 80, "
        "160, gamma <= .05",
        tolerance="the remainder is O(gamma^2): 5 % bounds it at gamma = .05",
        falsifier="the prediction without its second term",
        checked_by="figures.icl_regression.estimators.systematic_error",
    ),
    Claim(
        id="C-ICL-10",
        statement="The finite-sample risks of GD and of debiased GD are exact for every d, L, s2 "
        "and eta.",
        kind="identity",
        source="derived here [icl-6.1], [icl-6.2]",
        bounds={"standard errors": at_most(4)},
        expected="|simulated - exact| in standard errors, in every random setting, "
        "{standard errors}",
        tolerance="32 comparisons: a false alarm in 0.5 % of runs",
        falsifier="simulated GD without debiasing, held against the debiased formula",
        checked_by="figures.icl_regression.estimators.exact_risks",
    ),
    Claim(
        id="C-ICL-11",
        statement="eta* = L/(L + D) minimises the risk of debiased GD at every finite L.",
        kind="identity",
        source="He et al.'s post, in the limit; exact by [icl-6.2]",
        bounds={"error": at_most(1e-10)},
        expected="relative distance of the root of its derivative {error}",
        tolerance=_FLOAT64,
        falsifier="the best step of GD that is not debiased",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-15",
        statement="From mu = omega = (.001, -.001) discrete descent and exact flow on half the "
        "approximate loss pass through the values of an independent calculation.",
        kind="identity",
        source="He et al.'s notebooks (curves); [icl-5.1], [icl-5.3]",
        bounds={"error": at_most(5e-3)},
        expected="largest relative difference {error}",
        tolerance="the reference values are given to three or four digits",
        falsifier="the gradient of the whole loss instead of half of it",
        checked_by=_SMALL,
    ),
    Claim(
        id="C-ICL-48",
        statement="mu and omega grow as one through the first stage; then their ratio rises, to a "
        "little less under descent than under the exact flow, and mu follows its optimum "
        "mu*(omega).",
        kind="identity",
        source="He et al.'s notebooks (curves); [icl-5.3], [icl-3.3]",
        bounds={
            "error over tolerance": at_most(1),
            "ratio in stage one": around(1, 0.001),
            "ratio at t = 12, descent": around(authors.DESCENT.ratio_late, 0.003),
            "ratio at t = 12, flow": around(authors.FLOW.ratio_late, 0.003),
            "mu over mu* at t = 30": around(1, 0.03),
        },
        expected="mu/omega {ratio in stage one} to t = 5.5, at 12 {ratio at t = 12, descent} "
        "(descent) and {ratio at t = 12, flow} (flow); mu/mu* {mu over mu* at t = 30} at 30; "
        "error over tolerance {error over tolerance}",
        tolerance="the reference values are given to four digits; mu lags 2.3 % behind mu* at 30",
        falsifier="the gradient of the whole loss instead of half of it",
        checked_by="figures.icl_regression.flow.growth",
    ),
)
