"""Limits a worker's output, so that a loop that prints does not fill the disk."""

from __future__ import annotations

import os
from pathlib import Path

OUTPUT_LIMIT = 64 * 2**20
"""Bytes that one worker may print; a worker that prints more is ended."""
TOO_MUCH_OUTPUT = f"it printed more than {OUTPUT_LIMIT // 2**20} MiB"
_KEPT_AT_EACH_END = 2**20
_LAST_LINE = 500


def exceeds(log: Path, limit: float = OUTPUT_LIMIT) -> bool:
    """Whether a worker has printed more than the limit."""
    try:
        return log.stat().st_size > limit
    except OSError:
        return False


def shorten(log: Path) -> None:
    """Cut the middle out of a log that is too long, and write how much is missing."""
    with log.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(size - _KEPT_AT_EACH_END)
        end = file.read()
        missing = size - 2 * _KEPT_AT_EACH_END
        file.seek(_KEPT_AT_EACH_END)
        file.write(f"\n... {missing} bytes are left out here ...\n".encode() + end)
        file.truncate()


def last_line(log: Path) -> str:
    """The last line of a log that is not blank, cut to a limit."""
    lines = [line for line in tail(log, _LAST_LINE).splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def tail(log: Path, size: int) -> str:
    """The last lines of a log, at most `size` bytes; empty if there is no log."""
    try:
        with log.open("rb") as file:
            whole = file.seek(0, 2)
            file.seek(max(0, whole - size))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    if whole <= size:
        return text
    return f"({whole - size} bytes before this are in {log})\n{text.partition(chr(10))[2]}"
