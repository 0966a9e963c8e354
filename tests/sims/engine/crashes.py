"""A disk that is recorded: what a program did to a folder, and all that a crash may leave of it.

POSIX keeps a file's content once it is synced, and a folder's entries once the folder is. Until
then each change of an entry may have reached the disk or not, whatever became of others.
"""

import contextlib
import itertools
import os
import stat
from pathlib import Path
from unittest import mock

# Pending changes of which all combinations are tried; of more, those that lack one, or have one.
ALL = 4


class Recorded:
    """The changes of a folder within a block, in order.

    Attributes:
        changes: ("write", name, content), ("sync", name), ("rename", name, to), ("unlink", name),
            ("mkdir", name), ("rmdir", name) or ("syncdir", name); names relative to the folder.
    """

    def __init__(self, root):
        self.root, self.changes = Path(root), []

    @contextlib.contextmanager
    def __call__(self):
        with contextlib.ExitStack() as stack:
            for name in ("mkdir", "rmdir", "unlink", "remove", "replace", "rename", "fsync"):
                real, told = getattr(os, name), getattr(self, f"_{name}")
                stack.enter_context(mock.patch.object(os, name, self._through(real, told)))
            yield self

    def _through(self, real, told):
        def call(*words, **more):
            known = told(*words, **more)
            found = real(*words, **more)
            self.changes += known
            return found

        return call

    def _name(self, path, dir_fd=None):
        """A path within the folder; None outside of it."""
        if dir_fd is not None:
            path = Path(os.readlink(f"/proc/self/fd/{dir_fd}")) / path
        path = Path(path)
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else None

    def _mkdir(self, path, mode=0o777, *, dir_fd=None):
        name = self._name(path, dir_fd)
        return [("mkdir", name)] if name else []

    def _rmdir(self, path, *, dir_fd=None):
        name = self._name(path, dir_fd)
        return [("rmdir", name)] if name else []

    def _unlink(self, path, *, dir_fd=None):
        name = self._name(path, dir_fd)
        return [("unlink", name)] if name else []

    _remove = _unlink

    def _replace(self, path, to):
        name, to = self._name(path), self._name(to)
        return [*self._written(name), ("rename", name, to)] if name else []

    _rename = _replace

    def _fsync(self, handle):
        name = self._name(os.readlink(f"/proc/self/fd/{handle}"))
        if name is None:
            return []
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            return [("syncdir", name)]
        return [*self._written(name), ("sync", name)]

    def _written(self, name):
        """A file that was written since the last change of it that is known."""
        content = (self.root / name).read_bytes()
        for change in reversed(self.changes):
            if change[0] == "write" and change[1] == name:
                return [] if change[2] == content else [("write", name, content)]
        return [("write", name, content)]


def crashes(changes):
    """Every state that a crash may leave after every beginning of some changes, each once.

    Yields:
        {name: content, None of a folder}.
    """
    seen = set()
    for count in range(len(changes) + 1):
        begun = changes[:count]
        pending = _pending(begun)
        for lost in _lost(pending):
            for torn in (1.0, 0.5):
                tree = left_by(begun, lost, torn)
                key = frozenset(tree.items())
                if key not in seen:
                    seen.add(key)
                    yield tree


def _pending(changes):
    """Positions of the changes of entries whose folder was not synced since."""
    pending = []
    for at, change in enumerate(changes):
        if change[0] == "syncdir":
            pending = [k for k in pending if _folder(changes[k]) != change[1]]
        elif change[0] != "sync":
            pending.append(at)
    return pending


def _folder(change):
    return str(Path(change[-1] if change[0] == "rename" else change[1]).parent)


def _lost(pending):
    """Sets of pending changes that did not reach the disk."""
    if len(pending) <= ALL:
        for count in range(len(pending) + 1):
            yield from map(set, itertools.combinations(pending, count))
        return
    yield set()
    for at, one in enumerate(pending):
        yield {one}
        yield set(pending) - {one}
        yield set(pending[at:])


def left_by(changes, lost=frozenset(), torn=1.0):
    """What stands where some changes are lost, and of unsynced content only a share is there."""
    entries, content, synced, inode = {".": None}, {}, set(), {}
    for at, change in enumerate(changes):
        kind, name = change[:2]
        if kind == "write":
            inode[name] = at
            content[at] = change[2]
        elif kind == "sync":
            synced.add(inode[name])
        elif kind == "rename":
            inode[change[2]] = inode.pop(name)
        elif kind == "unlink":
            inode.pop(name, None)
        if at in lost or kind in ("sync", "syncdir"):
            continue
        if kind == "mkdir":
            entries[name] = None
        elif kind == "write":
            entries[name] = at
        elif kind == "rename":
            entries.pop(name, None)
            entries[change[2]] = inode[change[2]]
        else:
            entries.pop(name, None)
    tree = {}
    for name, at in sorted(entries.items()):
        # What stands in a folder that was lost, or was removed with it, is lost as well.
        if name != "." and all(entries.get(str(p), 0) is None for p in Path(name).parents):
            whole = None if at is None else content[at]
            if at is not None and at not in synced:
                whole = whole[: round(torn * len(whole))]
            tree[name] = whole
    return tree


def made(tree, root):
    """A folder as a crash left it."""
    root.mkdir()
    for name, content in tree.items():
        if content is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(content)
    return root


def found(root):
    """What stands in a folder, as `crashes` gives it."""
    return {
        str(path.relative_to(root)): None if path.is_dir() else path.read_bytes()
        for path in sorted(root.rglob("*"))
    }
