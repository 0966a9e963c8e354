"""What figures and checks are made of, and where they get their data.

A room of this layer offers `TITLE`, `FIGURES` and `CHECKS`; everything in it asks an `Evidence` for
sweeps and tables by name, which computes what the store lacks and notes what was used.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import xarray

from sims.engine.errors import Damaged
from sims.engine.experiment import with_settings
from sims.engine.identity import settings as settings_of_run
from sims.engine.results import index, load
from sims.engine.rooms import find_sweep
from sims.engine.store import Store
from sims.engine.sweep import Sweep
from sims.engine.tables import table, table_path, table_record
from sims.engine.work import Work
from theory.claims import Claim, Verdict, claim

if TYPE_CHECKING:
    import matplotlib.figure


@dataclasses.dataclass(frozen=True)
class Source:
    """A sweep or a table that something rests on.

    Attributes:
        id: what its results are filed under.
        kind: `"sweep"` or `"table"`.
        name: `paper.sweep` as the presets call it, or the table's function.
        settings: by name; the values of an axis as a list.
        parents: ids of the sweeps that a table reads.
        provenance: of every batch, or of the table.
        records: where they are in the store.
        diverged: of a sweep, how many runs diverged that should not.
    """

    id: str
    kind: str
    name: str
    settings: Mapping[str, Any]
    parents: Sequence[str]
    provenance: Sequence[Mapping[str, Any]]
    records: Sequence[str] = ()
    diverged: int = 0

    def summary(self) -> dict[str, Any]:
        """Without its records, and with each commit, version and device of its batches once."""
        whole = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        made = whole.pop("provenance")
        del whole["records"]
        seconds = sum(part.get("wall_s", 0.0) for part in made)
        return {**whole, "seconds": seconds, "made": distinct(made)}


def label(name: str) -> str:
    """A table's name without its layer and kind: `icl_regression.flows.ends`."""
    return name.removeprefix("figures.").replace(".measured.", ".")


def distinct(provenance: Sequence[Mapping[str, Any]]) -> dict[str, list]:
    """Every commit, device and set of versions that occurs, in order of first occurrence."""
    found: dict[str, list] = {"commit": [], "device": [], "versions": []}
    for made in provenance:
        for name, values in found.items():
            if made.get(name) not in values:
                values.append(made.get(name))
    return found


class Missing(Exception):
    """What was asked for has to be computed first.

    Attributes:
        work: what computes it.
    """

    def __init__(self, work: Work) -> None:
        super().__init__(work.name)
        self.work = work


# Results that stay in memory at a time: those of one figure, more or less.
LOADED = 12


@dataclasses.dataclass
class Evidence:
    """Sweeps and tables of one store at one preset.

    Attributes:
        store: where results are kept.
        preset: which of each sweep's presets to use.
        quiet: show no progress.
        reads: compute nothing; raise `Missing` for what the store lacks.
        loaded: the latest results read, by sweep id.
        filed: records of every sweep asked for, and how many runs diverged that should not, by id.
        used: what was asked for, by id, parents first; see `noted`.
    """

    store: Store
    preset: str
    quiet: bool = False
    reads: bool = False
    loaded: dict[str, xarray.Dataset] = dataclasses.field(default_factory=dict)
    filed: dict[str, tuple[list[str], int]] = dataclasses.field(default_factory=dict)
    used: dict[str, Source] = dataclasses.field(default_factory=dict)

    @contextlib.contextmanager
    def noted(self) -> Iterator[dict[str, Source]]:
        """What is asked for within the block, by id, parents first."""
        before, self.used = self.used, {}
        try:
            yield self.used
        finally:
            self.used = before | self.used

    def find(self, name: str) -> Sweep:
        """The sweep called `name`, at this preset."""
        return find_sweep(name, self.preset)

    def sweep(self, sweep: str | Sweep) -> xarray.Dataset:
        """A sweep's results, by its name in `sims` or as a sweep; computed where missing."""
        found = self.find(sweep) if isinstance(sweep, str) else sweep
        name = sweep if isinstance(sweep, str) else found.name
        if found.id not in self.loaded:
            self._ensure(Work(name, (found,)))
            while len(self.loaded) >= LOADED:
                self.loaded.pop(next(iter(self.loaded)))
            try:
                self.loaded[found.id] = load(self.store, found)
            except Damaged:  # it counts as missing now
                self._ensure(Work(name, (found,)))
                self.loaded[found.id] = load(self.store, found)
        data = self.loaded[found.id]
        settings = settings_of_run(found.base)
        settings |= {axis: list(values) for axis, values in found.axes.items()}
        settings |= {"seeds": found.seeds, "preset": self.preset}
        made = json.loads(data.attrs["provenance"])
        records, diverged = self._filed(found)
        self.used[found.id] = Source(found.id, "sweep", name, settings, (), made, records, diverged)
        return data

    def table(
        self, function: Callable[..., Any], *parents: str | Sweep, **settings: Any
    ) -> xarray.Dataset:
        """`function(*sweeps, **settings)`, cached in the store."""
        for parent in parents:
            self.sweep(parent)
        sweeps = [self.find(part) if isinstance(part, str) else part for part in parents]
        name = label(f"{function.__module__}.{function.__qualname__}")
        self._ensure(Work(name, tuple(sweeps), function, settings))
        data = table(self.store, function, *sweeps, quiet=self.quiet, **settings)
        id, record = table_record(self.store, function, *sweeps, **settings)
        ids = tuple(sweep.id for sweep in sweeps)
        made = [record["provenance"]]
        path = table_path(self.store, function, *sweeps, **settings)
        records = [str(path.relative_to(self.store.root))]
        self.used[id] = Source(id, "table", record["table"], settings, ids, made, records)
        return data

    def _ensure(self, work: Work) -> None:
        """Compute what the store lacks, or say that it has to be."""
        if work.missing(self.store):
            if self.reads:
                raise Missing(work)
            work.do(self.store, quiet=self.quiet)

    def _filed(self, sweep: Sweep) -> tuple[list[str], int]:
        """A sweep's records, and how many runs diverged whose experiment does not declare it."""
        if sweep.id not in self.filed:
            known = index(self.store, sweep.name)
            found = [(run, known[run.id]) for run in sweep.runs()]
            records = {str(path.relative_to(self.store.root)) for _, (path, *_) in found}
            bad = sum(at >= 0 for run, (*_, at) in found if not run.experiment.may_diverge)
            self.filed[sweep.id] = sorted(records), bad
        return self.filed[sweep.id]


Numbers = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure: a name, what it shows, and how to draw it.

    Attributes:
        name: within the room, e.g. `"dynamics"`; the file that draws it has the same name.
        title: one line.
        caption: what is plotted, and what the reader should see; a function of the numbers where it
            quotes a result.
        draw: from the evidence to a Matplotlib figure and the numbers behind it.
        claims: ids of the claims that it shows.
        presets: where its sweeps exist; everywhere when empty.
    """

    name: str
    title: str
    caption: str | Callable[[Numbers], str]
    draw: Callable[[Evidence], tuple[matplotlib.figure.Figure, Numbers]]
    claims: Sequence[str] = ()
    presets: Sequence[str] = ()

    def told(self, numbers: Numbers) -> str:
        """The caption, with its numbers in it."""
        return self.caption if isinstance(self.caption, str) else self.caption(numbers)


@dataclasses.dataclass(frozen=True)
class Check:
    """How a claim is decided, and how the decision is shown to be able to fail.

    Attributes:
        id: of the claim; presets that can decide it and bounds are in the register.
        decide: a pure function from the claim and the findings to a verdict.
        findings: from the evidence, the further arguments of `decide`.
        broken: likewise, of the claim's falsifier: `decide` must say that the claim fails.
        whole: likewise, what the falsifier reads without its break: `decide` must say that the
            claim holds, or the falsifier may fail for another reason, such as too few data. The
            findings at the default preset where left out.
        slow: the falsifier, or its data without the break, asks for a sweep or takes many seconds;
            tests keep what both found.
    """

    id: str
    decide: Callable[..., Verdict]
    findings: Callable[[Evidence], Sequence[Any]]
    broken: Callable[[Evidence], Sequence[Any]]
    whole: Callable[[Evidence], Sequence[Any]] | None = None
    slow: bool = False

    @property
    def claim(self) -> Claim:
        """The claim, from the register."""
        return claim(self.id)

    def verdict(self, evidence: Evidence) -> Verdict:
        """Decide the claim, or say that this preset cannot."""
        if self.claim.expects(evidence.preset) == "not run at this preset":
            return Verdict(None, None, "", "not run at this preset")
        return self.decide(self.claim.at(evidence.preset), *self.findings(evidence))

    def falsified(self, evidence: Evidence) -> Verdict:
        """What the same check says of the falsifier; it must fail."""
        return self.decide(self.claim.at(evidence.preset), *self.broken(evidence))

    def confirmed(self, evidence: Evidence) -> Verdict:
        """What the same check says of the falsifier's data without the break; it must hold."""
        whole = self.whole or self.findings
        return self.decide(self.claim.at(evidence.preset), *whole(evidence))


def override(sweep: Sweep, *, seeds: int | None = None, **settings: Any) -> Sweep:
    """`sweep` with other settings or seeds; a setting that was an axis is one no longer."""
    axes = {name: values for name, values in sweep.axes.items() if name not in settings}
    count = sweep.seeds if seeds is None else seeds
    return Sweep(with_settings(sweep.base, **settings), axes, count)
