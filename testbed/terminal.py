"""The standard streams: always open, able to print any text, safe when the reader leaves."""

from __future__ import annotations

import codecs
import io
import os
import re
import select
import sys
from typing import Any, TextIO

TERMINAL_WIDTH = "TESTBED_TERMINAL_WIDTH"
"""The variable that gives a run on another host the width of the user's terminal."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class _Lasting(io.FileIO):
    """Output whose write errors do not stop the program: data that cannot be written is dropped."""

    problem: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write; after an error, send all further output of this descriptor to /dev/null."""
        try:
            return super().write(data)
        except OSError as problem:
            if not isinstance(problem, BrokenPipeError):
                self.problem = problem
            # So this is the last such error, also for other code that writes to this descriptor.
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)
            return len(data)


def prepare() -> None:
    """Make the standard streams robust against closed descriptors and lost readers.

    A run matters more than its output. If the reader closes the pipe, as `head` does, or the disk
    is full, neither the run nor its exit status changes.
    """
    _open_standard_descriptors()
    sys.stdout = _lasting(sys.stdout, sys.__stdout__, 1)
    sys.stderr = _lasting(sys.stderr, sys.__stderr__, 2)


def write_utf8(data: bytes, stream: TextIO | None = None) -> None:
    """Write UTF-8 to a stream, by default standard output; byte for byte if it is UTF-8, too.

    In another encoding, letters that it lacks are written with backslashes. The data bypasses the
    stream's buffer, so that other threads do not wait for its lock while a slow reader blocks this.
    """
    stream = stream or sys.stdout
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    text = data.decode("utf-8", "backslashreplace")
    stream.flush()
    if not isinstance(raw, io.FileIO):
        # A notebook or other code has replaced the stream.
        stream.write(text)
        stream.flush()
        return
    if codecs.lookup(stream.encoding).name != "utf-8":
        data = text.encode(stream.encoding, "backslashreplace")
    view = memoryview(data)
    while view:
        written = raw.write(view)
        if written is None:
            # Another process that shares this output has made it non-blocking.
            select.select([], [raw], [])
        view = view[written or 0 :]


def lost() -> str:
    """Why part of the standard output is lost, or empty; a reader that left is no reason."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    problem = raw.problem if isinstance(raw, _Lasting) else None
    return (problem.strerror or str(problem)) if problem else ""


def complain(problem: object) -> None:
    """Print a problem in one line, with control characters escaped."""
    tell(problem)


def tell(what: object) -> None:
    """Print a message to standard error in one line, with control characters escaped."""
    print(f"testbed: {one_line(str(what))}", file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    """Escape line breaks and other control characters, so that a terminal only shows them."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _open_standard_descriptors() -> None:
    """Open closed standard descriptors, before a socket or a record takes their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The kernel assigns the lowest free number, and those below are taken.
            os.open(os.devnull, os.O_RDWR)


def _lasting(stream: TextIO | None, original: TextIO | None, number: int) -> TextIO:
    """Wrap the stream in lasting output; a replaced stream only gets an error handler."""
    if stream is not None and stream is not original:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        return stream
    if stream is not None:
        stream.flush()
    encoding = stream.encoding if stream is not None else "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(_Lasting(number, "w", closefd=False)),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=number == 2 or os.isatty(number),
        write_through=isinstance(stream, io.TextIOWrapper) and stream.write_through,
    )
