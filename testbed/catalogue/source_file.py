"""Reads a script file once, as a whole, and decodes it as Python does."""

from __future__ import annotations

import importlib.util
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from testbed.errors import UsageError

LARGEST_BYTES = 1_000_000
"""The largest size of a script. The largest shipped scripts have about 10 kB."""


@dataclass(frozen=True)
class SourceFile:
    """The bytes of a script and the text that Python decodes from them."""

    path: Path
    data: bytes = field(repr=False)
    text: str = field(repr=False)


def read_source(path: Path) -> SourceFile:
    """Read a script.

    Raises:
        UsageError: the path is not a file, or the file cannot be read, is larger than
            LARGEST_BYTES, or is no text in its declared encoding (by default UTF-8).
    """
    try:
        data = _read(path)
        # As in the interpreter, a byte order mark and a `coding:` comment decide the encoding.
        return SourceFile(path, data, importlib.util.decode_source(data))
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}") from problem
    except (SyntaxError, UnicodeError) as problem:
        raise UsageError(f"{path}: cannot be read: {problem}") from problem


def _read(path: Path) -> bytes:
    # O_NONBLOCK: opening a pipe must not wait for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UsageError(f"{path}: cannot be read: not a file")
        data = file.read(LARGEST_BYTES + 1)
    if b"\0" in data:
        raise UsageError(f"{path}: cannot be read: null bytes in it, so it is no text")
    if len(data) > LARGEST_BYTES:
        raise UsageError(
            f"{path}: cannot be read: a script may have at most {LARGEST_BYTES // 10**6} MB"
        )
    return data
