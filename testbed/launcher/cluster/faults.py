"""Injects a fault into a worker, at the phase for which it was ordered."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from testbed.catalogue.fault import Fault
from testbed.launcher.server.worker_process import WorkerProcess

# The period of a slowed worker, which runs for a tenth of it.
_SLOW_TURN_S = 0.05
_SLOW_SHARE = 0.1


@dataclass
class FaultInjection:
    """Injects one fault: waits until the worker is held at the fault's phase, then acts."""

    fault: Fault
    at: float | None = None
    """The time of the injection on the monotonic clock; None where the phase never came."""

    async def carry_out(self, worker: WorkerProcess) -> None:
        """Inject the fault into the worker, which is held at the phase, and let it continue."""
        if not await worker.until_reached(self.fault.phase, 1):
            return
        self.at = time.monotonic()
        async with _INJECTORS[self.fault.kind](worker, self.fault.seconds):
            worker.give_turn()
            if self.fault.about.lasts:
                await asyncio.sleep(self.fault.seconds)


@contextlib.asynccontextmanager
async def _killed(worker: WorkerProcess, _seconds: float) -> AsyncIterator[None]:
    await worker.send_signal(signal.SIGKILL)
    await worker.wait_until_ended()
    yield


@contextlib.asynccontextmanager
async def _terminated(worker: WorkerProcess, _seconds: float) -> AsyncIterator[None]:
    await worker.send_signal(signal.SIGTERM)
    yield


@contextlib.asynccontextmanager
async def _stopped(worker: WorkerProcess, _seconds: float) -> AsyncIterator[None]:
    await worker.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        await worker.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def _slowed(worker: WorkerProcess, _seconds: float) -> AsyncIterator[None]:
    async def alternate() -> None:
        try:
            while True:
                await worker.send_signal(signal.SIGSTOP)
                await asyncio.sleep(_SLOW_TURN_S * (1 - _SLOW_SHARE))
                await worker.send_signal(signal.SIGCONT)
                await asyncio.sleep(_SLOW_TURN_S * _SLOW_SHARE)
        finally:
            await worker.send_signal(signal.SIGCONT)

    slowing = asyncio.ensure_future(alternate())
    try:
        yield
    finally:
        slowing.cancel()
        await asyncio.wait({slowing})


@contextlib.asynccontextmanager
async def _cut_off(worker: WorkerProcess, _seconds: float) -> AsyncIterator[None]:
    await worker.set_cable(plugged=False)
    try:
        yield
    finally:
        await worker.set_cable(plugged=True)


_INJECTORS = {
    "kill": _killed,
    "terminate": _terminated,
    "stop": _stopped,
    "slow": _slowed,
    "cut": _cut_off,
    "absent": _killed,
}
