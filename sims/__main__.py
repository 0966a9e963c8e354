"""`python -m sims`: list, run and show sweeps."""

from __future__ import annotations

import argparse
import json
import os
import textwrap
from collections.abc import Mapping
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
from sims.engine.errors import UserError

if TYPE_CHECKING:  # JAX is imported when a command needs it, so that --help is quick
    from sims.engine.store import Store
    from sims.engine.sweep import Sweep

PROG = "python -m sims"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    return guarded(PROG, lambda: _COMMANDS[options.command](options))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog=PROG, description="Run experiments and keep their results.")
    shared = shared_options()
    commands = parser.add_subparsers(dest="command", required=True, metavar="list | run | show")
    sub = commands.add_parser(
        "list", parents=[shared], help="papers; a paper's sweeps; a sweep's settings"
    )
    sub.add_argument("name", nargs="?", metavar="NAME", help="a paper or paper.sweep")
    for command, help in (("run", "compute what is missing"), ("show", "what is stored")):
        sub = commands.add_parser(command, parents=[shared], help=help, description=help)
        sub.add_argument("name", metavar="NAME", help="a sweep, as in list")
        sub.add_argument("--preset", default="quick", help="quick (default), paper, ...")
        sub.add_argument("--seeds", type=int, metavar="N", help="seeds 0 .. N-1 instead")
        sub.add_argument(
            "--set",
            action="extend",
            nargs="+",
            default=[],
            metavar="key=value",
            help="settings; a,b makes an axis",
        )
        if command == "run":
            sub.add_argument("--dry-run", action="store_true", help="say what would be done")
            launch_options(sub)
    return parser


def _sweep(options: argparse.Namespace) -> tuple[Sweep, dict[str, Any]]:
    """The sweep that is asked for, and the settings that were set."""
    from sims.engine.check import check_sweep
    from sims.engine.devices import prepare
    from sims.engine.experiment import parse_setting
    from sims.engine.front import find, varied

    prepare(options.device)
    sweep = find(options.name, options.preset)
    settings: dict[str, Any] = {}
    for word in options.set:
        name, equals, text = word.partition("=")
        if not equals:
            raise UserError(f"--set {word}: expected key=value, for example --set steps=100")
        values = [parse_setting(type(sweep.base), name, part) for part in text.split(",")]
        if name in settings:
            raise UserError(f"--set {word}: {name} is set twice; expected {name}=a,b for an axis")
        settings[name] = values if len(values) > 1 else values[0]
    sweep = varied(sweep, options.seeds, settings)
    if options.command == "run":  # what cannot be run is refused before a folder is made
        check_sweep(sweep)
    return sweep, settings


def _list(options: argparse.Namespace) -> int:
    from sims.engine.errors import unknown
    from sims.engine.rooms import sweeps

    known = sweeps()
    papers = list(dict.fromkeys(name.partition(".")[0] for name in known))
    if options.name and options.name not in (*known, *papers):
        raise unknown("sweep", options.name, [*known, *papers] if "." in options.name else papers)
    chosen = {
        name: presets
        for name, presets in known.items()
        if not options.name or options.name in (name, name.partition(".")[0])
    }
    if options.json:
        print(json.dumps([_described(*entry) for entry in chosen.items()], indent=1))
    elif options.name in known:
        _print_sweep(_described(options.name, known[options.name]), options.quiet)
    elif options.name:
        _print_paper(chosen)
    else:
        for paper in papers:
            names = [name.partition(".")[2] for name in chosen if name.startswith(f"{paper}.")]
            print(f"{paper}: {len(names)} sweeps")
            if not options.quiet:
                print(textwrap.fill(", ".join(names), 96, initial_indent="    ",
                                    subsequent_indent="    "))  # fmt: skip
    return FINISHED


def _described(name: str, presets: Mapping[str, Sweep]) -> dict[str, Any]:
    """A named sweep as JSON; a setting's own value at a preset where it has one."""
    from sims.engine.experiment import settings_of, traced_names

    kind = type(next(iter(presets.values())).base)
    traced = traced_names(kind)
    settings = {}
    for key, field in settings_of(kind).items():
        at = {
            preset: list(sweep.axes[key]) if key in sweep.axes else getattr(sweep.base, key)
            for preset, sweep in presets.items()
        }
        own = {preset: value for preset, value in at.items() if value != field.default}
        kinds = "traced" if key in traced else "static"
        entry = {"default": field.default, "kind": kinds, "help": field.metadata["help"]}
        settings[key] = entry | ({"presets": own} if own else {})
    runs = {preset: len(sweep.runs()) for preset, sweep in presets.items()}
    return {"name": name, "experiment": kind.__name__, "presets": runs, "settings": settings}


def _print_paper(chosen: Mapping[str, Mapping[str, Sweep]]) -> None:
    width = max(map(len, chosen))
    for name, presets in chosen.items():
        runs = ", ".join(f"{preset} {len(sweep.runs())}" for preset, sweep in presets.items())
        kind = type(next(iter(presets.values())).base).__name__
        print(f"{name:{width}}  {kind:16} runs: {runs}")


def _print_sweep(entry: Mapping[str, Any], quiet: bool) -> None:
    runs = ", ".join(f"{preset} ({count} runs)" for preset, count in entry["presets"].items())
    print(f"{entry['name']}, {entry['experiment']}: {runs}")
    if quiet:
        return
    width = max(map(len, entry["settings"]))
    for key, setting in entry["settings"].items():
        own = ", ".join(f"{at}: {value}" for at, value in setting.get("presets", {}).items())
        default, kind, help = str(setting["default"]), setting["kind"], setting["help"]
        print(f"    {key:{width}}  {default:10} {kind:7} {help}{' | ' if own else ''}{own}")


def _run(options: argparse.Namespace) -> int:
    from sims.engine.execute import run
    from sims.engine.front import in_words
    from sims.engine.parts import part
    from sims.engine.progress import clock
    from sims.engine.store import Store

    sweep, settings = _sweep(options)
    store = Store(options.results)
    if options.dry_run:
        return _dry_run(options, sweep, store)
    _launch(options, sweep, store)
    at, of = part(os.environ)
    report = run([sweep], store, quiet=options.quiet, part=(at, of))
    if options.json:
        print(
            json.dumps(
                {
                    "experiment": sweep.name,
                    "wanted": report.wanted,
                    "computed": report.computed,
                    "compilations": report.compilations,
                    "diverged": [
                        {"run": run.id, "seed": run.seed, "step": at} for run, at in report.diverged
                    ],
                    "seconds": report.seconds,
                },
                indent=1,
            )
        )
    else:
        print(
            f"{options.name}: {report.wanted} runs, {report.computed} computed in "
            f"{clock(report.seconds)}, {len(report.diverged)} diverged"
            + (f"; share {at + 1} of {of}" if of > 1 else "")
        )
        line = in_words(options.name, options.preset, options.seeds, settings, "python")
        print(f"read it: from sims import load; data = {line}")
        for run_, at in report.unexpected:
            print(f"    seed {run_.seed} diverged at step {at}: {run_.experiment}")
    return AMISS if report.unexpected else FINISHED


def _dry_run(options: argparse.Namespace, sweep: Sweep, store: Store) -> int:
    from sims.engine.forecast import forecast
    from sims.engine.progress import clock

    groups = forecast([sweep], store, quiet=options.quiet)
    if options.json:
        print(json.dumps(groups, indent=1))
        return FINISHED
    for group in groups:
        print(
            f"{group['experiment']}: {group['missing']} of {group['runs']} runs missing, "
            f"{group['batches']} batches of {group['batch_size']}, "
            f"{group['compilations']} compilations, "
            f"{group['bytes_per_device'] / 2**20:.1f} MiB a device, at most about "
            f"{clock(group['seconds'])}"
        )
    return FINISHED


def _launch(options: argparse.Namespace, sweep: Sweep, store: Store) -> None:
    """Let jobs compute what is missing, where that is asked for."""
    given = of_jobs(options)
    if options.launch is not None:
        from sims.engine.launch import Resources, launch

        launch(sweep, store, options.launch, Resources(**given), quiet=options.quiet)


def _show(options: argparse.Namespace) -> int:
    from sims.engine.plan import under_way
    from sims.engine.results import index, load
    from sims.engine.store import Store

    sweep, _ = _sweep(options)
    store = Store(options.results, create=False)
    wanted = {run.id for run in sweep.runs()}
    stored = wanted & index(store, sweep.name).keys()
    running = set().union(*(kept["runs"] for _, kept in under_way(store, sweep.name)))
    running &= wanted - stored
    complete = len(stored) == len(wanted)
    data = load(store, sweep) if complete else None
    if options.json:
        found = {"experiment": sweep.name, "wanted": len(wanted), "stored": len(stored)}
        found |= {"under_way": len(running), "data": data and data.to_dict(data=False)}
        print(json.dumps(found, indent=1, default=str))
    else:
        print(
            f"{options.name}: {len(stored)} of {len(wanted)} runs stored, {len(running)} under way"
        )
        if data is not None and not options.quiet:
            sources = json.loads(data.attrs.pop("provenance"))
            print(data)
            for source in sources:
                print(
                    f"batch of {source['batch_size']} on {source['device']}, "
                    f"{source['wall_s']:.1f} s, {source['finished']}, commit {source['commit']}"
                )
    return FINISHED if complete else AMISS


_COMMANDS = {"list": _list, "run": _run, "show": _show}

if __name__ == "__main__":
    leave(main())
