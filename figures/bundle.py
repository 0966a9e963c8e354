"""One archive with everything that a reader needs to check the results: `--bundle`, `--verify`.

    report/, figures/, claims/, runs/, tables/   the results folder, which is what the archive is
    code/                                        the code at its commit, derivations with it
    versions.txt                                 of every package that was there
    ro-crate-metadata.json                       what is what, for machines (RO-Crate)

So an unpacked archive is a results folder: every command reads it.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import json
import random
import subprocess
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from sims.engine.again import Again, differs, filed, kinds, latest, works
from sims.engine.errors import UserError
from sims.engine.progress import Progress
from sims.engine.provenance import provenance
from sims.engine.store import MARKER, Store, writing
from sims.engine.work import Pool

HOME = Path(__file__).parent.parent
# What of a results folder goes into the archive: all but work under way.
RESULTS = ("report", "figures", "claims", "runs", "tables", MARKER)
# Largest difference, of a variable's largest value, between runs that round differently.
CLOSE = 1e-4
SHARE = 0.01


def write_bundle(results: Path, file: Path) -> Path:
    """Write the archive `file` from what a results folder holds.

    Raises:
        UserError: the code is not to be found.
        Incomplete: the disk is full.
    """
    made = provenance()
    contents = {path: results / path for path in _results(results)}
    contents |= {PurePosixPath("code") / path: HOME / path for path in _code()}
    texts = {"versions.txt": _versions(), "ro-crate-metadata.json": _metadata(made)}
    with writing(file) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as zip:
        for path, at in sorted(contents.items()):
            zip.write(at, str(path))
        for name, text in texts.items():
            zip.writestr(name, text)
    return file


def _results(results: Path) -> Iterator[PurePosixPath]:
    for path in results.rglob("*"):
        inside = path.relative_to(results)
        if path.is_file() and inside.parts[0] in RESULTS and not path.name.startswith("."):
            yield PurePosixPath(inside.as_posix())


def _code() -> list[str]:
    """Files of the code as they are, without what its repository ignores; or the packages."""
    with contextlib.suppress(OSError):
        words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(words, cwd=HOME, capture_output=True, text=True)
        if listed.returncode == 0 and listed.stdout:
            return [name for name in listed.stdout.split("\0") if name and (HOME / name).is_file()]
    return [
        path.relative_to(HOME).as_posix()
        for layer in ("theory", "sims", "figures")
        for path in (HOME / layer).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    ]


def _versions() -> str:
    found = {d.name: d.version for d in importlib.metadata.distributions() if d.name}
    return "".join(f"{name}=={found[name]}\n" for name in sorted(found, key=str.lower))


def _metadata(made: dict[str, Any]) -> str:
    """What stands in the archive, as RO-Crate says it."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    commit = made["commit"] or "a copy that no repository tracks"
    crate.name = "Lemmax: theory against simulation, with all that its verdicts rest on"
    crate.description = (
        f"Report, figures, numbers, verdicts, derivations and runs, made by the code of {commit}"
        f"{', which had changes' if made['dirty'] else ''}. Begin with report/index.html; "
        "`python -m figures --verify` computes a share of the runs again."
    )
    crate.license = "https://spdx.org/licenses/Apache-2.0"
    crate.datePublished = datetime.datetime.fromisoformat(made["finished"])
    crate.root_dataset.append_to("mainEntity", {"@id": "report/index.html"})
    folders = {
        "figures": "figures as PNG and PDF, with the numbers behind them as JSON",
        "claims": "verdicts: state, estimate, interval, and what they rest on",
        "runs": "arrays of every run as NetCDF, beside settings, seeds and provenance",
        "tables": "analyses of runs, likewise",
        "code": f"code, tests and derivations at {commit}",
    }
    whole = {f"{name}/": {"@type": "Dataset", "description": s} for name, s in folders.items()}
    whole["report/index.html"] = {"@type": "File", "encodingFormat": "text/html"}
    whole["versions.txt"] = {"@type": "File", "encodingFormat": "text/plain"}
    whole["code/CITATION.cff"] = {"@type": "File", "description": "how to cite it"}
    for name, properties in whole.items():
        crate.add(ContextEntity(crate, name, properties))
        crate.root_dataset.append_to("hasPart", {"@id": name})
    return json.dumps(crate.metadata.generate(), indent=1)


class Verified(NamedTuple):
    """What computing runs again came to.

    Attributes:
        runs: in the archive that can be computed again.
        apart: how far each of those computed again is from what was filed of it, by its id.
        notes: lines about what is damaged or was made by other code.
        damaged: how many records are not as they were written.
    """

    runs: int
    apart: dict[str, float]
    notes: list[str]
    damaged: int

    @property
    def same(self) -> bool:
        """Whether nothing is damaged and every run came to the same numbers."""
        return not self.damaged and all(apart <= CLOSE for apart in self.apart.values())

    def lines(self) -> Iterator[str]:
        """What to tell a user."""
        yield from self.notes
        for id, apart in self.apart.items():
            if apart > CLOSE:
                yield f"run {id}: numbers differ, by {apart:.2g} of the largest"
        equal = sum(apart == 0 for apart in self.apart.values())
        close = sum(0 < apart <= CLOSE for apart in self.apart.values())
        yield (
            f"{len(self.apart)} of {self.runs} runs computed again: {equal} the same in every bit, "
            f"{close} within {CLOSE:g}, {len(self.apart) - equal - close} differ"
        )


def verify(file: Path, share: float = SHARE, quiet: bool = False) -> Verified:
    """Compute a random share of an archive's runs again, at least one, and compare every number.

    Raises:
        UserError: it is no such archive, or this code can compute nothing in it.
        Incomplete: interrupted.
    """
    with tempfile.TemporaryDirectory() as folder:
        there = _unpacked(file, Path(folder) / "there")
        before = set(there.folder("runs").glob("*/*.json"))
        with warnings.catch_warnings():  # they say that it is computed again
            warnings.simplefilter("ignore")
            there.verify(before)
        gone = sorted(path for path in before if not path.exists())
        shelf, known = filed(there), kinds()
        able, unknown = latest(shelf, known)
        if not able:
            reason = "; ".join(unknown) or "none is whole"
            raise UserError(f"{file} holds no run to compute again: {reason}")
        count = max(1, round(share * len(able)))
        chosen = random.SystemRandom().sample(sorted(able.values()), count)
        todo = works(chosen, shelf, known)
        notes = [f"{path.relative_to(there.root)} is damaged" for path in gone]
        notes += [f"{number} runs are left out: {reason}" for reason, number in unknown.items()]
        first = {run.name: run for run in chosen}
        notes += [f"{name}: {said}" for name in first if (said := differs(first[name], known))]
        here = Store(Path(folder) / "here")
        apart: dict[str, float] = {}
        with Progress(count, "computed again", quiet) as shown, Pool(here, quiet=True) as pool:
            for work in todo:
                pool.submit(work)
            while len(apart) < count:
                for work in pool.finished(1.0):
                    assert isinstance(work, Again)
                    found = work.distances(there, here)
                    apart |= {run.id: far for run, far in zip(work.filed, found, strict=True)}
                    shown.advance(float(len(found)))
        return Verified(len(able), apart, notes, len(gone))


def _unpacked(file: Path, folder: Path) -> Store:
    """The results folder in an archive."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if MARKER not in names:
                raise UserError(f"{file} is no bundle: expected what --bundle wrote")
            if (bad := archive.testzip()) is not None:
                raise UserError(f"{file} is damaged at {bad}")
            inside = [name for name in names if name.startswith("runs/") or name == MARKER]
            archive.extractall(folder, inside)
    except (OSError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot read {file}: {reason}; expected what --bundle wrote") from None
    return Store(folder, create=False)
