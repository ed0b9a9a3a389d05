"""A run while it goes on: what it shows, in which order, and whom a slow reader holds up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import select as select_module
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.catalogue.selection import select
from testbed.cluster.strategies import DEFAULT_DEPLOYMENTS
from testbed.launcher.isolation.isolation import Isolation
from testbed.report.output import console as console_module
from testbed.report.output.console import ConsoleObserver

END = b"<end>"
PRINTED = b"INFO:x:hello :100:\ta\\\n[bold]b[/bold]\\\nlast"


@contextlib.contextmanager
def standard_output(descriptor: int) -> Iterator[None]:
    """A standard output in the block, past pytest's own."""
    before = sys.stdout
    sys.stdout = os.fdopen(descriptor, "w", encoding="utf-8")
    try:
        yield
    finally:
        sys.stdout = before


def read_until(end: bytes, terminal: int) -> bytes:
    """What a terminal shows up to its end; one read may return only a part of it."""
    shown = b""
    while not shown.endswith(end):
        ready, _, _ = select_module.select([terminal], [], [], 10.0)
        assert ready, shown
        shown += os.read(terminal, 65536)
    return shown


async def watch(observer: ConsoleObserver, log: Path, text: bytes) -> None:
    case = select(["returned.counter"], DEFAULT_DEPLOYMENTS, None).cases[0]
    observer.started(case)
    watching = asyncio.ensure_future(observer.watch(case, [], [log]))
    await asyncio.sleep(0)
    log.write_bytes(text)
    watching.cancel()
    await asyncio.wait({watching})


def verbose() -> ConsoleObserver:
    selection = select(["returned.counter"], DEFAULT_DEPLOYMENTS, None)
    return ConsoleObserver(selection, verbose=True)


def test_a_pipe_gets_what_was_printed(tmp_path: Path) -> None:
    """In a pipe every byte of a worker's lines stays, between the lines about its case."""
    ours, theirs = os.pipe()
    with standard_output(theirs), verbose() as observer:
        asyncio.run(watch(observer, tmp_path / "log", PRINTED))
        observer.opened(Isolation(why="after"))
    first, *lines, last = os.read(ours, 65536).splitlines()
    assert first.startswith(b"returned.counter[")
    assert lines == [b"worker 0 | " + line for line in PRINTED.splitlines()]
    assert last.startswith(b"not isolated (after)")


def test_a_terminal_gets_what_was_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the bar of a terminal a worker's lines stay what they are, too, tabs included."""
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with standard_output(theirs):
        with verbose() as observer:
            asyncio.run(watch(observer, tmp_path / "log", PRINTED))
        sys.stdout.flush()
        os.write(theirs, END)
        shown = read_until(END, ours)
    for line in PRINTED.splitlines():
        assert b"worker 0 |\x1b[0m " + line + b"\r\n" in shown


def test_a_reader_that_has_stopped_does_not_hold_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A case comes to its end, and an interrupted run ends, though nobody reads what it prints."""
    monkeypatch.setattr(console_module, "LATE_S", 0.1)
    ours, theirs = os.pipe()
    much = b"x" * 79 + b"\n"

    def run() -> None:
        with (
            contextlib.suppress(KeyboardInterrupt),
            standard_output(theirs),
            verbose() as observer,
        ):
            asyncio.run(watch(observer, tmp_path / "log", much * 10_000))
            raise KeyboardInterrupt

    running = threading.Thread(target=run, daemon=True)
    running.start()
    running.join(20.0)
    assert not running.is_alive()
    assert "not all that the workers printed is shown here" in capsys.readouterr().err
    os.close(ours)
