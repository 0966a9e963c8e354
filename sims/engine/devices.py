"""Which devices carry the runs, and the numerics that every run is computed under."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from sims.engine.errors import UserError

RUN_AXIS = "run"


def prepare(device: str | None = None) -> None:
    """Choose the platform and give every CPU core a device of its own, with one thread.

    Must come before the first JAX computation; later it only chooses among what is there.

    Args:
        device: `"cpu"`, `"gpu"`, `"tpu"` or None for the best present.

    Raises:
        UserError: no such device on this machine.
    """
    with contextlib.suppress(RuntimeError):  # already initialised: what is there stays
        jax.config.update("jax_num_cpu_devices", cores())
        # Runs are what fills the cores; threads inside a device's program only get in their way
        # (a quarter more time per step, measured on two cores).
        flags = os.environ.get("XLA_FLAGS", "")
        if "xla_cpu_multi_thread_eigen" not in flags:
            one = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
            os.environ["XLA_FLAGS"] = f"{flags} {one}".strip()
    if device is not None:
        try:
            jax.config.update("jax_default_device", jax.devices(device)[0])
        except RuntimeError:
            raise UserError(
                f"device {device!r} does not exist here; present: {', '.join(_platforms())}"
            ) from None


def cores() -> int:
    """Cores that this process may use; macOS knows only how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def mesh() -> jax.sharding.Mesh:
    """All devices of the chosen platform along one axis, the runs'.

    Raises:
        UserError: the environment asks JAX for a platform that this machine does not have.
    """
    chosen = jax.config.jax_default_device  # pyright: ignore[reportAttributeAccessIssue]
    platform = getattr(chosen, "platform", chosen)  # JAX_DEFAULT_DEVICE is a word
    try:
        devices = jax.devices(platform)
    except (RuntimeError, AssertionError):  # the latter where a plugin is installed without device
        wanted = platform or os.environ.get("JAX_PLATFORMS", "device")
        raise UserError(
            f"JAX finds no {wanted} here; unset JAX_PLATFORMS, or set it to cpu"
        ) from None
    return jax.sharding.Mesh(np.asarray(devices), (RUN_AXIS,))


@contextlib.contextmanager
def pinned() -> Iterator[None]:
    """What the environment may set and must not change numbers under one name, as it is by default.

    A seed's offset and another counter for threefry give other random numbers; without jit there
    is no program.
    """
    pins = {"random_seed_offset": 0, "threefry_partitionable": True, "disable_jit": False}
    pins = {f"jax_{name}": value for name, value in pins.items()}
    before = {name: getattr(jax.config, name) for name in pins}
    try:
        for name, value in pins.items():
            jax.config.update(name, value)
        yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)


def on_cpu() -> bool:
    """Whether the chosen devices are CPU cores."""
    return mesh().devices.flat[0].platform == "cpu"


class _Host:
    processes = 1


def one_of(processes: int) -> None:
    """Take one CPU core, and no accelerator, as one of several processes that share the host."""
    _Host.processes = processes
    jax.config.update("jax_platforms", "cpu")
    prepare()


def memory_limit(device: Any) -> int:
    """Bytes that a batch may take on a JAX device: 90 % of an accelerator's, half of a host's.

    The host's half is shared by its devices, and by processes that work beside this one.
    """
    stats = device.memory_stats() if device.platform != "cpu" else None
    if stats and "bytes_limit" in stats:
        return int(0.9 * stats["bytes_limit"])
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return total // 2 // max(1, len(jax.devices("cpu"))) // _Host.processes


@contextlib.contextmanager
def numerics(precision: str) -> Iterator[None]:
    """Full matmul precision, and x64 for a float64 experiment only, within the block."""
    with jax.enable_x64(precision == "float64"), jax.default_matmul_precision("highest"):
        yield


def _platforms() -> list[str]:
    found = []
    for platform in ("cpu", "gpu", "tpu"):
        with contextlib.suppress(RuntimeError):
            found += [platform] if jax.devices(platform) else []
    return found
