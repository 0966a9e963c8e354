"""What the modules of the register share: where claims can be decided, and how lists are written.

Presets are those of `sims`, by what claims need of them.
"""

import dataclasses
from collections.abc import Iterable

from theory.claims import Claim, State

CHECKS = "figures.rnn_timescales"
# Nets of 32 units and more that got far; `smoke` trains none.
TRAINED = ("quick", "standard", "paper")
# Variants, gated nets and retraining, which `quick` leaves out.
STANDARD = ("standard", "paper")
# 500 units at the authors' settings.
AUTHORS = ("authors", "paper")
# The sweep over numbers of units.
SIZES = ("sizes",)
# Said of a source whose bounds were set by what our own nets showed: it is no prediction. The
# pilot's nets were others, of the same settings; so that a claim that holds replicates them.
PILOT = "bounds replicate our pilot nets on others [rnn-10.3]"


def listed(values: Iterable[float | int]) -> str:
    """Numbers as a reader writes them: `1.5, 2, 3, 5`."""
    return ", ".join(f"{value:g}" for value in values)


def other_task(claim: Claim, id: str, why: str = "", **states: State) -> Claim:
    """A claim about one task as one about the other, held against the same bounds.

    Args:
        claim: its statement ends in "at DMS." or in "at parity.".
        states: expected states by preset, where they are not "holds"; `every` for all presets.
    """
    pair = ("at DMS.", "at parity.")
    one, other = pair if claim.statement.endswith(pair[0]) else pair[::-1]
    expected = {"*" if preset == "every" else preset: state for preset, state in states.items()}
    return dataclasses.replace(
        claim,
        id=id,
        statement=claim.statement.replace(one, other),
        source=claim.source.replace(PILOT, f"bounds of {claim.id}"),
        tolerance=f"that of {claim.id}",
        expected_state={"*": "holds", **expected},
        why=why,
    )
