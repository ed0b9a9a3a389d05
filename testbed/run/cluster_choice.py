"""Acts on what workers tell of a program: one process or all of them, and what does not fit."""

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
"""The answers to a worker that tells what its program needs."""

# A program that tells nothing for so long may wait for its peers, by a way that is not watched.
UNDECIDED_S = 60.0


@dataclass(frozen=True)
class Choice:
    """How to find out in how many processes a program runs.

    Where `devices` is not 0, all workers but the first are held until that one has shown what its
    program needs: several processes (it reads TF_CONFIG, or makes MultiWorkerMirroredStrategy), and
    they go on; or one process (it makes MirroredStrategy, or ends), and they never run the program.
    """

    devices: int = 0
    """Of a program of one process; 0 where all workers run the program, whatever it needs."""
    cure: str = "use workers=1, replicas=R for one process of R replicas"
    """What to type instead, where workers are not connected."""
    patience: float = UNDECIDED_S
    """For how many seconds the first worker may show nothing before the others go on."""


ALL_RUN = Choice()
"""All workers run the program, whatever it needs."""


@dataclass
class ProgramObserver:
    """Watches one cluster of a program in the launching process."""

    choice: Choice
    show: Callable[[Sequence[WorkerProcess]], Awaitable[None]] | None = None
    """Runs beside, to show what workers print."""
    _undecided: bool = False
    _answered: bool = False
    _said: set[str] = field(default_factory=set)

    def __call__(self, workers: Sequence[WorkerProcess]) -> Awaitable[None]:
        """Watch these workers; see `watch` of `run_cluster`."""
        self._undecided = self.choice.devices > 0 and len(workers) > 1
        if self._undecided:
            for worker in workers[1:]:
                worker.held = True
        works = [self._watch(workers), *([self.show(workers)] if self.show else [])]
        return _all_of(*works)

    async def _watch(self, workers: Sequence[WorkerProcess]) -> None:
        timer = asyncio.get_running_loop().call_later(self.choice.patience, self._tire, workers)
        try:
            while True:
                self._decide(workers)
                self._judge(workers)
                await workers[0].until_changed()
        finally:
            timer.cancel()

    def _decide(self, workers: Sequence[WorkerProcess]) -> None:
        """Let the held workers go on, or end them, once the first one shows what is needed."""
        first = workers[0]
        needs = next(decoded(first.notes, NEEDS, Needs.of_note), None)
        if needs and not self._answered:
            self._answered = True
            alone = self._undecided and not needs.several
            if alone:
                self._dismiss(workers)
                complain(f"{needs.sign}{needs.line} is for one process: {self._alone(workers)}")
            elif self._undecided:
                self._release(workers)
            first.say(ALONE if alone else TOGETHER)
        elif self._undecided and (first.reported or first.status is not None):
            self._dismiss(workers)
            if not first.failed:
                number = len(workers)
                complain(
                    "the program made no strategy and did not read TF_CONFIG: it ran in one"
                    f" process (--workers {number} runs it in {number})"
                )

    def _alone(self, workers: Sequence[WorkerProcess]) -> str:
        devices, number = self.choice.devices, len(workers)
        return (
            f"worker 0 runs the program alone, with {devices} device{'s' * (devices > 1)}"
            f" (--replicas R gives R; --workers {number} starts {number} workers that are not"
            " connected)"
        )

    def _tire(self, workers: Sequence[WorkerProcess]) -> None:
        if self._undecided:
            complain(
                f"the program has made no strategy for {self.choice.patience:g} s: the other"
                f" workers now start, too (--workers {len(workers)} starts all of them at once)"
            )
            self._release(workers)

    def _release(self, workers: Sequence[WorkerProcess]) -> None:
        self._undecided = False
        began = next((told["at"] for told in workers[0].phases if told["phase"] == "started"), None)
        now = asyncio.get_running_loop().time()
        for worker in workers[1:]:
            worker.release(now - began if began else 0.0)

    def _dismiss(self, workers: Sequence[WorkerProcess]) -> None:
        self._undecided = False
        for worker in workers[1:]:
            worker.kill()

    def _judge(self, workers: Sequence[WorkerProcess]) -> None:
        """Tell what does not fit together, and end what cannot come to a good end."""
        notes = [worker.notes for worker in workers]
        problem = unfit(joinings(notes), len(workers))
        if problem and problem.hopeless:
            for worker in workers:
                worker.end_for(problem.reason)
        elif problem:
            self._say_once("unfit", problem.reason)
        if apart := unconnected(notes):
            self._say_once("unconnected", f"{apart}; {self.choice.cure}")

    def _say_once(self, about: str, text: str) -> None:
        if about not in self._said:
            self._said.add(about)
            complain(text)


async def _all_of(*works: Awaitable[None]) -> None:
    """Do these at the same time; what one of them raises ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
