"""Reads what workers print while they print it, a whole line at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path


class Follower:
    """Gives every line of several logs once, in the order in which it is found."""

    def __init__(self, logs: Sequence[Path]) -> None:
        self._logs = logs
        self._offsets = [0] * len(logs)

    def lines(self, *, over: bool = False) -> Iterator[tuple[int, str]]:
        """The worker and the text of each line since the last look.

        Args:
            over: nothing more is printed, so that a last line without its end is whole, too.
        """
        for worker, log in enumerate(self._logs):
            if not log.exists():
                continue
            with log.open("rb") as file:
                file.seek(self._offsets[worker])
                found = file.read()
            whole = found if over else found[: found.rfind(b"\n") + 1]
            self._offsets[worker] += len(whole)
            for line in whole.decode(errors="replace").splitlines():
                yield worker, line
