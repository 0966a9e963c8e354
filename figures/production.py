"""From claims and figures to what they need, so that a reader gets most of it soonest.

A step (deciding a claim, drawing a figure) is tried; what its evidence lacks is computed by a
process beside this one, and the step is tried again once it is there. So nothing is computed that
nobody asks for, and a figure is drawn as soon as what it rests on is stored.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from figures.evidence import Evidence, Missing, label
from sims.engine.errors import Incomplete, UserError
from sims.engine.progress import PLAIN_EVERY, clock
from sims.engine.rooms import sweeps
from sims.engine.work import Work

if TYPE_CHECKING:
    from sims.engine.launch import Jobs
    from sims.engine.work import Pool

    Workers = Pool | Jobs  # processes beside this one, or jobs

COSTS = Path(__file__).with_name("costs.json")
# Seconds between two looks at the processes, of work that nobody timed yet, and to begin any.
LOOK, UNKNOWN, BEGIN = 0.2, 10.0, 1.5
# Seconds between two writings of the page while figures arrive.
PAGE_EVERY = 20.0


@dataclasses.dataclass(eq=False)
class Step:
    """Something to decide or to draw.

    Attributes:
        name: a claim's id, or `paper.figure`.
        do: raises `Missing` while it lacks something.
        before: steps that must be done first.
    """

    name: str
    do: Callable[[], None]
    before: Sequence[Step] = ()

    @property
    def draws(self) -> bool:
        """Whether it is a figure."""
        return "." in self.name


@functools.cache
def ledger() -> Mapping[str, Mapping[str, Any]]:
    """What rooms cost, paper -> preset, as `benchmarks.ledger` measured it."""
    return json.loads(COSTS.read_text(encoding="utf-8"))


def known(preset: str) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Seconds of a core that works took at a preset, by name, and what every step rested on."""
    seconds: dict[str, float] = {}
    needs: dict[str, list[str]] = {}
    for presets in ledger().values():
        seconds |= presets.get(preset, {}).get("works", {})
        needs |= presets.get(preset, {}).get("needs", {})
    return seconds, needs


def cheapest_first(steps: Sequence[Step], preset: str) -> list[Step]:
    """Figures by the seconds that they rest on, each after its claims; then all other claims."""
    seconds, needs = known(preset)

    def cost(step: Step) -> float:
        rests = {name for part in (step, *step.before) for name in needs.get(part.name, ())}
        return sum(seconds.get(name, UNKNOWN) for name in rests) if rests else UNKNOWN

    ordered: dict[Step, None] = {}
    for step in sorted((step for step in steps if step.draws), key=cost):
        ordered |= dict.fromkeys((*step.before, step))
    return list(ordered | dict.fromkeys(steps))


def produce(
    steps: Sequence[Step], pool: Workers, shown: Shown, page: Callable[[list[str]], object]
) -> None:
    """Do every step, computing what it lacks.

    Args:
        page: writes the report, told which figures are still to come.

    Raises:
        Incomplete: interrupted, or the code changed meanwhile.
    """
    left = dict.fromkeys(steps)
    waiting: dict[str, list[Step]] = {}
    tried: collections.deque[Step] = collections.deque(cheapest_first(steps, shown.preset))
    written = -PAGE_EVERY
    while left:
        for _ in range(len(tried)):
            step = tried.popleft()
            if any(other in left for other in step.before):
                tried.append(step)
                continue
            try:
                step.do()
            except Missing as missing:
                if missing.work.id not in waiting:
                    pool.submit(missing.work)
                waiting.setdefault(missing.work.id, []).append(step)
            else:
                del left[step]
                coming = [other.name for other in left if other.draws]
                shown.done(step, len(left))
                if step.draws and coming and time.monotonic() - written > PAGE_EVERY:
                    page(coming)
                    written = time.monotonic()
            shown.tell(pool)
        if waiting:
            for work in pool.finished(LOOK):
                if work.missing(pool.store):
                    raise Incomplete(f"the code of {work.name} changed meanwhile; run it again")
                tried.extendleft(reversed(waiting.pop(work.id)))
                shown.finished(work, pool)
            shown.tell(pool)


def stored(evidence: Evidence) -> set[str]:
    """Names of works that the store holds: whole sweeps, and tables of whatever settings."""
    seconds, _ = known(evidence.preset)
    found = {label(path.name) for path in evidence.store.folder("tables").glob("*")}
    for name in seconds.keys() & sweeps().keys():
        with contextlib.suppress(UserError):  # the ledger may know a preset that is no more
            if not Work(name, (evidence.find(name),)).missing(evidence.store):
                found.add(name)
    return found


class Shown:
    """How far everything is: one line that changes on a terminal, new ones elsewhere.

    Args:
        steps: all that is to be done.
        preset: says what the ledger knows of them.
        quiet: show nothing.
        have: names of works that need not be done.
        stand: claims and figures that stand as they are.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        preset: str,
        quiet: bool,
        have: Set[str] = frozenset(),
        stand: int = 0,
    ) -> None:
        self.preset, self.quiet, self.total, self.left = preset, quiet, len(steps), len(steps)
        self.seconds, needs = known(preset)
        self.needs = {step.name: set(needs.get(step.name, ())) - have for step in steps}
        self.took: dict[str, float] = {}
        self.begun = self.last = time.monotonic()
        figures = sum(step.draws for step in steps)
        before = f"; {stand} of either stand as they are" if stand else ""
        self.say(f"{len(steps) - figures} claims to decide, {figures} figures to draw{before}")
        terminal = sys.stderr.isatty() and not quiet
        self.bar = tqdm(total=1, bar_format="{desc}", file=sys.stderr) if terminal else None

    def eta(self, pool: Workers) -> float:
        """Seconds that works begun, waiting or expected will still take, on as many cores."""
        expected = sum(self.seconds.get(name, UNKNOWN) + BEGIN for name in self.took)
        pace = sum(self.took.values()) / expected if expected > UNKNOWN else 1.0
        going = {work.name for work in pool.unfinished}
        needed = set().union(*self.needs.values()) - self.took.keys() - going
        rest = [pace * (self.seconds.get(name, UNKNOWN) + BEGIN) for name in needed]
        for work in pool.unfinished:
            share, begun = pool.shares.get(work.id, 0.0), pool.begun.get(work.id)
            left = pace * (self.seconds.get(work.name, UNKNOWN) + BEGIN) * (1 - share)
            if work.name not in self.seconds and share > 0 and begun is not None:
                # Nobody has measured it, so that its own pace is all there is.
                left = (time.monotonic() - begun) * (1 - share) / share
            rest.append(left)
        return max(sum(rest) / max(1, pool.size), max(rest, default=0.0))

    def done(self, step: Step, left: int) -> None:
        """A step is done; it needs nothing more."""
        self.left = left
        self.needs.pop(step.name, None)
        if step.draws:
            self.say(
                f"{step.name} is drawn, {clock(time.monotonic() - self.begun)} after the start"
            )

    def finished(self, work: Work, pool: Workers) -> None:
        """A work is in the store."""
        self.took[work.name] = pool.seconds[work.id]

    def say(self, line: str) -> None:
        """One line that stays."""
        if not self.quiet:
            tqdm.write(line, file=sys.stderr)

    def tell(self, pool: Workers) -> None:
        """Say how far it is, where there is a line for it or it is time for a new one."""
        now = time.monotonic()
        if self.quiet or (self.bar is None and now - self.last < PLAIN_EVERY):
            return
        self.last = now
        doing = [
            f"{work.name} {f'{share:.0%}' if share else clock(now - pool.begun[work.id])}"
            for work in pool.now
            for share in [pool.shares.get(work.id)]
        ]
        line = f"{self.total - self.left} of {self.total} done; {', '.join(doing) or 'drawing'}; "
        line += f"about {clock(self.eta(pool))} left"
        if self.bar is not None:
            self.bar.set_description_str(line)
        else:
            self.say(line)

    def __enter__(self) -> Shown:
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()
