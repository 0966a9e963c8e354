"""The compiled program of a batch: runs vmapped, sharded over devices, advanced chunk by chunk.

Everything here decides numbers, so its source is part of every run's identity; what only moves
numbers about (store, progress, planning) lives in other modules.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array, Bool, Int, Key, PyTree

from sims.engine.devices import RUN_AXIS, mesh, numerics, on_cpu
from sims.engine.experiment import (
    BATCH_AXIS,
    Experiment,
    named_key,
    settings_of,
    traced_names,
)

Rows = Mapping[str, Array]
KEPT = "kept"


class Carry(NamedTuple):
    """What a batch takes from chunk to chunk; leading axis `run` everywhere.

    Attributes:
        state: the experiments' states.
        diverged: first step (counted from 1) whose state or metrics were not finite; -1 if none.
        ended: step at whose log point the run ended before its time, because it diverged or
            because `advance` asked for it; -1 while it goes on.
        stages: what the run kept so far, further axis `stage`, and under `KEPT` the step at which
            it did, -1 before; empty where an experiment keeps nothing.
    """

    state: PyTree
    diverged: Int[Array, "*run"]
    ended: Int[Array, "*run"]
    stages: Rows


def run_key(seed: Array) -> Key[Array, ""]:
    """The key of a run. threefry whatever the global default: under `vmap`, `rbg` would make a
    run's data depend on its batch."""
    # Made of its own data: `jax.random.key` adds an offset that the environment may set.
    data = jnp.stack([jnp.zeros_like(seed), seed]).astype("uint32")
    return jax.random.wrap_key_data(data, impl="threefry2x32")


def stack(runs: Sequence[tuple[Experiment, int]]) -> tuple[Experiment, np.ndarray]:
    """Runs of one structure as one experiment with batched leaves, and their seeds."""
    first = runs[0][0]
    fields, leaves = settings_of(type(first)), {}
    dtypes = {float: first.precision, int: "int32", bool: "bool"}
    for name in traced_names(type(first)):
        values = [getattr(experiment, name) for experiment, _ in runs]
        leaves[name] = np.asarray(values, dtypes[fields[name].type])  # pyright: ignore[reportArgumentType]
    treedef = jax.tree.structure(first)
    return jax.tree.unflatten(treedef, list(leaves.values())), np.asarray(
        [seed for _, seed in runs], "uint32"
    )


def _init(experiment: Experiment, seed: Array, start: PyTree) -> tuple[Carry, Rows]:
    key = run_key(seed)
    first = named_key(key, "init")
    state = experiment.init(first) if start is None else experiment.begin(first, start)
    state = _arrays(state)
    going = jnp.asarray(-1, "int32")
    observed = _arrays(experiment.observe(state, _at(key, "observe", 0)))
    count, stages = experiment.stages, {}
    if count:
        _, arrays = jax.eval_shape(experiment.keep, state, observed)
        stages = {name: jnp.zeros((count, *a.shape), a.dtype) for name, a in arrays.items()}
        stages[KEPT] = jnp.full(count, -1, "int32")
    return Carry(state, going, going, stages), observed


def _chunk(experiment: Experiment, seed: Array, carry: Carry, start: Array) -> tuple[Carry, Rows]:
    key = run_key(seed)

    def body(inner: tuple[PyTree, Array], step: Array) -> tuple[tuple[PyTree, Array], Rows]:
        state, diverged = inner
        state, metrics = _arrays(experiment.step(state, _at(key, "step", step)))
        broken = (diverged < 0) & ~_finite((state, metrics))
        return (state, jnp.where(broken, step + 1, diverged)), metrics

    steps = start + jnp.arange(experiment.log_every, dtype="int32")
    (state, diverged), metrics = jax.lax.scan(body, (carry.state, carry.diverged), steps)
    metrics = jax.tree.map(lambda values: values.mean(axis=0), metrics)
    observed = _arrays(experiment.observe(state, _at(key, "observe", start + experiment.log_every)))
    stages = carry.stages
    if experiment.stages:
        stage, arrays = experiment.keep(state, observed)
        arrays = {**arrays, KEPT: start + experiment.log_every}
        at = jnp.where(stage < 0, experiment.stages, stage)  # out of range: dropped
        stages = {name: old.at[at].set(arrays[name], mode="drop") for name, old in stages.items()}
    state, done = experiment.advance(state, observed)
    stop = jnp.where(done | (diverged >= 0), start + experiment.log_every, -1)
    # An ended run stands still while its batch goes on, so that its result depends on it alone.
    new = Carry(state, diverged, stop.astype("int32"), stages)
    new = jax.tree.map(lambda old, now: _select(carry.ended >= 0, old, now), carry, new)
    return new, {**metrics, **observed}


def _arrays(tree: PyTree) -> PyTree:
    """Python's numbers among the leaves as arrays."""
    return jax.tree.map(jnp.asarray, tree)


def _at(key: Key[Array, ""], name: str, step: Array | int) -> Key[Array, ""]:
    return jax.random.fold_in(named_key(key, name), step)


def _select(condition: Array, old: Array, new: Array) -> Array:
    return jax.lax.select(jnp.broadcast_to(condition, jnp.shape(new)), old, new)


def _finite(tree: PyTree) -> Bool[Array, ""]:
    leaves = [leaf for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    return jnp.all(jnp.stack([jnp.isfinite(leaf).all() for leaf in leaves] or [jnp.asarray(True)]))


@dataclasses.dataclass(frozen=True)
class Program:
    """One structure, one batch size, compiled.

    Attributes:
        batch_size: runs that travel together.
        mesh: devices that share them.
        init: (experiments, seeds, starts) -> (carry, first observables).
        chunk: (experiments, seeds, carry, first step) -> (carry, metrics and observables); the
            carry given in is consumed. None where there are no steps.
        carry: shapes and shardings of the carry, for restoring one.
        row: shapes of metrics and observables.
        bytes: what arguments, results and temporaries take per device.
    """

    precision: str
    batch_size: int
    mesh: jax.sharding.Mesh
    init: Callable[..., tuple[Carry, Rows]]
    chunk: Callable[..., tuple[Carry, Rows]] | None
    carry: PyTree
    row: Mapping[str, jax.ShapeDtypeStruct]
    bytes: int

    def place(self, tree: PyTree) -> PyTree:
        """Arrays with leading axis `run`, laid over the devices."""
        with numerics(self.precision):
            return jax.device_put(tree, NamedSharding(self.mesh, PartitionSpec(RUN_AXIS)))


def compile_program(experiment: Experiment, batch_size: int, start: PyTree = None) -> Program:
    """Compile the program of `experiment`'s structure for `batch_size` runs.

    Args:
        experiment: any run of the group; only its static settings matter.
        batch_size: a multiple of the number of devices.
        start: shapes of what one run starts from, where it starts from another.

    Raises:
        UserError: its functions return what cannot be carried or filed.
    """
    devices = mesh()
    sharding = NamedSharding(devices, PartitionSpec(RUN_AXIS))

    def laid(tree: PyTree, *lead: int) -> PyTree:
        def one(a: Any) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct((*lead, *a.shape), a.dtype, sharding=sharding)

        return jax.tree.map(one, tree)

    with numerics(experiment.precision):
        batch = laid(stack([(experiment, 0)] * batch_size))
        starts = laid(start, batch_size)
        # Compiled when first called: what goes on from a checkpoint, or as a part, has begun.
        told = _options(devices.devices.flat[0].platform, experiment.precision)
        init = jax.jit(_mapped(experiment, _init, devices, 3), compiler_options=told)
        carry, row = jax.eval_shape(init, *batch, starts)
        carry = laid(carry)
        if experiment.steps:
            first = jax.ShapeDtypeStruct((), "int32")
            whole = _mapped(experiment, _chunk, devices, 3, shared=1)
            _, row = jax.eval_shape(whole, *batch, carry, first)
            whole = jax.jit(whole, donate_argnums=2, compiler_options=told)
            compiled = whole.lower(*batch, carry, first).compile()
            chunk = _scoped(compiled, experiment.precision)
        else:
            init = compiled = init.lower(*batch, starts).compile()
            chunk = None
    return Program(
        precision=experiment.precision,
        batch_size=batch_size,
        mesh=devices,
        init=_scoped(init, experiment.precision),
        chunk=chunk,
        carry=carry,
        row=row,
        bytes=_bytes(compiled),
    )


def _options(platform: str, precision: str) -> dict[str, Any]:
    """What XLA is told where its own choice does not suit programs as small as ours.

    On a GPU, products go to the library: Triton's tiles do not fit such sizes. In float64 no
    reduction becomes a Triton kernel either: trying what to join with it takes minutes (233 s
    against 8 s for the ridge path of `rf_attention.floor`, with as many kernels at the end).
    """
    if platform not in ("gpu", "cuda", "rocm"):
        return {}
    products = {"xla_gpu_enable_triton_gemm": False}
    if precision == "float32":
        return products
    return {**products, "xla_disable_hlo_passes": "triton-softmax-rewriter"}


def _mapped(
    experiment: Experiment, function: Callable, devices: Any, own: int, shared: int = 0
) -> Callable:
    """`function` over the runs of a batch, shared out to the devices.

    Args:
        own: number of arguments with a leading axis `run`; `shared` further ones have none.
    """
    specs = (PartitionSpec(RUN_AXIS),) * own + (PartitionSpec(),) * shared

    def single(*arguments: PyTree) -> PyTree:
        first = jax.tree.map(lambda a: a[0], arguments[:own])
        return jax.tree.map(lambda a: a[None], function(*first, *arguments[own:]))

    axes = (0,) * own + (None,) * shared
    together = jax.vmap(function, in_axes=axes, axis_name=BATCH_AXIS)
    # Runs never talk to each other; the check would make experiments mark constants that they
    # scan over as varying along our axis.
    return jax.shard_map(
        single if experiment.alone and on_cpu() else together,
        mesh=devices,
        in_specs=specs,
        out_specs=PartitionSpec(RUN_AXIS),
        check_vma=False,
    )


def state_shape(experiment: Experiment) -> PyTree:
    """Shapes and dtypes of the state of one run."""
    with numerics(experiment.precision):
        key = jax.eval_shape(lambda: run_key(jnp.asarray(0, "uint32")))
        return jax.eval_shape(lambda key: jax.tree.map(jnp.asarray, experiment.init(key)), key)


def _scoped(function: Callable, precision: str) -> Callable:
    def call(*args: Any) -> Any:
        with numerics(precision):
            return function(*args)

    return call


def _bytes(compiled: Any) -> int:
    sizes = compiled.memory_analysis()
    return sum(
        getattr(sizes, f"{part}_size_in_bytes", 0) for part in ("argument", "output", "temp")
    )
