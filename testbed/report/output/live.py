"""Shows what workers print while they print it, behind their names."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from testbed.report.formats.text import console
from testbed.report.output.follow import Follower
from testbed.report.output.printer import Printer
from testbed.terminal import tell, write_utf8

# A log has no event for a new line, so it is looked at this often, in seconds.
FOLLOW_INTERVAL_S = 0.05

# When a signal or a deadline has ended the run, what it printed is shown for so long.
LATE_S = 2.0

_BACK = re.compile(rb"\r(?!\n)")


def labelled(worker: int, lines: bytes, *, terminal: bool) -> bytes:
    """Lines, each behind the name of its worker, and else as they were printed.

    On a terminal the name is dim, begins without the colours that another worker has left behind,
    and is written again where a progress bar goes back to the beginning of its line.
    """
    name = b"worker %d |" % worker
    label = b"\x1b[0;2m%b\x1b[0m " % name if terminal else b"%b " % name
    if terminal and b"\r" in lines:
        lines = _BACK.sub(b"\r" + label, lines)
    return label + lines.removesuffix(b"\n").replace(b"\n", b"\n" + label) + b"\n"


def has_colours() -> bool:
    """Whether the standard output is a terminal that knows colours."""
    return console().color_system is not None


class LogsShown:
    """Shows several logs by jobs of a printer, one piece of each at a time."""

    def __init__(
        self, logs: Sequence[Path], printer: Printer, show: Callable[[int, bytes], None]
    ) -> None:
        """Args: the log of each worker; `show` shows whole lines of one."""
        self._follower = Follower(logs)
        self._printer = printer
        self._show = show
        self._asked = False
        self._in_flight = 0

    @property
    def left(self) -> int:
        """Bytes that are not shown yet."""
        return self._follower.left + self._in_flight

    def look(self) -> None:
        """Have the printer show what is new, unless it has been asked for that already."""
        if not self._asked:
            self._asked = True
            self._printer.do(self._new)

    def rest(self) -> None:
        """Show all that is left; nothing more is printed."""
        while self._some(over=True):
            pass

    def _new(self) -> None:
        self._asked = False
        if self._some():
            # After what others have asked for in the meantime.
            self.look()

    def _some(self, *, over: bool = False) -> bool:
        """Show a piece of each log that has something new; whether one had."""
        found = False
        for worker, lines in self._follower.pieces(over=over):
            found, self._in_flight = True, len(lines)
            if self._printer.given_up:
                return False
            if lines:
                self._show(worker, lines)
            self._in_flight = 0
        return found


class LiveOutput:
    """Shows the logs of a cluster beside it; what is left is shown when its block ends.

    Showing is done in a thread, and waits for a reader that is slow, or has stopped, while the
    cluster's deadlines and signals are heard. A run that comes to its end by itself shows all that
    was printed, however long the reader takes; one that does not shows no more after LATE_S, and
    tells how much is left out.
    """

    def __init__(
        self, logs: Sequence[Path], show: Callable[[int, bytes], None] | None = None
    ) -> None:
        """Args: the log of each worker; `show` shows whole lines of one, by default here."""
        self._logs = logs
        self._terminal = has_colours()
        self._printer = Printer()
        self._shown = LogsShown(logs, self._printer, show or self._show_here)
        self._patience: float | None = None

    async def __aenter__(self) -> LiveOutput:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if problem is not None:
            self.hurry()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def tell_loop() -> None:
            # It may be closed by now.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(done.cancel)

        self._printer.do(self._shown.rest)
        self._printer.close(tell_loop)
        try:
            await asyncio.wait({done}, timeout=self._patience)
        finally:
            self._printer.give_up()
            left = self._shown.left
            if left and not self._printer.problem:
                tell(
                    f"{left / 1e6:.1f} MB that the workers printed are not shown here;"
                    f" all of it is in {self._logs[0].parent}"
                )
        if problem is None and self._printer.problem:
            raise self._printer.problem

    async def watch(self, _workers: Any) -> None:
        """Show what is new, until this is cancelled.

        Raises:
            Exception: what showing it raised.
        """
        while self._printer.problem is None:
            self._shown.look()
            await asyncio.sleep(FOLLOW_INTERVAL_S)
        raise self._printer.problem

    def hurry(self) -> None:
        """Show what is left for LATE_S at most: a signal or a deadline has ended the run."""
        self._patience = LATE_S

    def _show_here(self, worker: int, lines: bytes) -> None:
        write_utf8(labelled(worker, lines, terminal=self._terminal))
