"""What an experiment is: settings, four pure functions, and which settings recompile.

An experiment is a frozen dataclass and a pytree: its *traced* settings are leaves, its *static*
settings are structure. Runs whose structures are equal share one compiled program, and `vmap` maps
over the leaves, so the two declarations below are all that the planner needs.
"""

from __future__ import annotations

import dataclasses
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, dataclass_transform, get_type_hints

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, PyTree

from sims.engine.errors import UserError, unknown

BATCH_AXIS = "batch"

# Beyond these, a number is infinite in a program, or loses its digits.
_LARGEST = {name: float(np.finfo(name).max) for name in ("float32", "float64")}
_SMALLEST = {name: float(np.finfo(name).tiny) for name in ("float32", "float64")}
# What a setting may be, in words.
_WORDS = {int: "an integer", float: "a number", bool: "true or false", str: "a word"}

State = PyTree
Arrays = Mapping[str, Array]


def static(*, default: Any, help: str = "", **limits: Any) -> Any:
    """Declare a setting that shapes the program (sizes, architecture, task): it recompiles.

    Args:
        default: value when not set.
        help: one line, shown by `python -m sims list`.
        **limits: any of `ge`, `gt`, `le`, `lt` (numbers) and `choices` (a tuple).
    """
    return _declare(default, help, limits, traced=False)


def traced(*, default: Any, help: str = "", **limits: Any) -> Any:
    """Declare a setting that is data (learning rate, noise, initial scale): it never recompiles.

    Args: as for `static`; the value is a number.
    """
    return _declare(default, help, limits, traced=True)


def _declare(default: Any, help: str, limits: Mapping[str, Any], traced: bool) -> Any:
    if excess := set(limits) - {"ge", "gt", "le", "lt", "choices"}:
        raise TypeError(f"unknown limits {sorted(excess)}: expected ge, gt, le, lt or choices")
    metadata = {"traced": traced, "help": help, **limits}
    return dataclasses.field(default=default, metadata=metadata)


def batch_max(value: Array) -> Array:
    """The largest `value` over the runs that travel together, one number for all of them.

    For skipping work that no run of the batch needs. A run's result must not depend on it: what it
    lets through, the run masks for itself. Outside the engine's programs it is `value`.
    """
    try:
        return jax.lax.pmax(value, BATCH_AXIS)
    except NameError:
        return value


def named_key(key: Key[Array, ""], name: str) -> Key[Array, ""]:
    """Split `key` by name, so that adding a use of randomness never shifts another."""
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def draw(
    sampler: Callable[..., Array], key: Key[Array, ""], shape: tuple[int, ...], *settings: Any
) -> Array:
    """`sampler(key, shape, *settings)` of `jax.random`: the same bits, drawn along one axis.

    XLA on a CPU compiles a counter of several axes eight times longer, a second instead of an
    eighth, and runs it twice as long.
    """
    return sampler(key, (math.prod(shape),), *settings).reshape(shape)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(static, traced))
@dataclasses.dataclass(frozen=True, kw_only=True)
class Experiment:
    """Settings and pure functions of one kind of run.

    A subclass declares its settings with `static` and `traced` and gives `init`, `step` and
    `observe`; it becomes a frozen keyword-only dataclass and a pytree without a decorator.

    Attributes:
        precision: dtype of every traced float; `"float64"` scopes x64 to this experiment.
        alone: a run keeps a CPU core busy: there batches hold one for each and nothing is
            vmapped, so that no run takes steps that only another one needs, and little is lost
            when they are interrupted.
        may_diverge: whether a run that reaches NaN or inf is an expected outcome.
        dims: names of the dimensions of each observable and metric that is not a scalar.

    Raises:
        UserError: a setting has the wrong type or is out of range.
    """

    precision: ClassVar[Literal["float32", "float64"]] = "float32"
    alone: ClassVar[bool] = False
    may_diverge: ClassVar[bool] = False
    dims: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    steps: int = static(default=1000, help="number of steps", ge=1)
    log_every: int = static(default=100, help="steps between two log points", ge=1)
    keep_state: bool = static(default=False, help="file each run's final state whole")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _as_pytree(cls)

    def __post_init__(self) -> None:
        for name, field in settings_of(type(self)).items():
            object.__setattr__(self, name, _checked(name, getattr(self, name), field))
        if self.steps % self.log_every:
            raise UserError(
                f"steps = {self.steps} is no multiple of log_every = {self.log_every}; the nearest "
                f"is {max(1, round(self.steps / self.log_every)) * self.log_every}"
            )

    def init(self, key: Key[Array, ""]) -> State:
        """The state before the first step."""
        raise NotImplementedError

    def begin(self, key: Key[Array, ""], start: PyTree) -> State:
        """The state before the first step of a run that starts from another one (`Sweep.start`).

        Args:
            start: that run's final state, or what it kept at the stage as named arrays.
        """
        return start

    def step(self, state: State, key: Key[Array, ""]) -> tuple[State, Arrays]:
        """One step: the new state and named metrics, averaged by the engine over a chunk."""
        raise NotImplementedError

    def observe(self, state: State, key: Key[Array, ""]) -> Arrays:
        """Named arrays at a log point."""
        return {}

    def advance(self, state: State, observed: Arrays) -> tuple[State, Array]:
        """The decision at the end of a chunk: the state to go on with, and whether to stop."""
        return state, jnp.asarray(False)

    @property
    def stages(self) -> int:
        """Number of stages that a run may keep; 0 where `keep` is not used."""
        return 0

    def keep(self, state: State, observed: Arrays) -> tuple[Array, Arrays]:
        """The stage reached at the end of a chunk, before `advance` (-1: none), and what is kept.

        Kept arrays are filed with the run along a dimension `stage`, floats as NaN where a stage
        was not reached; `kept` says at which step it was, -1 for never.
        """
        raise NotImplementedError


def settings_of(kind: type[Experiment]) -> dict[str, dataclasses.Field]:
    """The declared settings of an experiment class, by name."""
    return {field.name: field for field in dataclasses.fields(kind)}


def traced_names(kind: type[Experiment]) -> tuple[str, ...]:
    """Names of the settings that are data, in order of declaration."""
    return tuple(name for name, field in settings_of(kind).items() if field.metadata["traced"])


def with_settings(experiment: Experiment, **settings: Any) -> Experiment:
    """`experiment` with some settings replaced.

    Raises:
        UserError: unknown setting (naming the nearest), wrong type or out of range.
    """
    for name in settings:
        if name not in settings_of(type(experiment)):
            raise unknown("setting", name, settings_of(type(experiment)))
        _holds(name, settings[name], experiment.precision)
    return dataclasses.replace(experiment, **settings)


def parse_setting(kind: type[Experiment], name: str, text: str) -> Any:
    """The value that `text` means for setting `name`.

    Raises:
        UserError: unknown setting, or text that is not of its type.
    """
    fields = settings_of(kind)
    if name not in fields:
        raise unknown("setting", name, fields)
    value = _checked(name, text, fields[name])
    _holds(name, value, kind.precision)
    return value


def _holds(name: str, value: Any, precision: str) -> None:
    """Refuse what a program cannot hold: its counters and sizes have 32 bits.

    Asked where settings come in, and not in every experiment, whose results would get new names.
    """
    text = f"{name} = {value}" if len(str(value)) <= 40 else f"{name} = {str(value)[:30]}..."
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        raise UserError(f"{text}: expected an integer that fits 32 bits")
    size = abs(value) if isinstance(value, float) and math.isfinite(value) else 0.0
    if size and not _SMALLEST[precision] <= size <= _LARGEST[precision]:
        raise UserError(
            f"{text}: expected 0 or a number between {_SMALLEST[precision]:.1e} and "
            f"{_LARGEST[precision]:.1e} in magnitude, which {precision} holds"
        )


def _as_pytree(cls: type[Experiment]) -> None:
    dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        field.type = hints[field.name]
        if field.type not in _WORDS:
            raise UserError(
                f"{cls.__name__}.{field.name} is declared {field.type}: expected one of int, "
                "float, bool and str; several numbers are several settings, or an axis of a sweep"
            )
    leaves = traced_names(cls)
    meta = tuple(name for name in settings_of(cls) if name not in leaves)

    def flatten(experiment: Experiment) -> tuple[tuple, tuple]:
        return tuple(getattr(experiment, n) for n in leaves), tuple(
            getattr(experiment, n) for n in meta
        )

    def unflatten(structure: tuple, values: tuple) -> Experiment:
        # Not through __init__: leaves may be tracers or whole batches, which no range fits.
        experiment = object.__new__(cls)
        for name, value in zip(meta + leaves, (*structure, *values), strict=True):
            object.__setattr__(experiment, name, value)
        return experiment

    jax.tree_util.register_pytree_node(cls, flatten, unflatten)


def _checked(name: str, value: Any, field: dataclasses.Field) -> Any:
    kind: Any = field.type
    limits = field.metadata
    wrong = UserError(f"{name} = {value}: expected {_expected(kind, limits)}")
    if isinstance(value, str) and kind is not str:
        value = _parsed(value, kind, wrong)
    if isinstance(value, np.generic):
        value = value.item()
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not kind:
        raise wrong
    if limits["traced"] and kind is int and not -(2**31) <= int(value) < 2**31:
        raise UserError(f"{name} = {value}: expected an integer that fits 32 bits")
    if "choices" in limits and value not in limits["choices"]:
        raise unknown(f"value of {name}", str(value), map(str, limits["choices"]))
    if kind is float and not math.isfinite(float(value)):
        raise wrong
    low = limits.get("ge", limits.get("gt", -math.inf))
    high = limits.get("le", limits.get("lt", math.inf))
    if kind in (int, float):
        inside = (value > low if "gt" in limits else value >= low) and (
            value < high if "lt" in limits else value <= high
        )
        if not inside:
            nearest = limits.get("ge") if value <= low else limits.get("le")
            hint = "" if nearest is None else f"; the nearest valid value is {nearest}"
            raise UserError(f"{wrong}{hint}")
    return value


def _parsed(text: str, kind: type, wrong: UserError) -> Any:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise wrong
        return text.lower() == "true"
    try:
        if kind is int and not text.strip().lstrip("+-").isdigit() and float(text).is_integer():
            return int(float(text))  # 1e3 is an integer where one is expected
        return kind(text)
    except (ValueError, OverflowError):
        raise wrong from None


def _expected(kind: type, limits: Mapping[str, Any]) -> str:
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    bounds = [f"{sign} {limits[key]}" for key, sign in signs.items() if key in limits]
    return " ".join([_WORDS[kind], " and ".join(bounds)]).strip()
