"""Published numbers, and what the authors' own checkpoints, logs and plots hold.

The only place of such numbers: checks, figures and tests read them here. Their sources are

    CHECKPOINT  measured by us on the networks and `stats.npy` in the authors' repository,
                github.com/LevinaLab/rnn_timescale_public at f04a948 (`trained_models/`);
    RESULTS     means of the authors' own pickled results (`results/df_*.pkl`);
    NOTEBOOK    constants written into their notebooks;
    PLOT        read off plots stored in their notebooks, to the accuracy of a pixel: some .005 in
                tau, .15 in tau_net.

All are of N-parity, 500 units and the nonlinearity outside unless said. What they mean, and which
of them a second statement confirms, is in [rnn-10.2].
"""

from __future__ import annotations

from collections.abc import Mapping

from theory.rnn_timescales.setting import MULTI, SINGLE

UNITS = 500
# CHECKPOINT, seed 0, before training: mean and standard deviation of tau, |W| (Frobenius), rho(W).
INITIAL_TAU, INITIAL_SPREAD = 1.4933, 0.2836
INITIAL_NORM, INITIAL_RADIUS = 12.90, 0.584

# CHECKPOINT, seed 0: of the net that solved N = 2, 3, ..
FIRST_N = 2
MEAN_TAU: Mapping[str, tuple[float, ...]] = {
    SINGLE: (1.4871, 1.4806, 1.4762, 1.4725, 1.4669, 1.4591, 1.4525, 1.4480, 1.4409, 1.4334),
    MULTI: (1.4871, 1.4776, 1.4676, 1.4561, 1.4354, 1.4257, 1.4144, 1.4050, 1.3969, 1.3890),
}
SPREAD: Mapping[str, tuple[float, ...]] = {
    SINGLE: (0.2875, 0.2925, 0.2946, 0.2967, 0.2995, 0.3024, 0.3047, 0.3059, 0.3081, 0.3109),
    MULTI: (0.2875, 0.2929, 0.2976, 0.3025, 0.3081, 0.3107, 0.3137, 0.3149, 0.3161, 0.3175),
}
LARGEST_TAU: Mapping[str, tuple[float, ...]] = {
    SINGLE: (2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.002, 2.023),
    MULTI: (2.0,) * 10,
}
# Share of units at tau = 1.
ABSORBED: Mapping[str, tuple[float, ...]] = {
    SINGLE: (0.012, 0.042, 0.054, 0.074, 0.090, 0.108, 0.122, 0.132, 0.142, 0.154),
    MULTI: (0.012, 0.046, 0.076, 0.096, 0.142, 0.164, 0.184, 0.202, 0.214, 0.230),
}
NORM: Mapping[str, tuple[float, ...]] = {
    SINGLE: (12.97, 13.16, 13.36, 13.58, 13.92, 14.47, 14.98, 15.42, 16.09, 16.98),
    MULTI: (12.97, 13.14, 13.39, 13.70, 14.22, 14.53, 14.89, 15.26, 15.58, 15.87),
}
# Mean off-diagonal W, and at N = 11 its sum into a unit, the mean over units.
MEAN_WEIGHT: Mapping[str, tuple[float, ...]] = {
    SINGLE: (
        -0.00016, -0.0004, -0.0007, -0.0010, -0.0011, -0.0013, -0.0015, -0.0017, -0.0018, -0.0022,
    ),
    MULTI: (
        -0.00016, -0.0003, -0.0004, -0.0005, -0.0007, -0.0008, -0.0009, -0.0010, -0.0010, -0.0010,
    ),
}  # fmt: skip
SUMMED_WEIGHT: Mapping[str, float] = {SINGLE: -1.07, MULTI: -0.51}
# Single-head less multi-head at N = 11, as first noted.
GAP = 0.044

# CHECKPOINT, `stats.npy`, seed 0: epochs of 600 steps that N = 2, 3, .. took.
EPOCHS: Mapping[str, tuple[int, ...]] = {
    SINGLE: (
        1, 1, 1, 1, 1, 2, 3, 2, 3, 5, 4, 8, 8, 8, 8, 7, 9, 9, 18, 10, 19, 15, 12, 12, 21, 8, 46,
    ),
    MULTI: (1, 1, 1, 1, 2, 1, 1, 1, 1, 1),
}  # fmt: skip
# Their sums, as first noted.
ALL_EPOCHS: Mapping[str, int] = {SINGLE: 242, MULTI: 11}

# CHECKPOINT, `stats.npy`, seed 0: mean training loss of the first epoch of N = 2, 3, 4, 5, which
# solved it; the same of their script as we ran it on a CPU, from the same seed.
FIRST_LOSSES: Mapping[str, tuple[float, ...]] = {
    SINGLE: (0.0918, 0.1622, 0.1711, 0.2422),
    MULTI: (0.0918, 0.1913, 0.2705, 0.3614),
}
FIRST_LOSSES_AGAIN: Mapping[str, tuple[float, ...]] = {
    SINGLE: (0.0918, 0.1622, 0.1706, 0.2445),
    MULTI: (0.0918, 0.1916, 0.2706, 0.3585),
}

# PLOT, means of four nets of single-head, mean tau at N = 5, 6, .. 30; where it is least; its rank
# correlation with N over all of them and from N = 15 on, as first noted.
PLOTTED_FIRST = 5
PLOTTED_TAU = (
    1.483, 1.476, 1.469, 1.464, 1.458, 1.451, 1.447, 1.443, 1.440, 1.438, 1.438, 1.440, 1.446,
    1.453, 1.461, 1.473, 1.483, 1.498, 1.511, 1.528, 1.546, 1.563, 1.589, 1.607, 1.632, 1.651,
)  # fmt: skip
PLOTTED_TURN = (14, 15)
PLOTTED_ORDER, PLOTTED_ORDER_PAST_TURN = 0.67, 1.0
# PLOT, multi-head, mean tau by N.
PLOTTED_TAU_MULTI: Mapping[int, float] = {
    10: 1.416, 20: 1.360, 30: 1.321, 40: 1.291, 50: 1.264, 60: 1.244, 70: 1.227, 80: 1.210,
    90: 1.197,
}  # fmt: skip

# NOTEBOOK, four nets: the largest N solved, tau trained and fixed in steps. Multi-head nets have
# 100 heads, so that they end at N = 101.
LARGEST_SOLVED: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    SINGLE: {
        "trained": (37, 33, 35, 35),
        "1": (24, 25, 24, 26),
        "2": (26, 25, 26, 26),
        "3": (25, 24, 24, 24),
        "4": (24, 23, 23, 23),
    },
    MULTI: {
        "trained": (100, 101, 100, 101),
        "1": (101, 101, 101, 101),
        "2": (87, 88, 87, 87),
        "3": (66, 70, 70, 72),
    },
}
LARGEST_OF_ALL = 101
# Mean over nets of single-head with tau trained, and of the best fixed tau, in round numbers.
SINGLE_SOLVED, SINGLE_SOLVED_FIXED = 35, 25

# RESULTS, N = 30, four nets: mean accuracy intact and without one unit of short or of long tau;
# the same relative to the largest of the intact runs.
ABLATED: Mapping[str, Mapping[str, float]] = {
    SINGLE: {"intact": 0.959, "short": 0.925, "long": 0.708},
    MULTI: {"intact": 0.993, "short": 0.891, "long": 0.993},
}
ABLATED_RELATIVE: Mapping[str, Mapping[str, float]] = {
    SINGLE: {"short": 0.904, "long": 0.442},
    MULTI: {"short": 0.786, "long": 0.992},
}

# RESULTS, N = 30: mean relative accuracy by strength of the change, and the strength at which that
# of each of four nets crosses one half, interpolated on the logarithm; its mean.
PERTURBED: Mapping[str, Mapping[str, Mapping[float, float]]] = {
    "recurrent": {
        SINGLE: {0.1: 0.964, 0.215: 0.748, 0.464: 0.162, 1.0: -0.006},
        MULTI: {0.1: 0.995, 0.215: 0.964, 0.464: 0.644, 1.0: 0.017},
    },
    "timescale": {
        SINGLE: {0.0215: 0.932, 0.0464: 0.713, 0.1: 0.379, 0.215: 0.045, 0.464: 0.007},
        MULTI: {0.0215: 0.998, 0.0464: 0.986, 0.1: 0.894, 0.215: 0.416, 0.464: 0.012},
    },
}
HALF_STRENGTHS: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "recurrent": {SINGLE: (0.314, 0.314, 0.295, 0.268), MULTI: (0.536, 0.575, 0.568, 0.556)},
    "timescale": {SINGLE: (0.087, 0.076, 0.080, 0.061), MULTI: (0.172, 0.189, 0.186, 0.212)},
}
HALF_STRENGTH: Mapping[str, Mapping[str, float]] = {
    "recurrent": {SINGLE: 0.298, MULTI: 0.559},
    "timescale": {SINGLE: 0.076, MULTI: 0.190},
}

# CHECKPOINT, N = 11: accuracy of linear readings of the parity of the last M = 2, 3, .. 13 bits,
# and the total R^2 of linear recall of single bits.
PROBED: Mapping[str, tuple[float, ...]] = {
    SINGLE: (1.00, 0.97, 0.92, 0.84, 0.78, 0.76, 0.74, 0.68, 0.81, 0.99, 0.64, 0.51),
    MULTI: (*(1.00,) * 10, 0.988, 0.68),
}
RECALLED: Mapping[str, float] = {SINGLE: 10.1, MULTI: 11.0}

# CHECKPOINT, p = 1/2: the index of 90 % variance by N.
DIMENSION: Mapping[str, Mapping[int, int]] = {
    SINGLE: {2: 2, 5: 5, 8: 13, 11: 26},
    MULTI: {5: 7, 8: 17, 11: 22},
}

# CHECKPOINT: gain-weighted theory against a run of 24,000 steps, p = 1/2. By curriculum and N: the
# share of active units, rho(A_g), rho(A), correlations over units of rho(1), rho(2), rho(3), and
# of the log-variance.
GAIN_WEIGHTED: Mapping[tuple[str, int], tuple[float, ...]] = {
    (SINGLE, 2): (0.511, 0.600, 0.719, 0.977, 0.969, 0.946, 0.996),
    (SINGLE, 5): (0.421, 0.591, 0.802, 0.894, 0.945, 0.896, 0.991),
    (SINGLE, 11): (0.321, 0.676, 1.448, 0.822, 0.807, 0.763, 0.980),
    (MULTI, 5): (0.476, 0.564, 0.741, 0.940, 0.926, 0.941, 0.993),
    (MULTI, 11): (0.433, 0.559, 0.822, 0.909, 0.904, 0.917, 0.994),
}


def fall(curriculum: str, n: int) -> float:
    """How far mean tau has fallen from its initial value when N is solved.

    Args:
        curriculum: `SINGLE` or `MULTI`.
        n: from 2 to 11.
    """
    return INITIAL_TAU - MEAN_TAU[curriculum][n - FIRST_N]
