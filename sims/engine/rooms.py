"""Finding papers by folder name: what stands in a layer's folder is a room, no list is kept.

A layer's folder may continue elsewhere: any folder `sims/` on the import path (the current one
included) adds its rooms to ours, so a paper can live outside this tree.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import warnings
from collections.abc import Collection
from types import ModuleType

from sims.engine.errors import UserError, unknown
from sims.engine.sweep import Sweep

NOT_ROOMS = ("__main__", "engine")


def papers(layer: ModuleType, not_rooms: Collection[str] = NOT_ROOMS) -> list[str]:
    """Keys of the papers that have a room in a layer.

    A file in a user's own folder `figures/` is a room if `theory/` has one of its name.

    Args:
        layer: the package `sims` or `figures`.
        not_rooms: modules of the layer that belong to no paper.
    """
    found = _modules(layer.__name__) - set(not_rooms)
    return sorted(found & _modules("theory") if layer.__name__ == "figures" else found)


def _modules(layer: str) -> set[str]:
    # By its path, not by its contents: the layers do not import each other.
    spec = importlib.util.find_spec(layer)
    known = sys.modules.get(layer)
    places = known.__path__ if known else spec.submodule_search_locations if spec else ()
    return {module.name for module in pkgutil.iter_modules(places)}


def room(layer: ModuleType, paper: str) -> ModuleType:
    """The room of a paper in a layer."""
    return importlib.import_module(f"{layer.__name__}.{paper}")


def rooms(layer: ModuleType, not_rooms: Collection[str] = NOT_ROOMS) -> dict[str, ModuleType]:
    """The rooms of a layer by key; one that cannot be imported is left out with a warning."""
    found = {}
    for paper in papers(layer, not_rooms):
        try:
            found[paper] = room(layer, paper)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            warnings.warn(f"{layer.__name__}.{paper} is left out: {reason}", stacklevel=2)
    return found


def sweeps() -> dict[str, dict[str, Sweep]]:
    """Every named sweep, `paper.sweep` -> preset -> Sweep, from the rooms' `SWEEPS`."""
    import sims

    return {
        f"{paper}.{name}": presets
        for paper, here in rooms(sims).items()
        for name, presets in getattr(here, "SWEEPS", {}).items()
    }


def find_sweep(name: str, preset: str) -> Sweep:
    """A named sweep at a preset.

    Raises:
        UserError: unknown name or preset, naming the nearest.
    """
    known = sweeps()
    if name not in known:
        raise unknown("sweep", name, known)
    if preset not in known[name]:
        raise UserError(
            f"{name} has no preset {preset!r}; choose from {', '.join(sorted(known[name]))}"
        )
    return known[name][preset]
