"""Runs work that a signal can end early, after everything is cleaned up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def interruptible(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end; on SIGINT, SIGTERM or SIGHUP cancel the work and clean up.

    Raises:
        KeyboardInterrupt: a signal has interrupted the work.
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
