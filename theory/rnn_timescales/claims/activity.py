"""What is inside trained nets: timescales of activity, dimension, and theories of both."""

from theory.claims import Claim, around, at_least, at_most
from theory.rnn_timescales.claims.shared import CHECKS, TRAINED, listed
from theory.rnn_timescales.setting import ESTIMATED, FAR

_MEASURED = (
    Claim(
        id="C-RNN-6",
        statement="tau_net grows with N under both curricula.",
        kind="empirical",
        source="paper, its abstract; the authors' plots; [rnn-8.2], [rnn-9.6]",
        bounds={"growth": at_least(1.3)},
        expected="authors' rule, DMS: mean over units above 1, less those at the fit's bound of "
        "100, at the last N over that at N = 2, each curriculum, {growth}; the amplitude-weighted "
        "one beside it",
        tolerance="a quarter of pilot nets' growth [rnn-10.3]",
        falsifier="the networks of N = 2 in place of the last",
        checked_by=f"{CHECKS}.networks.timescales_grow",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-18",
        statement="The activity's dimension grows linearly with N, faster for multi-head.",
        kind="empirical",
        source="paper, its reviews; [rnn-8.8], [rnn-9.10]",
        bounds={
            "slope, multi/single": at_least(1.3),
            "slope, single-head": at_least(0),
            "R^2": at_least(0.95),
        },
        expected="DMS, index of 90 % variance against N: R^2 of a line {R^2}, single-head's slope "
        "{slope, single-head}, ratio of slopes multi/single {slope, multi/single}",
        tolerance="half of the excess of pilot nets' ratio over 1 [rnn-10.3]",
        falsifier="stages in reverse order",
        checked_by=f"{CHECKS}.dimension.grows_linearly",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-19",
        statement="The mean recurrent weight becomes negative, more so in single-head.",
        kind="empirical",
        source="paper, its reviews; checkpoints; [rnn-9.10]",
        bounds={
            "single-head": at_most(0),
            "multi-head": at_most(0),
            "single - multi": at_most(0),
        },
        expected="parity, mean off-diagonal W at the last common N: {single-head} (single-head), "
        "{multi-head} (multi-head), single - multi {single - multi}",
        tolerance="none: signs",
        falsifier="W without its signs",
        checked_by=f"{CHECKS}.dimension.inhibition",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-28",
        statement="The authors' estimate of tau_net is biased upwards and heavy-tailed on an "
        "isolated unit; the amplitude-weighted one is not.",
        kind="empirical",
        source="the authors' timescales_utils.py; [rnn-4.1], [rnn-8.2]",
        bounds={
            "share far off": at_least(0.05),
            "median": around(1, 0.03),
            "weighted mean": around(1, 0.05),
        },
        expected=f"tau = {listed(ESTIMATED)}, repeats of the same run: authors' rule above "
        f"{FAR:g} times the truth in {{share far off}} of the repeats, its median over the truth "
        "{median}; amplitude-weighted mean over the truth {weighted mean}",
        tolerance="pilot repeats [rnn-10.3]; fits of a finite run",
        falsifier="the single form only",
        checked_by=f"{CHECKS}.networks.heavy_tailed",
        decided_at=TRAINED,
    ),
)

_FORETOLD = (
    Claim(
        id="C-RNN-23",
        statement="The linear network weighted with measured gains predicts trained networks' "
        "autocorrelations and variances.",
        kind="empirical",
        source="checkpoints; [rnn-6.1]",
        bounds={"rho(1)": at_least(0.75), "log-variance": at_least(0.95)},
        expected="mean over networks of the correlations over units, theory with measured: "
        "rho(1) {rho(1)}, log-variance {log-variance}",
        tolerance="what it did for the authors' checkpoints at the least [rnn-10.2]",
        falsifier="all gains 1: no stationary state where rho(A) > 1",
        checked_by=f"{CHECKS}.linear_theory.predicts_units",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-31",
        statement="Weights alone predict units' autocorrelations, through a Gaussian closure of "
        "the network's moments.",
        kind="empirical",
        source="beyond the paper; [rnn-6.2]",
        bounds={"rho(1)": at_least(0.75)},
        expected="mean over networks of the correlation over units of rho(1), theory with "
        "measured, {rho(1)}",
        tolerance="that of C-RNN-23; another network's weights reach none of it",
        falsifier="the prediction for another unit",
        checked_by=f"{CHECKS}.linear_theory.predicts_units",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-40",
        statement="The first-order move of a net's covariance under longer time constants, from "
        "its weights alone, tells which curriculum's nets lengthening hurts: single-head's move "
        "more. Of the nets of one curriculum it is not said to tell which is hurt.",
        kind="empirical",
        source="beyond the paper; [rnn-5.4], [rnn-5.5], [rnn-6.2]",
        bounds={"single/multi": at_least(1.5)},
        expected="|dS|/|S| per relative lengthening at the last N, both tasks, single/multi "
        "{single/multi}",
        tolerance="half of the logarithm of what the first nets showed",
        falsifier="tau frozen in training, and the readout moved in its place",
        checked_by=f"{CHECKS}.damage_foretold.damage_foretold",
        decided_at=TRAINED,
    ),
)

CLAIMS = _MEASURED + _FORETOLD
