"""Finding papers by folder name: what stands in a layer's folder is a room, no list is kept.

A layer's folder may continue elsewhere: any folder `sims/` on the import path (the current one
included) adds its rooms to ours, so a paper can live outside this tree.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection
from types import ModuleType

from sims.engine.errors import UserError, unknown
from sims.engine.sweep import Sweep

NOT_ROOMS = ("__main__", "engine")


def papers(layer: ModuleType, not_rooms: Collection[str] = NOT_ROOMS) -> list[str]:
    """Keys of the papers that have a room in a layer.

    Args:
        layer: the package `sims` or `figures`.
        not_rooms: modules of the layer that belong to no paper.
    """
    found = {module.name for module in pkgutil.iter_modules(layer.__path__)}
    return sorted(found.difference(not_rooms))


def room(layer: ModuleType, paper: str) -> ModuleType:
    """The room of a paper in a layer."""
    return importlib.import_module(f"{layer.__name__}.{paper}")


def sweeps() -> dict[str, dict[str, Sweep]]:
    """Every named sweep, `paper.sweep` -> preset -> Sweep, from the rooms' `SWEEPS`."""
    import sims

    return {
        f"{paper}.{name}": presets
        for paper in papers(sims)
        for name, presets in getattr(room(sims, paper), "SWEEPS", {}).items()
    }


def find_sweep(name: str, preset: str) -> Sweep:
    """A named sweep at a preset.

    Raises:
        UserError: unknown name or preset, naming the nearest.
    """
    known = sweeps()
    if name not in known:
        raise unknown("experiment", name, known)
    if preset not in known[name]:
        raise UserError(
            f"{name} has no preset {preset!r}; choose from {', '.join(sorted(known[name]))}"
        )
    return known[name][preset]
