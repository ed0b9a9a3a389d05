"""Shows the output of workers live, each line labelled with its worker."""

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

# Seconds between two reads of the logs: a new line causes no event.
FOLLOW_INTERVAL_S = 0.05

# Seconds in which the remaining output is shown after a signal or a deadline has ended the run.
LATE_S = 2.0

_BACK = re.compile(rb"\r(?!\n)")


def labelled(worker: int, lines: bytes, *, terminal: bool) -> bytes:
    """Put the name of the worker before each line, and change nothing else.

    On a terminal the name is dim. It first resets the colours that another worker may have left on,
    and is repeated after each carriage return of a progress bar.
    """
    name = b"worker %d |" % worker
    label = b"\x1b[0;2m%b\x1b[0m " % name if terminal else b"%b " % name
    if terminal and b"\r" in lines:
        lines = _BACK.sub(b"\r" + label, lines)
    return label + lines.removesuffix(b"\n").replace(b"\n", b"\n" + label) + b"\n"


def has_colours() -> bool:
    """Whether the standard output is a terminal with colours."""
    return console().color_system is not None


class LogsShown:
    """Shows several logs as jobs of a printer, one piece of each log at a time."""

    def __init__(
        self, logs: Sequence[Path], printer: Printer, show: Callable[[int, bytes], None]
    ) -> None:
        """Args: the log of each worker; `show` prints whole lines of one worker."""
        self._follower = Follower(logs)
        self._printer = printer
        self._show = show
        self._asked = False
        self._in_flight = 0

    @property
    def left(self) -> int:
        """Bytes that are not shown yet, with the piece that is being printed."""
        return self._follower.left + self._in_flight

    def look(self) -> None:
        """Queue a job that shows new lines, unless one is queued already."""
        if not self._asked:
            self._asked = True
            self._printer.do(self._new)

    def rest(self) -> None:
        """Show the rest of the logs, once the workers have ended."""
        while self._some(over=True):
            pass

    def _new(self) -> None:
        self._asked = False
        if self._some():
            # Queued after the jobs that were added in the meantime.
            self.look()

    def _some(self, *, over: bool = False) -> bool:
        """Show one piece of each log that has something new; return whether one had."""
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
    """Shows the logs of a running cluster; the rest is shown at the end of the `async with` block.

    A thread prints, and blocks if the reader of the output is slow or has stopped. Meanwhile the
    event loop still handles the cluster's deadlines and signals. A run that ends normally shows all
    output, even if the reader takes long. Any other run shows output for at most LATE_S longer, and
    then prints how much is omitted.
    """

    def __init__(
        self, logs: Sequence[Path], show: Callable[[int, bytes], None] | None = None
    ) -> None:
        """Args: the log of each worker; `show` prints whole lines of one, by default to stdout."""
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
            # The loop may be closed already.
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
        """Show new lines until this is cancelled.

        Raises:
            Exception: the printer failed.
        """
        while self._printer.problem is None:
            self._shown.look()
            await asyncio.sleep(FOLLOW_INTERVAL_S)
        raise self._printer.problem

    def hurry(self) -> None:
        """Show the rest for at most LATE_S, because a signal or a deadline has ended the run."""
        self._patience = LATE_S

    def _show_here(self, worker: int, lines: bytes) -> None:
        write_utf8(labelled(worker, lines, terminal=self._terminal))
