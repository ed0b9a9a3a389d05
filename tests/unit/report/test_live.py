"""What workers print is shown beside them, and neither altered nor waited for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from testbed.report.output import live
from testbed.report.output.live import LATE_S, LiveOutput, labelled
from testbed.terminal import write_utf8

DEADLINE_S = 20.0
# More than a pipe takes.
MUCH = b"x" * 79 + b"\n"
LINES = 10_000


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    return [tmp_path / f"worker-{number}.log" for number in range(2)]


@dataclass(frozen=True)
class Pipe:
    """Whoever reads what is shown, or does not."""

    end: int
    output: TextIO

    def show(self, worker: int, lines: bytes) -> None:
        write_utf8(labelled(worker, lines, terminal=False), self.output)

    def read_all(self) -> bytes:
        """What is there now."""
        os.set_blocking(self.end, False)
        read = bytearray()
        with contextlib.suppress(BlockingIOError):
            while more := os.read(self.end, 65536):
                read += more
        return bytes(read)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    ours, theirs = os.pipe()
    # Left open: a thread that is given up may still write to it.
    yield Pipe(ours, os.fdopen(theirs, "w", encoding="utf-8"))
    os.close(ours)


def append(log: Path, data: bytes) -> None:
    with log.open("ab") as file:
        file.write(data)


async def show(output: LiveOutput) -> None:
    async with output:
        await output.watch([])


async def nothing_more(output: LiveOutput) -> None:
    async with output:
        pass


def test_each_line_has_the_name_of_its_worker() -> None:
    """Emoji codes, tabs, backslashes, markup, bytes that are no text: all stay what they are."""
    lines = [b"INFO:x:hello :100:\ta\\\n", b"[bold]\xff\\[/bold]\\\n", b"\n", b"1 %\r2 %\r\n"]
    shown = labelled(1, b"".join(lines), terminal=False)
    assert shown == b"".join(b"worker 1 | " + line for line in lines)


def test_a_last_line_gets_an_end() -> None:
    """Nothing follows half a line of a worker in the same line."""
    assert labelled(12, b"half", terminal=False) == b"worker 12 | half\n"


def test_a_terminal_keeps_the_name_of_a_progress_bar() -> None:
    """Where a bar goes back to the beginning, the name is written again, and not at its end."""
    name = b"\x1b[0;2mworker 0 |\x1b[0m "
    assert labelled(0, b"1 %\r2 %\r\n", terminal=True) == name + b"1 %\r" + name + b"2 %\r\n"


def test_all_is_shown_in_order(logs: list[Path], pipe: Pipe) -> None:
    """What is printed before, while and after it is watched is shown once, in each one's order."""
    shown = bytearray()

    def drain() -> None:
        while shown.count(b"end\n") < 2:
            shown.extend(os.read(pipe.end, 65536))

    reading = threading.Thread(target=drain, daemon=True)
    reading.start()

    async def go() -> None:
        async with LiveOutput(logs, pipe.show) as output:
            watching = asyncio.ensure_future(output.watch([]))
            for number in range(0, LINES, 100):
                for log in logs:
                    append(log, b"".join(b"%d\n" % (number + more) for more in range(100)))
                    await asyncio.sleep(0)
            watching.cancel()
            for log in logs:
                append(log, b"end")

    asyncio.run(go())
    reading.join(DEADLINE_S)
    assert not reading.is_alive()
    lines = bytes(shown).splitlines()
    for worker in (b"worker 0 | ", b"worker 1 | "):
        own = [line.removeprefix(worker) for line in lines if line.startswith(worker)]
        assert own == [*(b"%d" % number for number in range(LINES)), b"end"]


def test_a_reader_that_has_stopped_holds_nobody(
    logs: list[Path], pipe: Pipe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other work goes on, an interrupt is heard at once, and what is left out is told."""
    append(logs[1], MUCH * LINES)

    async def go() -> float:
        task = asyncio.ensure_future(show(LiveOutput(logs, pipe.show)))
        await asyncio.to_thread(os.read, pipe.end, 1)
        began = time.monotonic()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        return time.monotonic() - began

    assert asyncio.run(go()) < LATE_S + 2.0
    told = capsys.readouterr().err
    assert told.startswith("testbed: 0.8 MB that the workers printed are not shown here; all of")
    assert told.endswith(f"{logs[0].parent}\n")


def test_a_deadline_is_not_waited_beyond(
    logs: list[Path],
    pipe: Pipe,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that a deadline has ended ends, whether its output is read or not."""
    monkeypatch.setattr(live, "LATE_S", 0.1)
    append(logs[0], MUCH * LINES)

    async def go() -> None:
        async with LiveOutput(logs, pipe.show) as output:
            output.hurry()

    asyncio.run(go())
    assert "MB that the workers printed are not shown here" in capsys.readouterr().err


def test_a_reader_that_is_slow_gets_all(
    logs: list[Path], pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends by itself waits for whoever reads it."""
    monkeypatch.setattr(live, "LATE_S", 0.01)
    append(logs[0], MUCH * LINES)

    async def go() -> int:
        ended = asyncio.ensure_future(nothing_more(LiveOutput(logs, pipe.show)))
        await asyncio.wait({ended}, timeout=0.5)
        assert not ended.done()
        size = 0
        while not ended.done():
            size += len(pipe.read_all())
            await asyncio.sleep(0)
        return size + len(pipe.read_all())

    assert asyncio.run(go()) == LINES * (len(MUCH) + len(b"worker 0 | "))


def test_what_showing_raises_ends_the_watch(logs: list[Path]) -> None:
    """An output that cannot be written is told to whoever watches, not lost in the thread."""

    def refuse(_worker: int, _lines: bytes) -> None:
        raise OSError("no more room")

    append(logs[0], b"a line\n")

    async def go() -> None:
        async with LiveOutput(logs, refuse) as output:
            await output.watch([])

    with pytest.raises(OSError, match="no more room"):
        asyncio.run(go())
