"""Both ends of what worker 0 asks of an agent, on a line that is played."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.errors import LaunchError
from testbed.hosts.agent import serve
from testbed.hosts.agent_link import AgentLink, Opening
from testbed.hosts.connection import LineError
from testbed.launcher.entry import Assignment, Envelope
from testbed.launcher.machine.leftovers import processes_of
from testbed.launcher.run_folder import RunFolder
from testbed.launcher.server.source import StartRequest

REQUEST = StartRequest(Envelope(Assignment("module:function", {}), "stacks"), log="log")
OPENING = Opening((), "python", True)


class PlayedLine:
    """A line whose other end is the test."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.coming: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def start_beating(self, silence: float) -> None:
        pass

    def send(self, message: dict[str, Any]) -> None:
        self.sent.put_nowait(message)

    async def receive(self) -> dict[str, Any]:
        if (message := await self.coming.get()) is None:
            raise LineError("the connection was closed")
        return message

    async def close(self) -> None:
        pass

    def abort(self) -> None:
        self.coming.put_nowait(None)


def linked(play: Callable[[AgentLink, PlayedLine], Awaitable[None]]) -> None:
    async def go() -> None:
        line: Any = PlayedLine()
        link = AgentLink(1, "h1", line)
        await play(link, line)
        await link.dismiss()

    asyncio.run(asyncio.wait_for(go(), 10))


async def hold(link: AgentLink, count: int = 1) -> list[int]:
    async with link.held_ports(count) as ports:
        return ports


def test_whoever_has_asked_may_be_gone() -> None:
    """An answer that nobody waits for any more does not keep later ones from being heard."""

    async def play(link: AgentLink, line: PlayedLine) -> None:
        asking = asyncio.ensure_future(hold(link))
        first = await line.sent.get()
        asking.cancel()
        await asyncio.wait({asking})
        again = asyncio.ensure_future(hold(link))
        second = await line.sent.get()
        line.coming.put_nowait({"number": first["number"], "ports": [1]})
        line.coming.put_nowait({"number": first["number"], "ports": [1]})
        line.coming.put_nowait({"number": second["number"], "ports": [2]})
        assert await again == [2]

    linked(play)


def test_what_an_agent_cannot_do_is_told_with_its_name() -> None:
    """A failure on another host is told with its worker and host."""

    async def play(link: AgentLink, line: PlayedLine) -> None:
        asking = asyncio.ensure_future(hold(link))
        asked = await line.sent.get()
        line.coming.put_nowait({"number": asked["number"], "failed": "no port is left"})
        with pytest.raises(LaunchError, match=r"^worker 1's host h1: no port is left$"):
            await asking

    linked(play)


def test_an_agent_that_is_gone_answers_at_once() -> None:
    """Whoever waits for an agent that goes, or asks one that is gone, is told so."""

    async def play(link: AgentLink, line: PlayedLine) -> None:
        asking = asyncio.ensure_future(hold(link))
        await line.sent.get()
        line.coming.put_nowait(None)
        with pytest.raises(LaunchError, match=r"^worker 1's host h1: it is gone$"):
            await asking
        told = "worker 1's host h1 is gone: the connection was closed"
        assert link.lost == told
        with pytest.raises(LaunchError, match=f"^{told}$"):
            await hold(link)
        with pytest.raises(LaunchError, match=f"^{told}$"):
            link.start_worker(REQUEST, asyncio.Event())
        assert line.sent.empty()

    linked(play)


def test_times_are_those_of_the_nearest_answer() -> None:
    """The clocks are compared by the answer that came fastest, and phases are told on ours."""

    async def play(link: AgentLink, line: PlayedLine) -> None:
        opening = asyncio.ensure_future(link.open(OPENING))
        rounds = 0
        while (asked := await line.sent.get())["op"] == "clock":
            rounds += 1
            now = time.monotonic() - 5000
            if rounds != 3:
                # A detour on the way back.
                await asyncio.sleep(0.05)
            line.coming.put_nowait({"number": asked["number"], "now": now})
        line.coming.put_nowait({"number": asked["number"]})
        await opening
        told: list[dict[str, Any]] = []
        changed = asyncio.Event()
        worker = link.start_worker(REQUEST, changed, told.append)
        began = time.monotonic()
        key = (await line.sent.get())["worker"]
        message = {"phase": "joined", "at": began - 5000}
        line.coming.put_nowait({"worker": key, "told": message})
        line.coming.put_nowait({"worker": key, "status": 9, "at": began - 4999, "words": "w"})
        await worker.wait_until_ended()
        assert told[0]["at"] == pytest.approx(began, abs=0.02)
        assert worker.ended_at == pytest.approx(began + 1, abs=0.02)
        assert (worker.status, worker.words) == (9, "w")

    linked(play)


def test_an_agent_always_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an agent cannot even understand is answered, so that nobody waits for ever."""

    async def go() -> None:
        line: Any = PlayedLine()
        serving = asyncio.ensure_future(serve(line, RunFolder(tmp_path)))
        for number, asked in enumerate([{"op": "cook"}, {"op": "release", "key": "none"}]):
            line.coming.put_nowait({**asked, "number": number})
            answer = await line.sent.get()
            assert answer["number"] == number
            assert answer["failed"].startswith(("AttributeError: ", "KeyError: "))
        line.coming.put_nowait({"op": "dismiss", "why": "that was all"})
        assert await serving == "that was all"

    asyncio.run(asyncio.wait_for(go(), 10))
    assert "Traceback" in capsys.readouterr().err


def test_an_agent_that_is_dismissed_while_it_opens(tmp_path: Path) -> None:
    """A server that has not started yet when its agent is dismissed is ended, too."""

    async def go() -> None:
        line: Any = PlayedLine()
        serving = asyncio.ensure_future(serve(line, RunFolder(tmp_path)))
        opening = {"preload": [], "environment": {}, "exact": True}
        (tmp_path / "python").write_text("#!/bin/sh\nexec sleep 600\n")
        (tmp_path / "python").chmod(0o755)
        opening["python"] = str(tmp_path / "python")
        line.coming.put_nowait({"op": "open", "number": 1, **opening})
        while not (tmp_path / "server.log").exists():
            await asyncio.sleep(0.01)
        line.coming.put_nowait({"op": "dismiss", "why": ""})
        began = time.monotonic()
        assert await serving == ""
        assert time.monotonic() - began < 5

    asyncio.run(asyncio.wait_for(go(), 20))
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(
    "message",
    [
        {"worker": []},
        {"number": {}},
        {"worker": "0", "told": {"phase": "joined"}},
        {"worker": "0", "told": 7},
        {"worker": "0", "told": {"phase": "joined", "at": float("inf")}, "more": 1},
        {"worker": "0", "status": "x", "words": "", "at": 1.0},
        {"worker": "0", "status": float("inf"), "words": "", "at": 1.0},
        {"worker": "0", "status": 1, "at": 1.0},
        {"odd": True},
    ],
    ids=str,
)
def test_what_no_agent_says_gives_it_up(message: dict[str, Any]) -> None:
    """Of what is no message of an agent nobody dies, and its workers do not run on unseen."""

    async def play(link: AgentLink, line: PlayedLine) -> None:
        worker = link.start_worker(REQUEST, asyncio.Event())
        line.coming.put_nowait(message)
        line.coming.put_nowait(None)
        await worker.wait_until_ended()
        assert link.lost.startswith("worker 1's host h1 is gone: ")
        assert worker.status

    linked(play)


@pytest.mark.parametrize("ports", [None, 7, [], [1, 2], ["1"], [None], [1.5]], ids=str)
def test_an_answer_that_names_no_ports_is_told(ports: object) -> None:
    """An agent that answers with something else than the ports is named."""

    async def play(link: AgentLink, line: PlayedLine) -> None:
        asking = asyncio.ensure_future(hold(link))
        asked = await line.sent.get()
        line.coming.put_nowait({"number": asked["number"], "ports": ports})
        with pytest.raises(LaunchError, match=r"^worker 1's host h1: it named no ports$"):
            await asking

    linked(play)


def test_orders_that_are_too_long_are_refused() -> None:
    """What does not fit into a message to another host is told, and nobody waits for it."""

    class ShortLine(PlayedLine):
        def send(self, message: dict[str, Any]) -> None:
            raise ValueError("20.0 MiB are too much for one message to another host")

    async def go() -> None:
        line: Any = ShortLine()
        link = AgentLink(1, "h1", line)
        with pytest.raises(LaunchError, match=r"^worker 1's host h1: 20.0 MiB are too much "):
            link.start_worker(REQUEST, asyncio.Event())
        with pytest.raises(LaunchError, match=r"^worker 1's host h1: 20.0 MiB are too much "):
            await hold(link)

    asyncio.run(asyncio.wait_for(go(), 10))
