"""Hooks that observe which files the user's program uses.

As in `hooks`, each use of private TensorFlow says why no public way exists, and on which version it
was seen to work.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import tensorflow as tf
from tensorflow.python.checkpoint import functional_saver
from tensorflow.python.lib.io import file_io
from tensorflow.python.training import py_checkpoint_reader

from testbed.check.observations.file_use import LOOK, MOVE, READ, WRITE
from testbed.worker.watching.events import Events
from testbed.worker.watching.replacing import before, counted

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
def files(events: Events) -> Iterator[None]:
    """Emits `file_used` and `file_lock`."""
    with contextlib.ExitStack() as hooked:
        for hook in (_python_files, _tensorflow_files, _checkpoints, _records, _hdf5_files):
            hooked.enter_context(hook(events))
        yield


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
    """Observes `tf.io.gfile`.

    Private: TensorFlow's own code does not use the public names, and files are opened when they are
    first used. Seen on TensorFlow 2.21.
    """
    native = file_io._pywrap_file_io

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
        before(events, file_io.FileIO, "_preread_check", reads),
        before(events, file_io.FileIO, "_prewrite_check", writes),
        before(events, native, "CopyFile", copies),
        before(events, native, "RenameFile", moves),
        before(events, native, "FileExists", looks),
    ):
        yield


@contextlib.contextmanager
def _checkpoints(events: Events) -> Iterator[None]:
    """Observes checkpoints, also those within SavedModels.

    Private: every public way of saving and reading ends here. Seen on TensorFlow 2.21.
    """

    def saves(_: Any, prefix: Any, *__: Any, **___: Any) -> None:
        if (path := _path_in(prefix)) is not None:
            events.file_used(WRITE, path)

    def reads(prefix: Any) -> None:
        events.file_used(READ, prefix)

    with (
        before(events, functional_saver.MultiDeviceSaver, "save", saves),
        before(events, py_checkpoint_reader, "NewCheckpointReader", reads),
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


def _records(events: Events) -> contextlib.AbstractContextManager[None]:
    """Observes files of records, which the runtime opens by itself."""

    def writes(_: Any, path: Any, *__: Any, **___: Any) -> None:
        events.file_used(WRITE, path)

    return before(events, tf.io.TFRecordWriter, "__init__", writes)


@contextlib.contextmanager
def _hdf5_files(events: Events) -> Iterator[None]:
    """Observes HDF5 files, which their own library opens; Keras has imported h5py, if it exists."""

    def opens(_: Any, name: Any, mode: Any = "r", *__: Any, **___: Any) -> None:
        if mode in _HDF5_MODES and isinstance(name, (str, bytes, os.PathLike)):
            events.file_used(_HDF5_MODES[mode], name)

    with contextlib.ExitStack() as hooked:
        module = sys.modules.get("h5py")
        if module is not None:
            hooked.enter_context(before(events, module.File, "__init__", opens))
        yield
