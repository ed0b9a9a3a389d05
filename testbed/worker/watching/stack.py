"""Where the author's code is now: the stack, without libraries and what AutoGraph made.

Private TensorFlow is touched here for what AutoGraph knows alone.
"""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from tensorflow.python.autograph.impl import api
from tensorflow.python.util import tf_stack

from testbed.check.seen import SourceLine

# With the separator: a folder beside it may have a longer name that begins alike.
_PACKAGE = f"{Path(__file__).resolve().parents[2]}{os.sep}"
_GENERATED = "__autograph_generated_file"
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3")

# Of each file that AutoGraph made: from its lines to those of the code that they were made of.
_sources_of: dict[str, dict[int, tuple[str, int, str]]] = {}


@contextlib.contextmanager
def mapping_sources() -> Iterator[None]:
    """Remember in the block what AutoGraph makes of what.

    Private: AutoGraph maps its lines back for tracebacks only, and not in replicas' threads;
    and it writes frames into what exceptions say, ours too. Seen on TensorFlow 2.21.
    """
    transpiler = api._TRANSPILER
    original = transpiler.transform

    def transform(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        with contextlib.suppress(Exception):
            _, _, source_map = made
            for line, origin in source_map.items():
                place = (origin.loc.filename, origin.loc.lineno, origin.function_name)
                _sources_of.setdefault(line.filename, {})[line.lineno] = place
        return made

    def frames_of(trace: Any, limit: int | None = None) -> Any:
        # What AutoGraph tells in the text of an exception is told of the author's code alone.
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


def stack_here() -> list[tuple[str, int, str]]:
    """The stack, outermost first: file, line, function; code that AutoGraph made has its author's.

    Private: there is no other way from what AutoGraph made to what it was made of than the mapping
    that tracebacks of operations use. Seen on TensorFlow 2.21.
    """
    frames = tf_stack.extract_stack(2)
    return [source_of(frame.filename, frame.lineno, frame.name) for frame in frames]


def source_of(file: str, line: int, function: str) -> tuple[str, int, str]:
    """Of a line that AutoGraph made, the one that it was made of; any other one as it is."""
    return _sources_of.get(file, {}).get(line, (file, line, function))


class Called(NamedTuple):
    """The author's innermost line, and what it has called of libraries."""

    place: SourceLine | None
    libraries: tuple[str, ...]
    """Their files between that line and here, innermost first, as `keras/src/...`; without those of
    TensorFlow."""
    function: str
    """That which the line itself has called of them, as `keras/src/....py:fit`."""


def author_place() -> Called:
    """Where the author's code is now."""
    libraries: dict[str, None] = {}
    called = ""
    for file, line, function in reversed(stack_here()):
        if file.startswith((_PACKAGE, "<")) or _GENERATED in file:
            continue
        part = next((part for part in _LIBRARIES if part in file), None)
        if part is None:
            return Called(SourceLine(file, line, function), tuple(libraries), called)
        name = file.partition(part)[2]
        if not name.startswith("tensorflow/") and "/" in name:
            libraries[name] = None
            called = f"{name}:{function}"
    return Called(None, tuple(libraries), called)


def author_lines() -> tuple[SourceLine, ...]:
    """The author's lines on the stack of this thread, the innermost last."""
    return tuple(
        SourceLine(file, line, name) for file, line, name in stack_here() if is_authors(file)
    )


def is_ours(file: str) -> bool:
    """Whether a file is one of the testbed's."""
    return file.startswith(_PACKAGE)


def is_authors(file: str) -> bool:
    """Whether a file is neither a library's nor ours, nor made by AutoGraph."""
    ours = file.startswith((_PACKAGE, "<")) or _GENERATED in file
    return not (ours or any(part in file for part in _LIBRARIES))
