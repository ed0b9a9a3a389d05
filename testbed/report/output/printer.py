"""Prints in a thread of its own, since whoever reads the output may be slow, or have stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Printer:
    """Does in order what may block, such as writing to a terminal, while others go on.

    It is not waited for when the process ends: what blocks may block for ever.
    """

    def __init__(self) -> None:
        self.problem: Exception | None = None
        """What a job raised; those after it are not done."""
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._then: Callable[[], None] = lambda: None
        self._given_up = False
        self._thread = threading.Thread(target=self._work, name="printer", daemon=True)
        self._thread.start()

    @property
    def given_up(self) -> bool:
        """Whether no job is to be done any more; one that takes long looks here now and then."""
        return self._given_up

    def do(self, job: Callable[[], None]) -> None:
        """Have something done after all that was asked for before."""
        self._jobs.put(job)

    def close(self, then: Callable[[], None] = lambda: None) -> None:
        """Take no more jobs; `then` is called in the thread when the last one is over."""
        self._then = then
        self._jobs.put(None)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until a printer that is closed is done; whether it was in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def give_up(self) -> None:
        """Do none of the jobs that are left."""
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
