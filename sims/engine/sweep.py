"""Runs and sweeps: what is asked for, as data."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sims.engine.code import digest
from sims.engine.errors import UserError
from sims.engine.experiment import Experiment, settings_of, with_settings
from sims.engine.identity import experiment_code, experiment_name, run_id

# Runs that are planned within seconds.
MOST = 100_000


@dataclasses.dataclass(frozen=True)
class Run:
    """One experiment at one seed. Its result depends on nothing else.

    Attributes:
        start: the run that it starts from; None where it starts by itself.
        stage: the stage of that run; None for its final state.
        code: digest of the experiment's code when the run was asked for; taken now where empty.
    """

    experiment: Experiment
    seed: int
    start: Run | None = None
    stage: int | None = None
    code: str = dataclasses.field(default="", compare=False)

    @property
    def name(self) -> str:
        """`paper.Experiment`."""
        return experiment_name(type(self.experiment))

    @functools.cached_property
    def id(self) -> str:
        """The name that its result is filed under."""
        code = self.code or digest(experiment_code(type(self.experiment)))
        start = f"{self.start.id} {self.stage}" if self.start else ""
        return run_id(self.experiment, self.seed, code, start)


class Start(NamedTuple):
    """Where the runs of a sweep start: from the runs of another, seed by seed.

    Attributes:
        sweep: the other one, taken at as many seeds, and along its axes at the values of the runs
            that start.
        stage: a stage that its runs keep; None for their final states, which `keep_state` files.
    """

    sweep: Sweep
    stage: int | None = None


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A grid of runs.

    Attributes:
        base: the settings that all runs share.
        axes: values of the settings that vary, by name; the grid is their product.
        seeds: number of seeds; they are 0 .. seeds - 1, so a larger number adds runs.
        start: where its runs start, if from others; a run whose stage was not reached diverges.

    Raises:
        UserError: an axis names no setting, a value does not fit, there is no seed, or what the
            runs start from is not kept.
    """

    base: Experiment
    axes: Mapping[str, Sequence[Any]] = dataclasses.field(default_factory=dict)
    seeds: int = 1
    start: Start | None = None

    def __post_init__(self) -> None:
        if type(self.seeds) is not int:
            raise UserError(f"seeds = {self.seeds!r}: expected an integer >= 1")
        if self.seeds < 1:
            raise UserError(
                f"seeds = {self.seeds}: expected an integer >= 1; the nearest valid value is 1"
            )
        for name, values in self.axes.items():
            if len(set(values)) < len(values) or not values:
                raise UserError(f"{name} = {list(values)}: expected distinct values, at least one")
        points = math.prod(len(values) for values in self.axes.values())
        if self.seeds * points > MOST:
            raise UserError(
                f"seeds = {self.seeds} at {points} points: expected at most {MOST} runs in a "
                f"sweep; the nearest valid value is {max(1, MOST // points)}"
            )
        self.points()
        if self.start is not None:
            self._check(self.start)

    def _check(self, start: Start) -> None:
        other = start.sweep
        for axis in other.axes:
            if axis not in settings_of(type(self.base)):
                raise UserError(
                    f"{other.name} has the axis {axis}, and runs of {self.name} that start there "
                    f"have no setting {axis}: expected one, or an origin without that axis"
                )
        if start.stage is None and not other.base.keep_state:
            raise UserError(
                f"{other.name} files no final state to start from: expected keep_state = true"
            )
        if start.stage is not None and not 0 <= start.stage < other.base.stages:
            raise UserError(
                f"stage = {start.stage}: expected one of the {other.base.stages} stages of "
                f"{other.name}, counted from 0"
            )

    def points(self) -> list[Experiment]:
        """The settings of the grid, last axis fastest."""
        grid = itertools.product(*self.axes.values())
        return [with_settings(self.base, **dict(zip(self.axes, at, strict=True))) for at in grid]

    def runs(self) -> list[Run]:
        """Every run, seeds fastest."""
        code = digest(experiment_code(type(self.base)))
        origin = self.origin()
        axes = tuple(origin.axes) if origin else ()
        others = origin.runs() if origin else []
        starts = {(_at(run.experiment, axes), run.seed): run for run in others}
        stage = self.start and self.start.stage
        return [
            Run(point, seed, starts.get((_at(point, axes), seed)), stage, code)
            for point in self.points()
            for seed in range(self.seeds)
        ]

    def origin(self) -> Sweep | None:
        """The sweep that its runs start from: as many seeds, and those values of its axes."""
        if self.start is None:
            return None
        other, points = self.start.sweep, self.points()
        axes = {
            axis: tuple(dict.fromkeys(getattr(point, axis) for point in points))
            for axis in other.axes
        }
        return dataclasses.replace(other, seeds=self.seeds, axes=axes)

    @property
    def name(self) -> str:
        """`paper.Experiment`."""
        return experiment_name(type(self.base))

    @property
    def id(self) -> str:
        """The name of this set of runs."""
        return digest([run.id for run in self.runs()])


def _at(experiment: Experiment, axes: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(experiment, axis) for axis in axes)
