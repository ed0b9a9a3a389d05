"""Hooks that observe which files the user's program uses."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import tensorflow as tf

from testbed.check.observations.file_use import LOOK, MOVE, READ, WRITE
from testbed.worker.watching.declared_hook import DeclaredHook, Proof
from testbed.worker.watching.events import Events
from testbed.worker.watching.library_names import (
    CHECKPOINT_READ,
    CHECKPOINT_SAVED,
    FILE_COPIED,
    FILE_MOVED,
    FILE_READ,
    FILE_SOUGHT,
    FILE_WRITTEN,
    HDF5_OPENED,
)
from testbed.worker.watching.replacing import Hook, before, counted

OF_FILES = {
    "WriteFile": (WRITE, 0),
    "ReadFile": (READ, 0),
    "CacheDataset": (WRITE, 1),
    "CacheDatasetV2": (WRITE, 1),
}
"""The operations that use files: how, and the number of the input that is the path."""

_HDF5_MODES = {"r": READ, "w": WRITE, "a": WRITE, "r+": WRITE}

AuditListener = Callable[[str, tuple[Any, ...]], None]

# There is no way to remove an audit hook, so one for all remains, and its listeners change.
_LISTENERS: list[AuditListener] = []
_AUDITED = ("open", "os.rename", "fcntl.flock", "fcntl.lockf")


@contextlib.contextmanager
def _python_files(events: Events) -> Iterator[None]:
    """Observes what Python opens, renames and locks: also NumPy, Keras' archives and pickle."""

    def audit(name: str, arguments: tuple[Any, ...]) -> None:
        with counted(events.log, sys, "addaudithook"):
            if name == "open":
                path, _, flags = arguments
                if kind := _kind_of(flags):
                    events.file_used(kind, path)
            elif name == "os.rename":
                events.file_used(MOVE, arguments[1])
            else:
                events.file_lock(arguments[1])

    _install()
    _LISTENERS.append(audit)
    try:
        yield
    finally:
        _LISTENERS.remove(audit)


@functools.cache
def _install() -> None:
    # At the interpreter's end, the hook runs when this module has no names any more.
    listeners, audited = _LISTENERS, frozenset(_AUDITED)

    def hook(name: str, arguments: tuple[Any, ...]) -> None:
        if name in audited:
            for listen in listeners:
                listen(name, arguments)

    sys.addaudithook(hook)


def _kind_of(flags: int) -> str:
    """How a file is used that is opened with these flags; empty where workers may share it.

    Those who append, or change parts of a file, may do so together; and one alone creates it.
    """
    if flags & os.O_TRUNC and not flags & os.O_EXCL:
        return WRITE
    return READ if flags & os.O_ACCMODE == os.O_RDONLY else ""


@contextlib.contextmanager
def _tensorflow_files(events: Events) -> Iterator[None]:
    """Observes `tf.io.gfile`."""

    def reads(file: Any) -> None:
        if not file._read_buf:
            events.file_used(READ, file.name)

    def writes(file: Any) -> None:
        if not file._writable_file and file.mode.startswith("w"):
            events.file_used(WRITE, file.name)

    def copies(_: Any, target: Any, *__: Any) -> None:
        events.file_used(WRITE, target)

    def moves(_: Any, target: Any, *__: Any) -> None:
        events.file_used(MOVE, target)

    def looks(path: Any) -> None:
        events.file_used(LOOK, path)

    with (
        before(events, *FILE_READ.owner(), reads),
        before(events, *FILE_WRITTEN.owner(), writes),
        before(events, *FILE_COPIED.owner(), copies),
        before(events, *FILE_MOVED.owner(), moves),
        before(events, *FILE_SOUGHT.owner(), looks),
    ):
        yield


@contextlib.contextmanager
def _checkpoints(events: Events) -> Iterator[None]:
    """Observes checkpoints, also those within SavedModels."""

    def saves(_: Any, prefix: Any, *__: Any, **___: Any) -> None:
        if (path := _path_in(prefix)) is not None:
            events.file_used(WRITE, path)

    def reads(prefix: Any) -> None:
        events.file_used(READ, prefix)

    with (
        before(events, *CHECKPOINT_SAVED.owner(), saves),
        before(events, *CHECKPOINT_READ.owner(), reads),
    ):
        yield


def _path_in(value: Any) -> Any:
    """The path that a tensor or a text holds; None for a tensor of a graph without a value."""
    if not isinstance(value, tf.Tensor):
        return value
    known = tf.get_static_value(value)
    return known.item() if isinstance(known, numpy.ndarray) and known.ndim == 0 else known


def operation_path(kind: str, inputs: Any) -> Any:
    """The path that an operation of `OF_FILES` uses; None or empty where there is none."""
    return _path_in(inputs[OF_FILES[kind][1]])


def _records(events: Events) -> Hook:
    """Observes files of records, which the runtime opens by itself."""

    def writes(_: Any, path: Any, *__: Any, **___: Any) -> None:
        events.file_used(WRITE, path)

    return before(events, tf.io.TFRecordWriter, "__init__", writes)


def _hdf5_files(events: Events) -> Hook:
    """Observes HDF5 files, which their own library opens; Keras has imported h5py, if it exists."""

    def opens(_: Any, name: Any, mode: Any = "r", *__: Any, **___: Any) -> None:
        if mode in _HDF5_MODES and isinstance(name, (str, bytes, os.PathLike)):
            events.file_used(_HDF5_MODES[mode], name)

    return before(events, *HDF5_OPENED.owner(), opens)


def _read_nothing() -> None:
    Path(os.devnull).read_bytes()


def _read_nothing_by_tensorflow() -> None:
    tf.io.gfile.GFile(os.devnull).read()


FILE_HOOKS = (
    DeclaredHook("files that Python opens", _python_files, proof=Proof("file_used", _read_nothing)),
    DeclaredHook(
        "files that tf.io.gfile opens",
        _tensorflow_files,
        (FILE_READ, FILE_WRITTEN, FILE_COPIED, FILE_MOVED, FILE_SOUGHT),
        Proof("file_used", _read_nothing_by_tensorflow),
    ),
    DeclaredHook("checkpoints", _checkpoints, (CHECKPOINT_SAVED, CHECKPOINT_READ)),
    DeclaredHook("files of TFRecordWriter", _records),
    DeclaredHook("HDF5 files", _hdf5_files, (HDF5_OPENED,), library="h5py"),
)
