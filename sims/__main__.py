"""`python -m sims`: list, run and show sweeps."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from sims.engine.cli import AMISS, FINISHED, Parser, guarded, shared_options
from sims.engine.errors import UserError

if TYPE_CHECKING:  # JAX is imported when a command needs it, so that --help is quick
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
    commands.add_parser("list", parents=[shared], help="every experiment, its presets and settings")
    for command, help in (("run", "compute what is missing"), ("show", "what is stored")):
        sub = commands.add_parser(command, parents=[shared], help=help, description=help)
        sub.add_argument("name", metavar="NAME", help="an experiment, as in list")
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
    return parser


def _sweep(options: argparse.Namespace) -> Sweep:
    from sims.engine.devices import prepare
    from sims.engine.experiment import parse_setting, with_settings
    from sims.engine.rooms import find_sweep
    from sims.engine.sweep import Sweep

    prepare(options.device)
    sweep = find_sweep(options.name, options.preset)
    base, axes = sweep.base, dict(sweep.axes)
    fixed: dict[str, Any] = {}
    for word in options.set:
        name, equals, text = word.partition("=")
        if not equals:
            raise UserError(f"--set {word}: expected key=value, for example --set steps=100")
        values = tuple(parse_setting(type(base), name, part) for part in text.split(","))
        axes.pop(name, None)
        if len(values) == 1:
            fixed[name] = values[0]
        else:
            axes[name] = values
    seeds = sweep.seeds if options.seeds is None else options.seeds
    return Sweep(with_settings(base, **fixed), axes, seeds)


def _list(options: argparse.Namespace) -> int:
    from sims.engine.experiment import settings_of, traced_names
    from sims.engine.rooms import sweeps

    found = []
    for name, presets in sweeps().items():
        base = next(iter(presets.values())).base
        traced = traced_names(type(base))
        found.append(
            {
                "name": name,
                "experiment": type(base).__name__,
                "presets": {preset: len(sweep.runs()) for preset, sweep in presets.items()},
                "settings": {
                    key: {
                        "default": getattr(base, key),
                        "kind": "traced" if key in traced else "static",
                        "help": field.metadata["help"],
                    }
                    for key, field in settings_of(type(base)).items()
                },
            }
        )
    if options.json:
        print(json.dumps(found, indent=1))
        return FINISHED
    for entry in found:
        runs = ", ".join(f"{preset} ({count} runs)" for preset, count in entry["presets"].items())
        print(f"{entry['name']}: {runs}")
        if not options.quiet:
            for key, setting in entry["settings"].items():
                value = f"{key} = {setting['default']}"
                print(f"    {value:28} {setting['kind']:7} {setting['help']}")
    return FINISHED


def _run(options: argparse.Namespace) -> int:
    from sims.engine.execute import forecast, run
    from sims.engine.progress import clock
    from sims.engine.store import Store

    sweep = _sweep(options)
    store = Store(options.results)
    if options.dry_run:
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
    report = run([sweep], store, quiet=options.quiet)
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
        )
        for run_, at in report.unexpected:
            print(f"    seed {run_.seed} diverged at step {at}: {run_.experiment}")
    return AMISS if report.unexpected else FINISHED


def _show(options: argparse.Namespace) -> int:
    from sims.engine.results import index, load
    from sims.engine.store import Store, read_json

    sweep = _sweep(options)
    store = Store(options.results)
    wanted = {run.id for run in sweep.runs()}
    stored = wanted & index(store, sweep.name).keys()
    partial = store.folder("partial", sweep.name).glob("*/batch.json")
    running = [len(wanted & set(read_json(path)["runs"])) for path in partial]
    complete = len(stored) == len(wanted)
    data = load(store, sweep) if complete else None
    if options.json:
        found = {"experiment": sweep.name, "wanted": len(wanted), "stored": len(stored)}
        found |= {"under_way": sum(running), "data": data and data.to_dict(data=False)}
        print(json.dumps(found, indent=1, default=str))
    else:
        print(
            f"{options.name}: {len(stored)} of {len(wanted)} runs stored, {sum(running)} under way"
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
    sys.exit(main())
