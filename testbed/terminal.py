"""Standard input, output and errors: they are there, print anything, and may lose their reader."""

from __future__ import annotations

import codecs
import io
import os
import re
import select
import sys
from typing import Any, TextIO

TERMINAL_WIDTH = "TESTBED_TERMINAL_WIDTH"
"""The variable that tells a run on another host how wide the terminal is that shows it."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class _Lasting(io.FileIO):
    """Output that outlives its reader: what cannot be written any more goes nowhere."""

    problem: OSError | None = None

    def write(self, data: Any, /) -> int:
        """See `io.RawIOBase.write`."""
        try:
            return super().write(data)
        except OSError as problem:
            if not isinstance(problem, BrokenPipeError):
                self.problem = problem
            # So that this is the last such error, of whoever else writes there, too.
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self.fileno())
            os.close(nothing)
            return len(data)


def prepare() -> None:
    """Make the standard streams fit for anything that may happen to them.

    A run is worth more than what it prints: whoever closes the other end of its output, as `head`
    does, or fills the disk that it goes to, changes neither the run nor its exit status.
    """
    _open_standard_descriptors()
    sys.stdout = _lasting(sys.stdout, sys.__stdout__, 1)
    sys.stderr = _lasting(sys.stderr, sys.__stderr__, 2)


def write_utf8(data: bytes, stream: TextIO | None = None) -> None:
    """Write UTF-8 to a stream, by default the standard output; byte for byte if it is UTF-8, too.

    Elsewhere what its alphabet lacks is written with backslashes. It goes past the stream's buffer,
    so that nobody else waits for the lock of that while a slow reader keeps this from returning.
    """
    stream = stream or sys.stdout
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    text = data.decode("utf-8", "backslashreplace")
    stream.flush()
    if not isinstance(raw, io.FileIO):
        # A notebook, or whoever has put a stream of their own there.
        stream.write(text)
        stream.flush()
        return
    if codecs.lookup(stream.encoding).name != "utf-8":
        data = text.encode(stream.encoding, "backslashreplace")
    view = memoryview(data)
    while view:
        written = raw.write(view)
        if written is None:
            # Whoever shares this output has made it one that does not wait.
            select.select([], [raw], [])
        view = view[written or 0 :]


def lost() -> str:
    """Why a part of the standard output is nowhere, or nothing; a reader that left is no reason."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    problem = raw.problem if isinstance(raw, _Lasting) else None
    return (problem.strerror or str(problem)) if problem else ""


def complain(problem: object) -> None:
    """Tell what is wrong in one line, whatever stands in it."""
    tell(problem)


def tell(what: object) -> None:
    """Tell something beside the output in one line, whatever stands in it."""
    print(f"testbed: {one_line(str(what))}", file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    """A text whose line breaks, and what else a terminal would obey, are seen and do nothing."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _open_standard_descriptors() -> None:
    """Open those that were closed, before a socket or a record takes their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is given out, and those below are taken.
            os.open(os.devnull, os.O_RDWR)


def _lasting(stream: TextIO | None, original: TextIO | None, number: int) -> TextIO:
    """The stream made to last; one that somebody else has put there is only made to print."""
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
