"""Timescales of leaky recurrent networks (Khajehabdollahi et al. 2024, 2309.12927).

`derivations.md` derives every formula. `units` has one leaky unit, `linear` networks of them,
`gains` trained networks as linear ones; `constructive` solves the tasks by hand, `limits` says what
they need and what guessing earns; `setting` and `authors` hold the numbers, ours and published
ones; `claims` says what of it is claimed.
"""

from theory.citation import Paper
from theory.rnn_timescales.claims import CLAIMS

__all__ = ["CITATIONS", "CLAIMS"]

CITATIONS = (
    Paper(
        "Emergent mechanisms for long timescales depend on training curriculum and affect "
        "performance in memory tasks",
        (
            "Khajehabdollahi, Sina",
            "Zeraati, Roxana",
            "Giannakakis, Emmanouil",
            "Schäfer, Tim Jakob",
            "Martius, Georg",
            "Levina, Anna",
        ),
        2024,
        "2309.12927",
        "International Conference on Learning Representations",
    ),
)
