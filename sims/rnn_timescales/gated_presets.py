"""The sweeps of gated nets at their presets (section 8.1, N; `paper`: section 2.6).

Apart from the experiment, so that another preset renames no stored run.
"""

from typing import Any

from sims.engine.sweep import Sweep
from sims.rnn_timescales.gated import CELLS, GatedCurriculum
from sims.rnn_timescales.presets import BOTH

_EPOCH = 300
_SMOKE: dict[str, Any] = {"units": 8, "sequences": 16, "last": 3, "steps": 40, "log_every": 20}
# The authors': section 2.6.
_PAPER: dict[str, Any] = {"units": 500, "learning_rate": 1e-3, "test_batches": 50, "last": 50}

SWEEPS = {
    cell: {
        "smoke": Sweep(GatedCurriculum(cell=cell, **_SMOKE), BOTH, 2),
        "standard": Sweep(GatedCurriculum(cell=cell, steps=60 * _EPOCH), BOTH, 8),
        "paper": Sweep(GatedCurriculum(cell=cell, steps=100 * _EPOCH, **_PAPER), BOTH, 4),
    }
    for cell in CELLS
}
