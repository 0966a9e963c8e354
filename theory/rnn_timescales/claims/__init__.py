"""What is claimed about timescales under curricula (Khajehabdollahi et al. 2024, 2309.12927).

The body of the paper was not available to us: a source "paper" is what its abstract, its public
reviews and the authors' plots and code say; "checkpoints" what we measured on their networks;
labels are those of `derivations.md`. Presets are ours; C-RNN-31 on go beyond the paper.
"""

from theory.rnn_timescales.claims import activity, identities, learning, memory, time_constants

_ROOM = (identities, time_constants, learning, memory, activity)

CLAIMS = tuple(
    sorted(
        (claim for module in _ROOM for claim in module.CLAIMS),
        key=lambda claim: int(claim.id.rpartition("-")[2]),
    )
)

__all__ = ["CLAIMS"]
