"""What the testbed is measured against: programs that have no testbed around them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from testbed.bench.plan import Setup
from testbed.errors import LaunchError
from testbed.launch.environment import server_environment

PLAIN_LOOP = "testbed.bench.programs.plain_loop"
BARE_FORK = "testbed.bench.programs.bare_fork"
DEADLINE_S = 180.0

# A line of an answer may hold the seconds of a few thousand steps.
_LONGEST_LINE = 2**20


class BareProgram:
    """A module that runs in an interpreter of its own and answers in lines of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, environment: dict[str, str | None] | None = None) -> None:
        """Start it, with the environment that workers of a benchmark get, and more."""
        more = {name: value for name, value in (environment or {}).items() if value is not None}
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**server_environment(os.environ, exact=False), **more},
            limit=_LONGEST_LINE,
            start_new_session=True,
        )

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
            raise LaunchError(f"{' '.join(self._command[1:3])} did not answer; run it by hand")
        return json.loads(told)

    async def end(self) -> None:
        """End it, and wait until it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def plain_loop(setup: Setup, steps: int, warm_up: int, environment: Any) -> list[float]:
    """Run the model's loop as a script of its own; the seconds of its steps."""
    replicas = setup.case.replicas_per_worker
    counts = {"replicas": replicas, "steps": steps, "warm_up": warm_up}
    program = BareProgram(PLAIN_LOOP, json.dumps({**setup.sizes, **counts}))
    try:
        await program.start(environment)
        seconds: list[float] = await program.answer()
        return seconds
    finally:
        await program.end()
