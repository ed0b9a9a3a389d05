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

from tensorflow.python.autograph.impl import api
from tensorflow.python.util import tf_stack

from testbed.check.observations.seen import SourceLine

# With the separator: a folder beside it may have a longer name that begins alike.
_PACKAGE = f"{Path(__file__).resolve().parents[2]}{os.sep}"
_GENERATED = "__autograph_generated_file"
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3")

# For each file that AutoGraph generated: its lines, and the source line of each.
_sources_of: dict[str, dict[int, tuple[str, int, str]]] = {}


@contextlib.contextmanager
def mapping_sources() -> Iterator[None]:
    """Record in the block the source lines of the code that AutoGraph generates.

    Private: AutoGraph maps its lines back for tracebacks only, and not in replicas' threads; and it
    writes frames, also ours, into the text of exceptions. Seen on TensorFlow 2.15 to 2.21.
    """
    transpiler = api._TRANSPILER
    original = transpiler.transform

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

    transpiler.transform = transform
    api.traceback = SimpleNamespace(**{**vars(traceback), "extract_tb": frames_of})
    try:
        yield
    finally:
        transpiler.transform = original
        api.traceback = traceback


def unconverted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make AutoGraph call a function as it is, and return it.

    Private: the public `do_not_convert` calls it from another function, which costs time and a
    frame in each call. Seen on TensorFlow 2.15 to 2.21.
    """
    marked: Callable[..., Any] = api.autograph_artifact(function)
    return marked


def stack_here() -> list[tuple[str, int, str]]:
    """The stack, outermost first: file, line, function; with source lines for generated code.

    Private: only the mapping that tracebacks of operations use leads from generated code to its
    source. Seen on TensorFlow 2.15 to 2.21.
    """
    # Skips TensorFlow's own frame alone: ours may be left out already (`leaving_out_frames`), and
    # then a second one would be the user's.
    frames = tf_stack.extract_stack(1)
    return [source_of(frame.filename, frame.lineno, frame.name) for frame in frames]


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


def _stack_from_here() -> Iterator[tuple[str, int, str]]:
    """The caller's stack, innermost first, as `stack_here`; one frame at a time.

    Most calls need few frames: the user's line is near, and the outer frames are many.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame:
        yield source_of(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back


def author_lines() -> tuple[SourceLine, ...]:
    """The user's lines on the stack of this thread, the innermost last."""
    return tuple(
        SourceLine(file, line, name) for file, line, name in stack_here() if is_authors(file)
    )


def is_ours(file: str) -> bool:
    """Whether a file belongs to the testbed."""
    return file.startswith(_PACKAGE)


def is_authors(file: str) -> bool:
    """Whether a file is the user's: of no library, not ours, and not generated by AutoGraph."""
    ours = file.startswith((_PACKAGE, "<")) or _GENERATED in file
    return not (ours or any(part in file for part in _LIBRARIES))
