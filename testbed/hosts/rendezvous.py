"""Where all workers meet before anything runs: who is missing, and what TensorFlow would hang on.

Worker 0 writes into the shared folder where it waits, and a token that only this user can read.
The others come, say which worker they are and which cluster they see, and stay as its agents.
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
from testbed.hosts.handshake import Reception
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
    """What was wrong; nothing where that is among what it printed."""


def read_end(folder: RunFolder) -> RunEnd | None:
    """How the run in a folder ended; None where it has not.

    Raises:
        OSError: the file does not say it.
    """
    try:
        told = json.loads(read_regular(folder.end, _LONGEST_END))
        return RunEnd(int(told["status"]), str(told["message"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as problem:
        raise OSError(f"{folder.end} does not tell how the run ended") from problem


@contextlib.asynccontextmanager
async def meeting(rank: Rank, folder: RunFolder) -> AsyncIterator[tuple[str, list[AgentLink]]]:
    """Worker 0's own address and its agents, in their order; all are dismissed after the block.

    Raises:
        UsageError: the workers do not fit together, or would not find each other.
        LaunchError: some have not come in time.
    """
    host = rank.host or outward_address()
    problems = await problems_of(rank, rank.host)
    reception = Reception(rank, secrets.token_hex(32))
    # Its own name may mean loopback here, and something else on the others' hosts.
    everywhere = is_loopback(host) and any(map(is_elsewhere, rank.hosts))
    server = await _listen("" if everywhere else host, reception, problems, rank.size)
    why = ""
    try:
        _invite(folder, host, server.sockets[0].getsockname()[1], reception.token)
        await reception.until_all_are_there(host, problems)
        guests = [guest for _, guest in sorted(reception.guests.items())]
        _require_agreement(rank, [guest.said for guest in guests], problems, reception.too_many)
        reception.over = True
        yield host, [guest.link for guest in guests]
    except (UsageError, LaunchError) as problem:
        why = str(problem)
        raise
    finally:
        server.close()
        await reception.dismiss(why)
        folder.meeting.unlink(missing_ok=True)


async def _listen(
    host: str, reception: Reception, problems: Sequence[str], expected: int
) -> Listener:
    try:
        return await listen(host, reception.welcome, expected=expected)
    except (OSError, UnicodeError) as problem:
        why = "; ".join(problems) or f"nobody can listen at {host} here ({problem})"
        raise UsageError(f"worker 0: {why}") from None


def _invite(folder: RunFolder, host: str, port: int, token: str) -> None:
    """Tell the others where the meeting is, and the token."""
    Invitation(host, port, token, str(folder.path)).write(folder.meeting)


def _require_agreement(
    rank: Rank, said: Sequence[Introduction], problems: Sequence[str], too_many: Sequence[str]
) -> None:
    found = [f"worker 0: {problem}" for problem in problems] + list(too_many)
    for each in said:
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


async def come(rank: Rank, folder: RunFolder) -> Connection | RunEnd:
    """An agent's way to the meeting: its line to worker 0, or the end of a run that is over.

    Raises:
        LaunchError: worker 0 is not to be found in time.
        UsageError: the folder is not the same on both hosts, or others may write to it.
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
            told = read_invitation(folder.meeting)
            where = f"worker 0 waits at {told.host} port {told.port}, but: "
            line = await connect(told.host, told.port, told.token)
        except (OSError, LineError) as why:
            if not isinstance(why, FileNotFoundError):
                problem = f"{where}{why}"
            # Its writer is on another host: there is nothing to wait on but the file.
            await asyncio.sleep(LOOK_INTERVAL_S)
        else:
            if told.folder != str(folder.path):
                line.abort()
                raise UsageError(
                    f"the folder is {folder.path} here, and {told.folder} for worker 0: mount it"
                    " at one path"
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
    """Tell all who look on that the run is over, and how."""
    write_json(folder.end, asdict(end))
