"""Sinks of one layer: where they pay, and what training makes of them."""

from theory.associative_recall.claims.shared import PILOT, TRAINED
from theory.associative_recall.one_layer import FAR, NEAR, SHARP
from theory.associative_recall.setting import MISSED, PAIR
from theory.claims import Claim, around, at_least, at_most

_FIGURES = "figures.associative_recall.sinks"

CLAIMS = (
    Claim(
        id="C-AR-21",
        statement="The best sink score is (B + g + log(g (1-pi)/pi (P/V)(1-P/V)/(V-1)))/3 where "
        "sink and match are both far from the rest, and having none costs what its formula says.",
        kind="asymptotic",
        source="derived here [ar-2.3], [ar-2.4]",
        bounds={"distance": at_most(0.05), "cost": at_most(1e-4)},
        expected="largest distance from the numerical optimum {distance} where "
        f"B >= {SHARP:g}, g e^(b-B) <= {NEAR:g} and e^b >= {FAR:g} P; largest error of the cost "
        "without a sink {cost} nats",
        tolerance="the neglected terms are of the order of g e^(b-B) and P e^-b, which move b by a "
        "third of themselves",
        falsifier="g left out of the logarithm",
        checked_by=f"{_FIGURES}.optimum",
    ),
    Claim(
        id="C-AR-22",
        statement="A trained layer attends to its sink as much as is best at the B and g that it "
        "has learned.",
        kind="empirical",
        source=f"derived here [ar-2.2], [ar-2.6]; {PILOT}",
        bounds={"without a match": around(0, 0.02), "with a match": around(0, 0.01)},
        expected="mean attention on the sink less the best: {without a match} without a match, "
        "{with a match} with one, at every share of queries with a match",
        tolerance="B and g still grow at the end of training, and b follows them",
        falsifier="the sink's score held at 0",
        checked_by=f"{_FIGURES}.as_good_as_best",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-AR-23",
        statement="A trained layer without a sink pays what it costs to have none.",
        kind="empirical",
        source=f"derived here [ar-2.4]; {PILOT}",
        bounds={"excess - cost": around(0, 0.005)},
        expected="mean excess loss less the cost without a sink {excess - cost} nats, at every "
        "share of queries with a match",
        tolerance="a match of finite score adds a thousandth",
        falsifier="layers with a sink",
        checked_by=f"{_FIGURES}.pays",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-AR-24",
        statement="Two heads without a sink could cancel each other where there is no match; "
        "training from small numbers does not find that.",
        kind="empirical",
        source=f"derived here [ar-2.5], [ar-2.4]; {PILOT}",
        bounds={"excess of the pair": at_most(1e-4), "share": at_least(0.75)},
        expected="excess of the written-down pair {excess of the pair} nats; share of trained nets "
        f"whose excess is {MISSED:g} nats and more {{share}}",
        tolerance=f"a pair at B = {PAIR[0]:g}, g = {PAIR[1]:g}; the limit is about half of what "
        "one head pays by [ar-2.4]; 95 % interval of a share",
        falsifier="a second head that starts uniform with read-out -I",
        checked_by=f"{_FIGURES}.pair_is_missed",
        decided_at=TRAINED,
    ),
)
