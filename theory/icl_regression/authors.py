"""What He et al. published, as numbers [icl-9.1], [icl-9.2]; nothing of ours.

From their project post (figures 2.1 to 4.2 by its own numbering), their repository, and the theory
notebooks of its first commit. A value that was read off a figure is a range
where reading it leaves one.
"""

from __future__ import annotations

from typing import NamedTuple

Range = tuple[float, float]

# Training: Adam at a constant rate, prompts a step, steps; one seed for each configuration.
RATE, PROMPTS, STEPS = 1e-3, 256, 500_001
# |omega| and |mu| at which nets of two to four heads end ("0.13 and 3.5").
GAMMA, MU = 0.13, 3.5
# The pair that they evaluate against other estimators.
EVALUATED = (0.13, 3.45)
# omega of one head at the end of training, over runs; losses of one head and of several.
SINGLE_OMEGA: Range = (0.515, 0.523)
LOSSES = {"one head": 0.40, "several heads": 0.243}

# omega is plotted divided by sqrt(d + 2) where the model divides by sqrt(d + 1) (errata).
PLOTTED = (6 / 7) ** 0.5
# Plotted |omega| and |mu| with other activations.
ACTIVATIONS = {"linear": (0.20, 2.20), "square": (0.29, 1.72), "tanh": (0.15, 3.30)}

# Losses of linear attention trained at 40 pairs, by prompt length, read off the published curve.
LINEAR_LOSSES = {10: 0.755, 100: 1.67}
# Loss of three or four heads on two tasks of signal variance 4.
TASK_LOSS = 0.41

# Losses of estimators by length, ranges of two runs of 50,000 draws each.
DRAWS = 50_000
ESTIMATORS: dict[tuple[str, int], Range] = {
    ("pair", 10): (0.598, 0.604),
    ("pair", 40): (0.2430, 0.2430),
    ("pair", 100): (0.1638, 0.1638),
    ("debiased_gd", 10): (0.609, 0.614),
    ("debiased_gd", 40): (0.2431, 0.2431),
    ("debiased_gd", 100): (0.1635, 0.1635),
    ("gd", 10): (0.635, 0.643),
    ("gd", 40): (0.2410, 0.2410),
    ("gd", 100): (0.1622, 0.1622),
    ("single", 10): (0.868, 0.875),
    ("single", 40): (0.405, 0.410),
    ("single", 100): (0.284, 0.284),
    ("ridge", 10): (0.194, 0.196),
    ("ridge", 40): (0.1145, 0.1145),
    ("ridge", 100): (0.104, 0.105),
}


class Problem(NamedTuple):
    """Size of a regression problem."""

    length: int
    dimension: int
    noise_variance: float


# Where they compare GD at eta* with ridge, and the ranges that their runs gave.
COMPARED = Problem(100, 20, 3.0)
RISKS: dict[str, Range] = {"gd": (3.442, 3.452), "ridge": (3.404, 3.414)}


class Norm(NamedTuple):
    """Mean of |softmax(omega X x_q)|_2 over 10,000 draws."""

    omega: float
    length: int
    dimension: int
    mean: float


# The cases of their three histograms. Whether they print the means is not known to us: these come
# with our notes on the histograms.
NORMS = (
    Norm(0.5, 40, 5, 0.258),
    Norm(0.5, 100, 5, 0.175),
    Norm(0.5, 500, 5, 0.085),
    Norm(0.5, 200, 25, 0.359),
    Norm(0.5, 800, 100, 0.599),
    Norm(0.35, 40, 5, 0.208),
    Norm(0.35, 200, 25, 0.225),
    Norm(0.35, 800, 100, 0.443),
)

# Gradient descent on half the approximate loss: both heads start at mu = omega = +-START; the
# figures shade the three stages up to these times. A second run has four heads from N(0, SPREAD^2)
# and another noise than all else.
START, DESCENT_RATE = 1e-3, 0.01
STAGES = (5.5, 7.5, 12.0)
SPREAD, QUIET = 0.1, 0.01


class Trajectory(NamedTuple):
    """A run from mu = omega = (START, -START).

    Attributes:
        points: time -> (mu, omega) of the first head; None where it was not recorded.
        peak: the largest omega, and when.
        ratio: mu/omega at the end of the second stage.
        ratio_late: mu/omega at the end of the third.
    """

    points: dict[float, tuple[float, float | None]]
    peak: tuple[float, float]
    ratio: float
    ratio_late: float


# Their descent and the flow that it discretises, repeated in plain NumPy independently of this
# repository and recorded to four digits; their figures show curves, no numbers.
DESCENT = Trajectory({5.5: (0.2243, 0.2243), 12.0: (0.7961, 0.5045)}, (0.5766, 7.71), 1.070, 1.578)
FLOW = Trajectory(
    {
        5.5: (0.2295, None),
        12.0: (0.7967, 0.5043),
        30.0: (1.066, 0.398),
        100.0: (1.395, 0.311),
        1e3: (2.130, 0.206),
        1e4: (3.151, 0.139),
    },
    (0.5763, 7.687),
    1.0733,
    1.580,
)
# Half the loss at the end of the third stage, and mu omega at the last point, of the flow.
FLOW_HALF_LOSS, FLOW_PRODUCT = 0.1267, 0.8787
