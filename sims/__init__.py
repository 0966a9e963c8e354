"""Models, data, training, sweeps. Knows no theory, so that agreement with it means something.

What a script or a notebook needs is here; `import sims` by itself loads none of it:

    Experiment, static, traced      to define an experiment
    draw, named_key                 its random numbers
    Sweep, Start                    a grid of runs, and where they start
    run, load                       compute what is missing, or only read: an xarray Dataset
    experiment_of, state_of         from a Dataset back to its experiment, and to the nets it kept
    over_runs                       one function over all runs of a Dataset
"""

from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING

from sims.engine import sources

if TYPE_CHECKING:
    from sims.engine.analysis import experiment_of, over_runs, state_of
    from sims.engine.experiment import Experiment, draw, named_key, static, traced
    from sims.engine.front import load, run
    from sims.engine.sweep import Start, Sweep

# A folder `sims/` elsewhere on the path adds its papers to ours.
__path__ = extend_path(__path__, __name__)

sources.start()

_HOMES = {
    "analysis": ("experiment_of", "over_runs", "state_of"),
    "experiment": ("Experiment", "draw", "named_key", "static", "traced"),
    "front": ("load", "run"),
    "sweep": ("Start", "Sweep"),
}
__all__ = [
    "Experiment",
    "Start",
    "Sweep",
    "draw",
    "experiment_of",
    "load",
    "named_key",
    "over_runs",
    "run",
    "state_of",
    "static",
    "traced",
]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"sims.engine.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
