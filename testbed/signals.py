"""Work that a signal ends early, but not before everything is cleaned up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def interruptible(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, or, on SIGINT, SIGTERM or SIGHUP, only until everything is cleaned up.

    Raises:
        KeyboardInterrupt: it was interrupted.
    """

    async def watched() -> Result:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
