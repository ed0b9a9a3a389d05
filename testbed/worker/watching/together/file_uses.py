"""Records which files a worker uses, at which line, and between which collectives."""

from __future__ import annotations

import fcntl
import functools
import os
import sys
import tempfile
import time
import weakref
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tensorflow as tf

from testbed.check.observations.file_use import LOOK, READ, WRITE, FileMoment, FileUse
from testbed.check.observations.source_line import SourceLine
from testbed.launcher.machine.machine import identity
from testbed.worker.watching.file_hooks import OF_FILES, operation_path
from testbed.worker.watching.stack import author_place
from testbed.worker.watching.together.current_step import CurrentStep

# Further files of one kind, and further moments, are not recorded.
_FILES = 2_000
_MOMENTS = 100

_DEVICES = ("/dev/", "/proc/", "/sys/")
_INSTALLED = (f"{sys.prefix}/", f"{sys.base_prefix}/", "/usr/", "/etc/")
_CODE = (".py", ".pyc", ".pth", ".so")
# Programs open such files to exclude each other.
_LOCKS = (".lock", ".lck")


@dataclass
class _Uses:
    """The uses of one kind of one file at one line."""

    name: str
    moments: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    """By the collectives and steps before them: the first and the last time."""


class FileUses:
    """Records uses of files by the user's program, and by libraries that its lines call.

    The program may order the uses of several workers by collectives, or by locks.
    """

    def __init__(self, now: CurrentStep) -> None:
        self._now = now
        self._host = identity()
        self._process = os.getpid()
        self._uses: dict[str, dict[tuple[str, SourceLine], _Uses]] = defaultdict(dict)
        self._collectives = 0
        # tf.functions that run collectives; only their traces show it.
        self._joint: weakref.WeakSet[Any] = weakref.WeakSet()
        self._outermost: Any = None
        self._functions = 0
        self._is_locked = False

    def collective(self) -> None:
        """A collective is about to run, or is added to a trace."""
        if not tf.inside_function():
            self._collectives += 1
        elif self._outermost is not None:
            self._joint.add(self._outermost)

    def function_begins(self, function: Any) -> None:
        """A tf.function is called."""
        if not self._functions:
            self._outermost = function
        self._functions += 1

    def function_ends(self) -> None:
        """A tf.function has returned or raised."""
        self._functions -= 1
        if not self._functions:
            self._collectives += self._outermost in self._joint
            self._outermost = None

    def locked(self, operation: int) -> None:
        """Python locks or unlocks a file, as `fcntl.flock` does."""
        if operation & (fcntl.LOCK_EX | fcntl.LOCK_UN):
            self._is_locked = bool(operation & fcntl.LOCK_EX)

    def operation(self, kind: str, inputs: Any) -> None:
        """An operation of TensorFlow runs, which may use a file."""
        if kind in OF_FILES and (path := operation_path(kind, inputs)):
            self.used(OF_FILES[kind][0], path)

    def used(self, kind: str, path: Any) -> None:
        """A file is about to be used.

        Args:
            kind: as in `FileUse`.
            path: as Python and TensorFlow take it; anything else, as an open file, is ignored.
        """
        if not isinstance(path, (str, bytes, os.PathLike)) or self._is_locked:
            return
        if os.getpid() != self._process:
            return
        name = os.fsdecode(path)
        if _is_ignored(kind, name):
            return
        path = _path_of(kind, name, "" if name.startswith("/") else os.getcwd())  # noqa: PTH109
        if path and (place := author_place().place):
            uses = self._uses[kind]
            if (path, place) in uses or len(uses) < _FILES:
                self._add(uses.setdefault((path, place), _Uses(name)).moments)

    def _add(self, moments: dict[tuple[int, int], list[float]]) -> None:
        now, key = time.monotonic(), (self._collectives, self._now.steps)
        if key in moments:
            moments[key][1] = now
        else:
            if len(moments) >= _MOMENTS:
                # The last moment tells whether a file is read again.
                moments.popitem()
            moments[key] = [now, now]

    def uses(self) -> Iterator[FileUse]:
        """All uses so far."""
        for kind, uses in list(self._uses.items()):
            for (path, place), each in list(uses.items()):
                moments = tuple(FileMoment(*key, *span) for key, span in each.moments.items())
                yield FileUse(kind, path, each.name, place, self._host, moments)


def _is_ignored(kind: str, name: str) -> bool:
    """Whether a path is no file, one of installed code, or one that serves as a lock."""
    if not name or name.startswith((*_DEVICES, "ram://")) or name.endswith(_LOCKS):
        return True
    return kind in (READ, LOOK) and (name.startswith(_INSTALLED) or name.endswith(_CODE))


@functools.lru_cache(_FILES)
def _path_of(kind: str, name: str, _: str) -> str:
    """The absolute path of a file, for the current folder; empty where workers may share it."""
    path = name if "://" in name else os.path.realpath(name)
    # An opener may open a file in the folder that it is given, as `tempfile` does.
    return "" if _is_hidden(path) or (kind == WRITE and Path(path).is_dir()) else path


def _is_hidden(path: str) -> bool:
    """Whether a file is in a hidden folder, where libraries keep caches that workers share."""
    for root in (tempfile.gettempdir(), Path.cwd(), Path.home()):
        if path.startswith(f"{os.path.realpath(root)}/"):
            return "/." in path[len(os.path.realpath(root)) :]
    return "/." in path or "__pycache__" in path
