"""Admits agents that know the token, and keeps track of which have joined."""

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
"""How many seconds others may still join, to hear that the run will not begin."""


@dataclass(frozen=True)
class JoinedAgent:
    """An agent that has joined, and its introduction."""

    link: AgentLink
    introduction: Introduction

    @property
    def name(self) -> str:
        """The host name and pid, for messages to the user."""
        return f"{self.introduction.hostname}, process {self.introduction.pid}"


class Handshake:
    """Admits agents that know the token, until all have joined."""

    def __init__(self, rank: Rank, token: str) -> None:
        self.token = token
        self.agents: dict[int, JoinedAgent] = {}
        self.too_many: list[str] = []
        self.complete = False
        """Whether all have joined; the run continues without agents that come later."""
        self._rank = rank
        self._joined = asyncio.Event()
        self._links: list[AgentLink] = []
        self._greeting: set[asyncio.Future[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Start the handshake on a new connection."""
        # A separate task: the server would log an error if this still ran at its end.
        greeting = asyncio.ensure_future(self._greet(reader, writer))
        self._greeting.add(greeting)
        greeting.add_done_callback(self._greeting.discard)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line, message = await accept(reader, writer, self.token)
            introduction = Introduction.from_message(message)
            number, host = introduction.worker, introduction.host or line.there
            agent = JoinedAgent(AgentLink(number, host, line), introduction)
        except BaseException as problem:
            writer.close()
            if isinstance(problem, (LineError, OSError, ValueError)):
                return
            raise
        wrong = self._one_too_many(number, agent)
        if wrong and self.complete:
            # The link is not stored: a worker that restarts may come any number of times.
            tell(wrong)
            await agent.link.dismiss(wrong)
            return
        self._links.append(agent.link)
        if wrong:
            self.too_many.append(wrong)
        else:
            self.agents[number] = agent
        self._joined.set()

    def _one_too_many(self, number: int, agent: JoinedAgent) -> str:
        """Why an agent is one too many; empty where it is not."""
        known = self.agents.get(number)
        if number >= self._rank.size:
            return (
                f"worker {number} has come from {agent.name}, and worker 0 knows of"
                f" {self._rank.size} workers, by {self._rank.taken_from}"
            )
        if known and known.link.lost and not self.complete:
            # The engine has restarted the worker.
            return ""
        if known or number <= 0:
            first = known.name if known else f"{socket.gethostname()}, here"
            return f"worker {number} has come twice, from {first} and from {agent.name}"
        return ""

    async def until_all_joined(self, host: str, problems: Sequence[str]) -> None:
        """Wait until every worker has joined, or one too many has.

        Args:
            host: the address at which they join.
            problems: known problems; the run will not begin, and agents that join soon get them.

        Raises:
            LaunchError: some have not joined in time.
        """
        rank = self._rank
        patience = min(rank.meets_within, FAREWELL_S) if problems else rank.meets_within
        deadline = time.monotonic() + patience
        while (missing := self._missing) and not self.too_many:
            waiting = asyncio.ensure_future(self._joined.wait())
            done, _ = await asyncio.wait({waiting}, timeout=max(0, deadline - time.monotonic()))
            waiting.cancel()
            self._joined.clear()
            if not done:
                gone = [agent.link.lost for agent in self.agents.values() if agent.link.lost]
                who, have = ("worker", "has") if len(missing) == 1 else ("workers", "have")
                raise LaunchError(
                    f"{who} {', '.join(missing)} of {rank.size} {have} not come within"
                    f" {patience:.0f} s (worker 0, by {rank.taken_from}, waits at"
                    f" {'; '.join([host, *problems, *gone])})"
                )

    @property
    def _missing(self) -> list[str]:
        here = {number for number, agent in self.agents.items() if not agent.link.lost}
        return [str(each) for each in range(1, self._rank.size) if each not in here]

    async def dismiss(self, why: str) -> None:
        """Dismiss all agents, and cancel the handshakes that are under way."""
        greeting = list(self._greeting)
        for each in greeting:
            each.cancel()
        await asyncio.gather(*greeting, return_exceptions=True)
        await asyncio.gather(*(link.dismiss(why) for link in self._links))
