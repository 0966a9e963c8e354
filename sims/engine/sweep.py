"""Runs and sweeps: what is asked for, as data."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from sims.engine.errors import UserError
from sims.engine.experiment import Experiment, with_settings
from sims.engine.identity import digest, experiment_name, run_id


@dataclasses.dataclass(frozen=True)
class Run:
    """One experiment at one seed. Its result depends on nothing else."""

    experiment: Experiment
    seed: int

    @property
    def id(self) -> str:
        """The name that its result is filed under."""
        return run_id(self.experiment, self.seed)


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A grid of runs.

    Attributes:
        base: the settings that all runs share.
        axes: values of the settings that vary, by name; the grid is their product.
        seeds: number of seeds; they are 0 .. seeds - 1, so a larger number adds runs.

    Raises:
        UserError: an axis names no setting, a value does not fit, or there is no seed.
    """

    base: Experiment
    axes: Mapping[str, Sequence[Any]] = dataclasses.field(default_factory=dict)
    seeds: int = 1

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise UserError(
                f"seeds = {self.seeds}: expected an integer >= 1; the nearest valid value is 1"
            )
        for name, values in self.axes.items():
            if len(set(values)) < len(values) or not values:
                raise UserError(f"{name} = {list(values)}: expected distinct values, at least one")
        self.points()

    def points(self) -> list[Experiment]:
        """The settings of the grid, last axis fastest."""
        grid = itertools.product(*self.axes.values())
        return [with_settings(self.base, **dict(zip(self.axes, at, strict=True))) for at in grid]

    def runs(self) -> list[Run]:
        """Every run, seeds fastest."""
        return [Run(point, seed) for point in self.points() for seed in range(self.seeds)]

    @property
    def name(self) -> str:
        """`paper.Experiment`."""
        return experiment_name(type(self.base))

    @property
    def id(self) -> str:
        """The name of this set of runs."""
        return digest([run.id for run in self.runs()])
