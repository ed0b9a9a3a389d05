"""Shows what workers print while they print it, behind their names."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from testbed.report.console import FOLLOW_INTERVAL_S
from testbed.report.follow import Follower
from testbed.report.text import console


def show_in_terminal(worker: int, line: str) -> None:
    """Print what a worker printed."""
    shown = console()
    # A worker prints what it likes, and the run is not to fail on a letter.
    text = line.encode(shown.encoding, "backslashreplace").decode(shown.encoding)
    shown.print(f"[dim]worker {worker} |[/dim] {escape(text)}", soft_wrap=True)


@contextlib.contextmanager
def shown_live(
    logs: Sequence[Path], show_line: Callable[[int, str], None] = show_in_terminal
) -> Iterator[Callable[[Any], Awaitable[None]]]:
    """What shows the logs of a cluster beside it; the rest is shown at the end of the block.

    Args:
        logs: of each worker.
        show_line: shows a line that a worker printed.
    """
    follower = Follower(logs)

    def show(*, over: bool = False) -> None:
        for worker, line in follower.lines(over=over):
            show_line(worker, line)

    async def watch(_workers: Any) -> None:
        while True:
            show()
            await asyncio.sleep(FOLLOW_INTERVAL_S)

    try:
        yield watch
    finally:
        show(over=True)
