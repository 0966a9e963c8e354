"""The store: results by name, labelled, checked, and written whole or not at all.

    results/lemmax-store.json            marks the folder as ours
    results/runs/<experiment>/<id>.json  the record of finished batches; it names its data, a .nc
    results/partial/<experiment>/<id>/   a batch under way: its runs, and checkpoints as .npz
    results/partial/<experiment>/lock    a byte for each run, locked by who computes it
    results/plans/<id>.json              the size of batches that some runs were planned with
    results/tables/<name>/<id>.json      the record of a cached analysis, likewise
    results/claims/<id>.json             what was found of a claim, by preset
    results/figures/<paper>/             figures as PNG, PDF and the numbers behind them
    results/report/                      the page made of these

A record is written last and names the checksum of its data, what they hold and what they are the
result of: a reader who finds it finds a whole result, and a process killed at any moment, or a loss
of power, leaves either the old state or the new one. What is damaged counts as missing.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import hashlib
import json
import os
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sims.engine import forms
from sims.engine.errors import Damaged, Incomplete, UserError

if TYPE_CHECKING:  # xarray takes seconds to import, so only who reads or writes results does
    import xarray

MARKER = "lemmax-store.json"
# What the disk may say: no space (or no inode left), no quota, no right, no writing, no reading;
# and that a folder stands where a file should, or the other way round.
_DISK = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO),
    *(errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP, errno.ENAMETOOLONG),
)
# Some file systems do not sync a folder, and say so.
_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)
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
        self.verified: dict[Path, tuple[int, int]] = {}
        self.cleared = False
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
            try:
                found = read_json(marker, forms.MARKER)["format"]
            except Damaged as damage:
                warnings.warn(f"{damage}; it is written again", stacklevel=2)
                write_json(marker, {"format": (found := FORMAT)})
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
            if (record := self.record(path)) is not None:
                yield path, record

    def stamps(self, kind: str, name: str) -> dict[Path, tuple[int, int]]:
        """When each record under `kind` and `name` was written, in ns, and how long it is."""
        found = {}
        for path in self.folder(kind, name).glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # dropped just now
                found[path] = _stamp(path)
        return found

    def record(self, path: Path) -> dict | None:
        """The record at `path`; None where there is none any more.

        One that is damaged, or whose data are gone, is dropped with a warning: its results count
        as missing from now on.

        Raises:
            UserError: it cannot be read, or not be dropped.
        """
        try:
            record = read_json(path, forms.RECORDS[path.parent.parent.name])
            if not path.with_name(record["data"]).is_file():
                raise Damaged(path, "its data are gone")
            return record
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self.drop(damage)
            return None

    def drop(self, damage: Damaged) -> None:
        """Drop a damaged record, so that its results count as missing, and say so.

        Raises:
            UserError: there is no right to.
        """
        try:
            damage.path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{damage}, and cannot be dropped: {error.strerror}") from None
        warnings.warn(f"{damage}; it is computed again", stacklevel=2)

    def verify(self, records: Iterable[Path]) -> None:
        """Drop those records whose data differ from what was filed; each is looked at once."""
        for path in records:
            with contextlib.suppress(FileNotFoundError):
                stamp = _stamp(path)
                if self.verified.get(path) == stamp or (record := self.record(path)) is None:
                    continue
                try:
                    _whole(path, record)
                    self.verified[path] = stamp
                except Damaged as damage:
                    self.drop(damage)

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
        about = {"data": path.name, "sha256": hashlib.sha256(content).hexdigest()}
        about = {**record, **about, "holds": _holds(data)}
        write_json(folder / f"{id}.json", forms.sealed(about))

    def read(self, path: Path) -> xarray.Dataset:
        """The labelled result whose record is at `path`, in memory, verified.

        Raises:
            Damaged: its data are not those that were filed; the record is dropped.
            UserError: it cannot be read.
        """
        import xarray

        try:
            record = read_json(path, forms.RECORDS[path.parent.parent.name])
            with xarray.open_dataset(_whole(path, record), engine="h5netcdf") as dataset:
                data = dataset.load()
            if record.get("holds", _holds(data)) != _holds(data):
                raise Damaged(path, "its data hold other variables than were filed")
            return data
        except FileNotFoundError:
            raise Damaged(path, "it is gone") from None
        except Damaged as damage:
            self.drop(damage)
            raise


def _holds(data: xarray.Dataset) -> dict[str, list]:
    """Of each variable of a result, its dimensions and their lengths, as JSON values."""
    return {str(name): [list(d) for d in v.sizes.items()] for name, v in data.variables.items()}


def _whole(path: Path, record: Mapping) -> Path:
    """The data of a record, their checksum verified.

    Raises:
        Damaged: they are gone, or others than were filed.
    """
    data = path.with_name(record["data"])
    try:
        with data.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        raise Damaged(path, "its data are gone") from None
    except OSError as error:
        raise UserError(f"cannot read {data}: {error.strerror}") from None
    if checksum != record["sha256"]:
        raise Damaged(path, "its data differ from what was filed")
    return data


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_mtime_ns, about.st_size


@contextlib.contextmanager
def writing(path: Path, *, lasting: bool = True) -> Iterator[Path]:
    """A temporary name beside `path`; on leaving the block it becomes `path` in one step.

    Args:
        lasting: whether it has to survive a loss of power once the block is left.

    Raises:
        Incomplete: the disk is full or not writable.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        _make(path.parent, lasting)
        yield temporary
        if lasting:
            sync(temporary)
        os.replace(temporary, path)
        if lasting:
            sync(path.parent)
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


def _make(folder: Path, lasting: bool) -> None:
    """Make a folder and those above it."""
    if not folder.is_dir():
        _make(folder.parent, lasting)
        folder.mkdir(exist_ok=True)
        if lasting:
            sync(folder.parent)


def sync(path: Path) -> None:
    """Have the disk hold a file's content, or a folder's entries."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC or not path.is_dir():
            raise
    finally:
        os.close(handle)


def write_json(path: Path, value: Any, *, lasting: bool = True) -> None:
    """Write JSON at `path`, whole or not at all; `lasting` as for `writing`."""
    text = json.dumps(value, indent=1, allow_nan=False)
    with writing(path, lasting=lasting) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path, form: Any = None) -> dict:
    """The JSON object at `path`.

    Args:
        form: that it must have, one of `forms`.

    Raises:
        Damaged: it is no JSON object, or none of this form, or was changed.
        FileNotFoundError: there is none.
        UserError: it cannot be read.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError, IsADirectoryError):
        raise Damaged(path, "no JSON") from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if reason := forms.wrong(value, {} if form is None else form):
        raise Damaged(path, reason)
    return value


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
