"""Reads what workers print while they print it: whole lines, so many bytes at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

READ_BYTES = 2**18
LONGEST_LINE = 2**20
"""Bytes of a line that are shown; of a longer one the rest is left out, and that is told."""


class LogReader:
    """Gives a growing log once, piece by piece; it holds one line in memory, and no more.

    Only a line feed ends a line: progress bars go back with carriage returns within one.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self._kept = b""
        """What was read of a line that has no end yet."""
        self._left_out = 0
        """Bytes of a line that is too long, beyond what was given of it."""

    def more(self, *, over: bool = False) -> bytes | None:
        """The next piece, of whole lines with their ends; None where there is nothing new.

        It is empty where nothing of what was read can be shown yet.

        Args:
            over: nothing more is printed, so that a last line without its end is whole, too.
        """
        read, told = self._read(), b""
        if not read:
            return (self._finish() or None) if over else None
        if self._left_out:
            rest, end, read = read.partition(b"\n")
            self._left_out += len(rest)
            if not end:
                return b""
            told = self._finish()
        self._kept += read
        end_of_last = self._kept.rfind(b"\n") + 1
        whole, self._kept = self._kept[:end_of_last], self._kept[end_of_last:]
        if len(self._kept) > LONGEST_LINE:
            whole += self._shorten()
        return told + whole

    @property
    def left(self) -> int:
        """Bytes of the log that were not given yet."""
        try:
            return max(0, self._log.stat().st_size - self._offset + len(self._kept))
        except OSError:
            return 0

    def _read(self) -> bytes:
        # Opened anew each time, which has a network file system look for more.
        try:
            with self._log.open("rb") as file:
                file.seek(self._offset)
                read = file.read(READ_BYTES)
        except OSError:
            return b""
        self._offset += len(read)
        return read

    def _shorten(self) -> bytes:
        """A piece of a line that is too long, or all that is shown of it."""
        # What a progress bar has overwritten may well be a line of its own.
        back = self._kept.rfind(b"\r", 0, -1)
        if back >= 0:
            piece, self._kept = self._kept[: back + 1], self._kept[back + 1 :]
        else:
            piece, self._left_out = self._kept[:LONGEST_LINE], len(self._kept) - LONGEST_LINE
            self._kept = b""
        return piece + b"\n"

    def _finish(self) -> bytes:
        """What is still to be given of a line that has come to its end."""
        if self._left_out:
            size, self._left_out = self._left_out, 0
            told = f"... {size} bytes of this line are left out; it is whole in {self._log}"
            return told.encode("utf-8", "backslashreplace") + b"\n"
        line, self._kept = self._kept, b""
        return line


class Follower:
    """Gives several logs once, in the order in which their lines are found."""

    def __init__(self, logs: Sequence[Path]) -> None:
        self._readers = [LogReader(log) for log in logs]

    def pieces(self, *, over: bool = False) -> Iterator[tuple[int, bytes]]:
        """The worker and one piece of each log that has something new; for `over` see `LogReader`.

        Nothing is new where none comes; an empty piece is no more than a sign that something is.
        """
        for worker, reader in enumerate(self._readers):
            piece = reader.more(over=over)
            if piece is not None:
                yield worker, piece

    @property
    def left(self) -> int:
        """Bytes of all logs that were not given yet."""
        return sum(reader.left for reader in self._readers)
