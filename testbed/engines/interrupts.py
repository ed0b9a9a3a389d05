"""Turns SIGINT, SIGTERM and SIGHUP into KeyboardInterrupt, which can be held back for a while."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """In its block, each of these signals raises KeyboardInterrupt, unless it was ignored before.

    Only the main thread can set signal handlers; in another thread the block changes nothing.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._holding = self._came = False

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            # An ignored signal stays ignored, as under nohup.
            heard = [number for number in NUMBERS if signal.getsignal(number) != signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._interrupt) for number in heard}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold signals back in the block, for this thread and the commands that it runs.

        Raises:
            KeyboardInterrupt: at the end of the block, where a signal came meanwhile.
        """
        self._holding = True
        # A command inherits the mask. In this process, another thread may still get the signal.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self._holding = False
        if self._came:
            raise KeyboardInterrupt

    def _interrupt(self, *_: object) -> None:
        if not self._holding:
            raise KeyboardInterrupt
        self._came = True
