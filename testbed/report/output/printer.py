"""Prints in a separate thread, because the reader of the output may be slow or have stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Printer:
    """Runs blocking jobs, such as writing to a terminal, in order and in a separate thread.

    The process does not wait for this thread when it exits: a job may block for ever.
    """

    def __init__(self) -> None:
        self.problem: Exception | None = None
        """The exception of the first job that failed; later jobs are skipped."""
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._then: Callable[[], None] = lambda: None
        self._given_up = False
        self._thread = threading.Thread(target=self._work, name="printer", daemon=True)
        self._thread.start()

    @property
    def given_up(self) -> bool:
        """Whether to skip all remaining jobs; a long job checks this regularly."""
        return self._given_up

    def do(self, job: Callable[[], None]) -> None:
        """Queue a job after all earlier ones."""
        self._jobs.put(job)

    def close(self, then: Callable[[], None] = lambda: None) -> None:
        """Accept no more jobs; the thread calls `then` after the last one."""
        self._then = then
        self._jobs.put(None)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until a closed printer has finished; return whether it did in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def give_up(self) -> None:
        """Skip the remaining jobs."""
        self._given_up = True

    def _work(self) -> None:
        while job := self._jobs.get():
            try:
                if not self._given_up:
                    job()
            except Exception as problem:
                self.problem = problem
                self.give_up()
        self._then()
