"""What processes leave in a store that end before they can clear up: found by its names and age."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from sims.engine import forms
from sims.engine.errors import UserError
from sims.engine.store import Store, read_json

# Seconds after which nobody is at work on a file any more: writing one takes seconds.
OLD = 3600.0
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{32}")


def remove_leftovers(store: Store) -> None:
    """Remove temporary files, data that no record names, and folders of no batch, all of them old.

    Each is looked for once by a process.
    """
    if store.cleared:
        return
    store.cleared = True
    for path in [*_temporary(store.root), *_unnamed(store)]:
        if _is_old(path):
            with contextlib.suppress(OSError):
                path.unlink()
    for folder in store.folder("partial").glob("*/*/"):
        if not _is_batch(folder) and _is_old(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _temporary(root: Path) -> Iterator[Path]:
    yield from (path for path in root.rglob(".*") if _TEMPORARY.fullmatch(path.name))


def _unnamed(store: Store) -> Iterator[Path]:
    """Data whose record is not there, or names others."""
    for kind in ("runs", "tables"):
        for folder in store.folder(kind).glob("*/"):
            data: dict[str, list[Path]] = {}
            for path in folder.glob("*.nc"):
                data.setdefault(path.name.partition(".")[0], []).append(path)
            for id, paths in data.items():
                record = folder / f"{id}.json"
                if not record.exists():
                    yield from paths
                elif len(paths) > 1:
                    with contextlib.suppress(UserError, FileNotFoundError):
                        named = read_json(record).get("data")
                        yield from (path for path in paths if path.name != named)


def _is_batch(folder: Path) -> bool:
    try:
        return bool(read_json(folder / "batch.json", forms.BATCH))
    except (UserError, FileNotFoundError):
        return False


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > OLD
    except OSError:
        return False
