"""Features, kernels and their spectra."""

from __future__ import annotations

from theory.claims import Claim, Kind, around, at_least, at_most

_IDENTITIES = "figures.rf_attention.identities"
_KERNELS = "figures.rf_attention.kernels"
_ROUND_OFF = "round-off of float64"


def _identity(
    id: str,
    statement: str,
    source: str,
    error: float,
    tolerance: str,
    falsifier: str,
    kind: Kind = "identity",
) -> Claim:
    """An identity whose largest error over some draws is bounded."""
    return Claim(
        id=id,
        statement=statement,
        kind=kind,
        source=source,
        bounds={"error": at_most(error)},
        expected="largest error {error}",
        tolerance=tolerance,
        falsifier=falsifier,
        checked_by=f"{_IDENTITIES}.small",
    )


CLAIMS = (
    _identity(
        "C-RFA-1",
        "Features do not depend on the order of the keys.",
        "the paper's abstract; [rfa-1.2]",
        1e-12,
        _ROUND_OFF,
        "keys weighted by their position",
    ),
    _identity(
        "C-RFA-2",
        "Features depend on the keys through their empirical measure: every key may come twice.",
        "[rfa-1.2]",
        1e-12,
        _ROUND_OFF,
        "a sum over keys instead of their mean",
    ),
    Claim(
        id="C-RFA-3",
        statement="The two-layer network is not invariant to the order of the keys.",
        kind="identity",
        source="[rfa-1.2]",
        bounds={"difference": at_least(1e-2)},
        expected="smallest relative difference {difference}",
        tolerance="two draws of 20 heads' features differ by tens of per cent",
        falsifier="attention in its place",
        checked_by=f"{_IDENTITIES}.distinct",
    ),
    _identity(
        "C-RFA-4",
        "The arc-cosine kernel equals its power series and its integral.",
        "[rfa-2.1]",
        1e-9,
        "200 terms for |r| <= .9",
        "twice the kernel",
    ),
    _identity(
        "C-RFA-5",
        "The kernel of biased pre-activations equals its Hermite series and its integral, the "
        "arc-cosine kernel where there is no bias, and E relu^2 where both are one.",
        "[rfa-2.2]",
        1e-9,
        "60 terms, 40 nodes, |r| <= .9 and r = 1",
        "the exponential term left out",
    ),
    Claim(
        id="C-RFA-6",
        statement="The kernel of M heads is unbiased, with an error of order M^-1/2, for all "
        "three models.",
        kind="empirical",
        source="[rfa-2.4]",
        bounds={"slope": around(-0.5, 0.07)},
        expected="log-log slope of the error over M = 100 .. 6,400 {slope}, three models",
        tolerance="forty draws of nested heads",
        falsifier="kernels 5 % off",
        checked_by=f"{_KERNELS}.unbiased",
    ),
    _identity(
        "C-RFA-7",
        "RFA's kernel is invariant to separate rotations of queries and keys, BRFA's to common "
        "ones only.",
        "[rfa-2.3]",
        1e-7,
        "quadrature of the bivariate normal, 6e-10",
        "BRFA's queries and keys rotated apart",
    ),
    _identity(
        "C-RFA-8",
        "Gram matrices are positive semi-definite.",
        "[rfa-2.3]",
        1e-10,
        "round-off of float64, relative to the trace",
        "a constant taken off the kernel",
    ),
    Claim(
        id="C-RFA-9",
        statement="RFA's eigenvalues add up to its kernel's trace, and are those of a large Gram "
        "matrix.",
        kind="identity",
        source="[rfa-3.2]",
        bounds={"levels": at_most(0.08), "traces": at_most(1e-4)},
        expected="levels above 1e-3 of the largest from a pool's, d = 4, N = 3, {levels}; traces "
        "apart, d = N = 8 and 16, {traces}",
        tolerance="degrees up to 20 leave 2e-5; 2,500 samples",
        falsifier="eigenvalues of (a, b) without their 1/N",
        checked_by=f"{_KERNELS}.rfa_levels",
        decided_at=("quick", "paper"),
    ),
    Claim(
        id="C-RFA-10",
        statement="RFMLP's eigenvalues are the kernel's averages against products of harmonics, "
        "and those of a large Gram matrix.",
        kind="identity",
        source="[rfa-3.3]",
        bounds={
            "() and (1)": at_most(0.02),
            "degree 2, pooled": at_most(0.05),
            "quadrature": at_most(1e-6),
        },
        expected="relative differences from a pool's, d = 4, N = 3: () and (1) {() and (1)}, "
        "degree 2 as one {degree 2, pooled}; from a product quadrature, d = 4, N = 2, {quadrature}",
        tolerance="80 terms of the series; 2,500 samples; levels of one degree lie close and mix",
        falsifier="a token less",
        checked_by=f"{_KERNELS}.rfmlp_levels",
        decided_at=("quick", "paper"),
    ),
    _identity(
        "C-RFA-11",
        "The energies of targets by level add up to their variance.",
        "[rfa-3.4]",
        0.03,
        "400,000 samples: standard errors of .3 to 1 %",
        "levels (a, 0) divided by N",
    ),
    _identity(
        "C-RFA-32",
        "A norm-constrained fit is a point of the ridge path: norms fall along the path, and its "
        "points meet the Lagrange condition.",
        "[rfa-1.3]",
        1e-8,
        _ROUND_OFF,
        "the interpolating solution scaled down to the ball",
    ),
)
