"""Steps are done once what they lack is there, cheapest first, and nothing else is computed."""

import dataclasses

import pytest

from figures import production
from figures.evidence import Evidence, Missing
from figures.production import BEGIN, Shown, Step, cheapest_first, produce, stored
from sims.engine import rooms
from sims.engine.errors import Incomplete
from sims.engine.execute import run
from sims.engine.sweep import Sweep
from sims.engine.work import Pool, Work
from tests.sims.engine.toy import Quadratic


@dataclasses.dataclass(frozen=True)
class Thing(Work):
    """A work that is known by its name, and stored once it was done."""

    sweeps: tuple = ()

    @property
    def id(self):
        return self.name

    def missing(self, store):
        return self.name not in store


class Bench(Pool):
    """Processes that finish what was asked for, the latest first."""

    size, now, unfinished = 2, (), ()

    def __init__(self, files=True):
        self.store, self.asked, self.files = set(), [], files
        self.shares, self.begun, self.seconds = {}, {}, {}

    def submit(self, work):
        self.asked.append(work.name)
        self.unfinished = [*self.unfinished, work]

    def finished(self, seconds):
        *self.unfinished, work = self.unfinished
        self.store |= {work.name} if self.files else set()
        self.seconds[work.id] = 1.0
        return [work]


@pytest.fixture
def needs(monkeypatch):
    """A ledger in which b is cheap, a dear, and c unknown."""
    room = {"works": {"long": 100.0, "short": 1.0}}
    room["needs"] = {"p.a": ["long"], "C-A": ["long"], "p.b": ["short"]}
    monkeypatch.setattr(production, "ledger", lambda: {"p": {"quick": room}})


def trial(bench, log, *names):
    """A step that lacks `names`, one after the other."""

    def do(name):
        for part in names:
            if Thing(part).missing(bench.store):
                raise Missing(Thing(part))
        log.append(name)

    return do


def plan(bench, log):
    claim = Step("C-A", lambda: trial(bench, log, "long", "table")("C-A"))
    a = Step("p.a", lambda: trial(bench, log, "long")("p.a"), [claim])
    b = Step("p.b", lambda: trial(bench, log, "short")("p.b"))
    c = Step("p.c", lambda: trial(bench, log)("p.c"))
    other = Step("C-B", lambda: trial(bench, log, "short")("C-B"))
    return [claim, a, b, c, other]


def test_figures_come_in_the_order_of_what_they_cost_each_after_its_claims(needs):
    order = [step.name for step in cheapest_first(plan(Bench(), []), "quick")]
    assert order == ["p.b", "p.c", "C-A", "p.a", "C-B"]


def test_every_step_is_done_and_each_work_once(needs):
    bench, log, pages = Bench(), [], []
    steps = plan(bench, log)
    with Shown(steps, "quick", True) as shown:
        produce(steps, bench, shown, pages.append)
    assert sorted(log) == ["C-A", "C-B", "p.a", "p.b", "p.c"]
    assert log.index("C-A") < log.index("p.a") and log[0] == "p.c"
    assert bench.asked == ["short", "long", "table"]
    assert pages == [["p.a", "p.b"]]


def test_what_is_not_there_when_it_is_done_is_no_endless_loop(needs):
    bench = Bench(files=False)
    steps = plan(bench, [])
    with Shown(steps, "quick", True) as shown, pytest.raises(Incomplete, match="changed meanwhile"):
        produce(steps, bench, shown, lambda coming: None)


def test_what_is_left_is_what_the_ledger_says_at_the_pace_so_far(needs):
    bench = Bench()
    with Shown(plan(bench, []), "quick", True) as shown:
        assert shown.eta(bench) == pytest.approx(100.0 + BEGIN)
        bench.unfinished, bench.shares["long"] = [Thing("long")], 0.75
        assert shown.eta(bench) == pytest.approx((100.0 + BEGIN) / 4)
        bench.seconds["short"] = 3.0
        shown.finished(Thing("short"), bench)
        assert shown.eta(bench) == pytest.approx((100.0 + BEGIN) / 4)
        bench.seconds["long"] = 200.0
        bench.shares.clear()
        bench.unfinished = [Thing("strange")]
        shown.finished(Thing("long"), bench)
        assert shown.eta(bench) == pytest.approx((10.0 + BEGIN) * 203 / (101 + 2 * BEGIN))


def test_what_the_ledger_does_not_know_is_left_at_its_own_pace(needs, monkeypatch):
    bench = Bench()
    bench.unfinished = [Thing("strange")]
    with Shown([], "quick", True) as shown:
        monkeypatch.setattr(production.time, "monotonic", lambda: 500.0)
        bench.begun["strange"] = 440.0
        assert shown.eta(bench) == pytest.approx(10.0 + BEGIN)
        bench.shares["strange"] = 0.25
        assert shown.eta(bench) == pytest.approx(180.0)
        # What has a cost is believed, whatever it took so far.
        bench.unfinished, bench.begun["long"], bench.shares["long"] = [Thing("long")], 440.0, 0.5
        assert shown.eta(bench) == pytest.approx((100.0 + BEGIN) / 2)


def test_what_the_store_holds_is_not_waited_for(needs, store, monkeypatch):
    """A whole sweep and a table count as stored, a sweep that lacks a run does not."""
    whole, part = (Sweep(Quadratic(steps=2, log_every=1, size=n), seeds=2) for n in (3, 4))
    presets = {"long": {"quick": whole}, "short": {"quick": part}}
    for module in (production, rooms):
        monkeypatch.setattr(module, "sweeps", lambda: presets)
    run([whole, dataclasses.replace(part, seeds=1)], store, quiet=True)
    (store.folder("tables") / "figures.p.measured.rows").mkdir(parents=True)
    have = stored(Evidence(store, "quick", quiet=True))
    assert have == {"long", "p.rows"}
    bench = Bench()
    with Shown(plan(bench, []), "quick", True, have) as shown:
        assert shown.eta(bench) == pytest.approx(1.0 + BEGIN)
