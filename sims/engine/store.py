"""The store: results by name, labelled, checked, and written whole or not at all.

    results/lemmax-store.json            marks the folder as ours
    results/runs/<experiment>/<id>.json  the record of finished batches; it names its data, a .nc
    results/partial/<experiment>/<id>/   a batch under way: its runs and checkpoints
    results/partial/<experiment>/lock    a byte for each run, locked by who computes it
    results/plans/<id>.json              the size of batches that some runs were planned with
    results/tables/<name>/<id>.json      the record of a cached analysis, likewise
    results/claims/<id>.json             what was found of a claim, by preset
    results/figures/<paper>/             figures as PNG, PDF and the numbers behind them
    results/report/                      the page made of these

A record is written last and names the checksum of its data: a reader who finds it finds a whole
result, and a process killed at any moment leaves either the old state or the new one.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sims.engine.errors import Incomplete, UserError

if TYPE_CHECKING:  # xarray takes seconds to import, so only who reads or writes results does
    import xarray

MARKER = "lemmax-store.json"
# What the disk may say: no space (or no inode left), no quota, no right, no writing, no reading.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)
FORMAT = 1


class Index(NamedTuple):
    """What the records of an experiment were found to hold, each read once.

    Attributes:
        stamps: of the records that were read, as `Store.stamps` gives them.
        runs: the runs in them, by id, as `results.index` gives them.
    """

    stamps: dict[Path, tuple[int, int]]
    runs: dict[str, tuple[Path, int, int]]


class Store:
    """A results folder.

    Args:
        root: the folder; `~` is the user's home.
        create: whether to make it when it is missing.

    Raises:
        UserError: the folder cannot be written, is not a results folder, or is a newer format.
    """

    def __init__(self, root: str | os.PathLike[str] = "results", *, create: bool = True) -> None:
        self.root = Path(root).expanduser()
        self.indices: dict[str, Index] = {}
        marker = self.root / MARKER
        if not create and not marker.exists():
            near = difflib.get_close_matches(self.root.name, self._beside(), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "; it is made by the first run"
            raise UserError(f"there is no results folder {self.root}{hint}")
        try:
            if not marker.exists():
                # Another process may be writing the marker just now, under a temporary name.
                others = self.root.glob("*") if self.root.is_dir() else ()
                foreign = any(not path.name.startswith((f".{MARKER}", ".git")) for path in others)
                if foreign and not marker.exists():
                    raise UserError(
                        f"{self.root} holds other files and no {MARKER}, so it is no results "
                        "folder; give --results an empty or a new folder"
                    )
                write_json(marker, {"format": FORMAT})
            found = read_json(marker).get("format")
        except (OSError, Incomplete) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(
                f"cannot write results in {self.root}: {reason}; give --results a folder "
                "that you may write"
            ) from None
        if found != FORMAT:
            raise UserError(
                f"{self.root} has store format {found}, this version writes {FORMAT}; use the "
                "version that made it, or a new folder"
            )

    def _beside(self) -> list[str]:
        """Results folders beside this one."""
        return [path.parent.name for path in self.root.parent.glob(f"*/{MARKER}")]

    def folder(self, kind: str, *parts: str) -> Path:
        """A folder of the store, e.g. `folder("runs", "icl_regression.Training")`."""
        return self.root.joinpath(kind, *parts)

    def records(self, kind: str, name: str) -> Iterator[tuple[Path, dict]]:
        """(path, content) of the record of every whole result filed under `kind` and `name`."""
        for path in sorted(self.folder(kind, name).glob("*.json")):
            yield path, read_json(path)

    def stamps(self, kind: str, name: str) -> dict[Path, tuple[int, int]]:
        """When each record under `kind` and `name` was written, in ns, and how long it is."""
        found = {}
        for path in self.folder(kind, name).glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # dropped just now
                about = path.stat()
                found[path] = (about.st_mtime_ns, about.st_size)
        return found

    def write(self, kind: str, name: str, id: str, data: xarray.Dataset, record: Mapping) -> None:
        """File a labelled result under `kind`, `name` and `id`.

        Raises:
            Incomplete: the disk is full or not writable; nothing half-written is visible.
        """
        folder = self.folder(kind, name)
        # A new name each time: two writers of one result never mix one's data with the other's sum.
        path = folder / f"{id}.{uuid.uuid4().hex[:8]}.nc"
        encoding = {key: {"zlib": True, "complevel": 1} for key in data.data_vars}
        # NetCDF has no truth values among attributes.
        plain = {k: int(v) if isinstance(v, bool) else v for k, v in data.attrs.items()}
        data = data.drop_attrs(deep=False).assign_attrs(plain)
        # In memory first: where the disk is full, HDF5 ends the process instead of saying so.
        content = bytes(data.to_netcdf(engine="h5netcdf", encoding=encoding))
        with writing(path) as temporary:
            temporary.write_bytes(content)
        checksum = hashlib.sha256(content).hexdigest()
        write_json(folder / f"{id}.json", {**record, "data": path.name, "sha256": checksum})

    def read(self, path: Path) -> xarray.Dataset:
        """The labelled result whose record is at `path`, in memory, its checksum verified.

        Raises:
            UserError: the file is missing or damaged.
        """
        import xarray

        record = read_json(path)
        data = path.with_name(str(record.get("data")))
        if not data.exists() or _checksum(data) != record.get("sha256"):
            raise UserError(
                f"{data} is damaged (its checksum differs from its record); delete {path} and run "
                "again to recompute it"
            )
        with xarray.open_dataset(data, engine="h5netcdf") as dataset:
            return dataset.load()


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`; on leaving the block it becomes `path` in one step.

    Raises:
        Incomplete: the disk is full or not writable.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno not in _DISK:
            raise
        raise Incomplete(
            f"cannot write {path}: {reason}; what was finished is kept, mend this and run again"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write JSON at `path`, whole or not at all."""
    text = json.dumps(value, indent=1, allow_nan=False)
    with writing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict:
    """The JSON object at `path`.

    Raises:
        UserError: it is damaged or no JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(value, dict):
            return value
    except ValueError:
        pass
    raise UserError(f"{path} is damaged (no JSON object); delete it and run again")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
