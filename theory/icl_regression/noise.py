"""How large gamma is at a constant learning rate: noise across the valley against its tilt.

On the valley 2 gamma mu = eta the approximate loss rises with gamma as c d^3 eta^2 gamma^4/6, which
pushes gamma down. Across it the curvature in gamma mu is about 8 mu^2, proportional to 1/gamma^2:
fluctuations of a temperature T there cost (T/2) log(curvature) each, which pushes gamma up. With n
directions the sum c d^3 eta^2 gamma^4/6 - n T log gamma is lowest at

    gamma^4 = 3 n T/(2 c d^3 eta^2).

Adam divides gradients by their root mean square; where noise dominates that is the noise's own
sd/sqrt(batch), and T is proportional to rate/sqrt(batch). So gamma ~ rate^p batch^(-p/2) with p =
1/4 as gamma -> 0. Where a direction's own noise is proportional to mu ~ 1/gamma (the entries of KQ)
T grows as gamma falls, and p = 1/5. Both leave out the sixth order of the loss and the noise's
growth with the rate, which raise p at larger gamma.
"""

RATE_EXPONENT = 0.25
# The power r in gamma = f(rate/batch^r).
RATE_TO_BATCH = 0.5
