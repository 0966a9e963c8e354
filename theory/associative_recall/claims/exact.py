"""Identities and bounds: circuits that are written down, and geometry."""

from theory.claims import Claim, around, at_most

_FIGURES = "figures.associative_recall"
_FLOAT32 = "float32 round-off, 1e-7 a term, through two layers and a softmax"

CLAIMS = (
    Claim(
        id="C-AR-1",
        statement="Without normalisation the logits are the sum of what the embedding and each "
        "head add directly.",
        kind="identity",
        source="Lieberum et al. 2023 (logit attribution); [ar-6.1]",
        bounds={"error": at_most(1e-4)},
        expected="largest difference over the largest logit {error}",
        tolerance=_FLOAT32,
        falsifier="one head left out of the sum",
        checked_by=f"{_FIGURES}.identities.small",
    ),
    Claim(
        id="C-AR-2",
        statement="The losses and masses of the one-layer look-up and of the written-down "
        "induction circuit are those of explicit attention layers.",
        kind="identity",
        source="derived here [ar-2.1], [ar-2.2], [ar-5.1], [ar-5.2]",
        bounds={"error": at_most(1e-5)},
        expected="largest difference of losses and masses {error}",
        tolerance=_FLOAT32,
        falsifier="layer 1 copies the token before with a score of 2",
        checked_by=f"{_FIGURES}.identities.small",
    ),
    Claim(
        id="C-AR-3",
        statement="Without a term against itself the induction circuit puts at most half of its "
        "attention on the needle.",
        kind="bound",
        source="derived here [ar-5.1]",
        bounds={"needle": at_most(0.5)},
        expected="largest attention on the needle {needle}",
        tolerance="exact: at scores up to 12 one half is missed by more than round-off",
        falsifier="a term of 3 against itself",
        checked_by=f"{_FIGURES}.induction.half",
    ),
    Claim(
        id="C-AR-4",
        statement="A Gaussian key in d dimensions, or an orthonormal one through a random map of "
        "rank d, is told from P - 1 others with probability E Phi(chi_d)^(P-1).",
        kind="identity",
        source="derived here [ar-4.1]",
        bounds={"standard errors": at_most(4)},
        expected="largest distance from the law over 12 cells {standard errors} standard errors",
        tolerance="of 12 normal numbers one exceeds 4 in 1 of 1,300 cases",
        falsifier="keys of length 1",
        checked_by=f"{_FIGURES}.ranks.random_law",
    ),
    Claim(
        id="C-AR-5",
        statement="Among random keys of length 1 the match gets the attention that the mean weight "
        "of the others leaves it.",
        kind="asymptotic",
        source="derived here [ar-4.4]",
        bounds={"error": at_most(0.006)},
        expected="largest error of the mean attention in 32 and 64 dimensions {error}",
        tolerance="the weights' sum varies between draws; in few dimensions the law is low",
        falsifier="no interference: a mean weight of 1",
        checked_by=f"{_FIGURES}.interference.on_the_sphere",
    ),
    Claim(
        id="C-AR-6",
        statement="A sum of outer products gives facts back as often as independent normal noise "
        "says, and a linear store of binary facts exists as often as Cover's count says.",
        kind="asymptotic",
        source="derived here [ar-4.5]; Cover 1965 [ar-4.6]",
        bounds={"accuracy": at_most(0.03), "standard errors": at_most(4)},
        expected="largest error of the accuracy {accuracy}; largest distance from Cover's count "
        "{standard errors} standard errors",
        tolerance="scores are products of normal numbers, normal only for many facts",
        falsifier="noise without the 1/N of facts that share a value",
        checked_by=f"{_FIGURES}.interference.stores",
    ),
    Claim(
        id="C-AR-12",
        statement="The margin between context and fact that costs least is log(c/(1-c)), whatever "
        "the strengths.",
        kind="identity",
        source="derived here [ar-3.1]",
        bounds={"error": at_most(1e-4)},
        expected="largest distance of the best margin of written-down nets from the log-odds "
        "{error}",
        tolerance="at a total strength of 40 the other answers weigh e^-20; float32 logits",
        falsifier="a ridge penalty of .01 on the strengths",
        checked_by=f"{_FIGURES}.identities.small",
    ),
    Claim(
        id="C-AR-14",
        statement="Cutting a head of the last layer changes the mean margin in conflicts by "
        "exactly its direct contribution.",
        kind="identity",
        source="derived here [ar-3.2]",
        bounds={"error": at_most(1e-3)},
        expected="largest difference in nats {error}, random and written-down nets",
        tolerance=_FLOAT32,
        falsifier="the contribution of another net's head",
        checked_by=f"{_FIGURES}.identities.small",
    ),
    Claim(
        id="C-AR-20",
        statement="The score that tells n labels apart is that of the closed forms: on a simplex, "
        "whose rank is n - 1, it grows as log n, on a circle, whose rank is 2, as n^2.",
        kind="identity",
        source="derived here [ar-4.2], [ar-4.3]",
        bounds={"error": at_most(1e-6)},
        expected="largest relative difference from a search on explicit vectors {error}",
        tolerance="the search stops at 1e-9",
        falsifier="orthonormal labels in place of the simplex",
        checked_by=f"{_FIGURES}.ranks.needed",
    ),
    Claim(
        id="C-AR-26",
        statement="Where states are normalised, the dose of a sink's direction in a token says how "
        "much of the sink's attention it gets, for how many layers, and at what score in any head.",
        kind="identity",
        source="Wong et al. 2025 (the norm along the sink sets score and lifetime); derived here "
        "[ar-7.1], [ar-7.2], [ar-7.3]",
        bounds={"attention": at_most(0.01), "slope": around(2, 0.1), "score": at_most(1e-4)},
        expected="largest relative error of the attention {attention}, of scores of random heads "
        "{score}; slope of the lifetime on the dose, on logarithmic axes {slope}",
        tolerance="the lifetime's law has a constant beside m^2, and layers are whole numbers",
        falsifier="states that are not normalised",
        checked_by=f"{_FIGURES}.norm.dose_law",
    ),
    Claim(
        id="C-AR-33",
        statement="Of two routes that learn from one error, n factors in series that see every "
        "prompt and one number that sees one in M, neither leads at M*.",
        kind="identity",
        source="derived here [ar-3.3]",
        bounds={"error": at_most(1e-3)},
        expected="largest relative error of M* over chains and starts {error}",
        tolerance="the flow's solver, 1e-8 a step, and the search for the tie, 1e-6",
        falsifier="one factor in place of n",
        checked_by=f"{_FIGURES}.race.ties",
    ),
    Claim(
        id="C-AR-35",
        statement="A middle MLP that adds a dose of the first token's direction makes a token a "
        "sink, whose attention and lifetime are those of the dose.",
        kind="empirical",
        source="Wong et al. 2025 (middle MLPs make secondary sinks); derived here [ar-7.4]",
        bounds={"attention": at_most(0.02), "slope": around(2, 0.2)},
        expected="a transformer that is written down: largest relative error of the token's "
        "attention over the first one's, over doses and layers {attention}; slope of the layers "
        "that it lasts on the dose, on logarithmic axes {slope}",
        tolerance="float32 scores up to 8; layers are whole numbers",
        falsifier="a dose in a random direction",
        checked_by=f"{_FIGURES}.middle_mlp.made",
    ),
)
