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

PACKAGES = ("lemmax", "jax", "jaxlib", "equinox", "optax", "diffrax", "numpy", "scipy")


def provenance(**more: Any) -> dict[str, Any]:
    """A JSON object that says where a result comes from; `more` is added as it is."""
    from sims.engine.devices import mesh

    devices = mesh().devices.flatten()
    return {
        **_code(),
        "versions": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "device": devices[0].device_kind,
        "platform": devices[0].platform,
        "devices": len(devices),
        "prng": "threefry2x32",
        "matmul_precision": "highest",
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **more,
    }


@functools.cache
def _code() -> dict[str, Any]:
    def git(*words: str) -> str | None:
        home = Path(__file__).parent
        try:
            run = subprocess.run(["git", *words], cwd=home, capture_output=True, text=True)
        except FileNotFoundError:
            return None
        return run.stdout.strip() if run.returncode == 0 else None

    commit, changes = git("rev-parse", "HEAD"), git("status", "--porcelain")
    return {"commit": commit, "dirty": None if commit is None else bool(changes)}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
