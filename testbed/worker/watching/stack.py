"""Finds the user's current lines on the stack, without libraries and generated code.

Uses private TensorFlow, because only AutoGraph knows the source of the code that it generates.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, NamedTuple

import tensorflow as tf

from testbed.check.observations.seen import SourceLine
from testbed.worker.watching.library_names import (
    AUTOGRAPH_TRACEBACKS,
    TRANSPILER,
    UNCONVERTED,
)

# With the separator: a folder beside it may have a longer name that begins alike.
_PACKAGE = f"{Path(__file__).resolve().parents[2]}{os.sep}"
_GENERATED = "__autograph_generated_file"
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3")
# A library that Cython compiled, as h5py, names a file of where it was compiled.
_COMPILED = (".pyx", ".pxd", ".pxi")

# For each file that AutoGraph generated: its lines, and the source line of each.
_sources_of: dict[str, dict[int, tuple[str, int, str]]] = {}


@contextlib.contextmanager
def mapping_sources() -> Iterator[None]:
    """Record in the block the source lines of the code that AutoGraph generates.

    Private: AutoGraph maps its lines back for tracebacks only, and not in replicas' threads; and it
    writes frames, also ours, into the text of exceptions.

    Raises:
        BlindError: this TensorFlow has other code for it.
    """
    transpiler, name = TRANSPILER.owner()
    api, tracebacks = AUTOGRAPH_TRACEBACKS.owner()
    original = getattr(transpiler, name)

    def transform(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        with contextlib.suppress(Exception):
            _, _, source_map = made
            for line, origin in source_map.items():
                place = (origin.loc.filename, origin.loc.lineno, origin.function_name or "")
                _sources_of.setdefault(line.filename, {})[line.lineno] = place
        return made

    def frames_of(trace: Any, limit: int | None = None) -> Any:
        # Removes our frames from the text that AutoGraph writes into an exception.
        frames = traceback.extract_tb(trace, limit)
        ours = (frame.filename.startswith(_PACKAGE) for frame in frames)
        return traceback.StackSummary.from_list(
            [frame for frame, is_ours in zip(frames, ours, strict=True) if not is_ours]
        )

    setattr(transpiler, name, transform)
    setattr(api, tracebacks, SimpleNamespace(**{**vars(traceback), "extract_tb": frames_of}))
    try:
        yield
    finally:
        setattr(transpiler, name, original)
        setattr(api, tracebacks, traceback)


def unconverted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make AutoGraph call a function as it is, and return it.

    Private: the public `do_not_convert` calls it from another function, which costs time and a
    frame in each call.
    """
    public = tf.autograph.experimental.do_not_convert
    mark = UNCONVERTED.find() if UNCONVERTED.exists else public
    marked: Callable[..., Any] = mark(function)
    return marked


def source_of(file: str, line: int, function: str) -> tuple[str, int, str]:
    """The source of a line that AutoGraph generated; any other line unchanged."""
    return _sources_of.get(file, {}).get(line, (file, line, function))


class AuthorPlace(NamedTuple):
    """The user's innermost line, and the libraries that it called."""

    place: SourceLine | None
    libraries: tuple[str, ...]
    """The libraries' files between that line and here, innermost first, as `keras/src/...`; without
    those of TensorFlow."""
    function: str
    """The library function that the line itself called, as `keras/src/....py:fit`."""


def author_place() -> AuthorPlace:
    """The current place of the user's code."""
    libraries: dict[str, None] = {}
    called = ""
    for file, line, function in _stack_from_here():
        if file.startswith((_PACKAGE, "<")) or _GENERATED in file:
            continue
        part = next((part for part in _LIBRARIES if part in file), None)
        if part is None:
            return AuthorPlace(SourceLine(file, line, function), tuple(libraries), called)
        name = file.partition(part)[2]
        if not name.startswith("tensorflow/") and "/" in name:
            libraries[name] = None
            called = f"{name}:{function}"
    return AuthorPlace(None, tuple(libraries), called)


def calling_line() -> SourceLine | None:
    """The user's line that called the replaced function; None where a library called it."""
    for file, line, function in _stack_from_here():
        if not is_ours(file):
            return SourceLine(file, line, function) if is_authors(file) else None
    return None


def _stack_from_here() -> Iterator[tuple[str, int, str]]:
    """The caller's stack, innermost first: file, line, function; one frame at a time.

    Generated code has its source lines. Most calls need few frames: the user's line is near, and
    the outer frames are many.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame:
        yield source_of(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back


def author_lines() -> tuple[SourceLine, ...]:
    """The user's lines on the stack of this thread, the innermost last."""
    lines = [SourceLine(*place) for place in _stack_from_here() if is_authors(place[0])]
    return tuple(reversed(lines))


def is_ours(file: str) -> bool:
    """Whether a file belongs to the testbed."""
    return file.startswith(_PACKAGE)


def is_authors(file: str) -> bool:
    """Whether a file is the user's: of no library, not ours, and not generated by AutoGraph."""
    ours = file.startswith((_PACKAGE, "<")) or _GENERATED in file
    return not (ours or file.endswith(_COMPILED) or any(part in file for part in _LIBRARIES))
