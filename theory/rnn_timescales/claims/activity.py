"""What is inside trained nets: timescales of activity, dimension, and theories of both."""

from theory.claims import Claim, around, at_least, at_most
from theory.rnn_timescales.claims.shared import CHECKS, PILOT, TRAINED, listed, other_task
from theory.rnn_timescales.setting import ESTIMATED, FAR

_GROWS = Claim(
    id="C-RNN-6",
    statement="tau_net, the larger of a unit's fitted timescales, grows with N under both "
    "curricula, at DMS.",
    kind="empirical",
    source=f"paper, its abstract; the authors' plots; [rnn-8.2], [rnn-9.6]; {PILOT}",
    bounds={"growth": at_least(1.3)},
    expected="mean over units above 1, less those at the fit's bound of 100, at the last N over "
    "that at N = 2, by the least-squares fit, each curriculum, {growth}; by the authors' fit, of "
    "few nets, and the amplitude-weighted one beside it",
    tolerance="a quarter of pilot nets' growth at DMS",
    falsifier="the networks of N = 2 in place of the last",
    checked_by=f"{CHECKS}.networks.timescales_grow",
    decided_at=TRAINED,
)
_LINEAR = Claim(
    id="C-RNN-18",
    statement="The activity's dimension grows linearly with N, faster for multi-head, at DMS.",
    kind="empirical",
    source=f"paper, its reviews; [rnn-8.8], [rnn-9.10]; {PILOT}",
    bounds={
        "slope, multi/single": at_least(1.3),
        "slope, single-head": at_least(0),
        "R^2": at_least(0.95),
    },
    expected="index of 90 % variance against N: R^2 of a line {R^2}, single-head's slope "
    "{slope, single-head}, ratio of slopes multi/single {slope, multi/single}",
    tolerance="half of the excess of pilot nets' ratio over 1 at DMS",
    falsifier="stages in reverse order",
    checked_by=f"{CHECKS}.dimension.grows_linearly",
    decided_at=TRAINED,
)
_INHIBITS = Claim(
    id="C-RNN-19",
    statement="The mean recurrent weight becomes negative, more so in single-head, at parity.",
    kind="empirical",
    source="paper, its reviews; checkpoints; [rnn-9.10]",
    bounds={
        "single-head": at_most(0),
        "multi-head": at_most(0),
        "single - multi": at_most(0),
    },
    expected="mean off-diagonal W at the last common N: {single-head} (single-head), "
    "{multi-head} (multi-head), single - multi {single - multi}",
    tolerance="none: signs",
    falsifier="W without its signs",
    checked_by=f"{CHECKS}.dimension.inhibition",
    decided_at=TRAINED,
)

_MEASURED = (
    _GROWS,
    other_task(
        _GROWS,
        "C-RNN-44",
        "the nets of 32 units that get so far at parity differ so much that neither growth nor "
        "its absence is shown",
        quick="undecided",
    ),
    _LINEAR,
    other_task(
        _LINEAR,
        "C-RNN-45",
        "in the authors' checkpoints, which are of parity, single-head's dimension grows faster; "
        "nets of 32 units leave it open",
        every="fails",
        quick="undecided",
    ),
    _INHIBITS,
    other_task(
        _INHIBITS,
        "C-RNN-46",
        "at DMS both curricula's mean weights are negative and alike",
        quick="undecided",
    ),
    Claim(
        id="C-RNN-28",
        statement="The larger of a unit's fitted timescales is heavy-tailed on an isolated unit, "
        "both by the authors' fit, which starts from the middle of its bounds, and by the "
        "least-squares minimum that ours looks for, where it is far off more often; the "
        "amplitude-weighted one is not.",
        kind="empirical",
        source="the authors' timescales_utils.py; [rnn-4.1], [rnn-8.2]",
        bounds={
            "share far off": at_least(0.05),
            "median": around(1, 0.03),
            "weighted mean": around(1, 0.05),
        },
        expected=f"tau = {listed(ESTIMATED)}, repeats of the same run: either fit above "
        f"{FAR:g} times the truth in {{share far off}} of the repeats; median of the least-squares "
        "minimum over the truth {median}; amplitude-weighted mean over it {weighted mean}",
        tolerance="one in twenty is more than a test at 95 % would let pass; fits of a finite run",
        falsifier="the weighted estimate in the place of the larger timescale",
        checked_by=f"{CHECKS}.networks.heavy_tailed",
        decided_at=TRAINED,
    ),
)

_FORETOLD = (
    Claim(
        id="C-RNN-23",
        statement="The linear network weighted with measured gains predicts trained networks' "
        "autocorrelations and variances, at both tasks.",
        kind="empirical",
        source="checkpoints; [rnn-6.1]",
        bounds={"rho(1)": at_least(0.75), "log-variance": at_least(0.95)},
        expected="mean over seeds of the correlations over units, theory with measured, each the "
        "mean of a seed's nets: rho(1) {rho(1)}, log-variance {log-variance}",
        tolerance="what it did for the authors' checkpoints at the least [rnn-10.2]",
        falsifier="all gains 1: no stationary state where rho(A) > 1",
        checked_by=f"{CHECKS}.linear_theory.predicts_units",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-31",
        statement="Weights alone predict units' autocorrelations, through a Gaussian closure of "
        "the network's moments, at both tasks.",
        kind="empirical",
        source="beyond the paper; [rnn-6.2]",
        bounds={"rho(1)": at_least(0.75)},
        expected="mean over seeds of the correlation over units of rho(1), theory with measured, "
        "each the mean of a seed's nets, {rho(1)}",
        tolerance="that of C-RNN-23; another network's weights reach none of it",
        falsifier="the prediction for another unit",
        checked_by=f"{CHECKS}.linear_theory.predicts_units",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-RNN-40",
        statement="The first-order move of a net's covariance under longer time constants, from "
        "its weights alone, tells which curriculum's nets lengthening hurts, at both tasks: "
        "single-head's move more. Of the nets of one curriculum it is not said to tell which is "
        "hurt.",
        kind="empirical",
        source="beyond the paper; [rnn-5.4], [rnn-5.5], [rnn-6.2]; the bound is from an earlier "
        "training of the same seeds, so that it is no prediction of its size",
        bounds={"single/multi": at_least(1.5)},
        expected="|dS|/|S| per relative lengthening at the last N, single/multi {single/multi}",
        tolerance="half of the logarithm of what the first nets showed",
        falsifier="the curricula in each other's places",
        checked_by=f"{CHECKS}.damage_foretold.damage_foretold",
        decided_at=TRAINED,
    ),
)

CLAIMS = _MEASURED + _FORETOLD
