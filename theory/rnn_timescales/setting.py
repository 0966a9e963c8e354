"""What the model, the training rule and our comparisons fix by number.

The constants of the model stand in `sims` too: the layers do not import each other, so that they
agree by more than construction. A test of `figures` holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping

TASKS = ("parity", "dms")
# The curricula by the paper's names: the present N alone is asked, or every N so far [rnn-3.2].
SINGLE, MULTI = "single-head", "multi-head"

# Slope of leaky ReLU where its argument is negative [rnn-2.1].
SLOPE = 0.01
# Variance p (1 - p) of a fair bit, p = 1/2.
FAIR = 0.25
# The smallest N that is asked, and the accuracy above which a head list counts as solved [rnn-3.2].
SMALLEST = 2
THRESHOLD = 0.98

# Where claims look. Nets of 32 units are past their N* at DMS from this N on [rnn-9.1].
PAST_TURN = 6
# The N up to which epochs are counted, by task [rnn-9.3].
MANY: Mapping[str, int] = {"dms": 12, "parity": 8}
# The N up to which epochs of gated nets are counted [rnn-9.9].
MANY_GATED = 12
# The N from which on none is claimed to be learned alone, at 32 units and at 500 [rnn-9.4].
LARGE, LARGE_PAPER = 8, 11
# Relative sizes of a change of W and of a lengthening of tau at which nets are compared [rnn-8.6].
WEIGHT_NOISE, LENGTHENED = 0.215, 0.1
# An estimate of a timescale above so many times the truth is far off [rnn-8.2].
FAR = 1.5
# Isolated units whose autocorrelation is simulated: tau in steps or bits, steps for which a bit is
# held, and the largest lag that counts [rnn-4.1], [rnn-4.2].
ISOLATED: tuple[float, ...] = (1.5, 2.0, 3.0, 5.0)
HELD, LAST_LAG = (1, 4), 5
# Isolated units whose timescale is estimated over and over [rnn-8.2].
ESTIMATED: tuple[float, ...] = (1.5, 2.0, 4.0, 8.0)
# Delays k whose best tau is looked for, and the step of the grid of tau where it is [rnn-4.4].
DELAYS, GRID_STEP = (1, 2, 5, 10, 20), 0.05
# Units of the linear networks whose memory is summed [rnn-5.3].
MEMORIES = (2, 4, 8, 12)
# The smallest N whose parity is probed for what is left of it [rnn-9.7].
PROBED_FROM = 4
# The smallest N from which on absorbed units are compared [rnn-2.5].
ABSORBED_FROM = 5
# Sizes between which the growth of N* is asked [rnn-9.2].
SMALL, LARGER = 32, 128
# Lowest values and widths of the uniform initial tau that are compared [rnn-9.2].
STARTS = ((1.0, 0.3), (1.0, 1.0), (2.0, 0.3), (2.0, 1.0))
