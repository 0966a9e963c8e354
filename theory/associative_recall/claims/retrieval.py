"""Heads that retrieve: what is lost without them, and what makes them work."""

from theory.associative_recall.authors import RETRIEVAL_HEADS
from theory.associative_recall.claims.shared import LONG, PILOT, TRAINED
from theory.associative_recall.setting import ENOUGH, FEW, LOOKS_BACK
from theory.claims import Claim, at_least, at_most

_FIGURES = "figures.associative_recall"
_WU = "Wu et al. 2024, its abstract"
_MEDIAN = "room beyond what the pilot nets show; order statistics over nets"

CLAIMS = (
    Claim(
        id="C-AR-7",
        statement="Without the heads that retrieve, recall from the context is lost and recall "
        "from the weights is kept.",
        kind="empirical",
        source=f"{_WU}; [ar-6.2]; {PILOT}",
        bounds={
            "context": at_most(0.45),
            "memory": at_least(0.8),
            "context, worst net": at_most(0.6),
        },
        expected="accuracy with them cut, medians: {context} from the context, {memory} from the "
        "weights; from the context in no net above {context, worst net}",
        tolerance=_MEDIAN,
        falsifier="as many others cut, senders excluded",
        checked_by=f"{_FIGURES}.retrieval.lost",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-AR-8",
        statement="As many other heads can go, if those that send to them stay.",
        kind="empirical",
        source=f"{_WU} (random heads do not matter); [ar-6.2]; {PILOT}",
        bounds={"context": at_least(0.85)},
        expected="accuracy from the context with as many others cut, median over nets of the mean "
        "of random choices {context}",
        tolerance=_MEDIAN,
        falsifier="senders among those that are cut",
        checked_by=f"{_FIGURES}.retrieval.kept",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-AR-9",
        statement="Nets have a head that the retrieval score does not see and that recall needs: "
        "it attends to the token before.",
        kind="empirical",
        source=f"derived here [ar-5.1], [ar-6.2]; {PILOT}",
        bounds={"share": at_least(0.8)},
        expected="share of nets with a sender whose attention on the token before is "
        f"{LOOKS_BACK:g} or more {{share}}",
        tolerance="95 % bound of a share",
        falsifier="heads that retrieve in place of the senders, in planted nets",
        checked_by=f"{_FIGURES}.retrieval.sent",
        decided_at=LONG,
    ),
    Claim(
        id="C-AR-10",
        statement="The same heads retrieve in shorter and longer contexts than were trained on.",
        kind="empirical",
        source=f"{_WU} (intrinsic); [ar-6.2]; {PILOT}",
        bounds={"correlation": at_least(0.9), "context": at_least(0.95)},
        expected="correlation over heads of the score with that at P = 4, and accuracy from the "
        "context, both the least over other P, medians over nets: {correlation}, {context}",
        tolerance=_MEDIAN,
        falsifier="scores by offset taken away, so that a net knows no order",
        checked_by=f"{_FIGURES}.retrieval.intrinsic",
        decided_at=TRAINED,
    ),
    Claim(
        id="C-AR-11",
        statement="Fewer than one head in twenty retrieves.",
        kind="empirical",
        source=f"{_WU}; [ar-6.2]",
        bounds={"share": at_most(RETRIEVAL_HEADS)},
        expected="share of heads that retrieve, mean over nets {share}",
        tolerance="the paper's number",
        falsifier="planted nets one of whose eight heads retrieves",
        checked_by=f"{_FIGURES}.retrieval.sparse",
        decided_at=TRAINED,
        expected_state={"*": "fails"},
        why="one head of these nets is an eighth of all; the paper's models have a thousand",
    ),
    Claim(
        id="C-AR-19",
        statement="Queries and keys of the heads that retrieve need fewer dimensions than they "
        "have, and fewer than random maps would.",
        kind="empirical",
        source="Lieberum et al. 2023 (low-rank queries and keys); derived here [ar-4.1]; bounds by "
        "a prototype of a larger net [ar-6.3]",
        bounds={"context": at_least(0.95), "above the law": at_least(0)},
        expected=f"accuracy from the context at rank {ENOUGH} of 8 {{context}}, and above the law "
        f"of random maps from rank {FEW} on {{above the law}}, medians",
        tolerance="a lookup among 4 is to be missed by one prompt in twenty",
        falsifier="rank 2 whatever is asked for",
        checked_by=f"{_FIGURES}.compression.few_dimensions",
        decided_at=TRAINED,
    ),
)
