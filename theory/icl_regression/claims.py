"""What is claimed about in-context linear regression (He, Pan, Chen & Yang 2025, 2503.12734).

POST stands for the authors' project post, CODE for their repository, DER for our derivation. Claims
about trained nets read: mu^2-weighted averages over heads, of seeds whose active heads have both
signs ("two-signed"); single-head nets count whole.
"""

from collections.abc import Mapping

from theory.claims import Claim, State

_CHECKS = "figures.icl_regression"
_ROUND_OFF = "round-off of float64 through some hundred operations"
# The smoke preset only shows that the pipe is open: too few seeds and steps to decide anything.
_TRAINED: Mapping[str, State] = {"*": "holds", "smoke": "not run at this preset"}


def _identity(id: str, statement: str, source: str, expected: str, falsifier: str, check: str,
              tolerance: str = _ROUND_OFF, kind: str = "identity") -> Claim:  # fmt: skip
    where = f"{_CHECKS}.identities.{check}"
    return Claim(id, statement, kind, source, expected, tolerance, falsifier, where)  # pyright: ignore[reportArgumentType]


def _trained(id: str, statement: str, source: str, expected: str, tolerance: str, falsifier: str,
             check: str) -> Claim:  # fmt: skip
    where = f"{_CHECKS}.patterns.{check}"
    return Claim(
        id, statement, "empirical", source, expected, tolerance, falsifier, where, _TRAINED
    )


CLAIMS = (
    _identity(
        "C-ICL-1",
        "The network with Q, K, V, O equals its circuits KQ = K'Q/sqrt(e) and OV = V'O'.",
        "DER; section 2.1",
        "largest relative difference <= 1e-5",
        "circuits without the 1/sqrt(e)",
        "circuits",
        "float32 round-off, 1e-7 a term, over a prompt's softmax sums",
    ),
    _identity(
        "C-ICL-2",
        "The output does not depend on the last column of KQ nor on the order of the pairs, and "
        "the reduced loss is even: loss(omega, mu) = loss(-omega, -mu).",
        "CODE; sections 2.1, 2.5",
        "largest relative difference <= 1e-5",
        "a query token that carries 1 in its label slot",
        "symmetries",
        "float32 round-off, as for C-ICL-1",
    ),
    _identity(
        "C-ICL-3",
        "The written gradient of half the approximate loss is its derivative.",
        "CODE; section 4.3",
        "largest relative difference <= 1e-10",
        "the Hadamard term without its factor d",
        "gradient",
    ),
    _identity(
        "C-ICL-4",
        "The approximate loss equals its Taylor form for |omega| <= 0.6.",
        "POST; section 4.1",
        "largest relative difference <= 1e-10 with 60 terms",
        "the series cut after 3 terms",
        "taylor",
    ),
    _identity(
        "C-ICL-5",
        "Along the flow |mu|^2 - |omega|^2 grows at the rate of the balance law.",
        "DER; section 4.3",
        "largest relative difference <= 1e-10",
        "k in place of k - 1",
        "balance",
    ),
    _identity(
        "C-ICL-6",
        "The Taylor tail is bounded below through |mu|_1 and mu.omega where signs match, with "
        "equality on the solution manifold.",
        "POST; section 4.2",
        "excess of the bound over the tail <= 1e-10 of it; equality to 1e-10 on the manifold",
        "even orders counted as well as odd ones",
        "hoelder",
        kind="bound",
    ),
    _identity(
        "C-ICL-7",
        "mu_gamma minimises the two-head loss, whose minimum increases with gamma; with many heads "
        "the minimum has mu_+ = -mu_- = mu_gamma.",
        "POST; section 4.2",
        "relative distance of a numerical minimiser <= 1e-10",
        "exp in place of sinh",
        "optimal_mu",
    ),
    _identity(
        "C-ICL-8",
        "Splitting a head into two of the same omega whose mu add up changes no output, no loss.",
        "DER; section 2.5",
        "largest relative difference <= 1e-5",
        "both copies keep the whole mu",
        "splitting",
        "float32 round-off, as for C-ICL-1",
    ),
    Claim(
        "C-ICL-9",
        "For small gamma the approximate loss is too low by (2 eta - eta^2)/L - eta^2 D/L^2.",
        "asymptotic",
        "POST, DER; section 4.1",
        "|measured/predicted - 1| <= 5 % + 3 standard errors, L = 20, 40, 80, 160, gamma <= .05",
        "the remainder is O(gamma^2): 5 % bounds it at gamma = .05",
        "the prediction without its second term",
        f"{_CHECKS}.risks.systematic_error",
    ),
    Claim(
        "C-ICL-10",
        "The finite-sample risks of GD and of debiased GD are exact for every d, L, s2 and eta.",
        "identity",
        "DER; section 4.4",
        "|simulated - exact| <= 4 standard errors in every random setting",
        "32 comparisons: a false alarm in 0.5 % of runs",
        "simulated GD without debiasing, held against the debiased formula",
        f"{_CHECKS}.risks.exact_risks",
    ),
    _identity(
        "C-ICL-11",
        "eta* = L/(L + D) minimises the risk of debiased GD at every finite L.",
        "POST, DER; section 4.4",
        "relative distance of the root of its derivative <= 1e-10",
        "the best step of GD that is not debiased",
        "eta_star",
    ),
    _identity(
        "C-ICL-15",
        "From mu = omega = (.001, -.001) discrete descent and exact flow on half the approximate "
        "loss pass through the published values.",
        "authors' first commit; section 4.3",
        "largest relative difference <= 0.5 %",
        "the gradient of the whole loss instead of half of it",
        "trajectory",
        "the reference values are given to three digits",
    ),
    _trained(
        "C-ICL-18",
        "Training makes KQ diagonal.",
        "POST; section 2.2",
        "share of seeds with off-diagonal energy <= 1 % (H = 1, 2) or 4 % (H = 4) >= 90 %",
        "section 8: heads of small mu have noisy KQ, the more so the more heads",
        "query coordinates rolled by one in training",
        "diagonal",
    ),
    _trained(
        "C-ICL-19",
        "OV reads the label only.",
        "POST; section 2.2",
        "mean ratio of the last entry to the norm of OV >= .99",
        "section 8",
        "coordinates of OV rolled by one",
        "label_only",
    ),
    _trained(
        "C-ICL-20",
        "The signs of omega and mu match in every active head.",
        "POST; section 2.3",
        "no active head with opposite signs; lower bound of the share >= 99 %",
        "the claim is 'every': 299 matching heads show 99 %",
        "query coordinates rolled by one in training, so that omega is noise",
        "sign_matching",
    ),
    _trained(
        "C-ICL-21",
        "The mu of all heads add up to zero.",
        "POST; section 2.3",
        "share of two-signed seeds with |sum mu| <= 2 % of sum |mu| >= 95 %",
        "section 8: measured <= 1.4 %",
        "mu of the second head taken from the next seed",
        "zero_sum",
    ),
    _trained(
        "C-ICL-23",
        "Two-signed nets sit on the valley: eta = sum mu omega is near eta*, and mu_+ = mu_gamma "
        "at the gamma that is measured.",
        "DER; sections 4.2, 6.1",
        "mean eta in .883 +- .015, mean mu_+/mu_gamma in 1 +- .05, H = 2 and 4",
        "the true loss puts eta .0005 to .007 above eta* = .8791 at the gamma of a quick run",
        "query coordinates rolled by one in training",
        "valley",
    ),
    _trained(
        "C-ICL-24",
        "A single head ends at the optimum of the true loss, omega = .515, and not at 1/sqrt(d), "
        "the optimum of the approximate one.",
        "POST, corrected by DER; section 4.2",
        "mean |omega| in .52 +- .02, which excludes .447; |mu| in 1.49 +- .06; loss .403 +- .006",
        "the true optimum by Monte Carlo: omega .515 +- .01, mu 1.50, loss .4033",
        "query coordinates rolled by one in training",
        "single_head",
    ),
    _trained(
        "C-ICL-25",
        "Several heads beat one, and the number beyond two hardly matters.",
        "POST; section 2.4",
        "loss ratio of one head to two or four >= 1.5; two and four agree within 3 %",
        "section 8",
        "query coordinates rolled by one in training",
        "head_count",
    ),
    _trained(
        "C-ICL-29",
        "A trained net keeps doing debiased GD at lengths it was not trained on.",
        "POST; section 2.4",
        "loss within 3 % of the exact risk at the net's own eta, for 20 <= L' <= 100",
        "section 6.2: deviation <= 1.5 % for L' >= 20",
        "query coordinates rolled by one in training",
        "length_generalisation",
    ),
)
