"""Decides from workers' notes whether a program runs in one process or in all, and warns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from testbed.launcher.server.worker_process import WorkerProcess
from testbed.terminal import complain
from testbed.verdict.program_notes import (
    NEEDS,
    Needs,
    decoded,
    joinings,
    unconnected,
    unfit,
)

TOGETHER, ALONE = "together", "alone"
"""The answers to a worker that reports the needs of its program."""

# A program without a note for this time may wait for its peers in a way that is not observed.
UNDECIDED_S = 60.0


@dataclass(frozen=True)
class Choice:
    """How to find the number of processes that a program needs.

    Where `devices` is not 0, all workers but the first are held until the first one shows the needs
    of its program. If it needs several processes (it reads TF_CONFIG, or makes
    MultiWorkerMirroredStrategy), they continue. If it needs one process (it makes MirroredStrategy,
    or ends), they never run the program.
    """

    devices: int = 0
    """Devices of a one-process program; 0 where all workers run the program in any case."""
    cure: str = "use workers=1, replicas=R for one process of R replicas"
    """The options to use instead, where workers are not connected."""
    patience: float = UNDECIDED_S
    """Seconds without a note from the first worker, after which the others continue."""
    checked: bool = False
    """Whether the program is checked: only MirroredStrategy and MultiWorkerMirroredStrategy decide,
    a read of TF_CONFIG does not, and the decision is not announced. Workers that wait for tasks
    that were not started are ended."""


ALL_RUN = Choice()
"""All workers run the program, whatever its needs are."""


@dataclass
class ProgramObserver:
    """Observes one cluster of a program in the launching process."""

    choice: Choice
    show: Callable[[Sequence[WorkerProcess]], Awaitable[None]] | None = None
    """Shows the workers' output at the same time."""
    _undecided: bool = False
    _answered: bool = False
    _said: set[str] = field(default_factory=set)

    def __call__(self, workers: Sequence[WorkerProcess]) -> Awaitable[None]:
        """Observe these workers; the argument `watch` of `run_cluster`."""
        self._undecided = self.choice.devices > 0 and len(workers) > 1
        if self._undecided:
            for worker in workers[1:]:
                worker.held = True
        works = [self._watch(workers), *([self.show(workers)] if self.show else [])]
        return _all_of(*works)

    async def _watch(self, workers: Sequence[WorkerProcess]) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self.choice.patience, self._stop_holding, workers)
        try:
            while True:
                self._decide(workers)
                self._judge(workers)
                await workers[0].until_changed()
        finally:
            timer.cancel()

    def _decide(self, workers: Sequence[WorkerProcess]) -> None:
        """Release the held workers, or end them, once the first one shows the program's needs."""
        first = workers[0]
        needs = next(decoded(first.notes, NEEDS, Needs.of_note), None)
        if needs and not self._answered:
            self._answered = True
            alone = self._undecided and not needs.several
            if alone:
                self._dismiss(workers)
                self._announce(
                    f"{needs.sign}{needs.line} is for one process: {self._alone(workers)}"
                )
            elif self._undecided:
                self._release(workers)
            first.say(ALONE if alone else TOGETHER)
        elif self._undecided and (first.reported or first.status is not None):
            self._dismiss(workers)
            if not first.failed:
                number = len(workers)
                self._announce(
                    "the program made no strategy and did not read TF_CONFIG: it ran in one"
                    f" process (--workers {number} runs it in {number})"
                )

    def _announce(self, text: str) -> None:
        if not self.choice.checked:
            complain(text)

    def _alone(self, workers: Sequence[WorkerProcess]) -> str:
        devices, number = self.choice.devices, len(workers)
        return (
            f"worker 0 runs the program alone, with {devices} device{'s' * (devices > 1)}"
            f" (--replicas R gives R; --workers {number} starts {number} workers that are not"
            " connected)"
        )

    def _stop_holding(self, workers: Sequence[WorkerProcess]) -> None:
        if self._undecided:
            complain(
                f"the program has made no strategy for {self.choice.patience:g} s: the other"
                f" workers now start, too (--workers {len(workers)} starts all of them at once)"
            )
            self._release(workers)

    def _release(self, workers: Sequence[WorkerProcess]) -> None:
        self._undecided = False
        began = next((each["at"] for each in workers[0].phases if each["phase"] == "started"), None)
        now = asyncio.get_running_loop().time()
        for worker in workers[1:]:
            worker.release(now - began if began else 0.0)

    def _dismiss(self, workers: Sequence[WorkerProcess]) -> None:
        self._undecided = False
        for worker in workers[1:]:
            worker.kill()

    def _judge(self, workers: Sequence[WorkerProcess]) -> None:
        """Warn where the workers do not fit together, and end them where they cannot finish."""
        notes = [worker.notes for worker in workers]
        joined = joinings(notes)
        expected = any(
            number not in joined and not worker.reported and worker.status is None
            for number, worker in enumerate(workers)
        )
        problem = unfit(joined, len(workers), is_expected=expected)
        reason = problem.reason if problem and problem.hopeless else ""
        if problem and problem.needed and self.choice.checked:
            reason = f"{problem.reason} (--workers {problem.needed} starts {problem.needed})"
        if reason:
            for worker in workers:
                worker.end_for(reason)
        elif problem:
            self._say_once("unfit", problem.reason)
        if apart := unconnected(notes):
            self._say_once("unconnected", f"{apart}; {self.choice.cure}")

    def _say_once(self, about: str, text: str) -> None:
        if about not in self._said:
            self._said.add(about)
            complain(text)


async def _all_of(*works: Awaitable[None]) -> None:
    """Wait for all of these at the same time; an exception in one cancels the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
