"""What the commands share: options, one-line errors, exit codes. Imports nothing heavy."""

from __future__ import annotations

import argparse
import functools
import io
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from sims.engine import interrupt
from sims.engine.errors import Incomplete, UserError

FINISHED, AMISS, USAGE = 0, 1, 2


class Parser(argparse.ArgumentParser):
    """argparse whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: error: {_line(message)}; see {self.prog} --help\n")


def _line(message: object) -> str:
    """A message in one line, whatever it quotes."""
    return " ".join(str(message).split())


def shared_options() -> Parser:
    """The options that every command takes, as a parent parser."""
    options = Parser(add_help=False)
    options.add_argument("--results", default="results", metavar="DIR", help="results folder")
    options.add_argument(
        "--device", choices=("cpu", "gpu", "tpu"), help="default: the best present"
    )
    options.add_argument("--quiet", action="store_true", help="no progress, only the outcome")
    options.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return options


def launch_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of jobs that compute what is missing."""
    parser.add_argument(
        "--launch", choices=("slurm", "local"), help="as jobs of a cluster, or one a core"
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="how many share a sweep's runs")
    parser.add_argument("--time", type=int, metavar="MINUTES", help="of a job (default: 60)")
    parser.add_argument("--partition", metavar="NAME", help="of the cluster")
    parser.add_argument("--gpus", type=int, metavar="N", help="of a job (default: none)")


def of_jobs(options: argparse.Namespace) -> dict[str, Any]:
    """What was asked for of every job, by name.

    Raises:
        UserError: something was, and no jobs are to be launched.
    """
    names = ("jobs", "time", "partition", "gpus")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    if given and options.launch is None:
        raise UserError(f"--{min(given)}: expected --launch slurm or local beside it")
    return given


def one_blas_thread() -> None:
    """Keep LAPACK to one thread; must come before NumPy is imported.

    Every core has a device of its own with runs on it. With a thread a core as well, the threads of
    two devices wait for each other: three times slower, measured on ridge paths on two cores.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _warned(prog: str, message: Warning | str, category: type[Warning], *where: object) -> None:
    """A warning of ours on one line; those of others with their category."""
    kind = "" if category is UserWarning else f"{category.__name__}: "
    print(f"{prog}: {kind}{_line(message)}", file=sys.stderr)


def guarded(prog: str, command: Callable[[], int]) -> int:
    """Run `command` and turn its expected ends into one line and an exit code."""
    one_blas_thread()
    interrupt.listen(prog)
    for stream in (sys.stdout, sys.stderr):  # a terminal may lack a letter of a path or a formula
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # What a notebook's kernel leaves in the environment is no backend for a command.
    os.environ["MPLBACKEND"] = "Agg"
    try:
        with warnings.catch_warnings():
            warnings.showwarning = functools.partial(_warned, prog)
            return command()
    except UserError as error:
        print(f"{prog}: error: {_line(error)}", file=sys.stderr)
        return USAGE
    except Incomplete as error:
        print(f"{prog}: {_line(error)}", file=sys.stderr)
        return AMISS
    except KeyboardInterrupt:
        print(f"{prog}: {interrupt.STOPPED}", file=sys.stderr)
        return AMISS
    except BrokenPipeError:
        # The reader of a pipe went away; keep Python's own flush at exit from complaining.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINISHED
    except Exception as error:
        # Raised inside a callback from C code, an interruption comes out as the cause of another.
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, KeyboardInterrupt):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            raise
        print(f"{prog}: {interrupt.STOPPED}", file=sys.stderr)
        return AMISS


def leave(code: int) -> NoReturn:
    """End the process of a command; at once after a signal, when a compiler's threads may still run
    and would crash the interpreter that is taken down around them."""
    if interrupt.requested():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
