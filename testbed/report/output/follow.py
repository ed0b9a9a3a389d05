"""Reads growing log files in whole lines, in chunks of limited size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

READ_BYTES = 2**18
LONGEST_LINE = 2**20
"""Bytes shown of one line; a message replaces the rest of a longer line."""


class LogReader:
    """Reads a growing log in pieces, each byte once; keeps at most one line in memory.

    Only a line feed ends a line: progress bars use carriage returns within a line.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self._kept = b""
        """The part already read of an unfinished line."""
        self._left_out = 0
        """Bytes omitted from the current line because it is too long."""

    def more(self, *, over: bool = False) -> bytes | None:
        """The next piece, in whole lines with their line feeds; None if the log has nothing new.

        The piece is empty if new bytes were read but complete no line yet.

        Args:
            over: the log is complete, so that a last line without a line feed is whole, too.
        """
        read, finished = self._read(), b""
        if not read:
            return (self._finish() or None) if over else None
        if self._left_out:
            rest, end, read = read.partition(b"\n")
            self._left_out += len(rest)
            if not end:
                return b""
            finished = self._finish()
        self._kept += read
        end_of_last = self._kept.rfind(b"\n") + 1
        whole, self._kept = self._kept[:end_of_last], self._kept[end_of_last:]
        if len(self._kept) > LONGEST_LINE:
            whole += self._shorten()
        return finished + whole

    @property
    def left(self) -> int:
        """Bytes of the log that were not returned yet."""
        try:
            return max(0, self._log.stat().st_size - self._offset + len(self._kept))
        except OSError:
            return 0

    def _read(self) -> bytes:
        # Opened again each time, because a network file system refreshes the file on open.
        try:
            with self._log.open("rb") as file:
                file.seek(self._offset)
                read = file.read(READ_BYTES)
        except OSError:
            return b""
        self._offset += len(read)
        return read

    def _shorten(self) -> bytes:
        """Cut a piece off a line that is too long, or cut the line at its limit."""
        # A progress bar overwrites its line after each carriage return, so a cut there is fine.
        back = self._kept.rfind(b"\r", 0, -1)
        if back >= 0:
            piece, self._kept = self._kept[: back + 1], self._kept[back + 1 :]
        else:
            piece, self._left_out = self._kept[:LONGEST_LINE], len(self._kept) - LONGEST_LINE
            self._kept = b""
        return piece + b"\n"

    def _finish(self) -> bytes:
        """The last bytes of a finished line, or the message about its omitted bytes."""
        if self._left_out:
            size, self._left_out = self._left_out, 0
            message = f"... {size} bytes of this line are left out; it is whole in {self._log}"
            return message.encode("utf-8", "backslashreplace") + b"\n"
        line, self._kept = self._kept, b""
        return line


class Follower:
    """Reads several growing logs, each byte once, in the order in which lines are found."""

    def __init__(self, logs: Sequence[Path]) -> None:
        self._readers = [LogReader(log) for log in logs]

    def pieces(self, *, over: bool = False) -> Iterator[tuple[int, bytes]]:
        """The worker and one piece of each log that has something new.

        No piece means that no log has anything new. An empty piece means that a log has grown but
        completes no line yet. For `over` see `LogReader.more`.
        """
        for worker, reader in enumerate(self._readers):
            piece = reader.more(over=over)
            if piece is not None:
                yield worker, piece

    @property
    def left(self) -> int:
        """Bytes of all logs that were not returned yet."""
        return sum(reader.left for reader in self._readers)
