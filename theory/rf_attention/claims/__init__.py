"""What is claimed about random-feature attention (Fu, Guo, Bai & Mei 2023, 2307.11353).

Only the paper's abstract was at hand, so what is called the paper's here is what that says or what
is generally reported of it; everything else is derived in `derivations.md`. Presets are ours.
"""

from theory.rf_attention.claims import costs, curves, kernels, models

CLAIMS = tuple(
    sorted(
        (*kernels.CLAIMS, *costs.CLAIMS, *curves.CLAIMS, *models.CLAIMS),
        key=lambda claim: int(claim.id.rpartition("-")[2]),
    )
)

__all__ = ["CLAIMS"]
