"""Runs the baseline programs, which do not use the testbed, for comparison."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from testbed.bootstrap import python_arguments, python_command
from testbed.catalogue.scenario import Case
from testbed.errors import LaunchError
from testbed.launcher.isolation import isolation
from testbed.launcher.machine.environment import server_environment
from testbed.launcher.server.worker_process import WorkerProcess
from testbed.report.output.observer import Observer

PLAIN_LOOP = "testbed.bench.programs.plain_loop"
BARE_FORK = "testbed.bench.programs.bare_fork"
STOPWATCH = "testbed.bench.baselines.stopwatch"
DEADLINE_S = 180.0
END_DEADLINE_S = 5.0

# One line of an answer may contain the seconds of a few thousand steps.
_LONGEST_LINE = 2**20


class BareProgram:
    """A module that runs in a separate interpreter and answers in lines of JSON."""

    def __init__(self, module: str, isolated: str, python: str = sys.executable) -> None:
        self._module = module
        self._isolated = isolated
        self._python = python
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *arguments: str, environment: dict[str, str | None]) -> None:
        """Start the program, unless it is running, and wait for its first answer.

        The program gets the environment of a benchmark's workers, plus `environment`.
        """
        if self._process is not None:
            return
        more = {name: value for name, value in environment.items() if value is not None}
        program = python_arguments(self._module, *arguments)
        self._process = await asyncio.create_subprocess_exec(
            *python_command(isolation.__name__, self._isolated, *program, python=self._python),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**server_environment(os.environ, exact=False), **more},
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        await self.answer()

    async def answer(self, line: str = "") -> Any:
        """Write a line unless it is empty, and read the next answer.

        Raises:
            LaunchError: the program ended, or did not answer in time.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            self._process.stdin.write(f"{line}\n".encode())
        reading = asyncio.ensure_future(self._process.stdout.readline())
        # Not asyncio.wait_for: before Python 3.12 it loses a cancellation that arrives with a
        # result.
        try:
            await asyncio.wait({reading}, timeout=DEADLINE_S)
            reply = reading.result() if reading.done() else b""
        finally:
            reading.cancel()
        if not reply:
            raise LaunchError(
                f"python -m {self._module} did not answer; run it by hand to see its output"
            )
        return json.loads(reply)

    async def end(self) -> None:
        """End the program and its child processes, and wait until they are gone.

        It may then be started again.
        """
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        gone = asyncio.ensure_future(process.wait())
        await asyncio.wait({gone}, timeout=END_DEADLINE_S)
        if not gone.done():
            process.kill()
        await gone


class InterleavedTurns(Observer):
    """Runs steps of a worker and of the bare loop in turn, under the same machine conditions."""

    def __init__(self, loop: BareProgram, turns: int, steps: int) -> None:
        self._loop, self._turns, self._steps = loop, turns, steps
        self.seconds: list[float] = []
        """Seconds of each step of the bare loop."""

    async def watch(
        self, case: Case, workers: Sequence[WorkerProcess], logs: Sequence[Path]
    ) -> None:
        """Alternate the turns of the only worker with those of the bare loop."""
        (worker,) = workers
        for turn in range(1, self._turns + 1):
            if await worker.until_reached("waiting", turn):
                self.seconds += await self._loop.answer(str(self._steps))
                worker.give_turn()
