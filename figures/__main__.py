"""`python -m figures`: compute what is missing, decide every claim, draw, write the report."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sims.engine.cli import (
    AMISS,
    FINISHED,
    Parser,
    guarded,
    launch_options,
    leave,
    of_jobs,
    shared_options,
)
from sims.engine.errors import UserError, unknown

if TYPE_CHECKING:  # imported when a command needs them, so that --help is quick
    from figures.evidence import Check, Evidence, Figure
    from sims.engine.launch import Jobs
    from sims.engine.store import Store
    from sims.engine.work import Pool
    from theory.claims import Outcome

PROG = "python -m figures"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.share is not None and not options.verify:
        parser.error("--share says how much --verify FILE computes; expected --verify too")
    does = _compare if options.compare else _verify if options.verify else _figures
    asked = {name for name in ("compare", "verify", "bundle", "launch") if getattr(options, name)}
    if does is not _figures and len(asked) > 1:
        parser.error(f"--{' and --'.join(sorted(asked))} do not go together; choose one")
    return guarded(PROG, lambda: does(options))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=PROG,
        parents=[shared_options()],
        description="Run the sweeps that are missing, draw every figure with its numbers, decide "
        "every claim, and write the report, a site that begins at DIR/report/index.html. What was "
        "decided or drawn before stands while the code and the results that it rests on do.",
        epilog="Exit code 0: finished; 1: a claim is in a state that the register does not expect, "
        "or a run diverged that should not; 2: usage.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a paper or paper.figure; default: everything"
    )
    parser.add_argument("--preset", default="quick", help="quick (default), paper, ...")
    parser.add_argument(
        "--single-file",
        action="store_true",
        help="write the report as one file too, DIR/report.html",
    )
    parser.add_argument(
        "--compare",
        metavar="OTHER",
        help="compute nothing; tell which claims and figures differ from those of the results "
        "folder OTHER, and write DIR/report/comparison.html",
    )
    parser.add_argument(
        "--bundle",
        metavar="FILE",
        help="write report, figures, verdicts, runs and code into one archive too, FILE.zip",
    )
    parser.add_argument(
        "--verify",
        metavar="FILE",
        help="compute a random share of a bundle's runs again, and nothing else; exit code 1 where "
        "a number differs",
    )
    parser.add_argument("--share", type=float, metavar="S", help="of --verify, default .01")
    launch_options(parser)
    return parser


def _verify(options: argparse.Namespace) -> int:
    from pathlib import Path

    from figures.bundle import SHARE, verify
    from figures.plain import plain
    from sims.engine.devices import prepare

    if options.names:
        raise UserError("--verify takes a bundle, and no NAME")
    share = SHARE if options.share is None else options.share
    if not 0 < share <= 1:
        raise UserError(f"--share {share:g}: expected a share of the runs, above 0 and at most 1")
    prepare(options.device)
    found = verify(Path(options.verify), share, options.quiet or options.json)
    if options.json:
        print(json.dumps(plain({**found._asdict(), "same": found.same}), indent=1))
    else:
        print(*found.lines(), sep="\n")
    return FINISHED if found.same else AMISS


def _compare(options: argparse.Namespace) -> int:
    from pathlib import Path

    from figures.report.site import write_comparison

    if options.names:
        raise UserError("--compare takes whole results folders, and no NAME")
    path, found = write_comparison(Path(options.results), Path(options.compare), options.preset)
    if options.json:
        print(json.dumps({"report": str(path), **dataclasses.asdict(found)}, indent=1))
    else:
        print(*found.lines(), f"report: {path}", sep="\n")
    return FINISHED


def _figures(options: argparse.Namespace) -> int:
    from pathlib import Path

    from figures.bundle import write_bundle
    from figures.evidence import Evidence
    from figures.plain import plain
    from figures.production import Shown, produce, stored
    from figures.report.entries import line
    from figures.report.site import write_report, write_single_file
    from sims.engine.devices import prepare
    from sims.engine.store import Store

    of_jobs(options)  # a slip is told before anything else is
    chosen = _chosen(options.names)
    _known_preset(options.preset, chosen)
    prepare(options.device)
    quiet = options.quiet or options.json
    evidence = Evidence(Store(options.results), options.preset, quiet, reads=True)
    plans = [_Plan(paper, names, evidence) for paper, names in chosen.items()]
    steps = [step for plan in plans for step in plan.steps]
    page = functools.partial(write_report, evidence.store.root, evidence.preset)
    stand = sum(plan.stand for plan in plans)
    have = stored(evidence) if steps else set()
    with (
        Shown(steps, options.preset, quiet, have, stand) as shown,
        _workers(options, evidence.store, None if steps else 0) as workers,
    ):
        produce(steps, workers, shown, page)
    path = page()
    if options.single_file:
        path = write_single_file(evidence.store.root, evidence.preset)
    if options.bundle:
        write_bundle(evidence.store.root, Path(options.bundle))
    sweeps = {id: count for plan in plans for id, count in plan.diverged.items()}
    diverged = sum(sweeps.values())
    outcomes = [plan.outcomes[check.id] for plan in plans for check in plan.checks]
    if options.json:
        rows = [plain(outcome.row()) for outcome in outcomes]
        print(json.dumps({"report": str(path), "verdicts": rows, "diverged": diverged}, indent=1))
    else:
        for outcome in outcomes:
            print(line(outcome))
        print(f"report: {path}")
        if diverged:
            print(f"{diverged} runs diverged that should not")
    return AMISS if diverged or any(outcome.unexpected for outcome in outcomes) else FINISHED


def _workers(options: argparse.Namespace, store: Store, processes: int | None) -> Pool | Jobs:
    """What computes what is missing: processes beside this one, or jobs."""
    from sims.engine.work import Pool

    given = of_jobs(options)
    if options.launch is not None and processes is None:
        from sims.engine.launch import Jobs, Resources

        return Jobs(store, options.launch, Resources(**given))
    return Pool(store, options.quiet or options.json, processes)


def _chosen(names: list[str]) -> dict[str, list[str] | None]:
    """Papers to draw, each with its figures by name, or None for the whole paper."""
    import figures
    from sims.engine.rooms import papers, room

    known = papers(figures, figures.NOT_ROOMS)
    chosen: dict[str, list[str] | None] = {}
    for name in names or known:
        paper, _, figure = name.partition(".")
        if paper not in known:
            raise unknown("figure", name, known)
        drawn = [drawing.name for drawing in room(figures, paper).FIGURES]
        if figure and figure not in drawn:
            raise unknown("figure", name, [f"{paper}.{other}" for other in drawn])
        before = chosen.setdefault(paper, [] if figure else None)
        if before is not None:
            chosen[paper] = [*before, figure] if figure else None
    return chosen


def _known_preset(preset: str, papers: Mapping[str, Any]) -> None:
    from sims.engine.rooms import sweeps

    found = [presets for name, presets in sweeps().items() if name.split(".")[0] in papers]
    presets = {"quick"}.union(*found)
    if preset not in presets:
        raise unknown("preset", preset, presets)


class _Plan:
    """The claims of a paper, or of some of its figures, and the figures, as steps.

    Attributes:
        checks: in the room's order.
        outcomes: what was found, by claim.
        steps: what does not stand as it was filed; a figure comes after the claims that it shows.
        stand: how many claims and figures do.
        diverged: of every sweep that they rest on, how many runs diverged that should not, by id.
    """

    def __init__(self, paper: str, names: list[str] | None, evidence: Evidence) -> None:
        import figures
        from figures.production import Step
        from sims.engine.rooms import room

        here = room(figures, paper)
        self.paper, self.evidence = paper, evidence
        self.outcomes: dict[str, Outcome] = {}
        self.stand, self.diverged = 0, {}
        self.shown = {
            claim: drawing.name for drawing in reversed(here.FIGURES) for claim in drawing.claims
        }
        drawings = [drawing for drawing in here.FIGURES if names is None or drawing.name in names]
        wanted = {claim for drawing in drawings for claim in drawing.claims}
        self.checks = [check for check in here.CHECKS if names is None or check.id in wanted]
        open_ = {
            check.id: Step(check.id, functools.partial(self.decide, check))
            for check in self.checks
            if not self.decided_before(check)
        }
        self.steps = list(open_.values())
        for drawing in drawings:
            if _drawable(drawing, evidence.preset):
                before = [open_[claim] for claim in drawing.claims if claim in open_]
                draw = functools.partial(self.draw, drawing)
                if before or not self.drawn_before(drawing):
                    self.steps.append(Step(f"{paper}.{drawing.name}", draw, before))
                continue
            where = f"{paper}.{drawing.name} is drawn at preset {', '.join(drawing.presets)}"
            if names is not None:
                raise UserError(f"{where}, not at {evidence.preset}")
            if not evidence.quiet:
                print(f"  {where}")

    def decided_before(self, check: Check) -> bool:
        """Whether what was filed of a claim stands; it is taken up then."""
        from figures.standing import standing_verdict

        figure = self.shown.get(check.id, "")
        found = standing_verdict(self.paper, check, figure, self.evidence)
        if found is not None:
            self.outcomes[check.id] = found
            self.stand += 1
            self.rests_on(found.sources)
        return found is not None

    def drawn_before(self, figure: Figure) -> bool:
        """Whether a figure stands as it was drawn."""
        from figures.standing import standing_figure

        outcomes = [self.outcomes[id] for id in figure.claims]
        sources = standing_figure(self.paper, figure, outcomes, self.evidence)
        if sources is not None:
            self.stand += 1
            self.rests_on(sources)
        return sources is not None

    def decide(self, check: Check) -> None:
        """Decide a claim."""
        from figures.filing import decided

        figure = self.shown.get(check.id, "")
        self.outcomes[check.id] = decided(self.paper, check, figure, self.evidence)
        self.rests_on(self.outcomes[check.id].sources)

    def draw(self, figure: Figure) -> None:
        """Draw a figure, whose claims are decided by now."""
        from figures.filing import drawn

        outcomes = [self.outcomes[id] for id in figure.claims]
        self.rests_on(drawn(self.paper, figure, self.evidence, outcomes))

    def rests_on(self, sources: Sequence[Mapping[str, Any]]) -> None:
        """Note the sweeps among some sources."""
        self.diverged |= {source["id"]: source.get("diverged", 0) for source in sources}


def _drawable(drawing: Figure, preset: str) -> bool:
    return not drawing.presets or preset in drawing.presets


if __name__ == "__main__":
    leave(main())
