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
from typing import Any

from testbed import __version__
from testbed.engines.environment.agent_link import AgentLink
from testbed.engines.environment.line import Line, LineError, connect, listen
from testbed.engines.environment.network_checks import (
    is_elsewhere,
    is_loopback,
    outward_address,
    problems_of,
)
from testbed.engines.environment.rank import Rank
from testbed.engines.environment.reception import Reception
from testbed.errors import LaunchError, UsageError
from testbed.launcher.run_folder import RunFolder, write_json

LOOK_INTERVAL_S = 0.25


@dataclass(frozen=True)
class RunEnd:
    """How a run on an engine ended."""

    status: int
    message: str
    """What was wrong; nothing where that is among what it printed."""


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
    server = await _listen("" if everywhere else host, reception, problems)
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


async def _listen(host: str, reception: Reception, problems: Sequence[str]) -> asyncio.Server:
    try:
        return await listen(host, reception.welcome)
    except (OSError, UnicodeError) as problem:
        why = "; ".join(problems) or f"nobody can listen at {host} here ({problem})"
        raise UsageError(f"worker 0: {why}") from None


def _invite(folder: RunFolder, host: str, port: int, token: str) -> None:
    """Tell the others where the meeting is; the file is this user's alone before it is filled."""
    draft = folder.meeting.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        invitation = {"host": host, "port": port, "token": token, "folder": str(folder.path)}
        json.dump(invitation, file)
    draft.replace(folder.meeting)


def _require_agreement(
    rank: Rank, said: Sequence[dict[str, Any]], problems: Sequence[str], too_many: Sequence[str]
) -> None:
    found = [f"worker 0: {problem}" for problem in problems] + list(too_many)
    for each in said:
        who = f"worker {each['worker']}"
        found += [f"{who}: {problem}" for problem in each["problems"]]
        if each["cluster"] != rank.cluster:
            found.append(
                f"{who} sees another cluster ({', '.join(each['cluster'])}, by"
                f" {each['taken_from']}) than worker 0 ({', '.join(rank.cluster)})"
            )
        if each["version"] != __version__:
            found.append(f"{who} has testbed {each['version']}, worker 0 has {__version__}")
    if found:
        raise UsageError("; ".join(found))


async def come(rank: Rank, folder: RunFolder) -> Line | RunEnd:
    """An agent's way to the meeting: its line to worker 0, or the end of a run that is over.

    Raises:
        LaunchError: worker 0 is not to be found in time.
        UsageError: the folder is not the same on both hosts.
    """
    deadline = time.monotonic() + rank.meets_within
    problems = await problems_of(rank, rank.host)
    problem = f"{folder.meeting} is not there: has worker 0 come, and is the folder shared?"
    while time.monotonic() < deadline:
        if folder.end.exists():
            return RunEnd(**json.loads(folder.end.read_text()))
        where = ""
        try:
            told = json.loads(folder.meeting.read_text())
            where = f"worker 0 waits at {told['host']} port {told['port']}, but: "
            line = await connect(told["host"], int(told["port"]), told["token"])
        except (OSError, LineError) as why:
            if not isinstance(why, FileNotFoundError):
                problem = f"{where}{why}"
            # Its writer is on another host: there is nothing to wait on but the file.
            await asyncio.sleep(LOOK_INTERVAL_S)
        else:
            if told["folder"] != str(folder.path):
                line.abort()
                raise UsageError(
                    f"the folder is {folder.path} here, and {told['folder']} for worker 0: mount it"
                    " at one path"
                )
            line.send(_introduction(rank, line, problems))
            return line
    raise LaunchError(
        f"worker {rank.number} has not met the others in {rank.meets_within:.0f} s: {problem}"
    )


def _introduction(rank: Rank, line: Line, problems: list[str]) -> dict[str, Any]:
    host = rank.host or line.here
    return {
        "worker": rank.number,
        "host": host,
        "hostname": socket.gethostname(),
        "pid": os.getpid(),
        "taken_from": rank.taken_from,
        "cluster": rank.cluster,
        "version": __version__,
        "problems": problems,
    }


def write_end(folder: RunFolder, end: RunEnd) -> None:
    """Tell all who look on that the run is over, and how."""
    write_json(folder.end, asdict(end))
