"""Where agents come in: lets in who knows the token, and keeps who is who."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.errors import LaunchError
from testbed.hosts.agent_link import AgentLink
from testbed.hosts.connection import LineError, accept
from testbed.hosts.introduction import Introduction
from testbed.hosts.rank import Rank
from testbed.terminal import tell

FAREWELL_S = 10.0
"""How long others may still come to hear that the run will not begin."""


@dataclass(frozen=True)
class Guest:
    """Who has come, and what it says of itself."""

    link: AgentLink
    said: Introduction

    @property
    def name(self) -> str:
        """As people find it."""
        return f"{self.said.hostname}, process {self.said.pid}"


class Reception:
    """Where agents come in: lets in who knows the token, and keeps who is who."""

    def __init__(self, rank: Rank, token: str) -> None:
        self.token = token
        self.guests: dict[int, Guest] = {}
        self.too_many: list[str] = []
        self.over = False
        """Whether all have met; the run goes on without whoever comes later."""
        self._rank = rank
        self._came = asyncio.Event()
        self._everybody: list[AgentLink] = []
        self._greeting: set[asyncio.Future[None]] = set()

    def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody has connected."""
        # Not left to the server, which complains of whoever is still there at the end.
        greeting = asyncio.ensure_future(self._greet(reader, writer))
        self._greeting.add(greeting)
        greeting.add_done_callback(self._greeting.discard)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line, message = await accept(reader, writer, self.token)
            said = Introduction.from_message(message)
            guest = Guest(AgentLink(said.worker, said.host or line.there, line), said)
        except BaseException as problem:
            writer.close()
            if isinstance(problem, (LineError, OSError, ValueError)):
                return
            raise
        wrong = self._one_too_many(said.worker, guest)
        if wrong and self.over:
            # Not kept: a worker that is started again and again may come any number of times.
            tell(wrong)
            await guest.link.dismiss(wrong)
            return
        self._everybody.append(guest.link)
        if wrong:
            self.too_many.append(wrong)
        else:
            self.guests[said.worker] = guest
        self._came.set()

    def _one_too_many(self, number: int, guest: Guest) -> str:
        """What is wrong with somebody who has come, or nothing."""
        known = self.guests.get(number)
        if number >= self._rank.size:
            return (
                f"worker {number} has come from {guest.name}, and worker 0 knows of"
                f" {self._rank.size} workers, by {self._rank.taken_from}"
            )
        if known and known.link.lost and not self.over:
            # Its engine has started it again.
            return ""
        if known or number <= 0:
            first = known.name if known else f"{socket.gethostname()}, here"
            return f"worker {number} has come twice, from {first} and from {guest.name}"
        return ""

    async def until_all_are_there(self, host: str, problems: Sequence[str]) -> None:
        """Wait until every worker has come, or one too many has.

        Args:
            host: at which they come.
            problems: that are known beforehand. The run will not begin; who comes soon hears of it.

        Raises:
            LaunchError: some have not come in time.
        """
        rank = self._rank
        patience = min(rank.meets_within, FAREWELL_S) if problems else rank.meets_within
        deadline = time.monotonic() + patience
        while (missing := self._missing) and not self.too_many:
            waiting = asyncio.ensure_future(self._came.wait())
            done, _ = await asyncio.wait({waiting}, timeout=max(0, deadline - time.monotonic()))
            waiting.cancel()
            self._came.clear()
            if not done:
                gone = [guest.link.lost for guest in self.guests.values() if guest.link.lost]
                who, have = ("worker", "has") if len(missing) == 1 else ("workers", "have")
                raise LaunchError(
                    f"{who} {', '.join(missing)} of {rank.size} {have} not come within"
                    f" {patience:.0f} s (worker 0, by {rank.taken_from}, waits at"
                    f" {'; '.join([host, *problems, *gone])})"
                )

    @property
    def _missing(self) -> list[str]:
        here = {number for number, guest in self.guests.items() if not guest.link.lost}
        return [str(each) for each in range(1, self._rank.size) if each not in here]

    async def dismiss(self, why: str) -> None:
        """Let everybody go who has come, and who is about to come in."""
        greeting = list(self._greeting)
        for each in greeting:
            each.cancel()
        await asyncio.gather(*greeting, return_exceptions=True)
        await asyncio.gather(*(link.dismiss(why) for link in self._everybody))
