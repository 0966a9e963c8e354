"""What figures and checks are made of, and where they get their data.

A room of this layer offers `TITLE`, `FIGURES` and `CHECKS`; everything in it asks an `Evidence` for
sweeps and tables by name, which computes what the store lacks and notes what was used.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import xarray

from sims.engine.execute import Report, run
from sims.engine.experiment import with_settings
from sims.engine.results import load, table
from sims.engine.rooms import find_sweep
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from theory.claims import Verdict

if TYPE_CHECKING:
    import matplotlib.figure


@dataclasses.dataclass
class Evidence:
    """Sweeps and tables of one store at one preset.

    Attributes:
        store: where results are kept.
        preset: which of each sweep's presets to use.
        quiet: show no progress.
        used: provenance of what was asked for since it was last cleared, by name.
        reports: what was run.
        loaded: results read so far, by sweep id.
    """

    store: Store
    preset: str
    quiet: bool = False
    used: dict[str, Any] = dataclasses.field(default_factory=dict)
    reports: list[Report] = dataclasses.field(default_factory=list)
    loaded: dict[str, xarray.Dataset] = dataclasses.field(default_factory=dict)

    def find(self, name: str) -> Sweep:
        """The sweep called `name`, at this preset."""
        return find_sweep(name, self.preset)

    def sweep(self, sweep: str | Sweep) -> xarray.Dataset:
        """A sweep's results, by its name in `sims` or as a sweep; computed where missing."""
        found = self.find(sweep) if isinstance(sweep, str) else sweep
        if found.id not in self.loaded:
            self.reports.append(run([found], self.store, quiet=self.quiet))
            self.loaded[found.id] = load(self.store, found)
        data = self.loaded[found.id]
        name = sweep if isinstance(sweep, str) else found.name
        settings = {k: v for k, v in data.attrs.items() if k not in ("provenance", "experiment")}
        settings |= {axis: list(values) for axis, values in found.axes.items()}
        settings["seeds"] = found.seeds
        self.used[name] = {
            "settings": settings,
            "provenance": json.loads(data.attrs["provenance"]),
        }
        return data

    def table(
        self, function: Callable[..., Any], *parents: str | Sweep, **settings: Any
    ) -> xarray.Dataset:
        """`function(*sweeps, **settings)`, cached in the store."""
        sweeps = []
        for parent in parents:
            self.sweep(parent)
            sweeps.append(self.find(parent) if isinstance(parent, str) else parent)
        data = table(self.store, function, *sweeps, **settings)
        self.used[function.__name__] = {"settings": settings, "provenance": []}
        return data


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure: a name, what it shows, and how to draw it.

    Attributes:
        name: within the room, e.g. `"dynamics"`.
        title: one line.
        caption: what is plotted, and what the reader should see.
        draw: from the evidence to a Matplotlib figure and the numbers behind it.
        claims: ids of the claims that it shows.
        presets: where its sweeps exist; everywhere when empty.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[Evidence], tuple[matplotlib.figure.Figure, Mapping[str, Any]]]
    claims: Sequence[str] = ()
    presets: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Check:
    """How a claim is decided, and how the decision is shown to be able to fail.

    Attributes:
        claim: id of the claim.
        decide: a pure function from the findings to a verdict.
        findings: from the evidence, the arguments of `decide`.
        broken: likewise, of the claim's falsifier: `decide` must say that the claim fails.
        presets: where the claim can be decided; everywhere when empty.
    """

    claim: str
    decide: Callable[..., Verdict]
    findings: Callable[[Evidence], Sequence[Any]]
    broken: Callable[[Evidence], Sequence[Any]]
    presets: Sequence[str] = ()

    def verdict(self, evidence: Evidence) -> Verdict:
        """Decide the claim, or say that this preset cannot."""
        if self.presets and evidence.preset not in self.presets:
            where = f"decided at: {', '.join(self.presets)}"
            return Verdict(self.claim, None, None, "", where, "not run at this preset")
        return self.decide(*self.findings(evidence))


def override(sweep: Sweep, *, seeds: int | None = None, **settings: Any) -> Sweep:
    """`sweep` with other settings or seeds; a setting that was an axis is one no longer."""
    axes = {name: values for name, values in sweep.axes.items() if name not in settings}
    count = sweep.seeds if seeds is None else seeds
    return Sweep(with_settings(sweep.base, **settings), axes, count)
