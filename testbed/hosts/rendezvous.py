"""The rendezvous of all workers before a run: finds missing workers and network problems.

Worker 0 writes its address, and a token that only this user can read, into the shared folder. The
others connect, send their number and their view of the cluster, and stay as worker 0's agents.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass

from testbed import __version__
from testbed.errors import LaunchError, UsageError
from testbed.hosts.agent_link import AgentLink
from testbed.hosts.connection import Connection, LineError, connect
from testbed.hosts.handshake import Handshake
from testbed.hosts.introduction import Introduction
from testbed.hosts.invitation import Invitation, read_invitation
from testbed.hosts.listener import Listener, listen
from testbed.hosts.network_checks import (
    is_elsewhere,
    is_loopback,
    outward_address,
    problems_of,
)
from testbed.hosts.rank import Rank
from testbed.launcher.run_folder import RunFolder, write_json
from testbed.launcher.trusted import read_regular, require_private

LOOK_INTERVAL_S = 0.25

_LONGEST_END = 2**20


@dataclass(frozen=True)
class RunEnd:
    """How a run on an engine ended."""

    status: int
    message: str
    """The problem; empty where the output of the run shows it."""


def read_end(folder: RunFolder) -> RunEnd | None:
    """Read how the run in a folder ended; None if it has not ended.

    Raises:
        OSError: the file is not valid.
    """
    try:
        end = json.loads(read_regular(folder.end, _LONGEST_END))
        return RunEnd(int(end["status"]), str(end["message"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as problem:
        raise OSError(f"{folder.end} does not say how the run ended") from problem


@contextlib.asynccontextmanager
async def host_rendezvous(
    rank: Rank, folder: RunFolder
) -> AsyncIterator[tuple[str, list[AgentLink]]]:
    """Wait for all agents; yields worker 0's address and the agents, and dismisses them at the end.

    Raises:
        UsageError: the workers disagree on the cluster, or could not reach each other.
        LaunchError: some have not joined in time.
    """
    host = rank.host or outward_address()
    problems = await problems_of(rank, rank.host)
    handshake = Handshake(rank, secrets.token_hex(32))
    # Worker 0's name may be loopback here, and another address on the other hosts.
    everywhere = is_loopback(host) and any(map(is_elsewhere, rank.hosts))
    server = await _listen("" if everywhere else host, handshake, problems, rank.size)
    why = ""
    try:
        _invite(folder, host, server.sockets[0].getsockname()[1], handshake.token)
        await handshake.until_all_joined(host, problems)
        agents = [agent for _, agent in sorted(handshake.agents.items())]
        introductions = [agent.introduction for agent in agents]
        _require_agreement(rank, introductions, problems, handshake.too_many)
        handshake.complete = True
        yield host, [agent.link for agent in agents]
    except (UsageError, LaunchError) as problem:
        why = str(problem)
        raise
    finally:
        server.close()
        await handshake.dismiss(why)
        folder.meeting.unlink(missing_ok=True)


async def _listen(
    host: str, handshake: Handshake, problems: Sequence[str], expected: int
) -> Listener:
    try:
        return await listen(host, handshake.accept, expected=expected)
    except (OSError, UnicodeError) as problem:
        why = "; ".join(problems) or f"cannot listen at {host} here ({problem})"
        raise UsageError(f"worker 0: {why}") from None


def _invite(folder: RunFolder, host: str, port: int, token: str) -> None:
    """Write worker 0's address and the token for the other workers."""
    Invitation(host, port, token, str(folder.path)).write(folder.meeting)


def _require_agreement(
    rank: Rank,
    introductions: Sequence[Introduction],
    problems: Sequence[str],
    too_many: Sequence[str],
) -> None:
    found = [f"worker 0: {problem}" for problem in problems] + list(too_many)
    for each in introductions:
        who = f"worker {each.worker}"
        found += [f"{who}: {problem}" for problem in each.problems]
        if list(each.cluster) != rank.cluster:
            found.append(
                f"{who} sees another cluster ({', '.join(each.cluster)}, by {each.taken_from})"
                f" than worker 0 ({', '.join(rank.cluster)})"
            )
        if each.version != __version__:
            found.append(f"{who} has testbed {each.version}, worker 0 has {__version__}")
    if found:
        raise UsageError("; ".join(found))


async def join_rendezvous(rank: Rank, folder: RunFolder) -> Connection | RunEnd:
    """Join as an agent; returns the connection to worker 0, or the end of a run that is over.

    Raises:
        LaunchError: worker 0 is not found in time.
        UsageError: the folder differs between the hosts, or other users may write to it.
    """
    deadline = time.monotonic() + rank.meets_within
    problems = await problems_of(rank, rank.host)
    problem = f"{folder.meeting} is not there: has worker 0 come, and is the folder shared?"
    while time.monotonic() < deadline:
        where = ""
        try:
            require_private(folder.path)
            if (end := read_end(folder)) is not None:
                return end
            invitation = read_invitation(folder.meeting)
            where = f"worker 0 waits at {invitation.host} port {invitation.port}, but: "
            line = await connect(invitation.host, invitation.port, invitation.token)
        except (OSError, LineError) as why:
            if not isinstance(why, FileNotFoundError):
                problem = f"{where}{why}"
            # Another host writes the file, so there is no event to wait for but the file.
            await asyncio.sleep(LOOK_INTERVAL_S)
        else:
            if invitation.folder != str(folder.path):
                line.abort()
                raise UsageError(
                    f"the folder is {folder.path} here, and {invitation.folder} for worker 0:"
                    " mount it at one path"
                )
            line.send(_introduction(rank, line, problems).to_message())
            return line
    raise LaunchError(
        f"worker {rank.number} has not met the others in {rank.meets_within:.0f} s: {problem}"
    )


def _introduction(rank: Rank, line: Connection, problems: list[str]) -> Introduction:
    return Introduction(
        worker=rank.number,
        host=rank.host or line.here,
        hostname=socket.gethostname(),
        pid=os.getpid(),
        taken_from=rank.taken_from,
        cluster=tuple(rank.cluster),
        version=__version__,
        problems=tuple(problems),
    )


def write_end(folder: RunFolder, end: RunEnd) -> None:
    """Write how the run ended, for the processes that follow it."""
    write_json(folder.end, asdict(end))
