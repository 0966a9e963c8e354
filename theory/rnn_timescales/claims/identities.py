"""Exact statements: autocorrelation and recall of units, linear networks, nets by hand, chance."""

from theory.claims import Claim, around, at_most
from theory.rnn_timescales.claims.shared import CHECKS, listed
from theory.rnn_timescales.setting import DELAYS, GRID_STEP, HELD, ISOLATED, LAST_LAG, MEMORIES

CLAIMS = (
    Claim(
        id="C-RNN-21",
        statement="The autocorrelation of an isolated leaky unit is (1 - 1/tau)^l.",
        kind="identity",
        source="[rnn-4.1], [rnn-4.2]",
        bounds={"error": at_most(0.01)},
        expected=f"largest error for l <= {LAST_LAG}, tau = {listed(ISOLATED)}, bits held "
        f"{listed(HELD)} steps: {{error}}",
        tolerance="10 trials of 1e5 steps: standard errors below .002",
        falsifier="exp(-l/tau)",
        checked_by=f"{CHECKS}.units.isolated_unit",
    ),
    Claim(
        id="C-RNN-22",
        statement="Lyapunov's equation gives the autocorrelations of linear networks, and the "
        "modes' mixture is the same.",
        kind="identity",
        source="[rnn-5.1], [rnn-5.2]",
        bounds={"units": at_most(0.01), "population": at_most(0.01), "modes": at_most(1e-9)},
        expected="largest error of a simulated network's units {units}, of their sum "
        "{population}; of the modal form {modes}",
        tolerance="10 trials of 5e4 steps: standard errors near .002; round-off of float64",
        falsifier="the input's covariance without D_a",
        checked_by=f"{CHECKS}.units.lyapunov",
    ),
    Claim(
        id="C-RNN-24",
        statement="One leaky unit recalls lag k best at tau = k + 1 + sqrt(k (k + 1)).",
        kind="identity",
        source="[rnn-4.4]",
        bounds={"error": at_most(GRID_STEP)},
        expected=f"largest difference from the best of a grid, k = {listed(DELAYS)}: {{error}}",
        tolerance="the grid's step",
        falsifier="tau = 2 k",
        checked_by=f"{CHECKS}.recall.best_time_constant",
    ),
    Claim(
        id="C-RNN-25",
        statement="A linear network's memory of white input sums to its number of units.",
        kind="identity",
        source="Jaeger 2001; [rnn-5.3]",
        bounds={"error": at_most(1e-3)},
        expected=f"largest |sum/n - 1|, n = {listed(MEMORIES)}: {{error}}",
        tolerance="float64 resolves it: S is conditioned as 1e13 at n = 12",
        falsifier="an input that reaches part of the network",
        checked_by=f"{CHECKS}.recall.capacity",
    ),
    Claim(
        id="C-RNN-26",
        statement="Networks with tau = 1 and zero diagonal solve N-parity with 2 N - 1 units, all "
        "of 2 .. N with (N^2 + 3 N - 4)/2, N-DMS with N + 1.",
        kind="identity",
        source="[rnn-7.1], [rnn-7.2], [rnn-7.3], [rnn-7.4]",
        bounds={"accuracy": around(1, 0)},
        expected="accuracy of every head, run as a trained network is, {accuracy}",
        tolerance="none: every answer is right",
        falsifier="one unit of the delay line removed",
        checked_by=f"{CHECKS}.recall.by_hand_solves",
    ),
    Claim(
        id="C-RNN-27",
        statement="Chance levels of parity under p ~ U(0, 1): share of odd, a majority reader's "
        "accuracy, agreement of N with N + D.",
        kind="identity",
        source="[rnn-1.2]",
        bounds={"deviation": at_most(4)},
        expected="largest deviation of the training streams' shares, in standard errors, "
        "{deviation}",
        tolerance="4 standard errors: under .2 % for the whole family",
        falsifier="streams of p = 1/2",
        checked_by=f"{CHECKS}.identities.chance",
    ),
)
