"""What the testbed is measured against: programs that have no testbed around them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testbed.bootstrap import python_arguments, python_command
from testbed.catalogue.scenario import Case
from testbed.errors import LaunchError
from testbed.launcher.isolation import isolation
from testbed.launcher.machine.environment import server_environment
from testbed.launcher.server.worker_process import WorkerProcess
from testbed.run.case import Quiet

PLAIN_LOOP = "testbed.bench.programs.plain_loop"
BARE_FORK = "testbed.bench.programs.bare_fork"
STOPWATCH = "testbed.bench.stopwatch"
DEADLINE_S = 180.0
END_DEADLINE_S = 5.0

# A line of an answer may hold the seconds of a few thousand steps.
_LONGEST_LINE = 2**20


class BareProgram:
    """A module that runs in an interpreter of its own and answers in lines of JSON."""

    def __init__(self, module: str, isolated: str) -> None:
        self._module = module
        self._isolated = isolated
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *arguments: str, environment: dict[str, str | None]) -> None:
        """Start it, unless it runs, and wait for its first answer: then it is ready.

        It gets the environment that workers of a benchmark get, and more.
        """
        if self._process is not None:
            return
        more = {name: value for name, value in environment.items() if value is not None}
        program = python_arguments(self._module, *arguments)
        self._process = await asyncio.create_subprocess_exec(
            *python_command(isolation.__name__, self._isolated, *program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**server_environment(os.environ, exact=False), **more},
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        await self.answer()

    async def answer(self, line: str = "") -> Any:
        """Write a line, if there is one to write, and read the next answer.

        Raises:
            LaunchError: it ended, or is silent for too long.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            self._process.stdin.write(f"{line}\n".encode())
        reading = asyncio.ensure_future(self._process.stdout.readline())
        # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that comes with a result.
        try:
            await asyncio.wait({reading}, timeout=DEADLINE_S)
            told = reading.result() if reading.done() else b""
        finally:
            reading.cancel()
        if not told:
            raise LaunchError(f"python -m {self._module} did not answer; see what it says by hand")
        return json.loads(told)

    async def end(self) -> None:
        """End it, with all that it has started, and wait until it is gone."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        gone = asyncio.ensure_future(self._process.wait())
        await asyncio.wait({gone}, timeout=END_DEADLINE_S)
        if not gone.done():
            self._process.kill()
        await gone


class InterleavedTurns(Quiet):
    """Lets a worker and the bare loop take steps in turn, so that both meet the same moments."""

    def __init__(self, loop: BareProgram, turns: int, steps: int) -> None:
        self._loop, self._turns, self._steps = loop, turns, steps
        self.seconds: list[float] = []
        """Of each step of the bare loop."""

    async def watch(
        self, case: Case, workers: Sequence[WorkerProcess], logs: Sequence[Path]
    ) -> None:
        """See `testbed.run.runner.Observer`; of a case of one worker."""
        (worker,) = workers
        for turn in range(1, self._turns + 1):
            if await worker.until_reached("waiting", turn):
                self.seconds += await self._loop.answer(str(self._steps))
                worker.give_turn()
