"""What targets cost: norms, their bounds and growth, and samples."""

from __future__ import annotations

from theory.claims import Claim, around, at_least, at_most

_COMPLEXITY = "figures.rf_attention.complexity"

CLAIMS = (
    Claim(
        id="C-RFA-12",
        statement="RFA's norm of a target does not depend on the number of keys, and the "
        "interpolating fit's norm grows to it.",
        kind="identity",
        source="[rfa-5.1]",
        bounds={"change with N": at_most(1e-8), "missing at n = 1200": (0.0, 0.01)},
        expected="largest relative change of B from N = 8 to 2 and 32 {change with N}; y'K^-1 y of "
        "f_1 rises with n, and what it lacks of B at n = 1,200 is {missing at n = 1200}",
        tolerance="round-off; 1,200 samples learn f_1 to a thousandth",
        falsifier="the two-layer network's norm",
        checked_by=f"{_COMPLEXITY}.norm_of_keys",
    ),
    Claim(
        id="C-RFA-13",
        statement="RFA's norms of f_p and g_p stay below the tensor bound, which is tight for f_1 "
        "and f_2 at large d.",
        kind="bound",
        source="[rfa-5.2]",
        bounds={"excess over the bound": at_most(1e-9), "share of the bound": at_least(0.95)},
        expected="B's excess over the bound {excess over the bound}; its share of it for f_1, f_2 "
        "at d = 64 {share of the bound}",
        tolerance="round-off of float64; corrections of order 1/d",
        falsifier="the bound without the power of the keys that the values add",
        checked_by=f"{_COMPLEXITY}.tensor_bounded",
    ),
    Claim(
        id="C-RFA-14",
        statement="The bound grows as 3^p p^2.5 for f_p and as a power of p only for g_p.",
        kind="asymptotic",
        source="[rfa-5.2]",
        bounds={"slope": around(3.1, 0.3), "constant": (2.5, 5.0)},
        expected="log-log slope of 1/qt_(p,p+1) over p = 5 .. 15 {slope}; (1/qt_0p)/(3^p p^2.5) "
        "{constant}",
        tolerance="corrections of relative order 1/p at p = 5 .. 15",
        falsifier="4^p in place of 3^p",
        checked_by=f"{_COMPLEXITY}.bound_growth",
    ),
    Claim(
        id="C-RFA-15",
        statement="RFA's norm of g_p grows as d^p.",
        kind="asymptotic",
        source="generally reported of the paper, its theorem not at hand; exact norms [rfa-5.3]",
        bounds={"exponent less p": at_most(0.1)},
        expected="largest |exponent - p| between d = 32 and 64, p = 1, 2, 3, {exponent less p}",
        tolerance="corrections of relative order 1/d",
        falsifier="powers given each other's norms",
        checked_by=f"{_COMPLEXITY}.query_price",
    ),
    Claim(
        id="C-RFA-16",
        statement="RFMLP's norm of f_p grows as N^(p-1) for p = 1 and even p, as N^p for odd p "
        "from 3 on.",
        kind="asymptotic",
        source="[rfa-5.3]",
        bounds={
            "p = 1": (-0.15, 0.05),
            "p = 2": (0.7, 1.0),
            "p = 3": (2.4, 3.0),
            "p = 4": (2.4, 3.0),
            "p = 5": (4.2, 5.0),
        },
        tolerance="exponents between N = 16 and 32, which reach 0, 1, 3, 3, 5 as N grows",
        falsifier="powers given each other's norms",
        checked_by=f"{_COMPLEXITY}.network_price",
    ),
    Claim(
        id="C-RFA-17",
        statement="What g_1 costs to within a tenth grows with the dimension for RFA and hardly "
        "for BRFA.",
        kind="asymptotic",
        source="the paper's abstract; [rfa-5.4]",
        bounds={"BRFA": at_most(0.25), "RFA": around(0.98, 0.08)},
        expected="exponents over d = 8 .. 64: RFA {RFA}, BRFA {BRFA}",
        tolerance="RFA's tends to 1; 3,000 rotations and their signs leave BRFA's a few per cent",
        falsifier="the two models in each other's places",
        checked_by="figures.rf_attention.kernels.free_of_dimension",
    ),
    Claim(
        id="C-RFA-22",
        statement="The error of kernel ridge regression stays below E0 B (Tr + delta)/(4 n) "
        "without noise.",
        kind="bound",
        source="[rfa-5.5]",
        bounds={"simulated over the bound": at_most(1.0), "theory's excess": at_most(0.0)},
        expected="largest mean error {simulated over the bound}; largest excess of theory's, "
        "p <= 4, n to 3,200, {theory's excess}",
        tolerance="none: a bound",
        falsifier="the bound at the rate 1/n^2",
        checked_by="figures.rf_attention.limit.bounded",
        decided_at=("quick", "paper"),
    ),
    Claim(
        id="C-RFA-24",
        statement="The samples that RFA needs do not grow with the number of keys, those of RFMLP "
        "as N^b.",
        kind="asymptotic",
        source="[rfa-5.6]",
        bounds={
            "RFA's growth, b = 1": at_most(2.0),
            "RFA's growth, b = 2": at_most(1.4),
            "RFMLP's exponent, b = 1": around(1.0, 0.1),
            "RFMLP's exponent, b = 2": around(1.9, 0.15),
        },
        expected="RFA from N = 4 to 64: {RFA's growth, b = 1} (b = 1), {RFA's growth, b = 2} (2); "
        "RFMLP's exponents from 16 to 64 {RFMLP's exponent, b = 1}, {RFMLP's exponent, b = 2}",
        tolerance="N of 16 to 64 is not yet the limit N^b",
        falsifier="the two models in each other's places",
        checked_by=f"{_COMPLEXITY}.free_of_keys",
    ),
)
