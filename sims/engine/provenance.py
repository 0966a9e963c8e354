"""What produced a result, as far as it can be known: code, versions, device, command."""

from __future__ import annotations

import datetime
import functools
import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from sims.engine.sources import source

PACKAGES = ("lemmax", "jax", "jaxlib", "equinox", "optax", "diffrax", "numpy", "scipy")


def provenance(module: str = "", **more: Any) -> dict[str, Any]:
    """A JSON object that says where a result comes from; `more` is added as it is.

    Args:
        module: where the code of the result is; its commit is that of the repository that tracks
            this module's file, and none where no repository does.
    """
    from sims.engine.devices import mesh

    devices = mesh().devices.flatten()
    own = _commit(__file__)
    made = source(module) if module else None
    return {
        **(_commit(made.path) if made else own),
        "engine": own,
        "versions": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "device": devices[0].device_kind,
        "platform": devices[0].platform,
        "devices": len(devices),
        "prng": "threefry2x32",
        "matmul_precision": "highest",
        "command": command(),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **more,
    }


def command() -> str:
    """The command that this process runs, without paths of this machine."""
    words = [Path(sys.orig_argv[0]).name if sys.orig_argv else "python", *sys.orig_argv[1:]]
    return " ".join(Path(word).name if Path(word).is_absolute() else word for word in words)


@functools.cache
def _commit(file: str) -> dict[str, Any]:
    """The commit of the repository that tracks a file, and whether it has changes."""

    def git(*words: str) -> str | None:
        home = Path(file).parent
        try:
            run = subprocess.run(["git", *words], cwd=home, capture_output=True, text=True)
        except OSError:
            return None
        return run.stdout.strip() if run.returncode == 0 else None

    if git("ls-files", "--error-unmatch", Path(file).name) is None:
        return {"commit": None, "dirty": None}
    return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}


@functools.cache
def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
