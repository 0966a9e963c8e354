"""What is claimed about in-context linear regression (He, Pan, Chen & Yang 2025, 2503.12734).

Sources: "post" is the authors' project post, whose figures and theorem are cited by its numbering;
"code" their repository, and "notebooks" the theory notebooks of its first commit; what is derived
here stands under its label in `derivations.md` alone. Claims about trained nets read: mu^2-weighted
averages over heads, of seeds whose active heads have both signs ("two-signed"); single-head nets
count whole [icl-8.1].
"""

from theory.icl_regression.claims import circuits, exact, lengths, limits, optimiser, variants

CLAIMS = (
    *exact.CLAIMS,
    *limits.CLAIMS,
    *circuits.CLAIMS,
    *lengths.CLAIMS,
    *optimiser.SIZES,
    *variants.CLAIMS,
    *optimiser.PATHS,
)

__all__ = ["CLAIMS"]
